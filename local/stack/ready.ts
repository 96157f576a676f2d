import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until a url answers with a 2xx status. Rejects with the reason when the signal is aborted first. */
export async function untilOk(url: string, signal: AbortSignal): Promise<void> {
  while (!(await isOk(url))) {
    signal.throwIfAborted()
    await sleep(30)
  }
}

async function isOk(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) })
    await answer.arrayBuffer()
    return answer.ok
  } catch (error) {
    // Nobody listens yet, or whoever does is too busy to answer.
    if (error instanceof TypeError || (error as Error).name === 'TimeoutError') return false
    throw error
  }
}
