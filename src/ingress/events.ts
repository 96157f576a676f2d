import { registry } from '../jobs/index.ts'
import { isReady } from '../jobs/ledger/ready.ts'
import { openAsking } from '../jobs/open.ts'
import { ConfigError, readConfig, type Config } from '../shared/config.ts'
import { startHealth } from '../shared/health.ts'
import { startLifecycle } from '../shared/lifecycle.ts'
import { createLog } from '../shared/log.ts'
import { createMetrics } from '../shared/metrics.ts'
import type { Event } from './messages/event.ts'
import { checkReactions, reactTo, withoutPlace } from './reactions.ts'
import { openSqs, startConsumer } from './sqs.ts'

/** `node src/ingress/events.ts`: turns what happens elsewhere (SQS: Cognito, S3) into jobs. */
await runEvents(readConfig())

async function runEvents(config: Config): Promise<void> {
  const { queueUrl } = config.events
  if (!queueUrl) throw new ConfigError(['EVENTS_QUEUE_URL is missing: the SQS queue events come from'])
  checkReactions(registry)

  const log = createLog({ level: config.logLevel, process: 'events' })
  const lifecycle = startLifecycle(log, config)
  const metrics = createMetrics()
  const { database, accept } = openAsking({ config, log, metrics, lifecycle, process: 'events' })
  for (const reaction of withoutPlace(config))
    log.warn({ reaction }, 'no pool or bucket is configured for a reaction')

  const sqs = openSqs(config.aws)
  lifecycle.onStop('sqs', () => sqs.destroy())
  const react = (event: Event) => reactTo(event, config)
  const consumer = startConsumer({ sqs, queueUrl, database, accept, react, metrics, log })
  lifecycle.onStop('consumer', () => consumer.stop())
  consumer.ended.catch((error: unknown) => {
    log.fatal({ err: error }, 'the consumer broke')
    void lifecycle.stop('the consumer broke', 1)
  })

  const health = await startHealth({
    host: config.http.host,
    port: config.http.healthPort,
    registry: metrics.registry,
    live: () => consumer.live(),
    // Redis is not asked for: without it jobs are accepted all the same.
    ready: async () => ({
      ...consumer.answers(),
      postgres: await isReady(database.run, log),
      running: !lifecycle.stopping.aborted,
    }),
    log,
  })
  lifecycle.onStop('health', () => health.close())
  log.info('takes events')
}
