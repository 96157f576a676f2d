/** How a person or a supervisor asks a command to end. */
export interface End {
  /** Aborted at the first request, with the reason. */
  signal: AbortSignal
  /** Aborted when somebody loses patience and asks again. */
  hurry: AbortSignal
  /** An error nobody caught: the command ends, and not well. */
  failure(): unknown
  /** Listens no more. */
  [Symbol.dispose](): void
}

/** Ctrl-C, a kill, a closed terminal: reasons that are nobody's mistake. */
export class Asked extends Error {
  override name = 'Asked'
}

/** Turns signals, uncaught errors and a reader that went away into the end of a command; nothing else ends it. */
export function listenForEnd(): End {
  const first = new AbortController()
  const second = new AbortController()
  let failure: unknown
  let askedAt = 0

  const ask = (reason: Error): void => {
    // A terminal and npm both deliver the same Ctrl-C; only a later one is a second wish.
    if (first.signal.aborted && performance.now() - askedAt > 500) second.abort(reason)
    if (!first.signal.aborted) askedAt = performance.now()
    first.abort(reason)
  }
  const onSignal = (signal: NodeJS.Signals): void => ask(new Asked(signal))
  const onUncaught = (error: Error): void => {
    if (failure === undefined) console.error(error)
    failure ??= error
    first.abort(error)
  }
  const onBrokenOutput = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE' || error.code === 'EIO') first.abort(new Asked('nobody reads the output'))
    else onUncaught(error)
  }

  for (const signal of signals) process.on(signal, onSignal)
  process.on('uncaughtException', onUncaught)
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onBrokenOutput)
  return {
    signal: first.signal,
    hurry: second.signal,
    failure: () => failure,
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, onSignal)
      process.off('uncaughtException', onUncaught)
      for (const stream of [process.stdout, process.stderr]) stream.off('error', onBrokenOutput)
    },
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
