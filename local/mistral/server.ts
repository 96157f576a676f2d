import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Batches } from './batch.ts'
import { Calls, type SeenCall } from './calls.ts'
import { control } from './control.ts'
import { Dials, type Dial, type Misbehaviour } from './dials.ts'
import { unauthorized } from './errors.ts'
import { exchange, goneSignal } from './exchange.ts'
import { Files } from './files.ts'
import { RequestLimit } from './limits.ts'
import { sufferAfter, sufferBefore } from './misbehave.ts'
import type { Answer, ReadLimits } from './protocol.ts'
import { readBody } from './read-body.ts'
import { download, router } from './routes.ts'

export interface MistralOptions {
  /** 0, the default, takes any free port. */
  port?: number
  apiKey?: string
  /** Calls admitted in any sixty seconds. 0 plays a plan that lacks the model. Default 6000. */
  requestsPerMinute?: number
  /** What reading one document may cost. Default 20 s and 700 MB. */
  readLimits?: ReadLimits
}

export interface MistralStack {
  url: string
  apiKey: string
  /** How the next calls are to go wrong. The same over HTTP: `POST /_dials`, `GET`, `DELETE`. */
  dials: {
    set: (...dials: Dial[]) => void
    clear: () => void
    /** What is still to come, each with the calls it has left. */
    pending: () => Misbehaviour[]
  }
  /** The calls to the API so far, oldest first. The same over HTTP: `GET /_calls`. */
  calls: () => SeenCall[]
  /** Breaks off what is under way, ends the readers and frees the port. */
  stop: () => Promise<void>
}

/**
 * Starts a server that speaks Mistral's protocol on the loopback interface: OCR, chat, files, batches, models. It reads
 * the text that is there and makes up nothing; every sentence it writes is labelled. Nothing is kept when it stops.
 */
export async function startMistral(options: MistralOptions = {}): Promise<MistralStack> {
  const { port = 0, apiKey = 'local-mistral-key', requestsPerMinute = 6000 } = options
  const limits = options.readLimits ?? { milliseconds: 20_000, megabytes: 700 }
  const stopping = new AbortController()
  const files = new Files()
  const batches = new Batches({ files, limits, signal: stopping.signal })
  const dials = new Dials()
  const calls = new Calls()
  const desk: Desk = {
    apiKey,
    dials,
    calls,
    files,
    limit: new RequestLimit(requestsPerMinute),
    route: router({ files, batches, limits }),
    stopping: stopping.signal,
  }

  const underWay = new Set<Promise<void>>()
  const server = http.createServer((request, response) => {
    const answered = receive(request, response, desk)
    underWay.add(answered)
    void answered.finally(() => underWay.delete(answered))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey,
    dials: {
      set: (...wanted) => dials.set(...wanted),
      clear: () => dials.clear(),
      pending: () => dials.pending(),
    },
    calls: () => calls.seen(),
    async stop() {
      stopping.abort()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await Promise.all([closed, batches.settled(), ...underWay])
    },
  }
}

/** All that a call is answered from. */
interface Desk {
  apiKey: string
  dials: Dials
  calls: Calls
  files: Files
  limit: RequestLimit
  route: ReturnType<typeof router>
  stopping: AbortSignal
}

async function receive(request: IncomingMessage, response: ServerResponse, desk: Desk): Promise<void> {
  const url = URL.parse(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`)
  if (!url) {
    response.writeHead(400).end()
  } else if (url.pathname.startsWith('/_')) {
    await exchange(response, () => control(request, url.pathname, desk))
  } else if (url.pathname.startsWith('/signed/')) {
    await exchange(response, async () => download(desk.files, url.pathname, url.searchParams))
  } else {
    await callApi(request, response, url, desk)
  }
}

/** A call to the API itself: who is it, does it go wrong, is it one too many, what is the answer. */
async function callApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  desk: Desk,
): Promise<void> {
  const { method = '' } = request
  const seen = observe(desk.calls.begin(method, url.pathname), response)
  const signal = AbortSignal.any([desk.stopping, goneSignal(response)])

  const work = async (): Promise<Answer> => {
    const body = await readBody(request, (bytes) => (seen.bytes += bytes))
    if (request.headers.authorization !== `Bearer ${desk.apiKey}`) throw unauthorized()
    const dial = desk.dials.take(url.pathname)
    if (dial) await sufferBefore(dial, signal)
    desk.limit.admit()
    const call = { body, query: url.searchParams, origin: url.origin, signal }
    const answer = await desk.route(method, url.pathname, call)
    return dial ? sufferAfter(dial, answer) : answer
  }
  await exchange(response, work, { signal, headers: () => desk.limit.headers() })
}

/** Completes the record of a call when its connection is done with it. */
function observe(seen: SeenCall, response: ServerResponse): SeenCall {
  response.once('close', () => {
    seen.milliseconds = Date.now() - seen.at
    seen.aborted = !response.writableFinished
    if (response.headersSent) seen.status = response.statusCode
  })
  return seen
}
