import { Redis } from 'ioredis'
import type { QueueName } from '../jobs/define.ts'
import { redisPrefix } from '../jobs/key-prefix.ts'
import { isOverdue } from '../jobs/ledger/read.ts'
import { queueSettings } from '../jobs/ledger/settings.ts'
import type { Database } from '../shared/database.ts'
import type { Log } from '../shared/log.ts'
import { every, seconds } from '../shared/time.ts'

/** A queue this process serves. Each has connections of its own, and dies alone. */
export interface WatchedQueue {
  queue: QueueName
  /** Rows taken so far; it must grow while work waits. */
  taken: () => number
  /** True while every slot of the queue is busy: then taking nothing is no fault. */
  full: () => boolean
}

export interface WatchdogParts {
  database: Database
  redisUrl: string
  queues: WatchedQueue[]
  log: Log
  /** Called once when the process takes nothing though it could. */
  onStuck: () => void
  /** Milliseconds of taking nothing while work waits. */
  patience?: number
}

const PATIENCE = seconds(20)

/**
 * Proves progress: a worker that is alive, has free slots for a queue and takes nothing of it while its due work waits
 * and Redis answers others (a fail-over left it on a dead connection) is of no use and says so, however busy it is with
 * its other queues.
 */
export async function watchUntil(signal: AbortSignal, parts: WatchdogParts): Promise<void> {
  const patience = parts.patience ?? PATIENCE
  const watched = parts.queues.map((each) => ({ ...each, last: each.taken(), idleSince: performance.now() }))
  await every(patience / 4, signal, async () => {
    const idle = watched.filter((each) => each.taken() === each.last && !each.full())
    const waiting = await whereWorkWaits(
      parts,
      idle.map(({ queue }) => queue),
      patience,
    )
    const now = performance.now()
    for (const each of watched) {
      // It may also have taken something while Postgres was asked.
      if (waiting.includes(each.queue) && each.taken() === each.last) continue
      each.last = each.taken()
      each.idleSince = now
    }
    const queues = watched.filter(({ idleSince }) => now - idleSince >= patience).map(({ queue }) => queue)
    if (queues.length === 0 || signal.aborted) return
    if (!(await redisAnswers(parts.redisUrl))) return
    parts.log.fatal({ queues }, 'takes nothing while work waits')
    parts.onStuck()
  })
}

/** Those of the queues in which work has been due for longer than `patience` and nobody paused it. */
async function whereWorkWaits(
  { database, log }: WatchdogParts,
  queues: QueueName[],
  patience: number,
): Promise<QueueName[]> {
  if (queues.length === 0) return []
  try {
    const paused = new Set(
      (await queueSettings(database.run)).filter((each) => each.paused).map((each) => each.queue),
    )
    const open = queues.filter((queue) => !paused.has(queue))
    const overdue = await Promise.all(open.map((queue) => isOverdue(database.run, [queue], patience)))
    return open.filter((_, index) => overdue[index])
  } catch (error) {
    log.debug({ err: error }, 'the watchdog could not ask for waiting work')
    return []
  }
}

/** Asks over a fresh connection: the old ones are what is in doubt. An outage is not this process's fault. */
async function redisAnswers(url: string): Promise<boolean> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 2000,
    commandTimeout: 2000,
    retryStrategy: () => null,
  })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    // A replica answers a ping as well.
    return (await redis.set(`${redisPrefix}:watchdog`, '1', 'PX', 1000)) === 'OK'
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}
