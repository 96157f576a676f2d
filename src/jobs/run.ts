import { isOutage, within, type Database, type Tx } from '../shared/database.ts'
import { describeError, GiveUp, LostTicket, Throttled, UnknownCommit } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import { days, seconds, sleep } from '../shared/time.ts'
import type { Accept } from './accept.ts'
import { Attempt } from './attempt.ts'
import { batched } from './batch.ts'
import { backingOff, type Commit, type Done, type Job, type Registry, type Tools } from './define.ts'
import type { Dispatcher } from './dispatch.ts'
import type { Lease } from './lease.ts'
import { claim, type Refusal } from './ledger/claim.ts'
import { noteProgress, type Progress } from './ledger/progress.ts'
import { pauseProvider } from './ledger/providers.ts'
import { UNDO_ATTEMPTS, type Claimed, type Failure, type Ticket } from './ledger/rows.ts'
import {
  complete,
  completeMany,
  fail,
  fence,
  handBack,
  reopenIfAsked,
  retryLater,
  settleUndone,
  undoLater,
  wasCompleted,
} from './ledger/settle.ts'
import type { Tell } from './tell.ts'

/** The life of one attempt, the same in a worker and in the web process. */
export interface Runner {
  /**
   * Claims the row of a ticket and lives its attempt, or its undo, to the end.
   * Rejects only when Postgres could not be asked for the row.
   * @param worked called as soon as the work is over, while its result still travels to the ledger with its neighbours':
   * whoever counts slots may use this one again.
   */
  take(ticket: { id: string; ticket: number }, worked?: () => void): Promise<Refusal | 'ended'>
  /** How many rows were taken so far: the proof of progress. */
  taken(): number
}

export interface RunnerParts {
  registry: Registry
  database: Database
  accept: Accept
  dispatcher: Dispatcher
  lease: Lease
  tell: Tell
  tools: Omit<Tools, 'signal' | 'progress' | 'log' | 'sql'>
  metrics: Metrics
  log: Log
}

type Ending =
  | 'completed'
  | 'retried'
  | 'failed'
  | 'undoing'
  | 'cancelled'
  | 'handed back'
  | 'undone'
  | 'undo retried'
  | 'lost'

/** How long a provider may keep a job waiting without spending an attempt. */
const THROTTLED_AT_MOST = days(1)
/** A job this process does not know was probably born in a newer one. */
const unknownJob = backingOff(5, seconds(30))
const betweenUndos = backingOff(UNDO_ATTEMPTS, seconds(2))

