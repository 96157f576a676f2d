import { isOutage, within, type Database } from '../shared/database.ts'
import { GiveUp, LostTicket, Throttled } from '../shared/errors.ts'
import type { Metrics } from '../shared/metrics.ts'
import { days, seconds, sleep } from '../shared/time.ts'
import type { Attempt } from './attempt.ts'
import { backingOff, type Registry } from './define.ts'
import type { Dispatcher } from './dispatch.ts'
import type { Lease } from './lease.ts'
import { pauseProvider } from './ledger/providers.ts'
import { UNDO_ATTEMPTS, type Claimed, type Failure, type Ticket } from './ledger/rows.ts'
import { fail, handBack, reopenIfAsked, retryLater, undoLater } from './ledger/settle.ts'
import type { Lender } from './lend.ts'
import type { Tell } from './tell.ts'

/** How an attempt, or an undo, came to its end. */
export type Ending =
  | 'completed'
  | 'retried'
  | 'failed'
  | 'undoing'
  | 'cancelled'
  | 'handed back'
  | 'undone'
  | 'undo retried'
  | 'lost'

/** What becomes of attempts that did not complete. */
export interface Endings {
  /** After an attempt that did not complete: hand back, wait, try again, or end the round. Never rejects. */
  endBadly(row: Claimed, attempt: Attempt, error: unknown, failure: Failure): Promise<Ending>
  /** The provider is to be left alone for a while: the row goes back without having spent anything. */
  waitForProvider(row: Claimed, attempt: Attempt, pause: number): Promise<void>
}

/** How long a provider may keep a job waiting without spending an attempt. */
const THROTTLED_AT_MOST = days(1)
/** Postgres refused the failure itself, as one with characters that are not text. */
const unwritable: Failure = { code: 'unwritable', message: 'The attempt failed, and how cannot be written.' }
/** A job this process does not know was probably born in a newer one. */
const unknownJob = backingOff(5, seconds(30))
const betweenUndos = backingOff(UNDO_ATTEMPTS, seconds(2))

export function createEndings(
  parts: {
    registry: Registry
    database: Database
    dispatcher: Dispatcher
    lease: Lease
    tell: Tell
    metrics: Metrics
  },
  { logOf }: Pick<Lender, 'logOf'>,
): Endings {
  const { registry, database, dispatcher, lease, tell, metrics } = parts

  const endBadly = async (
    row: Claimed,
    attempt: Attempt,
    error: unknown,
    failure: Failure,
  ): Promise<Ending> => {
    if (attempt.lost) return 'lost'
    const write = (plan: Plan, written: Failure): Promise<Ending> =>
      persist(attempt, async () => {
        const ended = await carryOut(plan, row, attempt, written)
        tell(row.id)
        return ended
      })
    const plan = planAfter(row, attempt, error)
    try {
      return await write(plan, failure).catch((refusal: unknown) => {
        if (attempt.lost) throw refusal
        logOf(row).warn({ err: refusal }, 'how the attempt ended cannot be written as it is')
        return write(typeof plan === 'string' ? plan : planAfter(row, attempt, refusal), unwritable)
      })
    } catch (problem) {
      logOf(row).warn({ err: problem }, 'could not write down how the attempt ended; it will be taken over')
      lease.doubt()
      return 'lost'
    }
  }

  const planAfter = (row: Claimed, attempt: Attempt, error: unknown): Plan => {
    if (row.state === 'undoing')
      return { undoLater: attempt.aborted ? 0 : betweenUndos.delay(row.undo_attempts) }
    if (attempt.aborted === 'shutdown') return 'hand back'
    if (attempt.aborted === 'cancelled' || error instanceof LostTicket || error instanceof GiveUp)
      return 'end'
    if (error instanceof Throttled && row.age < THROTTLED_AT_MOST) {
      metrics.throttles.inc({ provider: error.provider })
      lease.pause(error.provider, error.retryAfterMs)
      return { later: error.retryAfterMs, spent: false, pause: error.provider }
    }
    const policy = registry.get(row.name)?.retry ?? unknownJob
    if (row.attempts >= row.max_attempts) return 'end'
    return { later: policy.delay(row.attempts), spent: true }
  }

  const carryOut = async (plan: Plan, row: Claimed, attempt: Attempt, failure: Failure): Promise<Ending> => {
    if (plan === 'hand back') {
      const ticket = await handBack(database.run, attempt)
      // A row that could not be handed back was cancelled in the meantime.
      if (!ticket) return carryOut('end', row, attempt, failure)
      dispatcher.dispatch(ticket)
      return 'handed back'
    }
    if (plan === 'end') return end(row, attempt, failure)
    if ('undoLater' in plan) {
      const ticket = await undoLater(database.run, attempt, plan.undoLater, failure)
      if (!ticket) return 'lost'
      dispatcher.dispatch(ticket)
      return 'undo retried'
    }
    if (plan.pause) await pauseProvider(database.run, plan.pause, plan.later)
    const ticket = await retryLater(database.run, attempt, {
      delay: plan.later,
      failure,
      spent: plan.spent,
      unwitnessed: attempt.unwitnessed,
    })
    if (!ticket) return carryOut('end', row, attempt, failure)
    dispatcher.dispatch(ticket)
    return 'retried'
  }

  /** No attempt is left, or none would help: on to the undo, or settled at once. */
  const end = async (row: Claimed, attempt: Attempt, failure: Failure): Promise<Ending> => {
    let next: Ticket | undefined
    const ended = await database.transaction(async (tx) => {
      const moved = await fail(within(tx), attempt, failure, attempt.unwitnessed)
      if (moved && moved.state !== 'undoing') next = await reopenIfAsked(within(tx), row.id)
      return moved
    })
    if (!ended) return 'lost'
    if (ended.state === 'undoing') dispatcher.dispatch(ended.ticket)
    if (next) dispatcher.dispatch(next)
    return ended.state as Ending
  }

  const waitForProvider = async (row: Claimed, attempt: Attempt, pause: number): Promise<void> => {
    const failure = { code: 'throttled', message: 'The provider asked for a pause.' }
    const spread = pause + Math.random() * Math.min(pause, 1000)
    await persist(attempt, () => carryOut({ later: spread, spent: false }, row, attempt, failure))
  }

  return { endBadly, waitForProvider }
}

/** What to do about an attempt that did not complete. */
type Plan = 'hand back' | 'end' | { undoLater: number } | { later: number; spent: boolean; pause?: string }

/** Keeps trying to write to a Postgres that is away, until it answers or the row is no longer ours. */
export async function persist<T>(attempt: Attempt, write: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await write()
    } catch (error) {
      if (!isOutage(error) || attempt.lost) throw error
      await sleep(Math.min(50 * 2 ** tries, 1000))
    }
  }
}
