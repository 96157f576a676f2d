import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Plain } from './plain.ts'

/** The user a child runs as. Left out: the launcher's own. */
export interface User {
  uid: number
  gid: number
}

export interface Command {
  file: string
  args: string[]
  env?: Record<string, string>
  as?: User | undefined
}

export interface Child {
  readonly pid: number
  readonly running: boolean
  /** Fulfilled when the process is gone, with words for how it ended. Never rejected. */
  readonly ended: Promise<string>
  signal(signal: NodeJS.Signals): void
}

/**
 * Starts a long-lived program in a process group of its own, so that a Ctrl-C meant for us does not reach
 * it before those who use it are closed. What it writes is appended to `log`. When this process ends, by
 * `kill -9` too, the program gets `deathSignal` (on Linux; elsewhere only if we end by ourselves).
 * Throws `Plain` when the program can't be started.
 */
export async function startChild(command: Command, log: string, deathSignal: NodeJS.Signals): Promise<Child> {
  const output = openSync(log, 'a')
  const { file, args, options } = bound(command, deathSignal)
  const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', output, output] })
  closeSync(output)
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `by ${signal}` : `with exit code ${code}`))
  })
  try {
    await once(child, 'spawn')
  } catch (error) {
    throw new Plain(`${command.file} can't be started: ${(error as Error).message}`, { cause: error })
  }
  if (!diesWithUs()) endWithUs(child, deathSignal)
  return {
    pid: child.pid ?? 0,
    ended,
    get running() {
      return child.exitCode === null && child.signalCode === null
    },
    signal: (signal) => void child.kill(signal),
  }
}

/** A signal, and for how many seconds to wait for its effect before the next one is tried. */
export type Asking = readonly [signal: NodeJS.Signals, seconds: number]

/** Ends a child by asking ever more firmly. Does nothing when it has ended already. */
export async function stopChild(child: Child, ...asking: Asking[]): Promise<void> {
  for (const [signal, seconds] of [...asking, ['SIGKILL', 10] as const]) {
    if (!child.running) break
    child.signal(signal)
    await within(seconds, child.ended)
  }
  if (child.running) throw new Error(`process ${child.pid} survives SIGKILL`)
}

/** Runs a program to its end, 5 minutes at most if nothing else is said, and returns its stdout. Throws with the end of its stderr. */
export function run(command: Command, seconds = 300): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const { file, args, options: spawning } = bound(command, 'SIGKILL')
  const limits = { timeout: seconds * 1000, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 } as const
  execFile(file, args, { ...spawning, ...limits, encoding: 'utf8' }, (error, stdout, stderr) => {
    if (!error) return resolve(stdout)
    const words = (stderr.trim() || stdout.trim()).split('\n').slice(-15).join('\n')
    reject(new Error(words || error.message, { cause: error }))
  })
  return promise
}

/** Waits for `promise`, but no longer than `seconds`. */
async function within(seconds: number, promise: Promise<unknown>): Promise<void> {
  const enough = new AbortController()
  const limit = sleep(seconds * 1000, undefined, { signal: enough.signal }).catch((error: Error) => {
    if (error.name !== 'AbortError') throw error
  })
  await Promise.race([promise, limit])
  enough.abort()
}

/**
 * How to spawn a command so that it ends with us. The kernel forgets the death signal when the user changes
 * afterwards, so on Linux one `setpriv` does both, in the right order. The kernel watches the thread that
 * spawned, not the process: call this from the main thread. The signal may arrive several times.
 */
function bound(command: Command, deathSignal: NodeJS.Signals) {
  const { file, args, as, env } = command
  const base = { cwd: '/', env: { ...process.env, ...env } }
  if (!diesWithUs()) return { file, args, options: { ...base, ...as } }
  const user = as ? [`--reuid=${as.uid}`, `--regid=${as.gid}`, '--clear-groups'] : []
  const death = ['--pdeathsig', deathSignal.replace('SIG', '')]
  return { file: 'setpriv', args: [...user, ...death, '--', file, ...args], options: base }
}

/** Whether this machine has util-linux's `setpriv` with death signals (since 2.33). */
function diesWithUs(): boolean {
  setpriv ??=
    process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true']).status === 0
  return setpriv
}
let setpriv: boolean | undefined

/** The second best: passes our own end on when we have the time to. */
function endWithUs(child: ChildProcess, deathSignal: NodeJS.Signals): void {
  if (living.size === 0) process.on('exit', passOn)
  living.set(child, deathSignal)
  child.once('exit', () => {
    living.delete(child)
    if (living.size === 0) process.off('exit', passOn)
  })
}
const living = new Map<ChildProcess, NodeJS.Signals>()

function passOn(): void {
  for (const [child, deathSignal] of living) child.kill(deathSignal)
}
