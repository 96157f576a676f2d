import type { QueueName, Registry } from '../jobs/define.ts'
import type { Lease } from '../jobs/lease.ts'
import { openAsking, openRunning } from '../jobs/open.ts'
import type { Config } from '../shared/config.ts'
import { startHealth } from '../shared/health.ts'
import { HAND_BACK_WITHIN, startLifecycle } from '../shared/lifecycle.ts'
import { createLog } from '../shared/log.ts'
import { createMetrics } from '../shared/metrics.ts'
import { openBlockingRedis } from '../shared/redis.ts'
import { sleep } from '../shared/time.ts'
import { consume } from './consume.ts'
import { queues as widths } from './queues.ts'
import { createSlots } from './slots.ts'
import { sweepUntil } from './sweep.ts'
import { watchUntil } from './watchdog.ts'

export interface WorkerOptions {
  config: Config
  registry: Registry
  /** The queues this process serves. */
  queues: QueueName[]
  /** Jobs at once per queue, instead of the table's. */
  concurrency?: number
  /** Milliseconds the watchdog waits. */
  patience?: number
}

/**
 * A worker process: takes tickets, runs jobs, sweeps, and proves its progress. On the first signal it takes nothing
 * more, lets running jobs finish within the grace time and hands the rest back unspent.
 */
export async function runWorker({
  config,
  registry,
  queues,
  concurrency,
  patience,
}: WorkerOptions): Promise<void> {
  const name = `worker ${queues.join('+')}`
  const log = createLog({ level: config.logLevel, process: name })
  const lifecycle = startLifecycle(log, config)
  const metrics = createMetrics()
  const parts = { config, log, metrics, lifecycle, process: name }
  const asking = openAsking(parts)
  const running = await openRunning(parts, asking, registry)
  if (!running || lifecycle.stopping.aborted) return
  const { lease, runner, database } = running

  const health = await startHealth({
    host: config.http.host,
    port: config.http.healthPort,
    registry: metrics.registry,
    live: () => true,
    ready: async () => ({
      lease: lease.worker() !== undefined,
      redis: asking.redis.status === 'ready',
      running: !lifecycle.stopping.aborted,
    }),
    log,
  })
  lifecycle.onStop('health', () => health.close())
  if (lifecycle.stopping.aborted) return

  const sweeping = sweepUntil(lifecycle.stopping, { ...running, metrics, log })
  lifecycle.onStop('sweep', () => sweeping)

  const served = queues.map((queue) => ({
    queue,
    slots: createSlots(concurrency ?? widths[queue].concurrency),
  }))
  const watching = watchUntil(lifecycle.stopping, {
    database,
    redisUrl: config.redis.url,
    queues: served.map(({ queue, slots }) => ({
      queue,
      taken: () => runner.taken(queue),
      full: slots.full,
    })),
    log,
    onStuck: () => void lifecycle.stop('stuck', 1),
    ...(patience ? { patience } : {}),
  })
  lifecycle.onStop('watchdog', () => watching)

  const consumers = served.map(({ queue, slots }) => {
    const redis = openBlockingRedis(config.redis.url, log)
    const worker = consume({
      queue,
      slots,
      redis,
      runner,
      stopping: lifecycle.stopping,
      metrics,
      log,
    })
    return { redis, worker }
  })
  lifecycle.onStop('consumers', async () => {
    // From here on nothing new is taken; what runs has the grace time, what then still runs goes back unspent.
    const closing = Promise.all(consumers.map(({ worker }) => worker.close()))
    await idle(lease, config.graceMs)
    if (lease.holding() > 0) log.info({ jobs: lease.holding() }, 'handing back')
    lease.abortAll('shutdown')
    await idle(lease, HAND_BACK_WITHIN)
    // With Redis away BullMQ cannot say goodbye; its tickets are in the ledger.
    await Promise.race([closing, sleep(GOODBYE)])
    for (const { redis } of consumers) redis.disconnect()
  })
  log.info({ queues, slots: served.reduce((sum, { slots }) => sum + slots.width, 0) }, 'takes jobs')
}

/** Milliseconds for BullMQ to take leave of a Redis that answers. */
const GOODBYE = 1000

/** Waits until nothing runs, or the time is over. */
async function idle(lease: Lease, ms: number): Promise<void> {
  const until = performance.now() + ms
  while (lease.holding() > 0 && performance.now() < until) await sleep(20)
}
