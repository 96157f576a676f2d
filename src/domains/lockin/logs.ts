import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import { spanOf, type Span } from './sessions.ts'

/** Time somebody spent in a session. Times are ISO in UTC, to the millisecond they are kept in. */
export interface TimeLog {
  id: string
  participant_id: string
  session_id: string
  user_id: string
  started_at: string
  ended_at: string
  created_at: string
}

/** A log of one's own in a session. */
export interface LogRef {
  sessionId: string
  logId: string
  userId: string
}

/**
 * Writes down time somebody spent; the same once more is the log that is there.
 * @throws refuses 404, 403 for who has not joined, 400 for times outside of the session, 409 'not-started' and 'overlaps-log'.
 */
export async function logTime(
  tx: Tx,
  sessionId: string,
  userId: string,
  { from, to }: Span,
): Promise<{ log: TimeLog; made: boolean }> {
  const { rows } = await sql<{ id: string; made: boolean }>`
    select log_id as id, made
    from lockin.log_time(${sessionId}, ${userId}, ${from.toISOString()}, ${to.toISOString()})`.execute(tx)
  const [row] = rows
  const log = row && (await findLog(tx, { sessionId, logId: row.id, userId }))
  if (!log) throw new Error('A log that was written a moment ago is not there.')
  return { log, made: row.made }
}

/** Undefined for one of somebody else. */
export async function findLog(db: Sql, { sessionId, logId, userId }: LogRef): Promise<TimeLog | undefined> {
  const { rows } = await sql<LogRow>`
    ${select} where p.session_id = ${sessionId} and l.id = ${logId} and l.user_id = ${userId}`.execute(db)
  return rows[0] && toLog(rows[0])
}

/** One's own logs in a session, the oldest first, from those that began after an instant. */
export async function listLogs(
  db: Sql,
  sessionId: string,
  userId: string,
  { after, limit }: { after: Date | undefined; limit: number },
): Promise<TimeLog[]> {
  const { rows } = await sql<LogRow>`
    ${select}
    where p.session_id = ${sessionId} and p.user_id = ${userId}
      ${after ? sql`and l.started_at > ${after.toISOString()}` : sql``}
    order by l.started_at
    limit ${limit}`.execute(db)
  return rows.map(toLog)
}

/** Corrects a log; a time that is not given stays. @throws refuses as `logTime` does, and 404 for a log of others. */
export async function changeLog(
  tx: Tx,
  ref: LogRef,
  { from, to }: { from: Date | undefined; to: Date | undefined },
): Promise<{ log: TimeLog; touched: Span | undefined }> {
  const touched = await spanOf(
    tx,
    sql`lockin.change_log(
      ${ref.sessionId}, ${ref.logId}, ${ref.userId}, ${from?.toISOString() ?? null}, ${to?.toISOString() ?? null}
    )`,
  )
  const log = await findLog(tx, ref)
  if (!log) throw new Error('A log that was changed a moment ago is not there.')
  return { log, touched }
}

/** @throws refuses 404, also for a log of others. */
export async function removeLog(tx: Tx, { sessionId, logId, userId }: LogRef): Promise<Span | undefined> {
  return spanOf(tx, sql`lockin.remove_log(${sessionId}, ${logId}, ${userId})`)
}

type LogRow = Omit<TimeLog, 'started_at' | 'ended_at' | 'created_at'> & {
  started_at: Date
  ended_at: Date
  created_at: Date
}

const select = sql`
  select l.id, l.participant_id, p.session_id, l.user_id, l.started_at, l.ended_at, l.created_at
  from lockin.session_participants p
  join lockin.time_logs l on l.participant_id = p.id`

const toLog = (row: LogRow): TimeLog => ({
  ...row,
  started_at: row.started_at.toISOString(),
  ended_at: row.ended_at.toISOString(),
  created_at: row.created_at.toISOString(),
})
