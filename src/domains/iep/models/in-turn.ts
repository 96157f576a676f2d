import { isOutage, type Database, type Tx } from '../../../shared/database.ts'
import type { Reply } from '../../../shared/mistral.ts'
import { seconds, sleep } from '../../../shared/time.ts'
import { beginCall, endCall, type Call } from './calls.ts'
import { PROVIDER, type ModelParts } from './parts.ts'

/** A call to a model that is to be made, and what to do with its answer. */
export interface InTurn<Answer, Result> {
  call: Call
  /** Looks whether the result is there without a call: somebody else may have asked while we waited. */
  known: () => Promise<Result | undefined>
  ask: () => Promise<Reply<Answer>>
  /** Stores the answer and writes down how the call ended, in one transaction. May run again after an unknown commit. */
  store: (tx: Tx, callId: string, answer: Answer) => Promise<() => Result>
  signal: AbortSignal
}

/**
 * Makes one call when it is this user's turn. A refusal by the provider puts it back in line, up to the patience of the
 * line; the call's row says what came of each try.
 * @throws DocumentGone, ConsentWithdrawn, Throttled, and what the call failed with.
 */
export async function inTurn<Answer, Result>(
  { database, turns }: ModelParts,
  asked: InTurn<Answer, Result>,
): Promise<Result> {
  const { call, signal } = asked
  const known = await asked.known()
  if (known !== undefined) return known
  const began = performance.now()
  for (;;) {
    const turn = await turns.takeTurn({
      provider: PROVIDER,
      model: call.model,
      userId: call.document.userId,
      signal,
      patienceMs: Math.max(0, began + PATIENCE - performance.now()),
    })
    try {
      const found = await asked.known()
      if (found !== undefined) return found
      const callId = await beginCall(database.run, call)
      const reply = await asked.ask()
      const { limits } = reply
      // The turn is given back before anything is written, so that the model is never idle for our sake.
      if (reply.outcome === 'answered') turn.answered(limits)
      else if (reply.outcome === 'throttled') turn.throttled(limits.retryAfterMs, limits)
      else turn.failed(limits)

      if (reply.outcome === 'answered') {
        const result = await persist(database, (tx) => asked.store(tx, callId, reply.answer))
        return result()
      }
      await persist(database, (tx) => endCall(tx, callId, { outcome: reply.outcome }))
      if (reply.outcome === 'failed') throw reply.error
    } finally {
      turn.release()
    }
  }
}

/** How long one question waits for its turns altogether before its job goes back to the queue. */
const PATIENCE = seconds(60)
/** An answer that was paid for is worth waiting for a Postgres that restarts. */
const PERSIST_FOR = seconds(15)

/** Writes, again and again while Postgres is away, and gives up after a while. */
async function persist<T>(database: Database, write: (tx: Tx) => Promise<T>): Promise<T> {
  const until = performance.now() + PERSIST_FOR
  for (let tries = 0; ; tries += 1) {
    try {
      return await database.transaction(write)
    } catch (error) {
      if (!isOutage(error) || performance.now() > until) throw error
      await sleep(Math.min(50 * 2 ** tries, 1000))
    }
  }
}
