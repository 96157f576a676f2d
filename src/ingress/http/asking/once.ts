import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { recall, remember } from '../../../jobs/ledger/idempotency.ts'
import { within, type Tx } from '../../../shared/database.ts'
import { HttpProblem } from '../answers/problems.ts'

/** Something a request makes, which another request with the same `Idempotency-Key` is to find again. */
export interface Making<Made> {
  make(): Promise<Made>
  /** What an earlier request made; undefined when it is gone, and then it is made anew. */
  again(id: string): Promise<Made | undefined>
  /** A UUID. */
  idOf(made: Made): string
}

/**
 * Makes something, or finds what the same caller's earlier request with the same key on the same route made.
 * @throws HttpProblem 400 for a key that is none, 422 when the key came with another body before.
 */
export async function once<Made>(tx: Tx, request: FastifyRequest, making: Making<Made>): Promise<Made> {
  const header = request.headers['idempotency-key']
  if (header === undefined) return making.make()
  const run = within(tx)
  const key = {
    caller: request.callers[0]?.id ?? 'nobody',
    route: `${request.method} ${request.routeOptions.url}`,
    key: checked(header),
  }
  const bodyHash = hash('sha256', JSON.stringify(request.body ?? null), 'base64url')

  const earlier = await recall(run, key)
  if (earlier && earlier.bodyHash !== bodyHash) throw otherBody()
  if (earlier) return (await making.again(earlier.job)) ?? making.make()
  const made = await making.make()
  // The ledger remembers an id and asks not what of: here it is not a job's.
  await remember(run, key, { bodyHash, job: making.idOf(made), round: 1 })
  return made
}

function checked(header: string | string[]): string {
  if (typeof header === 'string' && /^[\x20-\x7e]{1,255}$/.test(header)) return header
  throw new HttpProblem(
    400,
    'invalid-idempotency-key',
    'Idempotency-Key must be 1 to 255 printable characters.',
  )
}

const otherBody = (): HttpProblem =>
  new HttpProblem(422, 'idempotency-key-reused', 'This Idempotency-Key was used before, with another body.')
