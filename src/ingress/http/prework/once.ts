import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { AskedOnce } from '../../../domains/prework/revisions.ts'
import { rememberedAs } from '../asking/idempotency-key.ts'

/**
 * What a request with an `Idempotency-Key` makes has an id that comes from its caller, route and key, so that it is there
 * already when the request comes again. Undefined without the header.
 * @throws HttpProblem 400 for a key that is none
 */
export function askedOnce(request: FastifyRequest): AskedOnce | undefined {
  const remembered = rememberedAs(request)
  if (!remembered) return undefined
  const { caller, route, key } = remembered.key
  return { id: idOf([caller, route, key]), askedFor: remembered.bodyHash }
}

/** A UUID of version 8 (RFC 9562), whose bits are a digest. */
function idOf(parts: string[]): string {
  const digits = hash('sha256', JSON.stringify(parts), 'hex')
  const variant = ((parseInt(digits.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-')
}
