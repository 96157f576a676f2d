/**
 * Receivers that wait for a message. The oldest is served first; one that goes away takes nothing with it. Whoever
 * makes messages visible calls `wake`, and tells `wakeAt` when the next one will become so by itself.
 */
export class LongPolls<Item> {
  readonly #waiting = new Set<Poll>()
  readonly #nextVisible: () => number | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param nextVisible the moment (ms since 1970) at which the next hidden message becomes visible, if there is one. */
  constructor(nextVisible: () => number | undefined) {
    this.#nextVisible = nextVisible
  }

  /** Resolves with what `take` finds, or with nothing when the time is over or the caller has gone. */
  wait(take: () => Item[], seconds: number, gone: AbortSignal): Promise<Item[]> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timeout)
        gone.removeEventListener('abort', leave)
        this.#waiting.delete(poll)
        settle()
      }
      const leave = (): void => finish(() => resolve([]))
      const poll: Poll = {
        serve() {
          const items = take()
          if (items.length > 0) finish(() => resolve(items))
          return items.length > 0
        },
        fail: (error) => finish(() => reject(error)),
      }
      const timeout = setTimeout(leave, seconds * 1000)
      if (gone.aborted) return leave()
      gone.addEventListener('abort', leave)
      this.#waiting.add(poll)
      this.wakeAt()
    })
  }

  /** Something may have become visible: serves the waiting until one finds nothing. */
  wake(): void {
    for (const poll of this.#waiting) if (!poll.serve()) break
    this.wakeAt()
  }

  /** Sets the alarm for the next message that becomes visible, while anybody waits. */
  wakeAt(): void {
    clearTimeout(this.#timer)
    const next = this.#waiting.size > 0 ? this.#nextVisible() : undefined
    if (next !== undefined) this.#timer = setTimeout(() => this.wake(), Math.max(1, next - Date.now()))
  }

  /** Ends every wait with the error: the queue is gone. */
  fail(error: Error): void {
    clearTimeout(this.#timer)
    for (const poll of this.#waiting) poll.fail(error)
  }
}

interface Poll {
  /** Whether it found something and is done. */
  serve(): boolean
  fail(error: Error): void
}
