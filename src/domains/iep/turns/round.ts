import { within, type Database, type Run } from '../../../shared/database.ts'
import type { Limits } from '../../../shared/mistral.ts'
import { FIRST_CONCURRENCY, free, learn, type Lane, type News, type Use } from './lane.ts'

/** How a turn ended. `unused`: no call was made. `returned`: granted in vain, it goes on waiting in its old place. */
export type Ending = { turnId: string } & (
  | { how: 'answered' | 'throttled' | 'failed'; limits: Limits }
  | { how: 'unused' | 'returned' }
)

/** All that one process has to say about a lane. */
export interface Say {
  lane: string
  holder: string
  /** Milliseconds without a sign of life after which what this process holds is given to others. */
  aliveForMs: number
  waiting: { turnId: string; userId: string }[]
  endings: Ending[]
}

export interface Heard {
  /** Which of those that waited have their turn. */
  granted: string[]
  /** The endings were taken down. False while another process hands out turns: say it all again in a moment. */
  taken: boolean
  pausedMs: number
  /** When looking again makes sense; undefined: whenever a turn may have been given back. */
  lookAgainMs: number | undefined
  /** Turns that other processes hold. */
  elsewhere: number
}

/**
 * One round of handing out turns: takes down what ended, learns from it, and grants what is free to whoever of all
 * processes is next. One process at a time does it for a lane; the others find their grants when they come by.
 */
export function playRound(database: Database, say: Say): Promise<Heard> {
  return database.transaction(async (tx) => {
    const run = within(tx)
    await signOfLife(run, say)
    const [locked] = await run<LaneRow>(lockLane, [say.lane])
    if (!locked) {
      const granted = await grantsOf(run, say)
      return { granted, taken: false, pausedMs: 0, lookAgainMs: undefined, elsewhere: 0 }
    }
    await clearAway(run, say.lane)
    const ended = await takeDown(run, say)
    const [counted] = await run<Count>(count, [say.lane, say.holder])
    const seen = counted as Count
    const known = fromRow(locked)
    const lane = ended ? learn(known, { ...ended, ...seen }) : known
    if (ended) await store(run, say.lane, lane)
    const { turns, lookAgainMs } = free(lane, seen)
    const fresh = turns > 0 && seen.waiting > 0 ? await run<Granted>(grant, [say.lane, turns]) : []
    const elsewhere = seen.elsewhere + fresh.filter(({ holder }) => holder !== say.holder).length
    const granted = await grantsOf(run, say)
    return { granted, taken: true, pausedMs: lane.pausedMs, lookAgainMs, elsewhere }
  })
}

/** Proves that the process lives, and puts those in line that are not yet, or were given up as dead. */
export async function signOfLife(run: Run, { lane, holder, aliveForMs, waiting }: Say): Promise<void> {
  await run(register, [
    holder,
    aliveForMs,
    lane,
    FIRST_CONCURRENCY,
    waiting.map(({ turnId }) => turnId),
    waiting.map(({ userId }) => userId),
  ])
}

/** Gives back all that a process holds or waits for. */
export async function leave(run: Run, holder: string): Promise<void> {
  await run(leaveTurns, [holder])
  await run(leaveHolder, [holder])
}

interface LaneRow {
  concurrency: number
  ceiling: number | null
  per_second: number | null
  requests_per_minute: number | null
  refusals: number
  quiet_ms: number | null
  paused_ms: number
}

interface Granted {
  holder: string
}

interface Count extends Use {
  elsewhere: number
  refusedLately: number
  waiting: number
}

const fromRow = (row: LaneRow): Lane => ({
  concurrency: row.concurrency,
  ceiling: row.ceiling,
  perSecond: row.per_second,
  requestsPerMinute: row.requests_per_minute,
  refusals: row.refusals,
  quietMs: row.quiet_ms ?? Infinity,
  pausedMs: row.paused_ms,
})

async function clearAway(run: Run, lane: string): Promise<void> {
  await run(endDead, [lane])
  await run(forget, [lane])
}

/** Undefined when there was nothing to learn from. */
async function takeDown(
  run: Run,
  { endings }: Say,
): Promise<Pick<News, 'answered' | 'failed' | 'refused' | 'heard'> | undefined> {
  const idsOf = (how: Ending['how']): string[] =>
    endings.filter((ending) => ending.how === how).map(({ turnId }) => turnId)
  const unused = idsOf('unused')
  if (unused.length > 0) await run(remove, [unused])
  const returned = idsOf('returned')
  if (returned.length > 0) await run(putBack, [returned])
  const called = endings.filter((ending) => 'limits' in ending)
  if (called.length === 0) return undefined

  const ids = called.map(({ turnId }) => turnId)
  const ended = await run<{ turn_id: string }>(end, [ids, idsOf('throttled')])
  // What was taken down before, by a commit whose answer got lost, is no news; a pause is repeated to be sure.
  const fresh = new Set(ended.map(({ turn_id }) => turn_id))
  const news = called.filter(({ turnId, how }) => fresh.has(turnId) || how === 'throttled')
  return {
    answered: news.filter(({ how }) => how === 'answered').length,
    failed: news.filter(({ how }) => how === 'failed').length,
    refused: news.filter(({ how }) => how === 'throttled').map(({ limits }) => limits),
    heard: news.filter(({ how }) => how !== 'throttled').map(({ limits }) => limits),
  }
}

async function store(run: Run, name: string, lane: Lane): Promise<void> {
  await run(storeLane, [
    name,
    lane.concurrency,
    lane.ceiling,
    lane.perSecond,
    lane.requestsPerMinute,
    lane.refusals,
    lane.quietMs === 0,
    lane.pausedMs,
  ])
}

