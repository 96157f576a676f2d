import { seconds } from '../shared/time.ts'
import type { AbortReason, Held } from './lease.ts'

/** How long work that was told to stop is waited for before its end counts as unwitnessed. */
const STOP_WITHIN = seconds(5)

/** One claim in this process's hands: who holds the row, and the signal that ends the work. */
export class Attempt implements Held {
  readonly id: string
  readonly ticket: number
  readonly worker: string
  claimed = false
  /** Set once, by whoever wants the work to stop. */
  aborted: AbortReason | undefined
  /** The work went on after it was told to stop; what it still does nobody sees. */
  unwitnessed = false
  private readonly aborting = new AbortController()

  constructor(id: string, ticket: number, worker: string) {
    this.id = id
    this.ticket = ticket
    this.worker = worker
  }

  get signal(): AbortSignal {
    return this.aborting.signal
  }

  /** True when the row is no longer ours, so that nothing may be written about it. */
  get lost(): boolean {
    return this.aborted === 'taken over' || this.aborted === 'lease lost'
  }

  abort(reason: AbortReason): void {
    this.aborted ??= reason
    this.aborting.abort(new DOMException(reason, 'AbortError'))
  }

  /**
   * Runs work under a time limit of `ms`. When the limit passes or the attempt is aborted, the work is told through the
   * signal and given five seconds to end; then its outcome is the reason it was told to stop, whatever it still does.
   */
  async under<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this
    signal.throwIfAborted()
    // One controller and one timer: AbortSignal.any and AbortSignal.timeout cost more than a small job does.
    const limit = setTimeout(
      () => this.aborting.abort(new DOMException('The attempt took too long.', 'TimeoutError')),
      ms,
    )
    const { promise: leftBehind, reject } = Promise.withResolvers<never>()
    let patience: NodeJS.Timeout | undefined
    const told = (): void => {
      patience = setTimeout(() => {
        this.unwitnessed = true
        reject(signal.reason as Error)
      }, STOP_WITHIN)
    }
    signal.addEventListener('abort', told, { once: true })
    try {
      return await Promise.race([work(signal), leftBehind])
    } catch (error) {
      // The reason it was told to stop explains more than the error stopping caused.
      if (signal.aborted) throw signal.reason as Error
      throw error
    } finally {
      signal.removeEventListener('abort', told)
      clearTimeout(patience)
      clearTimeout(limit)
    }
  }
}
