import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'

/** More are not counted: by then nobody asks how many exactly. */
export const COUNTED_AT_MOST = 10_000

export const kinds = [
  'group_invite',
  'milestone_member',
  'milestone_group',
  'session_reminder',
  'generic',
] as const
export const statuses = ['pending', 'accepted', 'declined', 'read', 'withdrawn'] as const

/** As the world is told of it; times are ISO in UTC, to the millisecond they are kept in. */
export interface Notification {
  id: string
  recipient_id: string
  kind: (typeof kinds)[number]
  status: (typeof statuses)[number]
  title: string
  body: string | null
  group_id: string | null
  sender_id: string | null
  created_at: string
  read_at: string | null
}

/** A row of the table, as the driver gives it or as JSON that Postgres made. */
export type NotificationRow = Omit<Notification, 'created_at' | 'read_at'> & {
  created_at: Date | string
  read_at: Date | string | null
}

/** Where a page ended: the notification it was told last. */
export interface Cursor {
  createdAt: Date
  id: string
}

/**
 * What somebody has in the inbox, newest first, after the cursor. A page begins where the last one ended, by time and
 * id, so that what comes in between moves nothing.
 */
export async function listNotifications(
  db: Sql,
  recipientId: string,
  { unread, after, limit }: { unread: boolean; after: Cursor | undefined; limit: number },
): Promise<Notification[]> {
  const { rows } = await sql<NotificationRow>`
    select id, recipient_id, kind, status, title, body, group_id, sender_id, created_at, read_at
    from lockin.notifications
    where recipient_id = ${recipientId}
      ${after ? sql`and (created_at, id) < (${after.createdAt.toISOString()}::timestamptz, ${after.id}::uuid)` : sql``}
      ${unread ? sql`and read_at is null` : sql``}
    order by created_at desc, id desc
    limit ${limit}`.execute(db)
  return rows.map(toNotification)
}

/** How many nobody has read, up to COUNTED_AT_MOST. */
export async function countUnread(db: Sql, recipientId: string): Promise<number> {
  const { rows } = await sql<{
    unread: number
  }>`select ${unreadOf(sql`${recipientId}::uuid`)} as unread`.execute(db)
  return rows[0]?.unread ?? 0
}

/** Marks one as read, if it is not. @throws refuses 404 for one of somebody else. */
export async function readNotification(tx: Tx, id: string, recipientId: string): Promise<Notification> {
  const { rows } = await sql<NotificationRow>`
    select * from lockin.read_notification(${id}, ${recipientId})`.execute(tx)
  return toNotification(only(rows))
}

/** Marks at most so many of those that came until then, newest first; returns how many. */
export async function readSome(
  tx: Tx,
  recipientId: string,
  { cameUntil, atMost }: { cameUntil: Date; atMost: number },
): Promise<number> {
  const { rows } = await sql<{ read: number }>`
    select lockin.read_notifications(${recipientId}, ${cameUntil.toISOString()}, ${atMost}) as read`.execute(
    tx,
  )
  return only(rows).read
}

/** The database's time, as it stamps what it stores. */
export async function timeOf(db: Sql): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select now()::timestamptz(3) as now`.execute(db)
  return only(rows).now
}

export const toNotification = (row: NotificationRow): Notification => ({
  id: row.id,
  recipient_id: row.recipient_id,
  kind: row.kind,
  status: row.status,
  title: row.title,
  body: row.body,
  group_id: row.group_id,
  sender_id: row.sender_id,
  created_at: new Date(row.created_at).toISOString(),
  read_at: row.read_at === null ? null : new Date(row.read_at).toISOString(),
})

/** Part of a statement: how many unread ones the owner of this id has. */
export const unreadOf = (recipient: ReturnType<typeof sql>) => sql<number>`(
  select count(*)::integer from (
    select from lockin.notifications
    where recipient_id = ${recipient} and read_at is null
    limit ${sql.lit(COUNTED_AT_MOST)}
  ) unread
)`

function only<Row>([row]: Row[]): Row {
  if (!row) throw new Error('The statement gave no row.')
  return row
}
