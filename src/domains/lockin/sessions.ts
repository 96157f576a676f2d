import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'

export const statuses = ['scheduled', 'running', 'paused', 'ended', 'cancelled'] as const
export type SessionStatus = (typeof statuses)[number]

/** What the host does with a session. */
export const moves = ['start', 'pause', 'resume', 'stop', 'cancel'] as const
export type Move = (typeof moves)[number]

/** As the world is told of it; times are ISO in UTC, to the millisecond they are kept in. */
export interface Session {
  id: string
  group_id: string | null
  creator_id: string
  status: SessionStatus
  started_at: string | null
  ended_at: string | null
  created_at: string
}

export interface Participant {
  id: string
  session_id: string
  user_id: string
  display_name: string | null
  avatar_url: string | null
  role: 'host' | 'participant'
  joined_at: string
  left_at: string | null
  /** Since when their time runs: it becomes a log when they, or the session, pause. */
  running_since: string | null
}

/** The time between the begin of the first and the end of the last log that was written, changed or removed. */
export interface Span {
  from: Date
  to: Date
}

/** Which sessions are asked for, and after which one the page begins. */
export interface Wanted {
  groupId: string | undefined
  status: SessionStatus | undefined
  after: { createdAt: Date; id: string } | undefined
  limit: number
}

/** Makes a session that waits to be started, with its creator as host. @throws refuses 404 and 409 for the group. */
export async function createSession(tx: Tx, userId: string, groupId: string | null): Promise<Session> {
  const { rows } = await sql<{ id: string }>`
    select lockin.create_session(${userId}, ${groupId}) as id`.execute(tx)
  return there(await findSession(tx, only(rows).id, userId))
}

/** Undefined for a session that this person may not see. */
export async function findSession(db: Sql, id: string, userId: string): Promise<Session | undefined> {
  const { rows } = await sql<SessionRow>`
    select ${columns} from lockin.sessions s
    where s.id = ${id} and lockin.sees_session(s, ${userId})`.execute(db)
  return rows[0] && toSession(rows[0])
}

/**
 * The sessions of one's groups and those one has alone, newest first. A page begins where the last one ended, so that what
 * is made in between moves nothing.
 * @throws refuses 404 for a group of others.
 */
export async function listSessions(db: Sql, userId: string, wanted: Wanted): Promise<Session[]> {
  const { groupId, status, after, limit } = wanted
  if (groupId !== undefined)
    await sql`select lockin.require_role(${groupId}, ${userId}, 'member')`.execute(db)
  const page = sql`
    ${status === undefined ? sql`` : sql`and s.status = ${status}`}
    ${after ? sql`and (s.created_at, s.id) < (${after.createdAt.toISOString()}::timestamptz, ${after.id}::uuid)` : sql``}
    order by s.created_at desc, s.id desc
    limit ${limit}`
  const alone = sql`
    union all
    (select s.* from lockin.sessions s where s.creator_id = ${userId} and s.group_id is null ${page})`
  // The newest of each group, of which the newest of all: no group is read further than a page.
  const { rows } = await sql<SessionRow>`
    select ${columns} from (
      select newest.*
      from lockin.group_members m
      cross join lateral (select s.* from lockin.sessions s where s.group_id = m.group_id ${page}) newest
      where m.user_id = ${userId} ${groupId === undefined ? sql`` : sql`and m.group_id = ${groupId}`}
      ${groupId === undefined ? alone : sql``}
    ) s
    order by s.created_at desc, s.id desc
    limit ${limit}`.execute(db)
  return rows.map(toSession)
}

/** Everybody who joined, also those who left again; undefined for a session that this person may not see. */
export async function listParticipants(
  db: Sql,
  id: string,
  userId: string,
): Promise<Participant[] | undefined> {
  const rows = await participants(db, id, userId)
  // Its host is in every session.
  return rows.length === 0 ? undefined : rows
}

/** @throws refuses 404, 403 for all but the host, 409 'wrong-move'. */
export async function moveSession(
  tx: Tx,
  { id, userId, move }: { id: string; userId: string; move: Move },
): Promise<{ session: Session; logged: Span | undefined }> {
  const logged = await spanOf(tx, sql`lockin.move_session(${id}, ${userId}, ${move})`)
  return { session: there(await findSession(tx, id, userId)), logged }
}

/** @throws refuses 404, 409 'wrong-move'. */
export async function joinSession(tx: Tx, id: string, userId: string): Promise<Participant> {
  await sql`select lockin.join_session(${id}, ${userId})`.execute(tx)
  return only(await participants(tx, id, userId, userId))
}

/** @throws refuses 404, 409 'wrong-move'. */
export async function leaveSession(
  tx: Tx,
  id: string,
  userId: string,
): Promise<{ participant: Participant; groupId: string | null; logged: Span | undefined }> {
  const logged = await spanOf(tx, sql`lockin.leave_session(${id}, ${userId})`)
  const [session, [participant]] = [
    await findSession(tx, id, userId),
    await participants(tx, id, userId, userId),
  ]
  return { participant: there(participant), groupId: there(session).group_id, logged }
}

/** What a function of the schema tells of the logs it touched; undefined when there were none. */
export async function spanOf(tx: Tx, call: ReturnType<typeof sql>): Promise<Span | undefined> {
  const { rows } = await sql<{ from: Date | null; to: Date | null }>`
    select lower(span) as "from", upper(span) as "to" from ${call} span`.execute(tx)
  const { from, to } = only(rows)
  return from && to ? { from, to } : undefined
}

async function participants(
  db: Sql,
  sessionId: string,
  seenBy: string,
  who?: string,
): Promise<Participant[]> {
  const { rows } = await sql<ParticipantRow>`
    select
      p.id, p.session_id, p.user_id, u.display_name, u.avatar_url, p.role, p.joined_at, p.left_at, p.running_since
    from lockin.sessions s
    join lockin.session_participants p on p.session_id = s.id
    join lockin.profiles u on u.id = p.user_id
    where s.id = ${sessionId} and lockin.sees_session(s, ${seenBy})
      ${who === undefined ? sql`` : sql`and p.user_id = ${who}`}
    order by p.joined_at, p.id`.execute(db)
  return rows.map(toParticipant)
}

type SessionRow = Omit<Session, 'started_at' | 'ended_at' | 'created_at'> & {
  started_at: Date | null
  ended_at: Date | null
  created_at: Date
}

type ParticipantRow = Omit<Participant, 'joined_at' | 'left_at' | 'running_since'> & {
  joined_at: Date
  left_at: Date | null
  running_since: Date | null
}

const columns = sql`s.id, s.group_id, s.creator_id, s.status, s.started_at, s.ended_at, s.created_at`

const toSession = (row: SessionRow): Session => ({
  ...row,
  started_at: row.started_at?.toISOString() ?? null,
  ended_at: row.ended_at?.toISOString() ?? null,
  created_at: row.created_at.toISOString(),
})

const toParticipant = (row: ParticipantRow): Participant => ({
  ...row,
  joined_at: row.joined_at.toISOString(),
  left_at: row.left_at?.toISOString() ?? null,
  running_since: row.running_since?.toISOString() ?? null,
})

function only<Row>([row]: Row[]): Row {
  return there(row)
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('What was there a moment ago in this transaction is gone.')
  return value
}
