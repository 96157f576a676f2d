import { rateLimited } from './errors.ts'

const minute = 60_000

/**
 * Requests per minute, as the API counts them: over the last sixty seconds. A refused call doesn't count. A limit of 0
 * means that the plan does not include the model: such a 429 never passes, and carries no Retry-After.
 */
export class RequestLimit {
  readonly #perMinute: number
  readonly #admitted: number[] = []

  constructor(perMinute: number) {
    this.#perMinute = perMinute
  }

  /** Lets a call in, or throws the API's 429. `now` is in milliseconds. */
  admit(now: number = Date.now()): void {
    this.#forget(now)
    const oldest = this.#admitted[0]
    if (this.#admitted.length >= this.#perMinute) {
      throw rateLimited(
        oldest === undefined ? undefined : Math.ceil((oldest + minute - now) / 1000),
        this.headers(now),
      )
    }
    this.#admitted.push(now)
  }

  /** What every answer says about the limit. */
  headers(now: number = Date.now()): Record<string, string> {
    this.#forget(now)
    return {
      'x-ratelimit-limit-req-minute': String(this.#perMinute),
      'x-ratelimit-remaining-req-minute': String(this.#perMinute - this.#admitted.length),
    }
  }

  #forget(now: number): void {
    while ((this.#admitted[0] ?? Infinity) <= now - minute) this.#admitted.shift()
  }
}
