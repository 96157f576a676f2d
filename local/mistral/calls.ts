/** A call that was seen. What it carried is not kept. */
export interface SeenCall {
  method: string
  path: string
  /** Size of the request's body. */
  bytes: number
  /** When it came, in milliseconds since 1970. */
  at: number
  /** How long it took, once it is over. */
  milliseconds?: number
  /** The status that was sent; none while it is under way and if none was ever sent. */
  status?: number
  /** The caller went away, or was dropped, before the answer was out. */
  aborted: boolean
}

const kept = 10_000

/** The last ten thousand calls to the API, oldest first. */
export class Calls {
  #seen: SeenCall[] = []

  /** Begins the record of a call. The caller completes it as the call goes on. */
  begin(method: string, path: string): SeenCall {
    const call: SeenCall = { method, path, bytes: 0, at: Date.now(), aborted: false }
    this.#seen.push(call)
    if (this.#seen.length > kept) this.#seen.shift()
    return call
  }

  seen(): SeenCall[] {
    return this.#seen.map((call) => ({ ...call }))
  }

  clear(): void {
    this.#seen = []
  }
}
