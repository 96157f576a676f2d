import { fork, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import type { ReadLimits } from './protocol.ts'

/** The child was killed because it took too much, or it died of what it read. */
export class GuardTripped extends Error {
  override name = 'GuardTripped'
}

/** It took too long: of what it read or because the machine was busy, nobody can tell. */
export class GuardTimedOut extends GuardTripped {
  override name = 'GuardTimedOut'
}

/**
 * Runs `script` in a process of its own, sends it one message and gives back its one reply. Documents come from
 * strangers: a few megabytes can unfold into gigabytes outside the heap that Node can bound, so the child's resident
 * memory is watched from here. The child is gone when this settles, whichever way.
 *
 * Where there is no /proc (macOS) only the time and the heap are limited.
 */
export async function runGuarded(
  script: URL,
  message: object,
  limits: ReadLimits,
  signal: AbortSignal,
): Promise<unknown> {
  signal.throwIfAborted()
  const child = fork(script, {
    execArgv: [`--max-old-space-size=${limits.megabytes}`],
    env: {}, // nothing of ours is its business
    serialization: 'advanced', // bytes stay bytes
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'], // a parser's complaints may quote the document
  })
  try {
    return await replyOf(child, message, limits, signal)
  } finally {
    await gone(child)
  }
}

function replyOf(
  child: ChildProcess,
  message: object,
  limits: ReadLimits,
  signal: AbortSignal,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const late = setTimeout(() => reject(new GuardTimedOut('it took too long')), limits.milliseconds)
  const stopWatching = watchMemory(child, limits.megabytes, () =>
    reject(new GuardTripped('it took too much memory')),
  )
  const abort = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })

  child.once('message', resolve)
  child.on('error', reject)
  child.once('exit', (code, killed) => reject(new GuardTripped(`the reader died (${killed ?? code})`)))
  child.send(
    message,
    (error) => error && reject(new GuardTripped('the reader took no document', { cause: error })),
  )

  return promise.finally(() => {
    clearTimeout(late)
    stopWatching()
    signal.removeEventListener('abort', abort)
  })
}

/** Calls `onTooMuch` when the child outgrows the limit. Looks often: a bomb unfolds at a gigabyte a second. */
function watchMemory(child: ChildProcess, megabytes: number, onTooMuch: () => void): () => void {
  if (!existsSync('/proc/self/status')) return () => undefined
  const timer = setInterval(() => {
    if (residentMegabytes(child.pid) > megabytes) onTooMuch()
  }, 25)
  return () => clearInterval(timer)
}

function residentMegabytes(pid: number | undefined): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kilobytes ?? 0) / 1000
  } catch (error) {
    if (isGone(error)) return 0
    throw error
  }
}

const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')

/** Ends the child and waits until it has ended. One that could not even start has no pid and never exits. */
async function gone(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exited
}
