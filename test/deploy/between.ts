import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request on its way to AWS. */
export interface Passing {
  method: string
  /** Path and query. */
  url: string
  headers: IncomingMessage['headers']
  body: Buffer
  /** The name of DynamoDB's or SQS's operation; empty for S3. */
  operation: string
}

export interface Answer {
  status: number
  body: string
}

export interface Between {
  endpoint: string
  stop(): Promise<void>
}

/** Stands between a client and a stand-in: what `instead` has an answer for never gets there. `after` may replace what comes back. */
export async function standBetween(
  target: string | (() => string),
  instead: (passing: Passing) => Answer | undefined,
  after: (passing: Passing, status: number) => Answer | undefined = () => undefined,
): Promise<Between> {
  const pass = async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const passing = await readPassing(incoming)
    const given = instead(passing)
    if (given) return write(answer, given)
    const onward = request(
      new URL(passing.url, typeof target === 'string' ? target : target()),
      { method: passing.method, headers: incoming.headers },
      (back) => {
        const other = after(passing, back.statusCode ?? 0)
        if (other) {
          back.resume()
          return write(answer, other)
        }
        answer.writeHead(back.statusCode ?? 502, back.headers)
        back.pipe(answer)
      },
    )
    onward.on('error', () => answer.destroy())
    onward.end(passing.body)
  }
  const server = createServer((incoming, answer) => {
    pass(incoming, answer).catch(() => answer.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function readPassing(incoming: IncomingMessage): Promise<Passing> {
  const body = Buffer.concat((await incoming.toArray()) as Buffer[])
  const { method = '', url = '', headers } = incoming
  return {
    method,
    url,
    headers,
    body,
    operation:
      String(headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1) ?? '',
  }
}

function write(answer: ServerResponse, { status, body }: Answer): void {
  answer.writeHead(status, {
    'content-type': body.startsWith('<') ? 'application/xml' : 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(body),
  })
  answer.end(body)
}

/** As DynamoDB and SQS say it. */
export const jsonError = (name: string, message: string, status = 400): Answer => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws#${name}`, message }),
})

/** As S3 says it. */
export const xmlError = (status: number, code: string, message: string): Answer => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
})
