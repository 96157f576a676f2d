import { sql } from 'kysely'
import type { Sql } from '../../shared/database.ts'
import { toNotification, unreadOf, type Notification, type NotificationRow } from './notifications.ts'

/** What is not told one by one any more: the inbox is to be read again. */
const TOLD_AT_MOST = 1000

/**
 * How far somebody has seen an inbox: the oldest transaction that was still under way when it was looked at. What is
 * written by that one or a later one may not have been seen, and everything earlier has.
 */
export type Position = bigint

/** A notification with the transaction that wrote it last: another one of those makes it news again. */
export interface Written {
  notification: Notification
  writtenBy: Position
}

/** What was written since somebody's position, oldest first. */
export interface News {
  written: Written[]
  /** There is more than is told one by one; what is there is a part of it. */
  tooMuch: boolean
  unread: number
  /** From where to look next. */
  position: Position
}

/** An inbox as it is now, to begin listening from. */
export interface Beginning {
  position: Position
  unread: number
  /** What is there already and would be found again from this position: by id, the transaction that wrote it. */
  seen: Map<string, Position>
}

export async function inboxNow(db: Sql, recipientId: string): Promise<Beginning> {
  const { rows } = await sql<{ position: string; unread: number; seen: Record<string, string> }>`
    select snapshot.oldest::text as position, ${unreadOf(sql`${recipientId}::uuid`)} as unread,
      coalesce((
        select json_object_agg(id, written_by::text) from lockin.notifications
        where recipient_id = ${recipientId} and written_by >= snapshot.oldest
      ), '{}') as seen
    from (select pg_snapshot_xmin(pg_current_snapshot()) as oldest) snapshot`.execute(db)
  const [row] = rows
  if (!row) throw new Error('The statement gave no row.')
  const seen = Object.entries(row.seen).map(([id, writtenBy]) => [id, BigInt(writtenBy)] as const)
  return { position: BigInt(row.position), unread: row.unread, seen: new Map(seen) }
}

/**
 * Looks at many inboxes with one statement: what was written in each since its position, at the same place as it was
 * asked for; undefined where there is nothing.
 */
export async function newsOf(
  db: Sql,
  listeners: { recipientId: string; since: Position }[],
): Promise<(News | undefined)[]> {
  const recipients = listeners.map(({ recipientId }) => recipientId)
  const positions = listeners.map(({ since }) => since.toString())
  // A row that claims a transaction yet to come was restored from another server.
  const { rows } = await sql<Found>`
    select asked.place::integer, news.written, ${unreadOf(sql`asked.recipient_id`)} as unread,
      pg_snapshot_xmin(pg_current_snapshot())::text as position
    from unnest(${recipients}::uuid[], ${positions}::xid8[]) with ordinality as asked (recipient_id, since, place)
    cross join lateral (
      select json_agg(n order by n.created_at, n.id) as written
      from (
        select * from lockin.notifications
        where recipient_id = asked.recipient_id
          and written_by >= asked.since and written_by < pg_snapshot_xmax(pg_current_snapshot())
        order by written_by desc
        limit ${sql.lit(TOLD_AT_MOST + 1)}
      ) n
    ) news
    where news.written is not null`.execute(db)

  const found = new Map(rows.map((row) => [row.place, toNews(row)]))
  return listeners.map((_listener, index) => found.get(index + 1))
}

interface Found {
  place: number
  written: (NotificationRow & { written_by: string })[]
  unread: number
  position: string
}

const toNews = ({ written, unread, position }: Found): News => ({
  written: written.map((row) => ({ notification: toNotification(row), writtenBy: BigInt(row.written_by) })),
  tooMuch: written.length > TOLD_AT_MOST,
  unread,
  position: BigInt(position),
})
