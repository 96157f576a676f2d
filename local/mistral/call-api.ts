import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Calls, SeenCall } from './calls.ts'
import type { Dials } from './dials.ts'
import { ApiError, unauthorized } from './errors.ts'
import { exchange, goneSignal } from './exchange.ts'
import type { Files } from './files.ts'
import type { RateLimits } from './limits.ts'
import { sufferAfter, sufferBefore } from './misbehave.ts'
import { pinnedName } from './models.ts'
import { keepPace, useOf } from './pace.ts'
import { fieldsOf, type Answer, type Call } from './protocol.ts'
import { readBody } from './read-body.ts'
import type { router } from './routes.ts'
import type { Sustained } from './settings.ts'
import type { Statistics, Tally } from './statistics.ts'

/** All that a call is answered from. */
export interface Desk {
  apiKeys: string[]
  dials: Dials
  calls: Calls
  files: Files
  sustained: Sustained
  statistics: Statistics
  limits: RateLimits
  route: ReturnType<typeof router>
  stopping: AbortSignal
}

/** A call to the API itself: who is it, does it go wrong, is it one too many, what is the answer. */
export async function callApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  desk: Desk,
): Promise<void> {
  const { method = '' } = request
  const seen = observe(desk.calls.begin(method, url.pathname), response)
  const signal = AbortSignal.any([desk.stopping, goneSignal(response)])

  let model = ''
  const work = async (): Promise<Answer> => {
    const body = await readBody(request, (bytes) => (seen.bytes += bytes))
    const key = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
    if (!desk.apiKeys.includes(key)) throw unauthorized()
    model = pinnedName(fieldsOf(body)?.model)
    const call = { body, query: url.searchParams, origin: url.origin, signal }
    return await counted(desk.statistics.arrived(model, key), async (tally) => {
      const dial = desk.dials.take(url.pathname, body)
      if (dial) await sufferBefore(dial, signal)
      const answersIn = dial?.does === 'wrong-language' ? { answersIn: dial.language } : {}
      const answer = await admitted(model, { ...call, ...answersIn }, tally, {
        ...desk,
        method,
        path: url.pathname,
      })
      return dial ? sufferAfter(dial, answer) : answer
    })
  }
  await exchange(response, work, { signal, headers: () => desk.limits.headers(model) })
}

/** Answers a call within the limits, and not before its time. */
async function admitted(
  model: string,
  call: Call,
  tally: Tally,
  { limits, sustained, route, method, path }: Desk & { method: string; path: string },
): Promise<Answer> {
  const leave = limits.admit(model)
  tally.begin()
  const began = performance.now()
  try {
    const answer = await route(method, path, call)
    const use = useOf(answer)
    await keepPace(use, began, sustained.now, call.signal)
    tally.answered(use)
    return answer
  } finally {
    leave()
  }
}

/** Keeps the tally of a call, however it ends. */
async function counted(tally: Tally, work: (tally: Tally) => Promise<Answer>): Promise<Answer> {
  try {
    return await work(tally)
  } catch (error) {
    if (error instanceof ApiError && error.status === 429) tally.refused()
    throw error
  } finally {
    tally.end()
  }
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
