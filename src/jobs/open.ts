import type { Redis } from 'ioredis'
import { CannotStart, cannotUse } from '../shared/cannot-start.ts'
import type { Config } from '../shared/config.ts'
import { openDatabase, type Database } from '../shared/database.ts'
import { whenAvailable, type Lifecycle } from '../shared/lifecycle.ts'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import { openRedis } from '../shared/redis.ts'
import { createAccept, type Accept } from './accept.ts'
import type { Registry } from './define.ts'
import { createDispatcher, type Dispatcher } from './dispatch.ts'
import { nextSteps } from './iep/next-steps.ts'
import { startLease, type Lease } from './lease.ts'
import { lookForLedger } from './ledger/ready.ts'
import { trimJobs, trimTheRest } from './ledger/trim.ts'
import { createRunner, type Runner } from './run.ts'
import { createTell, type Tell } from './tell.ts'
import { openTools } from './tools.ts'

/** What every process that asks for jobs needs. */
export interface Asking {
  database: Database
  redis: Redis
  dispatcher: Dispatcher
  accept: Accept
  tell: Tell
}

/** What a process that also runs jobs needs. */
export interface Running extends Asking {
  lease: Lease
  runner: Runner
}

export interface ProcessParts {
  config: Config
  log: Log
  metrics: Metrics
  lifecycle: Lifecycle
  /** What kind of process this is, for people: `web`, `worker quick`. */
  process: string
}

/** Opens Postgres and Redis for a process that asks for jobs; closed again by its lifecycle. */
export function openAsking({ config, log, metrics, lifecycle, process }: ProcessParts): Asking {
  const database = openDatabase({ ...config.database, log, name: process })
  lifecycle.onStop('database', () => database.close())
  const redis = openRedis(config.redis.url, log)
  lifecycle.onStop('redis', () => redis.disconnect())
  const dispatcher = createDispatcher({ redis, log, metrics })
  lifecycle.onStop('dispatcher', () => dispatcher.close())
  return {
    database,
    redis,
    dispatcher,
    accept: createAccept({ database, dispatcher, metrics }),
    tell: createTell(redis, log),
  }
}

/**
 * Adds a lease and a runner. Waits for Postgres, since without a lease nothing may run; undefined when the process begins to
 * stop first. All it opens is known to the lifecycle when it returns its promise, so what is opened after is closed before.
 */
export async function openRunning(
  parts: ProcessParts,
  asking: Asking,
  registry: Registry,
): Promise<Running | undefined> {
  const { config, log, metrics, lifecycle, process } = parts
  const tools = openTools(config, { database: asking.database, log, metrics })
  lifecycle.onStop('tools', () => tools.close())
  // Of its own: transactions that wait for a lock may hold every other connection for longer than a lease lasts.
  const reserved = openDatabase({ ...config.database, pool: 1, log, name: `${process} lease` })
  lifecycle.onStop('the lease’s connection', () => reserved.close())
  const leasing = whenAvailable(
    () => startLease({ ...asking, database: reserved, metrics, log, process }),
    lifecycle.stopping,
    log,
  )
  // One that is still on its way is waited for, and given back; that there is none is told below.
  lifecycle.onStop('lease', async () => (await leasing.catch(() => undefined))?.close())
  const lease = await leasing.catch((error: unknown) => Promise.reject(cannotUse(error, 'DATABASE_URL')))
  if (!lease) return undefined
  const history = {
    trimJobs: () => trimJobs(asking.database.run, config.historyDays),
    trimTheRest: (signal: AbortSignal) => trimTheRest(asking.database.run, config.historyDays, signal),
  }
  const runner = createRunner({
    ...asking,
    registry,
    lease,
    tools: { ...tools.tools, history, nextSteps, metrics },
    metrics,
    log,
  })
  return { ...asking, lease, runner }
}

/**
 * For a process that only asks: waits for Postgres, and rejects when the database is one that nobody can work with. Anything
 * else that goes wrong is met again, and better, by who asks.
 */
export async function findLedger({ database }: Asking, { lifecycle, log }: ProcessParts): Promise<void> {
  try {
    await whenAvailable(() => lookForLedger(database.run), lifecycle.stopping, log)
  } catch (error) {
    const why = cannotUse(error, 'DATABASE_URL')
    if (why instanceof CannotStart) throw why
    log.warn({ err: error }, 'could not look for the ledger')
  }
}
