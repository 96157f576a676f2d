import { registry } from '../jobs/index.ts'
import { openAsking, openRunning, type Running } from '../jobs/open.ts'
import { startWatch } from '../jobs/watch.ts'
import { cannotListen } from '../shared/cannot-start.ts'
import { readConfig, type Config } from '../shared/config.ts'
import { startLifecycle } from '../shared/lifecycle.ts'
import { createLog, type Log } from '../shared/log.ts'
import { createMetrics } from '../shared/metrics.ts'
import { orEnd } from '../shared/or-end.ts'
import { openBlockingRedis } from '../shared/redis.ts'
import type { App } from './http/app.ts'
import { createServer } from './server.ts'

/** `node src/ingress/main.ts`: the web process. */
await runWeb(orEnd(() => readConfig()))

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
  // Begins before the server does, so that it is closed after it.
  const opening = openRunning(parts, asking, registry)
  const app = createServer({
    config,
    log,
    metrics,
    asking,
    watch,
    running: () => running,
    stopping: lifecycle.stopping,
  })
  const listening = listen(app, config, log)
  lifecycle.onStop('http', async () => {
    // Closed before it listens, it would listen all the same. Why it could not is told below.
    await listening.catch(() => undefined)
    await app.close()
  })
  await Promise.all([listening, opening.then((opened) => (running = opened))])
  if (running && !lifecycle.stopping.aborted) log.info('ready')
}

async function listen(app: App, { http: { host, port } }: Config, log: Log): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw cannotListen(error, { host, port })
  }
  const address = app.server.address()
  log.info({ port: typeof address === 'object' ? address?.port : address }, 'listens')
}
