import type { FastifyRequest } from 'fastify'
import { sleep } from '../../../shared/time.ts'
import type { App } from '../app.ts'

/**
 * Makes `app.close()` gentle and bounded: whoever waits is told at once through the returned signal, requests in
 * flight finish, and connections that are still open after that, or after the grace time, are cut.
 */
export function closeGently(
  app: App,
  { stopping, graceMs, inFlight }: { stopping: AbortSignal; graceMs: number; inFlight: Set<FastifyRequest> },
): AbortSignal {
  const began = new AbortController()

  // Browsers keep connections open on which they never asked anything; the server would wait for those.
  const cutTheRest = async (): Promise<void> => {
    const until = performance.now() + graceMs
    await sleep(50)
    while (inFlight.size > 0 && performance.now() < until) await sleep(50)
    app.server.closeAllConnections()
  }
  app.addHook('preClose', (done) => {
    began.abort()
    void cutTheRest()
    done()
  })
  return AbortSignal.any([stopping, began.signal])
}
