import { within, type Database, type Run } from '../../../shared/database.ts'
import type { Limits } from '../../../shared/mistral.ts'
import { FIRST_CONCURRENCY, free, learn, type Lane, type News, type Use } from './lane.ts'
import * as statements from './statements.ts'

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
    const [locked] = await run<LaneRow>(statements.lockLane, [say.lane])
    if (!locked) {
      const granted = await grantsOf(run, say)
      return { granted, taken: false, pausedMs: 0, lookAgainMs: undefined, elsewhere: 0 }
    }
    await clearAway(run, say.lane)
    const ended = await takeDown(run, say)
    const [counted] = await run<Count>(statements.count, [say.lane, say.holder])
    const seen = counted as Count
    const known = fromRow(locked)
    const lane = ended ? learn(known, { ...ended, ...seen }) : known
    if (ended) await store(run, say.lane, lane)
    const { turns, lookAgainMs } = free(lane, seen)
    const fresh = turns > 0 && seen.waiting > 0 ? await run<Granted>(statements.grant, [say.lane, turns]) : []
    const elsewhere = seen.elsewhere + fresh.filter(({ holder }) => holder !== say.holder).length
    const granted = await grantsOf(run, say)
    return { granted, taken: true, pausedMs: lane.pausedMs, lookAgainMs, elsewhere }
  })
}

/** Proves that the process lives, and puts those in line that are not yet, or were given up as dead. */
export async function signOfLife(run: Run, { lane, holder, aliveForMs, waiting }: Say): Promise<void> {
  await run(statements.register, [
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
  await run(statements.leaveTurns, [holder])
  await run(statements.leaveHolder, [holder])
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
  startedAround: number
  refusedAround: number
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
  await run(statements.endDead, [lane])
  await run(statements.forget, [lane])
}

/** Undefined when there was nothing to learn from. */
async function takeDown(
  run: Run,
  { endings }: Say,
): Promise<Pick<News, 'answered' | 'failed' | 'refused' | 'heard'> | undefined> {
  const idsOf = (how: Ending['how']): string[] =>
    endings.filter((ending) => ending.how === how).map(({ turnId }) => turnId)
  const unused = idsOf('unused')
  if (unused.length > 0) await run(statements.remove, [unused])
  const returned = idsOf('returned')
  if (returned.length > 0) await run(statements.putBack, [returned])
  const called = endings.filter((ending) => 'limits' in ending)
  if (called.length === 0) return undefined

  const ids = called.map(({ turnId }) => turnId)
  const ended = await run<{ turn_id: string }>(statements.end, [ids, idsOf('throttled')])
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
  await run(statements.storeLane, [
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
  const rows = await run<{ turn_id: string }>(statements.granted, [waiting.map(({ turnId }) => turnId)])
  return rows.map(({ turn_id }) => turn_id)
}
