import type { FastifyRequest } from 'fastify'
import { recall, remember } from '../../../jobs/ledger/idempotency.ts'
import { within, type Tx } from '../../../shared/database.ts'
import { HttpProblem } from '../answers/problems.ts'
import { otherBody, rememberedAs } from './idempotency-key.ts'

/** Something a request makes, which another request with the same `Idempotency-Key` is to find again. */
export interface Making<Made> {
  make(): Promise<Made>
  /**
   * What an earlier request made, as far as whoever calls may see it now; undefined when it is gone for them, or used up.
   * Nothing takes its place: a request that is repeated later than it should be is not to undo what happened since.
   */
  again(id: string): Promise<Made | undefined>
  /** A UUID. */
  idOf(made: Made): string
}

/**
 * Makes something, or finds what the same caller's earlier request with the same key on the same route made.
 * @throws HttpProblem 400 for a key that is none, 422 when the key came with another body or for something else before,
 * 410 when what it made is gone.
 */
export async function once<Made>(tx: Tx, request: FastifyRequest, making: Making<Made>): Promise<Made> {
  const remembered = rememberedAs(request)
  if (!remembered) return making.make()
  const { key, bodyHash } = remembered
  const run = within(tx)

  const earlier = await recall(run, key)
  if (earlier && earlier.bodyHash !== bodyHash) throw otherBody()
  if (earlier) {
    const known = await making.again(earlier.job)
    if (known === undefined) throw gone()
    return known
  }
  const made = await making.make()
  // The ledger remembers an id and asks not what of: here it is not a job's.
  await remember(run, key, { bodyHash, job: making.idOf(made), round: 1 })
  return made
}

/** 410 for a key whose request is over and done. */
export const gone = (): HttpProblem =>
  new HttpProblem(
    410,
    'gone',
    'This was done before, and what it made is gone or used up. For another one, ask with another Idempotency-Key.',
  )
