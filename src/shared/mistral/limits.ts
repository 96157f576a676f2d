/** What an answer's headers say about how much may be asked; every field may be missing. */
export interface Limits {
  /** Requests per minute. 0: the plan does not include the model. */
  requestsPerMinute?: number
  /** What is left of them. */
  remaining?: number
  /** Milliseconds until more is allowed, as the provider put it. */
  retryAfterMs?: number
  /** Refused because the service has its hands full, not because this key has asked too often. */
  overCapacity?: boolean
}

/** Reads Mistral's headers. Of a fresh minute they say nothing; `retry-after` comes with most refusals, not with all. */
export function limitsIn(headers: Headers, now: number = Date.now()): Limits {
  const requestsPerMinute = count(headers.get('x-ratelimit-limit-req-minute'))
  const remaining = count(headers.get('x-ratelimit-remaining-req-minute'))
  const retryAfterMs = pause(headers.get('retry-after'), now) ?? pause(headers.get(RESET), now)
  return {
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

/** Seconds, where it is sent at all. */
const RESET = 'x-ratelimit-reset-req-minute'

function count(text: string | null): number | undefined {
  return text !== null && /^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined
}

/** RFC 9110: seconds or a date. Fractions of a second are not in the standard and are seen all the same. */
function pause(text: string | null, now: number): number | undefined {
  if (text === null) return undefined
  if (/^\d{1,9}(\.\d+)?$/.test(text.trim())) return Math.ceil(Number(text) * 1000)
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
