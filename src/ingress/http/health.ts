import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { livingProcesses } from '../../jobs/ledger/lease.ts'
import { depths } from '../../jobs/ledger/read.ts'
import { isReady } from '../../jobs/ledger/ready.ts'
import { isOutage } from '../../shared/database.ts'
import type { App, HttpParts } from './app.ts'
import { metricsText, type Report } from './metrics-text.ts'
import type { Login } from './operators/login.ts'
import { HttpProblem } from './answers/problems.ts'

const liveness = z.object({ live: z.literal(true) }).meta({ id: 'Liveness' })
const readiness = z
  .object({ ready: z.boolean(), postgres: z.boolean(), redis: z.boolean() })
  .meta({ id: 'Readiness' })

/** Whether this process lives, whether it should get requests, and what all processes count. */
export function healthRoutes(app: App, parts: HttpParts & { login: Login | undefined }): void {
  const { asking, log } = parts
  const hidden = { config: { rateLimit: false as const }, schema: { tags: ['health'], security: [] } }

  app.get(
    '/livez',
    {
      ...hidden,
      schema: {
        ...hidden.schema,
        summary: 'Answers while the process lives',
        response: { 200: liveness },
      },
    },
    async () => ({ live: true as const }),
  )

  /** Redis is told but not needed: what is asked for is accepted without it. A server that stops answers 503 before it comes here. */
  app.get(
    '/readyz',
    {
      ...hidden,
      schema: {
        ...hidden.schema,
        summary: 'Whether requests should come here',
        description:
          'Redis is told but not needed. A server that is about to stop answers 503 with a problem.',
        response: {
          200: readiness,
          503: readiness.meta({ description: 'Not now: Postgres does not answer, or takes no writes.' }),
        },
      },
    },
    async (_request, reply) => {
      const postgres = await isReady(asking.database.run, log)
      const redis = asking.redis.status === 'ready'
      return reply.code(postgres ? 200 : 503).send({ ready: postgres, postgres, redis })
    },
  )

  /** For the inside network: to callers on this machine, and to operators from anywhere. */
  app.get(
    '/metrics',
    {
      ...hidden,
      schema: {
        tags: ['health'],
        summary: 'What all processes count, in the Prometheus format',
        description: 'For callers on the machine itself, and for operators from anywhere.',
        security: [{ operator: [] }, {}],
        response: { 200: { content: { 'text/plain': { schema: z.string() } } } },
      },
      onRequest: async (request) => {
        if (isFromHere(request)) return
        if (!parts.login)
          throw new HttpProblem(403, 'forbidden', 'Metrics are for callers on the machine itself.')
        await parts.login.check(request)
      },
    },
    async (_request, reply) =>
      reply
        .type('text/plain; version=0.0.4; charset=utf-8')
        .serializer(String)
        .send(await allMetrics(parts)),
  )
}

/** On the loopback and not passed on by a proxy that is. */
function isFromHere(request: FastifyRequest): boolean {
  const address = request.socket.remoteAddress ?? ''
  const passedOn = request.headers['x-forwarded-for'] ?? request.headers.forwarded
  return passedOn === undefined && /^(::1|(::ffff:)?127\.)/.test(address)
}

/** This process as it is now, the others as they last reported. With Postgres away only this one. */
async function allMetrics({ metrics, asking, running, log }: HttpParts): Promise<string> {
  const { run } = asking.database
  const self = running()?.lease.worker()
  const others: Report[] = []
  try {
    metrics.depth.reset()
    metrics.oldest.reset()
    for (const { queue, state, count, oldest } of await depths(run)) {
      metrics.depth.set({ queue, state }, count)
      if (state === 'waiting') metrics.oldest.set({ queue }, oldest)
    }
    for (const { worker, process, metrics: reported } of await livingProcesses(run))
      if (worker !== self && Array.isArray(reported))
        others.push({ process, instance: worker.slice(0, 8), metrics: reported })
  } catch (error) {
    if (!isOutage(error)) throw error
    log.warn({ err: error }, 'metrics of this process only')
  }
  const own = {
    process: 'web',
    instance: self?.slice(0, 8) ?? 'self',
    metrics: await metrics.registry.getMetricsAsJSON(),
  }
  return metricsText([own, ...others])
}
