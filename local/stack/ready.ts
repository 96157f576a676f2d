import { setTimeout as sleep } from 'node:timers/promises'
import { Plain } from '../launch/plain.ts'
import type { Say } from './progress.ts'

export interface Waiting {
  /** Aborted: rejects with the reason. */
  signal: AbortSignal
  /** Told, after a while, what is being waited for. */
  say: Say
  /** How long it may take. */
  seconds: number
}

/** Waits until a process says at /readyz of its url that it is ready. Throws `Plain` with what it says instead. */
export async function untilReady(
  name: string,
  url: string,
  { signal, say, seconds }: Waiting,
): Promise<void> {
  const start = performance.now()
  const late = (part: number): boolean => performance.now() - start > seconds * 1000 * part
  let told = false
  for (;;) {
    const answer = await ask(`${url}/readyz`)
    if (answer === 'ready') return
    signal.throwIfAborted()
    if (late(1)) throw new Plain(`${name} is not ready after ${seconds} s: ${url}/readyz ${answer}`)
    if (!told && late(0.2)) say(`still waiting for ${name}: ${url}/readyz ${answer}`)
    told ||= late(0.2)
    await sleep(late(0.1) ? 500 : 30)
  }
}

async function ask(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) })
    const said = await answer.text()
    return answer.ok ? 'ready' : `says ${answer.status} ${said}`
  } catch (error) {
    // Nobody listens yet, or whoever does is too busy to answer.
    if (error instanceof TypeError || (error as Error).name === 'TimeoutError') return 'does not answer'
    throw error
  }
}
