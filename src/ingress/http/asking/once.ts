import type { FastifyRequest } from 'fastify'
import { recall, remember } from '../../../jobs/ledger/idempotency.ts'
import { within, type Tx } from '../../../shared/database.ts'
import { otherBody, rememberedAs } from './idempotency-key.ts'

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
 * @throws HttpProblem 400 for a key that is none, 422 when the key came with another body or for something else before.
 */
export async function once<Made>(tx: Tx, request: FastifyRequest, making: Making<Made>): Promise<Made> {
  const remembered = rememberedAs(request)
  if (!remembered) return making.make()
  const { key, bodyHash } = remembered
  const run = within(tx)

  const earlier = await recall(run, key)
  if (earlier && earlier.bodyHash !== bodyHash) throw otherBody()
  if (earlier) return (await making.again(earlier.job)) ?? making.make()
  const made = await making.make()
  // The ledger remembers an id and asks not what of: here it is not a job's.
  await remember(run, key, { bodyHash, job: making.idOf(made), round: 1 })
  return made
}
