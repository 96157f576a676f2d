import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An answer of DynamoDB's own shape. */
export interface Answered {
  status: number
  type: string
  more: object
}

export const answered = (status: number, type: string, more: object = {}): Answered => ({
  status,
  type,
  more,
})

/** What happens to a request instead of being passed on. */
export type Mishap =
  | Answered
  /** Passed on, but only after this. */
  | { heldUntil: Promise<void> }
  | 'cut'
  | 'cut the answer'
  | 'lose the answer'
  | 'answer in HTML'
  | 'do half'
  | 'do nothing'

/** Stands in front of a DynamoDB, and passes on what no mishap is waiting for. */
export interface Trouble {
  endpoint: string
  /** Happens to the requests that come next, one each. */
  next(...mishaps: Mishap[]): void
  /** Happens to every request; undefined: not any more. */
  always(mishap: Mishap | undefined): void
  /** Happens to the next request of this kind. */
  on(operation: string, mishap: Mishap): void
  seen(): { operation: string; body: object }[]
  close(): Promise<void>
}

export async function startTrouble(endpoint: string): Promise<Trouble> {
  const waiting: Mishap[] = []
  const ofKind = new Map<string, Mishap>()
  let always: Mishap | undefined
  const seen: { operation: string; body: object }[] = []
  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy())
  })

  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(incoming)
    const operation = String(incoming.headers['x-amz-target']).replace(/^.*\./, '')
    seen.push({ operation, body })
    const mishap = ofKind.get(operation) ?? waiting.shift() ?? always
    ofKind.delete(operation)
    if (mishap === 'cut') return void response.destroy()
    if (mishap === 'answer in HTML')
      return void response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>')
    if (mishap === 'cut the answer') {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': '1000' })
      response.write('{"Item":')
      return void setTimeout(() => response.destroy(), 5)
    }
    if (typeof mishap === 'object' && 'heldUntil' in mishap) await mishap.heldUntil
    else if (typeof mishap === 'object')
      return void response
        .writeHead(mishap.status, { 'content-type': 'application/x-amz-json-1.0' })
        .end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${mishap.type}`, ...mishap.more }))
    const [wanted, left] = mishap === 'do half' || mishap === 'do nothing' ? split(body, mishap) : [body, {}]
    const passed = wanted && (await passOn(incoming, wanted))
    if (mishap === 'lose the answer') return void response.destroy()
    response.writeHead(passed?.status ?? 200, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(JSON.stringify({ ...passed?.json, ...left }))
  }

  /** The store behind looks at no signature, so that a body may be another one. */
  const passOn = async ({ headers }: IncomingMessage, body: object) => {
    const passed = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': String(headers['x-amz-target']),
        authorization: String(headers.authorization),
        'x-amz-date': String(headers['x-amz-date']),
      },
      body: JSON.stringify(body),
    })
    return { status: passed.status, json: (await passed.json()) as object }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: (...mishaps) => void waiting.push(...mishaps),
    always: (mishap) => {
      always = mishap
    },
    on: (operation, mishap) => void ofKind.set(operation, mishap),
    seen: () => seen,
    close: async () => {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<object> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as object
}

type Batch = Record<string, unknown[] | { Keys: unknown[] }>

/** What of a batch is passed on, and how DynamoDB says what is left of it. */
function split(body: object, how: 'do half' | 'do nothing'): [object | undefined, object] {
  const { RequestItems } = body as { RequestItems: Batch }
  const [[table, asked]] = Object.entries(RequestItems) as [[string, Batch[string]]]
  const all = Array.isArray(asked) ? asked : asked.Keys
  const done = how === 'do nothing' ? 0 : Math.ceil(all.length / 2)
  const some = (part: unknown[]) => ({ [table]: Array.isArray(asked) ? part : { ...asked, Keys: part } })
  const left = Array.isArray(asked) ? 'UnprocessedItems' : 'UnprocessedKeys'
  return [
    done === 0 ? undefined : { ...body, RequestItems: some(all.slice(0, done)) },
    { [left]: some(all.slice(done)) },
  ]
}
