import { availableParallelism } from 'node:os'

/** Each may take hundreds of megabytes and a processor: more at once would be no faster, and fill the machine. */
const most = Math.min(availableParallelism(), 4)
let busy = 0
const waiting = new Set<() => void>()

/** Runs the work when it is its turn. @throws the signal's reason when it aborts before */
export async function inTurn<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  signal.throwIfAborted()
  if (busy < most) busy += 1
  else await turn(signal)
  try {
    return await work()
  } finally {
    const [next] = waiting
    if (next) next()
    else busy -= 1
  }
}

/** Resolves when somebody who is done hands over. */
function turn(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      waiting.delete(go)
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
    waiting.add(go)
    signal.addEventListener('abort', abort, { once: true })
  })
}
