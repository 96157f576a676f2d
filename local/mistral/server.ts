import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Recognisers } from '../pdf/recognisers.ts'
import type { Eyes } from '../pdf/sight.ts'
import { Batches } from './batch.ts'
import { callApi, type Desk } from './call-api.ts'
import { Calls, type SeenCall } from './calls.ts'
import { control } from './control.ts'
import { Dials, type Dial, type Misbehaviour } from './dials.ts'
import { exchange } from './exchange.ts'
import { Files } from './files.ts'
import { RateLimits } from './limits.ts'
import type { ReadLimits } from './protocol.ts'
import { download, router } from './routes.ts'
import { Sustained, type Change, type Settings } from './settings.ts'
import { Statistics, type StatisticsReport } from './statistics.ts'

export interface MistralOptions {
  /** 0, the default, takes any free port. */
  port?: number
  apiKey?: string
  /** Keys that are let in as well, counted apart. */
  otherKeys?: string[]
  /** Limits, pace and languages to begin with. */
  settings?: Change
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
  /** Limits, pace and languages. The same over HTTP: `PATCH /_settings`, `GET`, `DELETE`. */
  settings: {
    change: (change: Change) => void
    /** As at the start. */
    reset: () => void
    now: () => Settings
  }
  /** What was asked of which model by whom, and how busy it was. The same over HTTP: `GET /_statistics`, `DELETE`. */
  statistics: { report: () => StatisticsReport; clear: () => void }
  /** The calls to the API so far, oldest first. The same over HTTP: `GET /_calls`. */
  calls: () => SeenCall[]
  /** Breaks off what is under way, ends every process that reads and frees the port. */
  stop: () => Promise<void>
}

/**
 * Starts a server that speaks Mistral's protocol on the loopback interface: OCR, chat, files, batches, models. It reads
 * what is there, scans included, and makes up nothing; every sentence it writes is labelled. Nothing is kept when it stops.
 */
export async function startMistral(options: MistralOptions = {}): Promise<MistralStack> {
  const { port = 0, apiKey = 'local-mistral-key', otherKeys = [] } = options
  const limits = options.readLimits ?? { milliseconds: 20_000, megabytes: 700 }
  const stopping = new AbortController()
  const sustained = new Sustained(options.settings)
  const recognisers = new Recognisers()
  const eyes: Eyes = (picture, signal) => recognisers.read(picture, sustained.now.ocrLanguages, signal)
  const files = new Files()
  const batches = new Batches({ files, limits, eyes, signal: stopping.signal })
  const dials = new Dials()
  const calls = new Calls()
  const statistics = new Statistics(() => sustained.now)
  const desk: Desk = {
    apiKeys: [apiKey, ...otherKeys],
    dials,
    calls,
    files,
    sustained,
    statistics,
    limits: new RateLimits(() => sustained.now),
    route: router({ files, batches, limits, eyes }),
    stopping: stopping.signal,
  }

  const underWay = new Set<Promise<void>>()
  const server = http.createServer((request, response) => {
    const answered = receive(request, response, desk)
    underWay.add(answered)
    void answered.finally(() => underWay.delete(answered))
  })
  server.keepAliveTimeout = 60_000 // longer than a busy client thinks between two calls on one connection
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
    settings: {
      change: (change) => sustained.change(change),
      reset: () => sustained.reset(),
      now: () => sustained.now,
    },
    statistics: { report: () => statistics.report(), clear: () => statistics.clear() },
    calls: () => calls.seen(),
    async stop() {
      stopping.abort()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await Promise.all([closed, recognisers.stop(), batches.settled(), ...underWay])
    },
  }
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
