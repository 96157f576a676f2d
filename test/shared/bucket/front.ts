import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers in place of the server behind, or leaves it to that. */
export type Interruption = (incoming: IncomingMessage, response: ServerResponse) => boolean

/** Stands in front of an S3 and has troubles of its own. Signatures stay good: everything is passed on as it came. */
export async function startFront(endpoint: string, interrupt: Interruption) {
  const server = createServer((incoming, response) => {
    if (interrupt(incoming, response)) return
    const onward = request(endpoint, {
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
      setHost: false,
    })
    onward.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    onward.once('error', () => response.destroy())
    incoming.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
