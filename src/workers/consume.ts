import { DelayedError, Worker, type Job as BullJob } from 'bullmq'
import type { Redis } from 'ioredis'
import type { QueueName } from '../jobs/define.ts'
import { redisPrefix, ticketOf } from '../jobs/dispatch.ts'
import type { Refusal } from '../jobs/ledger/claim.ts'
import type { Runner } from '../jobs/run.ts'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'

/**
 * Takes tickets of one queue from Redis. BullMQ only carries: its processor never throws what a job threw and returns
 * nothing, so that neither reaches Redis, and its own verdicts about stalled jobs decide nothing.
 * @param redis a client that waits for ever, as blocking reads need.
 */
export function consume(options: {
  queue: QueueName
  concurrency: number
  redis: Redis
  runner: Runner
  metrics: Metrics
  log: Log
}): Worker {
  const { queue, runner, metrics, log } = options

  const take = async (job: BullJob, token?: string): Promise<void> => {
    const ticket = ticketOf(job.id)
    const taken = ticket ? await takeOrWait(ticket) : 'stale'
    if (taken === 'ended') return
    if (taken === 'stale') {
      metrics.staleTickets.inc({ queue })
      return
    }
    await job.moveToDelayed(Date.now() + taken.later, token)
    throw new DelayedError()
  }

  /** With Postgres away the ticket waits a second; should that fail too, the sweep brings a new one. */
  const takeOrWait = async (ticket: { id: string; ticket: number }): Promise<Refusal | 'ended'> => {
    try {
      return await untilWorked(runner, ticket)
    } catch (error) {
      log.warn({ err: error, id: ticket.id }, 'could not take a ticket')
      return { later: 1000 }
    }
  }

  const worker = new Worker(queue, take, {
    connection: options.redis,
    prefix: redisPrefix,
    concurrency: options.concurrency,
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
