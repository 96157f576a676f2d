import { withCommit, within, type Database } from '../shared/database.ts'
import { describeError, LostTicket, UnknownCommit } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import type { Accept } from './accept.ts'
import { Attempt } from './attempt.ts'
import type { Commit, Done, Registry, Tools } from './define.ts'
import type { Dispatcher } from './dispatch.ts'
import { createEndings, persist, type Ending } from './ending.ts'
import type { Lease } from './lease.ts'
import type { Refusal } from './ledger/claim.ts'
import type { Claimed, Failure, Ticket } from './ledger/rows.ts'
import { behindFence, complete, fence, reopenIfAsked, wasCompleted } from './ledger/settle.ts'
import { createLender } from './lend.ts'
import type { Tell } from './tell.ts'
import { createTogether } from './together.ts'
import { createUndo } from './undo.ts'

/** The life of one attempt, the same in a worker and in the web process. */
export interface Runner {
  /**
   * Claims the row of a ticket and lives its attempt, or its undo, to the end.
   * Rejects only when Postgres could not be asked for the row.
   * @param worked called as soon as the work is over, while its result still travels to the ledger with its neighbours':
   * whoever counts slots may use this one again.
   */
  take(ticket: { id: string; ticket: number }, worked?: () => void): Promise<Refusal | 'ended'>
  /** How many rows of a queue were taken so far: the proof of progress. */
  taken(queue: string): number
}

export interface RunnerParts {
  registry: Registry
  database: Database
  accept: Accept
  dispatcher: Dispatcher
  lease: Lease
  tell: Tell
  tools: Omit<Tools, 'signal' | 'progress' | 'log' | 'sql' | 'trace'>
  metrics: Metrics
  log: Log
}

export function createRunner(parts: RunnerParts): Runner {
  const { registry, database, accept, dispatcher, lease, tell, metrics } = parts
  const lender = createLender(parts)
  const { jobOf, dataOf, toolsFor, logOf } = lender
  const together = createTogether(parts)
  const { endBadly, waitForProvider } = createEndings(parts, lender)
  const undo = createUndo(parts, lender)
  const inHand = new Set<string>()
  const taken = new Map<string, number>()

  const runner: Runner = {
    taken: (queue) => taken.get(queue) ?? 0,
    take: async ({ id, ticket }, worked = () => undefined) => {
      const worker = lease.worker()
      if (!worker) return { later: 1000 }
      // Two deliveries of one ticket to this process are one; the second is of no use.
      const key = `${id}-${ticket}`
      if (inHand.has(key)) return 'stale'
      const attempt = new Attempt(id, ticket, worker)
      inHand.add(key)
      lease.hold(attempt)
      try {
        const row = await together.claim(attempt)
        if (row === 'stale' || 'later' in row) return row
        attempt.claimed = true
        taken.set(row.queue, runner.taken(row.queue) + 1)
        metrics.waited.observe({ queue: row.queue }, row.waited / 1000)
        const pause = row.state === 'active' ? lease.pauseOf(registry.get(row.name)?.provider ?? '') : 0
        if (pause > 0) await waitForProvider(row, attempt, pause)
        else await live(row, attempt, worked)
        return 'ended'
      } finally {
        lease.release(attempt)
        inHand.delete(key)
      }
    },
  }

  /** From claimed to ended; whatever happens in between is written to the ledger and told in one log line. */
  const live = async (row: Claimed, attempt: Attempt, worked: () => void): Promise<void> => {
    const began = performance.now()
    let failure: Failure | undefined
    let ending: Ending
    try {
      if (row.state === 'undoing') {
        ending = await undo(row, attempt)
      } else {
        await run(row, attempt, worked)
        ending = 'completed'
      }
    } catch (error) {
      failure =
        attempt.aborted === 'cancelled' || error instanceof LostTicket ? cancelled : describeError(error)
      ending = await endBadly(row, attempt, error, failure)
      if (ending === 'retried' || ending === 'failed' || ending === 'undoing')
        logOf(row).debug({ err: error }, 'the attempt failed')
    }
    const ms = performance.now() - began
    metrics.jobs.observe({ job: row.name, outcome: ending }, ms / 1000)
    parts.log.info(
      {
        trace: row.trace,
        job: row.name,
        id: row.id,
        round: row.round,
        attempt: row.attempts,
        of: row.max_attempts,
        ms: Math.round(ms * 10) / 10,
        outcome: ending,
        error: failure?.code,
      },
      'attempt',
    )
  }

  const run = async (row: Claimed, attempt: Attempt, worked: () => void): Promise<void> => {
    const job = jobOf(row)
    const data = dataOf(job, row)
    const told = { percent: -1, at: 0 }
    const progress = (percent: number, step: string): void => {
      const now = performance.now()
      const whole = Math.max(0, Math.min(100, Math.round(percent)))
      if (whole === told.percent || (now - told.at < 200 && whole < 100)) return
      Object.assign(told, { percent: whole, at: now })
      together
        .note({
          id: row.id,
          ticket: row.ticket,
          worker: attempt.worker,
          percent: whole,
          step: step.slice(0, 100),
        })
        .catch((error: unknown) => logOf(row).warn({ err: error }, 'could not note the progress'))
    }
    const outcome = await attempt.under(job.timeout, async () => {
      const worked = await job.run(data, toolsFor(row, attempt, progress))
      attempt.throwIfStopped()
      // The time limit holds for what it writes, too.
      if ('write' in worked) await settleWithWrites(row, attempt, worked)
      return worked
    })
    if ('write' in outcome) return
    attempt.throwIfStopped()
    if (outcome.follow.length > 0) return settleWithWrites(row, attempt, outcome)
    worked()
    const settled = await together.complete({
      id: row.id,
      ticket: row.ticket,
      worker: attempt.worker,
      result: outcome.result,
    })
    // Either it was asked again while it ran, or the answer to an earlier try got lost, or it is no longer ours.
    if (!settled) await settleWithWrites(row, attempt, outcome)
  }

  /** The fence, the job's own writes, what follows and `completed`: in one commit. */
  const settleWithWrites = async (
    row: Claimed,
    attempt: Attempt,
    outcome: Done<unknown> | Commit<unknown>,
  ): Promise<void> => {
    let next: Ticket | undefined
    try {
      await database.transaction(
        async (tx, found) => {
          const held = behindFence(found)
          if (!held) throw new LostTicket('The row was no longer ours when it was to be settled.')
          const { result, follow } = 'write' in outcome ? await outcome.write(tx) : outcome
          await accept.in(tx, follow, row.trace)
          const completing = complete(attempt, result)
          if (!held.askedAgain) return withCommit(tx, completing)
          const run = within(tx)
          await run(completing.statement, completing.values)
          next = await reopenIfAsked(run, row.id)
        },
        fence(attempt, 'active'),
      )
    } catch (error) {
      const mayBeDone = error instanceof UnknownCommit || error instanceof LostTicket
      if (!mayBeDone || !(await persist(attempt, () => wasCompleted(database.run, row.id, row.round))))
        throw error
    }
    tell(row.id)
    if (next) dispatcher.dispatch(next)
  }

  return runner
}

const cancelled: Failure = { code: 'cancelled', message: 'The job was cancelled.' }
