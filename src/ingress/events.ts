import { registry } from '../jobs/index.ts'
import { isReady } from '../jobs/ledger/ready.ts'
import { findLedger, openAsking } from '../jobs/open.ts'
import { readEventsConfig, type EventsConfig } from '../shared/config.ts'
import { startHealth } from '../shared/health.ts'
import { startLifecycle } from '../shared/lifecycle.ts'
import { createLog } from '../shared/log.ts'
import { createMetrics } from '../shared/metrics.ts'
import { orEnd } from '../shared/or-end.ts'
import type { Event } from './messages/event.ts'
import { checkReactions, reactTo, withoutPlace } from './reactions.ts'
import { openSqs, startConsumer } from './sqs.ts'

/** `node src/ingress/events.ts`: turns what happens elsewhere (SQS: Cognito, S3) into jobs. */
await runEvents(orEnd(() => readEventsConfig()))

async function runEvents(config: EventsConfig): Promise<void> {
  const { queueUrl } = config.events
  checkReactions(registry)

  const log = createLog({ level: config.logLevel, process: 'events' })
  const lifecycle = startLifecycle(log, config)
  const metrics = createMetrics()
  const parts = { config, log, metrics, lifecycle, process: 'events' }
  const asking = openAsking(parts)
  const { database, accept } = asking
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
  if (lifecycle.stopping.aborted) return
  log.info('takes events')
  // It takes events all the same while Postgres is away: they stay in the queue.
  await findLedger(asking, parts)
}
