import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import { seconds, sleep } from '../shared/time.ts'
import { bullId, intoBundles, noteBundles } from './bundle.ts'
import { queueNames, type QueueName } from './define.ts'
import { redisPrefix } from './key-prefix.ts'
import type { Ticket } from './ledger/rows.ts'

/** Carries tickets to Redis. */
export interface Dispatcher {
  /**
   * Takes tickets and returns at once; never throws and never makes anybody wait. What Redis does not take within two
   * seconds, or does not fit in 10,000 waiting tickets, is dropped and counted, and so is what is for a queue that is not known here: the sweep owns it.
   */
  dispatch(...tickets: Ticket[]): void
  /** Delivers tickets and waits for it; rejects when Redis is away. */
  deliver(tickets: Ticket[]): Promise<void>
  queue(name: QueueName): Queue
  close(): Promise<void>
}

const WAITING_AT_MOST = 10_000
const PER_CALL = 500
const TIME_LIMIT = seconds(2)
/**
 * After a crowd it rests for a moment, so that the next ones travel together: a way to Redis costs the asking process as
 * much as twenty tickets. Milliseconds; whoever comes alone is not kept waiting.
 */
const REST_PER_TICKET = 0.2
const REST_AT_MOST = 10

export function createDispatcher(options: { redis: Redis; log: Log; metrics: Metrics }): Dispatcher {
  const { redis, log, metrics } = options
  const queues = new Map<string, Queue>(
    queueNames.map((name) => {
      const queue = new Queue(name, {
        connection: redis,
        prefix: redisPrefix,
        // What was worked off is in the ledger; keeping the ticket would cost Redis a fifth of its work.
        defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: { count: 1000 } },
        skipVersionCheck: true,
        skipWaitingForReady: true,
      })
      queue.on('error', (error) => log.debug({ err: error, queue: name }, 'a queue met an error'))
      return [name, queue]
    }),
  )
  let waiting: Ticket[] = []
  let carrying = false
  let closed = false

  const drop = (tickets: Ticket[]): void => {
    for (const ticket of tickets) metrics.dispatchDropped.inc({ queue: ticket.queue })
  }

  const deliver = async (tickets: Ticket[]): Promise<void> => {
    for (const [name, group] of Map.groupBy(tickets, (ticket) => ticket.queue)) {
      const queue = queues.get(name)
      // One this version does not know belongs to a newer one, whose own sweep looks after it.
      if (!queue) {
        drop(group)
        continue
      }
      const { alone, bundles } = intoBundles(group)
      // Redis does the first before the second, and who sends them need not wait in between.
      await Promise.all([
        bundles.length > 0 ? noteBundles(redis, name, bundles) : undefined,
        add(queue, [
          ...alone.map((ticket) => ({
            name,
            data: {},
            opts: { jobId: bullId(ticket), ...(ticket.delay > 0 ? { delay: Math.ceil(ticket.delay) } : {}) },
          })),
          ...bundles.map(({ id, tickets: shared }) => ({
            name,
            data: { tickets: shared },
            opts: { jobId: id },
          })),
        ]),
      ])
    }
  }

  const carry = async (): Promise<void> => {
    carrying = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, PER_CALL)
      if (redis.status !== 'ready') {
        drop(batch)
        continue
      }
      try {
        await within(TIME_LIMIT, deliver(batch))
      } catch (error) {
        drop(batch)
        log.warn(
          { err: error, tickets: batch.length },
          'Redis did not take tickets; the sweep will bring them',
        )
      }
      const rest = Math.min(REST_AT_MOST, Math.floor(batch.length * REST_PER_TICKET))
      if (rest > 0 && waiting.length < PER_CALL) await sleep(rest)
    }
    carrying = false
  }

  return {
    dispatch: (...tickets) => {
      if (tickets.length === 0) return
      const room = WAITING_AT_MOST - waiting.length
      waiting.push(...tickets.slice(0, room))
      drop(tickets.slice(room))
      if (carrying || closed) return
      carrying = true
      setImmediate(() => void carry())
    },
    deliver: (tickets) => within(TIME_LIMIT * 2, deliver(tickets)),
    queue: (name) => queues.get(name) as Queue,
    close: async () => {
      const until = performance.now() + TIME_LIMIT
      while (carrying && performance.now() < until) await sleep(10)
      closed = true
      await Promise.all([...queues.values()].map((queue) => queue.close()))
    },
  }
}

/** A transaction around one job would cost more than the job. */
async function add(queue: Queue, jobs: Parameters<Queue['addBulk']>[0]): Promise<void> {
  const [first, ...others] = jobs
  if (first && others.length === 0) await queue.add(first.name, first.data, first.opts)
  else await queue.addBulk(jobs)
}

/** Rejects when the promise takes longer; what it does later is nobody's business any more. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not answer within ${ms} ms`)), ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
