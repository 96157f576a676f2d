import { DelayedError, Worker, type Job as BullJob } from 'bullmq'
import type { Redis } from 'ioredis'
import { bullId, forgetBundle, ticketsIn } from '../jobs/bundle.ts'
import type { QueueName } from '../jobs/define.ts'
import { redisPrefix } from '../jobs/key-prefix.ts'
import type { Refusal } from '../jobs/ledger/claim.ts'
import type { Runner } from '../jobs/run.ts'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import type { Slots } from './slots.ts'

/**
 * Takes tickets of one queue from Redis. BullMQ only carries: its processor never throws what a job threw and returns
 * nothing, so that neither reaches Redis, and its own verdicts about stalled jobs decide nothing.
 * @param slots for each job that runs, however its ticket travels.
 * @param redis a client that waits for ever, as blocking reads need.
 * @param stopping from then on tickets of a bundle that have not begun go back.
 */
export function consume(options: {
  queue: QueueName
  slots: Slots
  redis: Redis
  runner: Runner
  stopping: AbortSignal
  metrics: Metrics
  log: Log
}): Worker {
  const { queue, slots, redis, runner, stopping, metrics, log } = options

  const take = async (job: BullJob, token?: string): Promise<void> => {
    const tickets = ticketsIn(job)
    if (tickets.length === 0) metrics.staleTickets.inc({ queue })
    const taken = await Promise.all(tickets.map(takeInTurn))
    const later = taken.flatMap((each) => (typeof each === 'object' ? [each.later] : []))
    if (later.length > 0) {
      await job.moveToDelayed(Date.now() + Math.min(...later), token)
      throw new DelayedError()
    }
    if (tickets.length > 1) await forgetBundle(redis, queue, tickets.map(bullId))
  }

  const takeInTurn = async (ticket: { id: string; ticket: number }): Promise<Refusal | 'ended'> => {
    await slots.take()
    try {
      if (stopping.aborted) return { later: 1 }
      const taken = await untilWorked(runner, ticket)
      if (taken === 'stale') metrics.staleTickets.inc({ queue })
      return taken
    } catch (error) {
      // With Postgres away the ticket waits a second; should that fail too, the sweep brings a new one.
      log.warn({ err: error, id: ticket.id }, 'could not take a ticket')
      return { later: 1000 }
    } finally {
      slots.free()
    }
  }

  const worker = new Worker(queue, take, {
    connection: redis,
    prefix: redisPrefix,
    concurrency: slots.width,
    // The ledger's leases decide who runs what. A ticket delivered twice is stale the second time.
    lockDuration: 30_000,
    maxStalledCount: 1000,
    skipVersionCheck: true,
  })
  worker.on('error', (error) => log.debug({ err: error, queue }, 'a consumer met an error'))
  return worker
}

/** Resolves when the work is over; that its result is still on its way to the ledger need not keep the slot. */
function untilWorked(runner: Runner, ticket: { id: string; ticket: number }): Promise<Refusal | 'ended'> {
  return new Promise((resolve, reject) => {
    runner.take(ticket, () => resolve('ended')).then(resolve, reject)
  })
}
