import { within, type Database, type Run } from '../../../shared/database.ts'
import type { Limits } from '../../../shared/mistral.ts'
import {
  FIRST_CONCURRENCY,
  free,
  isSecondFull,
  learn,
  secondOf,
  type Lane,
  type News,
  type Use,
} from './lane.ts'
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
    const [locked] = await run<LaneRow>(statements.takeLane, named(say))
    if (!locked) {
      const granted = await grantsOf(run, say)
      return { granted, taken: false, pausedMs: 0, lookAgainMs: undefined, elsewhere: 0 }
    }
    const known = fromRow(locked)
    const ended = await takeDown(run, say)
    const seen = await look(run, say, known)
    const lane = ended ? learn(known, { ...ended, ...seen, ...(await proven(run, say, known, seen)) }) : known
    const { turns, lookAgainMs } = free(lane, seen)
    const handOut = turns > 0 && seen.waiting > 0
    const fresh =
      handOut || ended ? await settle(run, say.lane, lane, { turns, learnt: ended !== undefined }) : []
    const elsewhere = seen.elsewhere + fresh.filter(({ holder }) => holder !== say.holder).length
    const here = new Set(say.waiting.map(({ turnId }) => turnId))
    const granted = fresh.map(({ turn_id }) => turn_id).filter((turnId) => here.has(turnId))
    return {
      granted: [...seen.granted, ...granted],
      taken: true,
      pausedMs: lane.pausedMs,
      lookAgainMs,
      elsewhere,
    }
  })
}

/** Proves that the process lives, and puts those in line that are not yet, or were given up as dead. */
export async function signOfLife(run: Run, say: Say): Promise<void> {
  await run(statements.signOfLife, named(say))
}

/** Which of those that wait have been granted by others in the meantime. */
export async function grantsOf(run: Run, { waiting }: Pick<Say, 'waiting'>): Promise<string[]> {
  if (waiting.length === 0) return []
  const rows = await run<{ turn_id: string }>(statements.granted, [waiting.map(({ turnId }) => turnId)])
  return rows.map(({ turn_id }) => turn_id)
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
  turn_id: string
  holder: string
}

interface Count extends Use, Pick<News, 'underWayAround' | 'startedAround' | 'refusedAround'> {
  elsewhere: number
  waiting: number
  /** Of those that wait here. */
  granted: string[]
}

const named = ({ lane, holder, aliveForMs, waiting }: Say): unknown[] => [
  holder,
  aliveForMs,
  lane,
  FIRST_CONCURRENCY,
  waiting.map(({ turnId }) => turnId),
  waiting.map(({ userId }) => userId),
]

const fromRow = (row: LaneRow): Lane => ({
  concurrency: row.concurrency,
  ceiling: row.ceiling,
  perSecond: row.per_second,
  requestsPerMinute: row.requests_per_minute,
  refusals: row.refusals,
  quietMs: row.quiet_ms ?? Infinity,
  pausedMs: row.paused_ms,
})

/** Undefined when there was nothing to learn from. */
async function takeDown(
  run: Run,
  { lane, endings }: Say,
): Promise<Pick<News, 'answered' | 'failed' | 'refused' | 'heard'> | undefined> {
  const idsOf = (...which: Ending['how'][]): string[] =>
    endings.filter(({ how }) => which.includes(how)).map(({ turnId }) => turnId)
  const ended = await run<{ turn_id: string }>(statements.takeDown, [
    lane,
    idsOf('unused'),
    idsOf('returned'),
    idsOf('answered', 'throttled', 'failed'),
    idsOf('throttled'),
  ])
  const called = endings.filter((ending) => 'limits' in ending)
  if (called.length === 0) return undefined
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

async function look(run: Run, { lane, holder, waiting }: Say, { perSecond }: Lane): Promise<Count> {
  const waitingHere = waiting.map(({ turnId }) => turnId)
  const [seen] = await run<Count>(statements.count, [lane, holder, secondOf(perSecond), waitingHere])
  return seen as Count
}

/** Asked only when it matters: while the second is what holds calls back. */
async function proven(run: Run, { lane }: Say, known: Lane, seen: Count): Promise<Pick<News, 'borne'>> {
  if (!isSecondFull(known, seen)) return { borne: 0 }
  const [row] = await run<Pick<News, 'borne'>>(statements.borne, [lane])
  return { borne: row?.borne ?? 0 }
}

function settle(
  run: Run,
  name: string,
  lane: Lane,
  { turns, learnt }: { turns: number; learnt: boolean },
): Promise<Granted[]> {
  return run<Granted>(statements.settle, [
    name,
    turns,
    lane.concurrency,
    lane.ceiling,
    lane.perSecond,
    lane.requestsPerMinute,
    lane.refusals,
    lane.quietMs === 0,
    lane.pausedMs,
    learnt,
  ])
}
