import type { Redis } from 'ioredis'
import type { Config } from '../shared/config.ts'
import { openDatabase, type Database } from '../shared/database.ts'
import type { Lifecycle } from '../shared/lifecycle.ts'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import { openRedis } from '../shared/redis.ts'
import { createAccept, type Accept } from './accept.ts'
import type { Registry } from './define.ts'
import { createDispatcher, type Dispatcher } from './dispatch.ts'
import { nextSteps } from './iep/next-steps.ts'
import { startLease, type Lease } from './lease.ts'
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

/** Adds a lease and a runner. Waits for Postgres: without a lease nothing may run. */
export async function openRunning(parts: ProcessParts, asking: Asking, registry: Registry): Promise<Running> {
  const { config, log, metrics, lifecycle, process } = parts
  const tools = openTools(config, { database: asking.database, log, metrics })
  lifecycle.onStop('tools', () => tools.close())
  // Of its own: transactions that wait for a lock may hold every other connection for longer than a lease lasts.
  const reserved = openDatabase({ ...config.database, pool: 1, log, name: `${process} lease` })
  lifecycle.onStop('the lease’s connection', () => reserved.close())
  const lease = await startLease({ ...asking, database: reserved, metrics, log, process })
  lifecycle.onStop('lease', () => lease.close())
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
