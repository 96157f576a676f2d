import type { FastifyRequest } from 'fastify'
import type { Ask } from '../../../jobs/define.ts'
import type { Entered } from '../../../jobs/ledger/enter.ts'
import { recall, remember } from '../../../jobs/ledger/idempotency.ts'
import type { Asking } from '../../../jobs/open.ts'
import { within } from '../../../shared/database.ts'
import { otherBody, rememberedAs } from './idempotency-key.ts'

/** What an asking came to; `replayed` when an earlier request with the same key had asked already. */
export type Asked = Pick<Entered, 'id' | 'round' | 'decision'> & { replayed: boolean }

/**
 * Accepts a wish. With an `Idempotency-Key` the request is remembered in the transaction that accepts it: the same
 * caller's same key on the same route asks for nothing new.
 * @throws HttpProblem 400 for a key that is none, 422 when the key came with another body before.
 */
export async function acceptOnce(asking: Asking, request: FastifyRequest, ask: Ask): Promise<Asked> {
  const remembered = rememberedAs(request)
  if (!remembered) return { ...(await asking.accept.now(ask, request.trace)), replayed: false }
  const { key, bodyHash } = remembered

  return asking.database.transaction(async (tx) => {
    const run = within(tx)
    const earlier = await recall(run, key)
    if (earlier && earlier.bodyHash !== bodyHash) throw otherBody()
    if (earlier) return { id: earlier.job, round: earlier.round, decision: 'stands', replayed: true }
    const [entered] = (await asking.accept.in(tx, [ask], request.trace)) as [Entered]
    await remember(run, key, { bodyHash, job: entered.id, round: entered.round })
    return { ...entered, replayed: false }
  })
}
