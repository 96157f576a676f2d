/** How a command that runs for long comes to its end. */
export interface End {
  /** Aborted when it is to end, with the reason: `Asked`, or the error that makes going on pointless. */
  signal: AbortSignal
  /** Aborted when somebody loses patience and asks again. */
  hurry: AbortSignal
  /** Ends it because of an error. */
  because(error: Error): void
  /** An error nobody caught, which was told already. */
  uncaught(): Error | undefined
  /** Listens no more. */
  [Symbol.dispose](): void
}

/** Ctrl-C, a kill, a closed terminal: nothing went wrong. */
export class Asked extends Error {
  override name = 'Asked'
}

/** Turns signals, uncaught errors and a reader that went away into the end of a command. */
export function listenForEnd(): End {
  const first = new AbortController()
  const second = new AbortController()
  let uncaught: Error | undefined
  let askedAt = 0

  const onSignal = (signal: NodeJS.Signals): void => {
    // A terminal and npm both deliver the same Ctrl-C; only a later one is a second wish.
    if (first.signal.aborted && performance.now() - askedAt > 500) second.abort()
    else askedAt ||= performance.now()
    first.abort(new Asked(signal))
  }
  const onUncaught = (error: Error): void => {
    console.error(error)
    uncaught ??= error
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
    because: (error) => first.abort(error),
    uncaught: () => uncaught,
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
