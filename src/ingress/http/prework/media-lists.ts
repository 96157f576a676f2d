import type { Media } from '../../../domains/prework/media/media.ts'
import { listMediaIn, listMediaOf } from '../../../domains/prework/media/read-media.ts'
import type { Page } from '../../../domains/prework/store.ts'
import { z } from 'zod'
import type { App } from '../app.ts'
import type { Actor } from './caller.ts'
import { ofId } from './fields.ts'
import { shownMediaList, tellMedia } from './media-shapes.ts'
import { cursorAfter, pageAsked, pageFields, type ListName } from './pages.ts'

const description = 'It follows changes after a moment, in no order that means anything.'
const querystring = z.strictObject(pageFields)
const response = { 200: shownMediaList }

/** Files by whose they are, and by what they are attached to. */
export function mediaListRoutes(app: App, actor: Actor): void {
  app.get(
    '/api/users/:id/media',
    {
      schema: {
        tags: ['prework'],
        summary: 'What a user has uploaded, or may upload yet',
        description,
        params: ofId,
        querystring,
        response,
      },
    },
    async (request) => {
      const { store, by } = await actor(request)
      const { id } = request.params
      const list: ListName = ['media', 'user', id]
      return told(list, await listMediaOf(store, by, id, pageAsked(list, request.query)))
    },
  )

  app.get(
    '/api/submissions/:id/media',
    {
      schema: {
        tags: ['prework'],
        summary: 'What is attached to a submission',
        description,
        params: ofId,
        querystring,
        response,
      },
    },
    async (request) => {
      const { store, by } = await actor(request)
      const { id } = request.params
      const list: ListName = ['media', 'submission', id]
      return told(list, await listMediaIn(store, by, id, pageAsked(list, request.query)))
    },
  )
}

const told = (list: ListName, page: Page<Media>) => ({
  media: page.items.map(tellMedia),
  nextCursor: cursorAfter(list, page, ({ mediaId }) => mediaId),
})
