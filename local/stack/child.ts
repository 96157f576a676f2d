import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Plain } from '../launch/plain.ts'

/** A process of the Procfile. */
export interface Child {
  pid: number
  /** Resolves when it is gone and all it said was heard, with words for how it ended. */
  ended: Promise<string>
  /** Ends it orderly; what is left of its process group after `seconds`, or when `hurry` is aborted, is killed. */
  stop(seconds: number, hurry: AbortSignal): Promise<void>
}

export interface Program {
  command: [string, ...string[]]
  cwd: string
  env: NodeJS.ProcessEnv
  hear: (line: string) => void
}

/**
 * Starts a program in a process group of its own: a Ctrl-C in the terminal is for us, who know the order in which
 * things end. When we are killed it is told to stop (on Linux). Throws `Plain` when it can't be started.
 */
export async function startChild({ command, cwd, env, hear }: Program): Promise<Child> {
  const [file, ...args] = diesWithUs() ? ['setpriv', '--pdeathsig', 'TERM', '--', ...command] : command
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    await once(child, 'spawn')
  } catch (error) {
    throw new Plain(`${command.join(' ')} can't be started: ${(error as Error).message}`, { cause: error })
  }
  const pid = child.pid ?? 0
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', hear)

  const killGroup = (): void => kill(-pid, 'SIGKILL')
  killAtExit(pid)
  const exited = once(child, 'exit').then(([code, signal]: (number | string | null)[]) => {
    // Whatever it started itself and did not wait for.
    killGroup()
    return signal ? `by ${signal}` : `with exit code ${code}`
  })
  const closed = once(child, 'close')
  const ended = exited.then(async (how) => {
    await closed
    living.delete(pid)
    return how
  })

  return {
    pid,
    ended,
    async stop(seconds, hurry) {
      kill(pid, 'SIGTERM')
      const tooLate = setTimeout(killGroup, seconds * 1000)
      hurry.addEventListener('abort', killGroup, { once: true })
      if (hurry.aborted) killGroup()
      await ended
      clearTimeout(tooLate)
      hurry.removeEventListener('abort', killGroup)
    },
  }
}

/** The second best where there is no setpriv, and when we leave without having stopped what we started. */
function killAtExit(pid: number): void {
  if (!listening) process.once('exit', () => living.forEach((each) => kill(-each, 'SIGKILL')))
  listening = true
  living.add(pid)
}
const living = new Set<number>()
let listening = false

/** One that is gone already needs no signal. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Whether this machine has util-linux's `setpriv` with death signals. */
function diesWithUs(): boolean {
  setpriv ??=
    process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'TERM', '--', 'true']).status === 0
  return setpriv
}
let setpriv: boolean | undefined
