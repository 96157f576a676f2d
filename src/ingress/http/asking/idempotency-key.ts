import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { HttpProblem } from '../answers/problems.ts'

/** A request that is to be answered once, however often it comes. */
export interface Remembered {
  key: { caller: string; route: string; key: string }
  /** Of all that the request asks for: what the path names and what the body says. */
  bodyHash: string
}

/**
 * What is remembered of a request with an `Idempotency-Key`, which belongs to its caller and its route; undefined without.
 * @throws HttpProblem 400 for a key that is none
 */
export function rememberedAs(request: FastifyRequest): Remembered | undefined {
  const header = request.headers['idempotency-key']
  if (header === undefined) return undefined
  const asked = JSON.stringify([request.params, request.body ?? null])
  return {
    key: {
      caller: request.callers[0]?.id ?? (request.operator ? `operator:${request.operator.name}` : 'nobody'),
      route: `${request.method} ${request.routeOptions.url}`,
      key: checked(header),
    },
    bodyHash: hash('sha256', asked, 'base64url'),
  }
}

/** 422 for a key that came with another request before. */
export const otherBody = (): HttpProblem =>
  new HttpProblem(422, 'idempotency-key-reused', 'This Idempotency-Key was used before, with another body.', {
    field: 'Idempotency-Key',
  })

function checked(header: string | string[]): string {
  if (typeof header === 'string' && /^[\x20-\x7e]{1,255}$/.test(header)) return header
  throw new HttpProblem(
    400,
    'invalid-idempotency-key',
    'Idempotency-Key must be 1 to 255 printable characters.',
    { field: 'Idempotency-Key' },
  )
}
