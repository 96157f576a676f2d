import { overCapacity, rateLimited } from './errors.ts'
import type { Settings } from './settings.ts'

const second = 1000
const minute = 60 * second

/**
 * Requests per second and per minute, and calls in flight, each model counted for itself; what is no model's (files,
 * lists) is counted together. Windows slide: over the last second, over the last sixty. A refused call doesn't count.
 * A limit of 0 a minute means that the plan does not include the model: such a 429 never passes, and carries no
 * Retry-After.
 */
export class RateLimits {
  readonly #settings: () => Settings
  readonly #models = new Map<string, { admitted: number[]; inFlight: number }>()

  constructor(settings: () => Settings) {
    this.#settings = settings
  }

  /** Lets a call in, or throws the API's 429. The caller says by the returned function that it is over. */
  admit(model: string, now: number = Date.now()): () => void {
    const { inFlight, retryAfter } = this.#settings()
    const count = this.#count(model)
    const wait = this.#wait(count.admitted, now)
    if (wait !== undefined) {
      const seconds = retryAfter && wait !== Infinity ? Math.max(1, Math.ceil(wait / 1000)) : undefined
      throw rateLimited(seconds)
    }
    if (inFlight !== null && count.inFlight >= inFlight) throw overCapacity(retryAfter ? 1 : undefined)

    count.admitted.push(now)
    count.inFlight += 1
    return () => {
      count.inFlight -= 1
    }
  }

  /**
   * What every answer says about the limits. Those per minute are the API's own names; for a limit per second it has
   * none, so these are ours after the same pattern.
   */
  headers(model: string, now: number = Date.now()): Record<string, string> {
    const { requestsPerMinute, requestsPerSecond } = this.#settings()
    const { admitted } = this.#count(model)
    return {
      ...shown('minute', requestsPerMinute, within(admitted, now, minute)),
      ...shown('second', requestsPerSecond, within(admitted, now, second)),
    }
  }

  /** How long a call would have to wait, undefined if it need not. */
  #wait(admitted: number[], now: number): number | undefined {
    forget(admitted, now)
    const { requestsPerMinute, requestsPerSecond } = this.#settings()
    const waits = [
      until(admitted, now, minute, requestsPerMinute),
      until(admitted, now, second, requestsPerSecond),
    ].filter((wait) => wait !== undefined)
    return waits.length ? Math.max(...waits) : undefined
  }

  #count(model: string): { admitted: number[]; inFlight: number } {
    const known = this.#models.get(model)
    if (known) return known
    const fresh = { admitted: [], inFlight: 0 }
    this.#models.set(model, fresh)
    return fresh
  }
}

/** When the window has room again: when the oldest of those that fill it leaves it. */
function until(admitted: number[], now: number, window: number, most: number | null): number | undefined {
  if (most === null || within(admitted, now, window) < most) return undefined
  const leaves = admitted.at(-most)
  return most === 0 || leaves === undefined ? Infinity : leaves + window - now
}

function within(admitted: number[], now: number, window: number): number {
  const first = admitted.findIndex((at) => at > now - window)
  return first === -1 ? 0 : admitted.length - first
}

function forget(admitted: number[], now: number): void {
  const kept = within(admitted, now, minute)
  admitted.splice(0, admitted.length - kept)
}

function shown(window: string, most: number | null, used: number): Record<string, string> {
  if (most === null) return {}
  return {
    [`x-ratelimit-limit-req-${window}`]: String(most),
    [`x-ratelimit-remaining-req-${window}`]: String(Math.max(0, most - used)),
  }
}
