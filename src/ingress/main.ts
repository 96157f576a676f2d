import { registry } from '../jobs/index.ts'
import { openAsking, openRunning, type Running } from '../jobs/open.ts'
import { startWatch } from '../jobs/watch.ts'
import { readConfig, type Config } from '../shared/config.ts'
import { startLifecycle, whenAvailable, type Lifecycle } from '../shared/lifecycle.ts'
import { createLog } from '../shared/log.ts'
import { createMetrics } from '../shared/metrics.ts'
import { openBlockingRedis } from '../shared/redis.ts'
import { createServer } from './server.ts'

/** `node src/ingress/main.ts`: the web process. */
await runWeb(readConfig())

/**
 * Listens at once, so that its supervisor can ask how it is; with Postgres away every request that needs it is
 * answered 503 until it is there, and light jobs run here from then on.
 */
async function runWeb(config: Config): Promise<void> {
  const log = createLog({ level: config.logLevel, process: 'web' })
  const lifecycle = startLifecycle(log, config)
  const metrics = createMetrics()
  const parts = { config, log, metrics, lifecycle, process: 'web' }
  const asking = openAsking(parts)

  const subscriber = openBlockingRedis(config.redis.url, log)
  const watch = await startWatch({ run: asking.database.run, subscriber, log })
  lifecycle.onStop('watch', () => watch.close())

  let running: Running | undefined
  const later = closedBefore(lifecycle, 'running')
  const app = createServer({
    config,
    log,
    metrics,
    asking,
    watch,
    running: () => running,
    stopping: lifecycle.stopping,
  })
  lifecycle.onStop('http', () => app.close())
  await app.listen({ host: config.http.host, port: config.http.port })
  const address = app.server.address()
  log.info({ port: typeof address === 'object' ? address?.port : address }, 'listens')

  running = await whenAvailable(
    () => openRunning({ ...parts, lifecycle: later }, asking, registry),
    lifecycle.stopping,
    log,
  )
  if (running) log.info('ready')
}

/** A lifecycle whose closers run where it was made in the order, however late they come. */
function closedBefore(lifecycle: Lifecycle, name: string): Lifecycle {
  const closers: (() => Promise<void> | void)[] = []
  lifecycle.onStop(name, async () => {
    for (const close of closers.toReversed()) await close()
  })
  return { ...lifecycle, onStop: (_name, close) => closers.push(close) }
}
