import { createServer } from 'node:http'
import type { Registry } from 'prom-client'
import { cannotListen } from './cannot-start.ts'
import type { Log } from './log.ts'

export interface Health {
  port: number
  close(): Promise<void>
}

/** Answers /livez, /readyz and /metrics for a process that has no other HTTP. */
export async function startHealth(options: {
  host: string
  /** 0 takes any free port. */
  port: number
  registry: Registry
  /** False asks the supervisor for a restart. */
  live: () => boolean
  /** What the process needs, by name; ready when all of it is there. */
  ready: () => Promise<Record<string, boolean>>
  log: Log
}): Promise<Health> {
  const { registry, live, ready, log } = options
  const server = createServer((request, response) => {
    answer(request.url ?? '').then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => {
        log.warn({ err: error }, 'a health request failed')
        response.writeHead(500).end()
      },
    )
  })

  const answer = async (url: string): Promise<{ status: number; type: string; body: string }> => {
    if (url === '/metrics') return { status: 200, type: registry.contentType, body: await registry.metrics() }
    if (url === '/livez') return json(live() ? 200 : 503, { live: live() })
    if (url === '/readyz') {
      const parts = await ready()
      return json(Object.values(parts).every(Boolean) ? 200 : 503, parts)
    }
    return json(404, { error: 'only /livez, /readyz and /metrics' })
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, options)))
    server.listen(options.port, options.host, resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : options.port
  log.info({ port }, 'health')
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const json = (status: number, body: object) => ({
  status,
  type: 'application/json',
  body: JSON.stringify(body),
})