async function grantsOf(run: Run, { waiting }: Say): Promise<string[]> {
  if (waiting.length === 0) return []
  const rows = await run<{ turn_id: string }>(granted, [waiting.map(({ turnId }) => turnId)])
  return rows.map(({ turn_id }) => turn_id)
}

const register = {
  name: 'iep.turns.register',
  text: `
with alive as (
  insert into iep.turn_holders (holder, alive_until) values ($1, now() + $2::float8 * interval '1 millisecond')
  on conflict (holder) do update set alive_until = excluded.alive_until
), lane as (
  insert into iep.lanes (lane, concurrency) values ($3, $4) on conflict (lane) do nothing
)
insert into iep.turns (turn_id, lane, user_id, holder)
select w.turn_id, $3, w.user_id, $1 from unnest($5::uuid[], $6::text[]) with ordinality as w (turn_id, user_id, nth)
order by w.nth
on conflict (turn_id) do nothing`,
}

/** Nobody waits for the lock: whoever has it does the work of all. What it guards is read after it is held. */
const lockLane = {
  name: 'iep.turns.lock-lane',
  text: `
select concurrency, ceiling, per_second, requests_per_minute, refusals,
  extract(epoch from now() - refused_at)::float8 * 1000 as quiet_ms,
  coalesce(greatest(0, extract(epoch from paused_until - now())::float8 * 1000), 0) as paused_ms
from iep.lanes where lane = $1 for update skip locked`,
}

/** What the dead held is free; their calls may have been made, and count for the minute. */
const endDead = {
  name: 'iep.turns.end-dead',
  text: `
update iep.turns t set ended_at = now()
where t.lane = $1 and t.granted_at is not null and t.ended_at is null
  and not exists (select from iep.turn_holders h where h.holder = t.holder and h.alive_until > now())`,
}

/** A little more than what the provider counts by, since calls arrive a little later than they are granted. */
const minute = `interval '60.5 seconds'`
const second = `interval '1.1 seconds'`

const forget = {
  name: 'iep.turns.forget',
  text: `
with holders as (
  delete from iep.turn_holders where holder in (
    select holder from iep.turn_holders where alive_until < now() - interval '1 minute' for update skip locked
  )
)
delete from iep.turns t
where t.lane = $1 and (
  (t.ended_at is not null and t.granted_at < now() - ${minute})
  or (t.granted_at is null
    and not exists (select from iep.turn_holders h where h.holder = t.holder and h.alive_until > now()))
)`,
}

const remove = { name: 'iep.turns.remove', text: 'delete from iep.turns where turn_id = any($1::uuid[])' }

const putBack = {
  name: 'iep.turns.put-back',
  text: 'update iep.turns set granted_at = null where turn_id = any($1::uuid[]) and ended_at is null',
}

const end = {
  name: 'iep.turns.end',
  text: `
update iep.turns set ended_at = now(), refused = turn_id = any($2::uuid[])
where turn_id = any($1::uuid[]) and ended_at is null
returning turn_id`,
}

const count = {
  name: 'iep.turns.count',
  text: `
select
  (count(*) filter (where granted_at is not null and ended_at is null))::int as "underWay",
  (count(*) filter (where granted_at is not null and ended_at is null and holder <> $2))::int as elsewhere,
  (count(*) filter (where granted_at > now() - ${second} and not refused))::int as "startedLately",
  (count(*) filter (where granted_at > now() - ${second} and refused))::int as "refusedLately",
  extract(epoch from min(granted_at) filter (where granted_at > now() - ${second} and not refused)
    + ${second} - now())::float8 * 1000 as "secondFreesMs",
  (count(*) filter (where granted_at > now() - ${minute} and not refused))::int as "thisMinute",
  (count(*) filter (where granted_at is null))::int as waiting,
  extract(epoch from min(granted_at) filter (where granted_at > now() - ${minute} and not refused)
    + ${minute} - now())::float8 * 1000 as "minuteFreesMs"
from iep.turns where lane = $1`,
}

const storeLane = {
  name: 'iep.turns.store-lane',
  text: `
update iep.lanes set concurrency = $2, ceiling = $3, per_second = $4, requests_per_minute = $5, refusals = $6,
  refused_at = case when $7::boolean then now() else refused_at end,
  paused_until = case when $8::float8 > 0
    then greatest(coalesce(paused_until, now()), now() + $8::float8 * interval '1 millisecond')
    else paused_until end
where lane = $1`,
}

/**
 * Who is next: the user who would then have the fewest calls under way; among these the one who was last served longest
 * ago, within the minute that is remembered; then whoever asked first. A refused call was no service.
 */
const grant = {
  name: 'iep.turns.grant',
  text: `
with users as (
  select user_id,
    count(*) filter (where granted_at is not null and ended_at is null) as holds,
    max(granted_at) filter (where not refused) as served_at
  from iep.turns where lane = $1 group by user_id
), line as (
  select t.turn_id, t.asked_at, u.served_at,
    u.holds + row_number() over (partition by t.user_id order by t.asked_at, t.turn_id) as would_hold
  from iep.turns t join users u on u.user_id = t.user_id
  where t.lane = $1 and t.granted_at is null
)
update iep.turns set granted_at = now() where turn_id in (
  select turn_id from line order by would_hold, served_at nulls first, asked_at, turn_id limit $2
) returning holder`,
}

const granted = {
  name: 'iep.turns.granted',
  text: `
select turn_id from iep.turns
where turn_id = any($1::uuid[]) and granted_at is not null and ended_at is null`,
}

const leaveTurns = {
  name: 'iep.turns.leave',
  text: 'delete from iep.turns where holder = $1 and ended_at is null',
}
const leaveHolder = { name: 'iep.turns.leave-holder', text: 'delete from iep.turn_holders where holder = $1' }
