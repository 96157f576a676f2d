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
  #controller: AbortController | undefined
  #stopReason: Error | undefined
  #onStop: (() => void) | undefined

  constructor(id: string, ticket: number, worker: string) {
    this.id = id
    this.ticket = ticket
    this.worker = worker
  }

  /** Made when somebody asks for it: a controller costs more than a small job does. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#stopReason) this.#controller.abort(this.#stopReason)
    return this.#controller.signal
  }

  /** True when the row is no longer ours, so that nothing may be written about it. */
  get lost(): boolean {
    return this.aborted === 'taken over' || this.aborted === 'lease lost'
  }

  abort(reason: AbortReason): void {
    this.aborted ??= reason
    this.#stop(new DOMException(reason, 'AbortError'))
  }

  /** Throws the reason if the work was told to stop. */
  throwIfStopped(): void {
    if (this.#stopReason) throw this.#stopReason
  }

  /**
   * Runs work under a time limit of `ms`. When the limit passes or the attempt is aborted, the work is told through the
   * signal and given five seconds to end; then its outcome is the reason it was told to stop, whatever it still does.
   */
  async under<T>(ms: number, work: () => Promise<T>): Promise<T> {
    this.throwIfStopped()
    const limit = setTimeout(
      () => this.#stop(new DOMException('The attempt took too long.', 'TimeoutError')),
      ms,
    )
    const { promise: outcome, resolve, reject } = Promise.withResolvers<T>()
    let patience: NodeJS.Timeout | undefined
    this.#onStop = () => {
      patience = setTimeout(() => {
        this.unwitnessed = true
        reject(this.#stopReason)
      }, STOP_WITHIN)
    }
    try {
      work().then(resolve, reject)
      return await outcome
    } catch (error) {
      // The reason it was told to stop explains more than the error stopping caused.
      throw this.#stopReason ?? error
    } finally {
      this.#onStop = undefined
      clearTimeout(patience)
      clearTimeout(limit)
    }
  }

  #stop(reason: Error): void {
    if (this.#stopReason) return
    this.#stopReason = reason
    this.#controller?.abort(reason)
    this.#onStop?.()
  }
}
