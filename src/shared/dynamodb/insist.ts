import { Unavailable } from '../errors.ts'
import { seconds, sleep } from '../time.ts'
import { causeOf, type Cause } from './causes.ts'

/** Milliseconds for which DynamoDB is asked again: less than a caller's own patience, more than a burst lasts. */
export const PATIENCE = seconds(5)

export interface Insisting {
  /** Milliseconds after which nothing is tried again. */
  patience: number
  signal: AbortSignal | undefined
}

/**
 * Does it again for as long as the cause may pass.
 * @throws Unavailable when it did not, and at once whatever does not pass; the signal's reason when it was called off.
 */
export async function insist<Answer>(
  work: () => Promise<Answer>,
  { patience, signal }: Insisting,
): Promise<Answer> {
  const until = performance.now() + patience
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      signal?.throwIfAborted()
      const cause = causeOf(error)
      if (cause === undefined) throw error
      await pause({ cause, tries, until, error, signal })
    }
  }
}

/** Waits a while by chance, longer with every try, so that those in each other's way do not meet again. */
export async function pause(after: {
  cause: Cause
  tries: number
  until: number
  error?: unknown
  signal: AbortSignal | undefined
}): Promise<void> {
  const { cause, tries, until, error, signal } = after
  const ms = Math.min(LONGEST, FIRST[cause] * 2 ** (tries - 1)) * (0.5 + Math.random() / 2)
  if (performance.now() + ms > until) throw new Unavailable(sentences[cause], 2, { cause: error })
  await sleep(ms, signal)
  signal?.throwIfAborted()
}

const FIRST: Record<Cause, number> = { throttled: 50, conflict: 15, away: 30 }
const LONGEST = seconds(1)

const sentences: Record<Cause, string> = {
  throttled: 'The tables have too much to do. Please try again.',
  conflict: 'Others are changing the same. Please try again.',
  away: 'The tables are away. Please try again.',
}
