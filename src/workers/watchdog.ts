import { Redis } from 'ioredis'
import type { QueueName } from '../jobs/define.ts'
import { isOverdue } from '../jobs/ledger/read.ts'
import { queueSettings } from '../jobs/ledger/settings.ts'
import type { Database } from '../shared/database.ts'
import type { Log } from '../shared/log.ts'
import { every, seconds } from '../shared/time.ts'

export interface WatchdogParts {
  database: Database
  redisUrl: string
  queues: QueueName[]
  /** Rows taken so far; it must grow while work waits. */
  taken: () => number
  /** True while every slot is busy: then taking nothing is no fault. */
  full: () => boolean
  log: Log
  /** Called once when the process takes nothing though it could. */
  onStuck: () => void
  /** Milliseconds of taking nothing while work waits. */
  patience?: number
}

const PATIENCE = seconds(20)

/**
 * Proves progress: a worker that is alive, has free slots and takes nothing while due work of its queues waits and
 * Redis answers others (a fail-over left it on a dead connection) is of no use and says so.
 */
export async function watchUntil(signal: AbortSignal, parts: WatchdogParts): Promise<void> {
  const patience = parts.patience ?? PATIENCE
  let taken = parts.taken()
  let idleSince = performance.now()
  await every(patience / 4, signal, async () => {
    const now = parts.taken()
    if (now !== taken || parts.full() || !(await workWaits(parts, patience))) {
      taken = now
      idleSince = performance.now()
      return
    }
    if (performance.now() - idleSince < patience || signal.aborted) return
    if (!(await redisAnswers(parts.redisUrl))) return
    parts.log.fatal({ queues: parts.queues }, 'takes nothing while work waits')
    parts.onStuck()
  })
}

async function workWaits({ database, queues, log }: WatchdogParts, patience: number): Promise<boolean> {
  try {
    const paused = new Set(
      (await queueSettings(database.run)).filter((each) => each.paused).map((each) => each.queue),
    )
    const open = queues.filter((queue) => !paused.has(queue))
    return await isOverdue(database.run, open, patience)
  } catch (error) {
    log.debug({ err: error }, 'the watchdog could not ask for waiting work')
    return false
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
    return (await redis.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}
