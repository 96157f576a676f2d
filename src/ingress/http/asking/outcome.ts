import type { FastifyReply } from 'fastify'
import type { Job } from '../../../jobs/define.ts'
import { history, type HistoryEntry, type Seen } from '../../../jobs/ledger/read.ts'
import type { Entered } from '../../../jobs/ledger/enter.ts'
import type { Failure } from '../../../jobs/ledger/rows.ts'
import type { Watch } from '../../../jobs/watch.ts'
import type { Run } from '../../../shared/database.ts'
import type { LightRuns } from './light.ts'
import { isSettled } from '../answers/receipt.ts'

/** What came of an asking. */
export type Outcome =
  | { state: 'completed'; result: unknown }
  | { state: 'failed' | 'cancelled'; error: Failure }

/** How long the workers have a light job to themselves. */
const WORKERS_FIRST = 300

/**
 * Waits for the outcome of an asking, and runs a light job in this process when no worker has claimed it soon.
 * Undefined when the time is over, or the signal aborted, before the round was settled.
 */
export async function outcomeWithin(
  parts: { watch: Watch; run: Run; light: LightRuns },
  asked: { job: Job; entered: Pick<Entered, 'id' | 'round' | 'decision'>; ms: number; signal: AbortSignal },
): Promise<Outcome | undefined> {
  const { watch, run, light } = parts
  const { job, entered, ms, signal } = asked
  const isOver = (row: Seen): boolean =>
    row.round > entered.round || (row.round === entered.round && isSettled(row)) || isTakenBack(row, entered)
  const until = performance.now() + ms

  const first = job.light ? Math.min(ms, WORKERS_FIRST) : ms
  const known = entered.decision === 'entered' ? { known: 'waiting' as const } : {}
  let row = await watch.until(entered.id, isOver, first, { signal, ...known })
  if (row && !isOver(row) && job.light && !signal.aborted) {
    if (row.state === 'waiting') light.offer({ id: row.id, ticket: row.ticket })
    row = await watch.until(entered.id, isOver, Math.ceil(until - performance.now()), { signal })
  }
  return row && isOver(row) ? outcomeOf(run, row, entered.round) : undefined
}

/**
 * Whether the round was to follow another one and never will: what settles a row begins what was asked for meanwhile in the
 * same commit, unless somebody has cancelled the job. A row that is undone once more is not at rest, and may have a next round.
 */
const isTakenBack = (row: Seen, { round }: Pick<Entered, 'round'>): boolean =>
  row.round < round && (row.state === 'completed' || row.state === 'failed' || row.state === 'cancelled')

/** What came of a round that is over, also when later ones have begun since. */
async function outcomeOf(run: Run, row: Seen, round: number): Promise<Outcome | undefined> {
  if (row.round < round) return endedBadly('cancelled', null)
  if (row.round === round) {
    const completed = row.state === 'completed'
    return completed
      ? { state: 'completed', result: row.result }
      : endedBadly(row.verdict ?? row.state, row.error)
  }
  // The row keeps the last result until another round settles; how this round ended only the history knows.
  const { state, error } = (await settledEntry(run, row.id, round))?.detail ?? {}
  if (state === 'failed' || state === 'cancelled')
    return endedBadly(state, (error as Failure | undefined) ?? null)
  return state === 'completed' && row.result !== null ? { state, result: row.result } : undefined
}

async function settledEntry(run: Run, id: string, round: number): Promise<HistoryEntry | undefined> {
  let found: HistoryEntry | undefined
  let after = 0
  for (;;) {
    const page = await history(run, id, after)
    found = page.findLast((entry) => entry.round === round && entry.kind === 'settled') ?? found
    const last = page.at(-1)
    if (!last || last.round > round) return found
    after = last.seq
  }
}

function endedBadly(state: string, error: Failure | null): Outcome {
  const ended = state === 'cancelled' ? 'cancelled' : 'failed'
  return {
    state: ended,
    error: error ?? { code: ended, message: `The job ${ended === 'failed' ? 'failed' : 'was cancelled'}.` },
  }
}

/** Aborted when the caller has gone away before the answer, or the server begins to close. */
export function untilGone(reply: Pick<FastifyReply, 'raw'>, closing: AbortSignal): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return AbortSignal.any([gone.signal, closing])
}
