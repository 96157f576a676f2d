import { availableParallelism } from 'node:os'

/** Each may take hundreds of megabytes and a processor: more at once would be no faster, and fill the machine. */
const most = Math.min(availableParallelism(), 4)
let busy = 0
/** Who waits for what, in the order in which they are served next: each has one turn, then the next has. */
const waiting = new Map<string, Set<() => void>>()

/**
 * Runs the work when it is its turn: people take turns, however much one of them has brought.
 * @param whose nobody's is one line like anybody's
 * @throws the signal's reason when it aborts before
 */
export async function inTurn<Result>(
  signal: AbortSignal,
  work: () => Promise<Result>,
  whose = '',
): Promise<Result> {
  signal.throwIfAborted()
  if (busy < most) busy += 1
  else await turn(signal, whose)
  try {
    return await work()
  } finally {
    if (!handOver()) busy -= 1
  }
}

/** Resolves when somebody who is done hands over. */
function turn(signal: AbortSignal, whose: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const line = waiting.get(whose) ?? new Set()
    const leave = (): void => {
      line.delete(go)
      if (line.size === 0) waiting.delete(whose)
      signal.removeEventListener('abort', abort)
    }
    const go = (): void => {
      leave()
      resolve()
    }
    const abort = (): void => {
      leave()
      reject(signal.reason as Error)
    }
    waiting.set(whose, line.add(go))
    signal.addEventListener('abort', abort, { once: true })
  })
}

/** False when nobody waits. */
function handOver(): boolean {
  const [first] = waiting
  if (!first) return false
  const [whose, line] = first
  // To the end, if more of theirs is waiting.
  waiting.delete(whose)
  waiting.set(whose, line)
  const [next] = line
  next?.()
  return next !== undefined
}
