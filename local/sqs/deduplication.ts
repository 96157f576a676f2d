import type { JournalRecord } from './journal.ts'
import type { Sent } from './wire.ts'

/** What a FIFO queue was sent in the last five minutes, and what it answered (SQS Developer Guide). */
export class Deduplication {
  readonly #sent = new Map<string, { at: number; answer: Sent }>()

  /** The answer that the same message got within the five minutes before `now`. */
  earlierAnswer(key: string, now: number): Sent | undefined {
    const earlier = this.#sent.get(key)
    return earlier && now - earlier.at < windowMs ? earlier.answer : undefined
  }

  remember(key: string, at: number, answer: Sent): void {
    this.#sent.set(key, { at, answer })
  }

  /** The facts that are still of use; the others are forgotten. */
  *snapshot(queue: string): Generator<JournalRecord> {
    for (const [key, sent] of this.#sent) {
      if (Date.now() - sent.at < windowMs) yield { op: 'deduplicate', queue, key, ...sent }
      else this.#sent.delete(key)
    }
  }
}

const windowMs = 300_000
