import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import type { Calls } from './calls.ts'
import type { Dial, Dials } from './dials.ts'
import { ApiError, methodNotAllowed, notFound } from './errors.ts'
import type { Answer } from './protocol.ts'
import { readBody } from './read-body.ts'

/**
 * What is not Mistral's: `/_dials` (GET what is pending, POST one dial or a list, DELETE all) and `/_calls` (GET,
 * DELETE). Needs no key and is never spoilt.
 */
export async function control(
  request: IncomingMessage,
  path: string,
  { dials, calls }: { dials: Dials; calls: Calls },
): Promise<Answer> {
  const body = await readBody(request, () => undefined)
  switch (`${request.method} ${path}`) {
    case 'POST /_dials':
      setDials(dials, body)
      return { body: dials.pending() }
    case 'DELETE /_dials':
      dials.clear()
      return { body: dials.pending() }
    case 'GET /_dials':
      return { body: dials.pending() }
    case 'DELETE /_calls':
      calls.clear()
      return { body: calls.seen() }
    case 'GET /_calls':
      return { body: calls.seen() }
    default:
      throw path === '/_dials' || path === '/_calls' ? methodNotAllowed() : notFound()
  }
}

function setDials(dials: Dials, body: unknown): void {
  try {
    dials.set(...((Array.isArray(body) ? body : [body]) as Dial[]))
  } catch (error) {
    if (error instanceof z.ZodError) throw new ApiError(422, { detail: z.prettifyError(error) })
    throw error
  }
}
