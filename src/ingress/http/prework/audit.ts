import { z } from 'zod'
import { actions, entityTypes, readAudit } from '../../../domains/prework/audit.ts'
import { SERVER } from '../../../domains/prework/permissions.ts'
import type { App } from '../app.ts'
import type { Actor } from './caller.ts'
import { id } from './fields.ts'
import { cursorAfter, nextCursor, pageAsked, pageFields, type ListName } from './pages.ts'

const shownEntry = z
  .object({
    logId: z.uuid(),
    at: z.iso.datetime(),
    userId: z.string().meta({ description: 'Who did it: a user, or `server`.' }),
    entityType: z.enum(entityTypes),
    entityId: z.string(),
    action: z.enum(actions),
    before: z.record(z.string(), z.unknown()).meta({ description: 'The fields that changed, as they were.' }),
    after: z.record(z.string(), z.unknown()).meta({ description: 'The same fields, as they became.' }),
    ip: z.string(),
    userAgent: z.string(),
    requestId: z.string(),
  })
  .meta({ id: 'PreworkAuditEntry' })

const query = z
  .strictObject({
    userId: z.union([z.literal(SERVER), id], { error: `must be a UUID, or ${SERVER}` }).optional(),
    entityId: id.optional(),
    ...pageFields,
  })
  .refine(({ userId, entityId }) => (userId === undefined) !== (entityId === undefined), {
    error: 'ask by one of userId and entityId',
    path: ['userId'],
  })

/** What was changed, by whom. Nothing can be written here: entries are made by changes, together with them. */
export function auditRoutes(app: App, actor: Actor): void {
  app.get(
    '/api/audit',
    {
      schema: {
        tags: ['prework'],
        summary: 'What a user did, or what was done to something, the newest first',
        description: 'For auditors and administrators.',
        querystring: query,
        response: { 200: z.object({ entries: z.array(shownEntry), nextCursor }) },
      },
    },
    async (request) => {
      const { store, by } = await actor(request)
      const { userId, entityId = '', ...asked } = request.query
      const of = userId === undefined ? { entityId } : { userId }
      const list: ListName = ['audit', ...(Object.entries(of)[0] as [string, string])]
      const page = await readAudit(store, by, of, pageAsked(list, asked))
      return { entries: page.items, nextCursor: cursorAfter(list, page, ({ logId }) => logId) }
    },
  )
}
