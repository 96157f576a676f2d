/**
 * Ends a job for good: whoever throws it knows that trying again cannot help.
 * `code` is stable and may be shown to the caller; the message must hold no personal content.
 */
export class GiveUp extends Error {
  override name = 'GiveUp'
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * A provider asked us to come back later (HTTP 429). The attempt is not spent, and every worker holds the
 * provider's other jobs back for as long.
 */
export class Throttled extends Error {
  override name = 'Throttled'
  readonly provider: string
  readonly retryAfterMs: number

  constructor(provider: string, retryAfterMs: number, options?: ErrorOptions) {
    super(`${provider} asked for a pause of ${Math.round(retryAfterMs)} ms`, options)
    this.provider = provider
    this.retryAfterMs = retryAfterMs
  }
}

/**
 * Something is in the way that a person or time may remove, so trying again makes sense. Unlike a foreign error its
 * `code` and message are our own and may be kept and shown.
 */
export class Trouble extends Error {
  override name = 'Trouble'
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Nobody knows whether the transaction committed: the connection broke at COMMIT. Ask Postgres, guess nothing. */
export class UnknownCommit extends Error {
  override name = 'UnknownCommit'
}

/** The row is no longer ours to settle: cancelled, taken over, or settled by somebody else. */
export class LostTicket extends Error {
  override name = 'LostTicket'
}

/** A store that must answer before anything else can happen is away; callers get 503 with Retry-After. */
export class Unavailable extends Error {
  override name = 'Unavailable'
  readonly retryAfterSeconds: number

  constructor(message: string, retryAfterSeconds = 2, options?: ErrorOptions) {
    super(message, options)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/**
 * What may be written down about an error: its code and, for errors of our own making, its message. Messages of
 * foreign errors (drivers, SDKs, parsers) may quote what they were given, so only their kind is kept.
 */
export function describeError(error: unknown): { code: string; message: string } {
  if (error instanceof GiveUp || error instanceof Trouble) return { code: error.code, message: error.message }
  if (error instanceof Throttled) return { code: 'throttled', message: error.message }
  if (error instanceof LostTicket || error instanceof UnknownCommit || error instanceof Unavailable)
    return { code: error.name, message: error.message }
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return { code: 'timeout', message: 'The attempt took too long.' }
  if (!(error instanceof Error))
    return { code: 'error', message: 'Something that is not an error was thrown.' }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return { code, message: `${error.name}${code === error.name ? '' : ` (${code})`}` }
}
