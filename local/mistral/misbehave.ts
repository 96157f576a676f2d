import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { withContentCut, withNulls, type Misbehaviour } from './dials.ts'
import { rateLimited, serverFailure } from './errors.ts'
import type { Answer } from './protocol.ts'

/** The connection is to break without an answer. */
export class ConnectionDropped extends Error {
  override name = 'ConnectionDropped'
}

/** What goes wrong before anything is done. The signal tells that the caller went away. */
export async function sufferBefore(dial: Misbehaviour, signal: AbortSignal): Promise<void> {
  switch (dial.does) {
    case 'rate-limit':
      throw rateLimited(dial.retryAfter ?? undefined, {
        'x-ratelimit-remaining-req-minute': '0',
        ...(dial.limit === undefined ? {} : { 'x-ratelimit-limit-req-minute': String(dial.limit) }),
      })
    case 'fail':
      throw serverFailure(dial.status)
    case 'hang':
      if (!signal.aborted) await once(signal, 'abort')
      throw new ConnectionDropped()
    case 'slow':
      await sleep(dial.milliseconds, undefined, { signal })
      return
    case 'drop':
      if (dial.when === 'before') throw new ConnectionDropped()
      return
    case 'cut':
    case 'null':
  }
}

/** What goes wrong when all is done: the answer is spoilt, or lost. */
export function sufferAfter(dial: Misbehaviour, answer: Answer): Answer {
  switch (dial.does) {
    case 'drop':
      if (dial.when === 'after') throw new ConnectionDropped()
      return { ...answer, breaksOff: dial.when === 'midway' }
    case 'cut':
      return {
        ...answer,
        body: dial.part === 'answer' ? half(answer.body) : changed(answer.body, withContentCut),
      }
    case 'null':
      return { ...answer, body: changed(answer.body, (body) => withNulls(body, dial.fields)) }
    case 'rate-limit':
    case 'fail':
    case 'hang':
    case 'slow':
      return answer
  }
}

/** JSON is changed; the bytes of a file have no fields. */
const changed = (body: unknown, change: (json: unknown) => unknown): unknown =>
  Buffer.isBuffer(body) ? body : change(body)

/** The beginning of the JSON. A file's bytes are cut as well. */
function half(body: unknown): unknown {
  if (Buffer.isBuffer(body)) return body.subarray(0, body.length / 2)
  const json = JSON.stringify(body)
  return json.slice(0, Math.ceil(json.length / 2))
}