export function createRunner(parts: RunnerParts): Runner {
  const { registry, database, accept, dispatcher, lease, tell, metrics } = parts
  const inHand = new Set<string>()
  let taken = 0

  const claimTogether = batched<Attempt, Claimed | Refusal>(
    (attempts) => perWorker(attempts, (worker, group) => claim(database.run, worker, group)),
    { lanes: 2, size: 500 },
  )

  const completeTogether = batched<{ id: string; ticket: number; worker: string; result: unknown }, boolean>(
    (items) =>
      perWorker(items, async (worker, group) => {
        const settled = await completeMany(database.run, worker, group)
        tell(...settled)
        return group.map((item) => settled.has(item.id))
      }),
    { lanes: 2, size: 500 },
  )

  const noteTogether = batched<Progress & { worker: string }, void>(
    (items) =>
      perWorker(items, async (worker, group) => {
        const latest = new Map(group.map((item) => [item.id, item]))
        await noteProgress(database.run, worker, [...latest.values()])
        tell(...latest.keys())
        return group.map(() => undefined)
      }),
    { lanes: 1, size: 500 },
  )

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
      noteTogether({
        id: row.id,
        ticket: row.ticket,
        worker: attempt.worker,
        percent: whole,
        step: step.slice(0, 100),
      }).catch((error: unknown) => logOf(row).warn({ err: error }, 'could not note the progress'))
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
    const settled = await completeTogether({
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
      await database.transaction(async (tx) => {
        const run = within(tx)
        const held = await fence(run, attempt, 'active')
        if (!held) throw new LostTicket('The row was no longer ours when it was to be settled.')
        const { result, follow } = 'write' in outcome ? await outcome.write(tx) : outcome
        await accept.in(tx, follow, row.trace)
        await complete(run, attempt, result)
        if (held.askedAgain) next = await reopenIfAsked(run, row.id)
      })
    } catch (error) {
      const mayBeDone = error instanceof UnknownCommit || error instanceof LostTicket
      if (!mayBeDone || !(await persist(attempt, () => wasCompleted(database.run, row.id, row.round))))
        throw error
    }
    tell(row.id)
    if (next) dispatcher.dispatch(next)
  }

  /** After an attempt that did not complete: hand back, wait, try again, or end the round. */
  const endBadly = async (
    row: Claimed,
    attempt: Attempt,
    error: unknown,
    failure: Failure,
  ): Promise<Ending> => {
    if (attempt.lost) return 'lost'
    const plan = planAfter(row, attempt, error)
    try {
      return await persist(attempt, async () => {
        const ended = await carryOut(plan, row, attempt, failure)
        tell(row.id)
        return ended
      })
    } catch (problem) {
      logOf(row).warn({ err: problem }, 'could not write down how the attempt ended; it will be taken over')
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

  /** Runs the job's undo, then settles the row as its verdict says, together with what `onFailed` writes. */
  const undo = async (row: Claimed, attempt: Attempt): Promise<Ending> => {
    const last = row.undo_attempts >= UNDO_ATTEMPTS
    let trouble: Failure | undefined
    try {
      const job = jobOf(row)
      const data = dataOf(job, row)
      await attempt.under(job.timeout, async () => {
        await job.undo?.(
          data,
          toolsFor(row, attempt, () => undefined),
        )
      })
    } catch (error) {
      if (!last || attempt.aborted) throw error
      trouble = describeError(error)
      logOf(row).error({ err: error }, 'the undo is stuck')
    }
    try {
      await closeRow(row, attempt, trouble, true)
    } catch (error) {
      if (!last || isOutage(error) || error instanceof LostTicket) throw error
      logOf(row).error({ err: error }, 'the followers of the failure are stuck')
      await closeRow(row, attempt, trouble ?? describeError(error), false)
    }
    tell(row.id)
    return 'undone'
  }

  const closeRow = async (
    row: Claimed,
    attempt: Attempt,
    trouble: Failure | undefined,
    withFollowers: boolean,
  ): Promise<void> => {
    let next: Ticket | undefined
    await database.transaction(async (tx) => {
      const run = within(tx)
      if (!(await fence(run, attempt, 'undoing')))
        throw new LostTicket('The row was no longer ours when its undo ended.')
      if (withFollowers && !row.settled) await follow(tx, row)
      await settleUndone(run, attempt, trouble ? 'stuck' : 'done', trouble)
      next = await reopenIfAsked(run, row.id)
    })
    if (next) dispatcher.dispatch(next)
  }

  const follow = async (tx: Tx, row: Claimed): Promise<void> => {
    const job = registry.get(row.name)
    const data = job?.data.safeParse(row.data)
    if (!job?.onFailed || !data?.success) return
    await accept.in(tx, await job.onFailed(tx, data.data, row.verdict ?? 'failed'), row.trace)
  }

  const logOf = (row: Claimed): Log => parts.log.child({ trace: row.trace, job: row.name, id: row.id })

  /** Most jobs log nothing: the child logger is made when it is asked for. */
  const toolsFor = (row: Claimed, attempt: Attempt, progress: Tools['progress']): Tools => ({
    ...parts.tools,
    sql: database.sql,
    get signal() {
      return attempt.signal
    },
    progress,
    get log() {
      return logOf(row)
    },
  })

  const jobOf = (row: Claimed): Job => {
    const job = registry.get(row.name)
    if (!job) throw new UnknownJob(`This process knows no job called ${row.name}.`)
    return job
  }

  return {
    taken: () => taken,
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
        const row = await claimTogether(attempt)
        if (row === 'stale' || 'later' in row) return row
        attempt.claimed = true
        taken += 1
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

  /** The provider is to be left alone: the row goes back without having spent anything. */
  async function waitForProvider(row: Claimed, attempt: Attempt, pause: number): Promise<void> {
    const failure = { code: 'throttled', message: 'The provider asked for a pause.' }
    const spread = pause + Math.random() * Math.min(pause, 1000)
    await carryOut({ later: spread, spent: false }, row, attempt, failure)
  }
}

const cancelled: Failure = { code: 'cancelled', message: 'The job was cancelled.' }

/** What to do about an attempt that did not complete. */
type Plan = 'hand back' | 'end' | { undoLater: number } | { later: number; spent: boolean; pause?: string }

class UnknownJob extends Error {
  override name = 'UnknownJob'
}

function dataOf(job: Job, row: Claimed): unknown {
  const data = job.data.safeParse(row.data)
  if (!data.success)
    throw new GiveUp('invalid-data', `The data of ${row.name} does not have the shape this version wants.`)
  return data.data
}

/** Keeps trying to write to a Postgres that is away, until it answers or the row is no longer ours. */
async function persist<T>(attempt: Attempt, write: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await write()
    } catch (error) {
      if (!isOutage(error) || attempt.lost) throw error
      await sleep(Math.min(50 * 2 ** tries, 1000))
    }
  }
}

/** Usually all items of a batch belong to one worker; around a lost lease they may not. */
async function perWorker<Item extends { worker: string }, Result>(
  items: Item[],
  work: (worker: string, group: Item[]) => Promise<Result[]>,
): Promise<Result[]> {
  const worker = items[0]?.worker as string
  if (items.every((item) => item.worker === worker)) return work(worker, items)
  const results = new Map<Item, Result>()
  for (const [name, group] of Map.groupBy(items, (item) => item.worker)) {
    for (const [index, result] of (await work(name, group)).entries())
      results.set(group[index] as Item, result)
  }
  return items.map((item) => results.get(item) as Result)
}
