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
  type Cursor,
} from '../../../domains/lockin/notifications.ts'
import { missing } from '../../../shared/text.ts'
import type { App, HttpParts } from '../app.ts'
import { inTransaction } from '../transaction.ts'
import { profileOf } from './caller.ts'
import { notificationEventRoute } from './notification-events.ts'
import { verbOn } from './verb.ts'

/** So many are marked as read in one transaction. */
const READ_AT_ONCE = 2000

const instant = z.iso.datetime({ offset: true })

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

/** A time somebody gives, within what Postgres and JavaScript both can write. */
const givenTime = z.iso
  .datetime({ offset: true, error: 'must be a time with its offset, as in 2026-11-21T19:00:00Z' })
  .transform((text) => new Date(text))
  .refine((time) => time.getUTCFullYear() >= 1 && time.getUTCFullYear() <= 9999, 'is out of range')

const page = z
  .object({
    unread: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
    cursor_created_at: givenTime.optional(),
    cursor_id: z.guid({ error: 'must be a UUID' }).toLowerCase().optional(),
    limit: z.coerce.number().int().min(1).max(100).default(20),
  })
  .superRefine((query, { addIssue }) => {
    const cursor = ['cursor_created_at', 'cursor_id'] as const
    const left = cursor.filter((field) => query[field] === undefined)
    if (left.length === 1) addIssue({ code: 'custom', message: missing, path: left })
  })

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
        description:
          'The next page begins after the last notification of this one: its `created_at` and `id` are the cursor, and ' +
          'the Link header has the whole address while there is more. What comes in the meantime moves nothing.',
        querystring: page,
        response: { 200: z.array(notification) },
      },
    },
    async (request, reply) => {
      const { unread, limit, cursor_created_at: createdAt, cursor_id: id } = request.query
      const after: Cursor | undefined = createdAt && id !== undefined ? { createdAt, id } : undefined
      const recipientId = await profileOf(request, database.sql)
      // One more than is shown tells whether there is another page.
      const found = await listNotifications(database.sql, recipientId, {
        unread: unread === 'true',
        after,
        limit: limit + 1,
      })
      const shown = found.slice(0, limit)
      const last = shown.at(-1)
      if (last && found.length > limit) {
        const next = new URLSearchParams({
          ...(unread === 'true' ? { unread } : {}),
          cursor_created_at: last.created_at,
          cursor_id: last.id,
          limit: String(limit),
        })
        void reply.header('link', `<${request.routeOptions.url}?${next.toString()}>; rel="next"`)
      }
      return shown
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
