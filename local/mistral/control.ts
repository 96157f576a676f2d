import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import type { Calls } from './calls.ts'
import type { Dial, Dials } from './dials.ts'
import { ApiError, methodNotAllowed, notFound } from './errors.ts'
import { fieldsOf, type Answer } from './protocol.ts'
import { readBody } from './read-body.ts'
import type { Sustained } from './settings.ts'
import type { Statistics } from './statistics.ts'

interface Controls {
  dials: Dials
  calls: Calls
  sustained: Sustained
  statistics: Statistics
}

/**
 * What is not Mistral's: `/_dials` (GET what is pending, POST one dial or a list, DELETE all), `/_settings` (GET, PATCH
 * some of them, DELETE to have those of the start), `/_calls` and `/_statistics` (GET, DELETE). Needs no key and is
 * never spoilt.
 */
export async function control(
  request: IncomingMessage,
  path: string,
  { dials, calls, sustained, statistics }: Controls,
): Promise<Answer> {
  const body = await readBody(request, () => undefined)
  switch (`${request.method} ${path}`) {
    case 'POST /_dials':
      checked(() => dials.set(...((Array.isArray(body) ? body : [body]) as Dial[])))
      return { body: dials.pending() }
    case 'DELETE /_dials':
      dials.clear()
      return { body: dials.pending() }
    case 'GET /_dials':
      return { body: dials.pending() }
    case 'PATCH /_settings':
      checked(() => sustained.change(fieldsOf(body) ?? {}))
      return { body: sustained.now }
    case 'DELETE /_settings':
      sustained.reset()
      return { body: sustained.now }
    case 'GET /_settings':
      return { body: sustained.now }
    case 'DELETE /_statistics':
      statistics.clear()
      return { body: statistics.report() }
    case 'GET /_statistics':
      return { body: statistics.report() }
    case 'DELETE /_calls':
      calls.clear()
      return { body: calls.seen() }
    case 'GET /_calls':
      return { body: calls.seen() }
    default:
      throw paths.has(path) ? methodNotAllowed() : notFound()
  }
}

const paths = new Set(['/_dials', '/_settings', '/_calls', '/_statistics'])

function checked(change: () => void): void {
  try {
    change()
  } catch (error) {
    if (error instanceof z.ZodError) throw new ApiError(422, { detail: z.prettifyError(error) })
    throw error
  }
}
