import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Misbehaviour } from './dials.ts'
import { rateLimited, serverFailure } from './errors.ts'
import type { Answer } from './protocol.ts'
import { half, withContentCut, withNulls, withRefusal } from './spoil.ts'
import { withBrokenStructure, withName, withNumber, withoutSections, withPage } from './unfaithful.ts'
import { rewrittenJson } from './written.ts'

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
    case 'invent-number':
    case 'invent-name':
    case 'miscite':
    case 'omit-section':
    case 'wrong-language':
    case 'break-structure':
    case 'refuse': // spoils what is answered
  }
}

/** What goes wrong when all is done: the answer is spoilt, or lost. */
export function sufferAfter(dial: Misbehaviour, answer: Answer): Answer {
  const wrote = (change: (value: unknown) => unknown): Answer => ({
    ...answer,
    body: rewrittenJson(answer.body, change),
  })
  switch (dial.does) {
    case 'drop':
      if (dial.when === 'after') throw new ConnectionDropped()
      return { ...answer, breaksOff: dial.when === 'midway' }
    case 'cut':
      return dial.part === 'answer' ? { ...answer, body: half(answer.body) } : withContentCut(answer)
    case 'null':
      return withNulls(answer, dial.fields)
    case 'invent-number':
      return wrote((value) => withNumber(value, dial))
    case 'invent-name':
      return wrote((value) => withName(value, dial))
    case 'miscite':
      return wrote((value) => withPage(value, dial))
    case 'omit-section':
      return wrote((value) => withoutSections(value, dial))
    case 'break-structure':
      return wrote((value) => withBrokenStructure(value, dial))
    case 'refuse':
      return withRefusal(answer, dial.how)
    case 'wrong-language': // was done while it was written
    case 'rate-limit':
    case 'fail':
    case 'hang':
    case 'slow':
      return answer
  }
}
