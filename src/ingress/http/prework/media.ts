import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { PreworkBuckets } from '../../../domains/prework/buckets.ts'
import { ADDRESS_SECONDS, downloadOf, thumbnailsOf } from '../../../domains/prework/media/addresses.ts'
import { deleteMedia, readRemovable } from '../../../domains/prework/media/delete-media.ts'
import { readMedia } from '../../../domains/prework/media/read-media.ts'
import { ask } from '../../../jobs/define.ts'
import { removeMediaObjects } from '../../../jobs/prework/remove-media-objects.ts'
import { minutes } from '../../../shared/time.ts'
import { unavailable } from '../answers/problems.ts'
import type { App, HttpParts } from '../app.ts'
import type { Actor } from './caller.ts'
import { id, ofId } from './fields.ts'
import { askedOfMedia, oneMedia, shownDownload, shownThumbnails, tellMedia } from './media-shapes.ts'

const tags = ['prework']

/** By then the change that objects are to be removed after has been made, or never will be. */
const LATER = minutes(1)

/** Files that were uploaded: told of, saved and removed; as the guide has it, and with the id in the path. */
export function mediaRoutes(
  app: App,
  actor: Actor,
  { asking: { accept }, preworkBuckets, log }: HttpParts,
): void {
  app.post(
    '/api/media',
    {
      schema: {
        tags,
        summary: 'What is known of a file, where to save it from, or where its thumbnails are',
        description:
          'For whoever may see its owner. A file is saved from its address under its name; one that is not completed has ' +
          'none, and only pictures have thumbnails.',
        body: askedOfMedia,
        response: { 200: z.union([oneMedia, shownDownload, shownThumbnails]) },
      },
    },
    async (request) => {
      const buckets = configured(preworkBuckets)
      const { store, by } = await actor(request)
      const { action, mediaId } = request.body
      const media = await readMedia(store, by, mediaId)
      if (action === 'metadata') return { media: tellMedia(media) }
      if (action === 'download') return { ...(await downloadOf(buckets, media)), expiresIn: ADDRESS_SECONDS }
      return { thumbnails: await thumbnailsOf(buckets, media), expiresIn: ADDRESS_SECONDS }
    },
  )

  app.delete(
    '/api/media',
    {
      schema: {
        tags,
        summary: 'Removes a file',
        description: removing,
        querystring: z.strictObject({ mediaId: id }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await remove(request, request.query.mediaId)
      return reply.code(204).send(null)
    },
  )

  app.get(
    '/api/media/:id',
    { schema: { tags, summary: 'What is known of a file', params: ofId, response: { 200: oneMedia } } },
    async (request) => {
      const { store, by } = await actor(request)
      return { media: tellMedia(await readMedia(store, by, request.params.id)) }
    },
  )

  app.delete(
    '/api/media/:id',
    {
      schema: {
        tags,
        summary: 'Removes a file',
        description: removing,
        params: ofId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await remove(request, request.params.id)
      return reply.code(204).send(null)
    },
  )

  /** That its objects go is promised before it is forgotten where they are; once it is, they go at once. */
  async function remove(request: FastifyRequest, mediaId: string): Promise<void> {
    const { store, by } = await actor(request)
    const { userId } = (await readRemovable(store, by, mediaId)).media
    const place = { userId, mediaId }
    const { trace } = request
    await accept.now(ask(removeMediaObjects, { ...place, when: 'later' }, { delay: LATER }), trace)
    await deleteMedia(store, by, mediaId)
    try {
      await accept.now(ask(removeMediaObjects, { ...place, when: 'now' }), trace)
    } catch (error) {
      log.warn({ err: error, trace, media: mediaId }, 'the objects of a removed file go a minute later')
    }
  }
}

const removing =
  'For whoever may upload for its owner. It is taken from the submission it is attached to, where that can be changed.'

function configured(buckets: PreworkBuckets | undefined): PreworkBuckets {
  if (!buckets) throw unavailable('Pre-Work is not set up here.')
  return buckets
}
