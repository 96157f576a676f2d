import { z } from 'zod'
import {
  COUNTED_AT_MOST,
  countUnread,
  kinds,
  listNotifications,
  readNotification,
  readSome,
  statuses,
  timeOf,
} from '../../../domains/lockin/notifications.ts'
import type { App, HttpParts } from '../app.ts'
import { inTransaction } from '../transaction.ts'
import { profileOf } from './caller.ts'
import { notificationEventRoute } from './notification-events.ts'
import { aboutPages, givenTime, instant, pageOf, pageQuery } from './pages.ts'
import { verbOn } from '../verb.ts'

/** So many are marked as read in one transaction. */
const READ_AT_ONCE = 2000

export const notification = z
  .object({
    id: z.uuid(),
    recipient_id: z.uuid(),
    kind: z.enum(kinds),
    status: z.enum(statuses),
    title: z.string(),
    body: z.string().nullable(),
    group_id: z.uuid().nullable(),
    sender_id: z.uuid().nullable(),
    created_at: instant,
    read_at: instant.nullable(),
  })
  .meta({ id: 'LockinNotification' })

const page = pageQuery(
  { unread: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false') },
  { usually: 20, atMost: 100 },
)

const params = z.object({ id: z.guid().toLowerCase() })

/** The inbox: read page by page, marked as read, and listened to. */
export function notificationRoutes(app: App, parts: HttpParts): void {
  const { database } = parts.asking

  app.get(
    '/api/notifications',
    {
      schema: {
        tags: ['lockin'],
        summary: 'The inbox, newest first',
        description: aboutPages,
        querystring: page,
        response: { 200: z.array(notification) },
      },
    },
    async (request, reply) => {
      const unread = request.query.unread === 'true'
      const recipientId = await profileOf(request, database.sql)
      return pageOf(request, reply, request.query, (after, limit) =>
        listNotifications(database.sql, recipientId, { unread, after, limit }),
      )
    },
  )

  app.get(
    '/api/notifications/unread-count',
    {
      schema: {
        tags: ['lockin'],
        summary: 'How many notifications are unread',
        description: `No more than ${COUNTED_AT_MOST} are counted.`,
        response: { 200: z.object({ unread: z.int() }) },
      },
    },
    async (request) => ({
      unread: await countUnread(database.sql, await profileOf(request, database.sql)),
    }),
  )

  app.post(
    verbOn('/api/notifications', 'read'),
    {
      schema: {
        tags: ['lockin'],
        summary: 'Marks a notification as read',
        description: 'Once: `read_at` is the first time. What became of an invite stays its `status`.',
        params,
        response: { 200: notification },
      },
    },
    async (request) => {
      const recipientId = await profileOf(request, database.sql)
      return inTransaction(database, (tx) => readNotification(tx, request.params.id, recipientId))
    },
  )

  app.post(
    '/api/notifications::read-all',
    {
      schema: {
        tags: ['lockin'],
        summary: 'Marks everything up to now as read',
        description: 'With `up_to`, what came later stays unread: the newest that the person has seen, say.',
        body: z.strictObject({ up_to: givenTime.optional() }).nullish(),
        response: { 200: z.object({ read: z.int() }) },
      },
    },
    async (request) => {
      const recipientId = await profileOf(request, database.sql)
      // What comes while this marks, batch after batch, is not part of it.
      const now = await timeOf(database.sql)
      const upTo = request.body?.up_to
      const cameUntil = upTo && upTo < now ? upTo : now
      let read = 0
      for (;;) {
        const marked = await inTransaction(database, (tx) =>
          readSome(tx, recipientId, { cameUntil, atMost: READ_AT_ONCE }),
        )
        if (marked === 0) return { read }
        read += marked
      }
    },
  )

  notificationEventRoute(app, parts)
}
