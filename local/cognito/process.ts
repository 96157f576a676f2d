import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The code that confirms every sign-up here. */
export const confirmationCode = '123456'

/**
 * Starts cognito-local in `directory` and waits until it answers. What it says goes to `cognito-local.log` there
 * (which therefore holds the e-mail addresses of whoever signs up on this machine).
 */
export async function startProcess(
  directory: string,
  endpoint: string,
): Promise<{ pid: number; stop(): Promise<void> }> {
  const child = launch(directory)
  const exited = once(child, 'exit')
  const killWithUs = (): boolean => child.kill()
  process.once('exit', killWithUs) // setpriv covers our being killed, but not every system has it
  const stop = async (): Promise<void> => {
    process.off('exit', killWithUs)
    child.off('exit', complain)
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await Promise.race([exited, sleep(5000, undefined, { ref: false }).then(() => child.kill('SIGKILL'))])
      await exited
    }
    await rm(pidOf(directory), { force: true })
  }
  const complain = (code: number | null, signal: string | null): void => {
    const how = signal ? `by ${signal}` : `with exit code ${code}`
    console.error(
      `Cognito ended ${how} by itself: what needs it fails until all is started anew (see ${logOf(directory)})`,
    )
  }

  try {
    await untilHealthy(child, endpoint, directory)
    await writeFile(pidOf(directory), String(child.pid))
  } catch (error) {
    await stop()
    throw error
  }
  child.once('exit', complain)
  return { pid: child.pid!, stop }
}

/**
 * Two servers on the same files would overwrite each other's users.
 * @throws when the server of an earlier start still answers; one that is about to die gets two seconds for it.
 */
export async function refuseSecondOwner(directory: string, lastPort: number | undefined): Promise<void> {
  const pid = await readPid(directory)
  if (pid === undefined || lastPort === undefined) return
  const deadline = Date.now() + 2000
  while (isAlive(pid) && (await isHealthy(`http://127.0.0.1:${lastPort}`))) {
    if (Date.now() > deadline) {
      throw new Error(`cognito-local (process ${pid}) is already running on ${directory}`)
    }
    await sleep(50)
  }
}

function launch(directory: string): ChildProcess {
  const entry = createRequire(import.meta.url).resolve('cognito-local/lib/bin/start.js')
  const preload = new URL('./whole-file-writes.ts', import.meta.url).href
  const command = [process.execPath, '--import', preload, entry]
  const [program, ...args] = canDieWithParent() ? ['setpriv', '--pdeathsig', 'TERM', ...command] : command
  const log = openSync(logOf(directory), 'w')
  try {
    return spawn(program!, args, {
      cwd: directory,
      // Ctrl-C in a terminal is for the one who started it; this one goes after those who use it.
      detached: true,
      // Nothing else of our environment: PORT and HOST are ours, and cognito-local would read them.
      env: {
        PATH: process.env.PATH,
        CODE: confirmationCode,
        AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: '1',
      },
      stdio: ['ignore', log, log],
    })
  } finally {
    closeSync(log)
  }
}

/** Linux with util-linux: the kernel ends the child when its parent dies, however that came about. */
function canDieWithParent(): boolean {
  if (process.platform !== 'linux') return false
  return spawnSync('setpriv', ['--pdeathsig', 'TERM', 'true']).status === 0
}

async function untilHealthy(child: ChildProcess, endpoint: string, directory: string): Promise<void> {
  let failure: Error | undefined
  child.once('error', (error) => (failure = error))
  const deadline = Date.now() + startLimitMs
  while (!(await isHealthy(endpoint))) {
    if (failure) throw new Error(`cognito-local cannot be run: ${failure.message}`, { cause: failure })
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(
        `cognito-local did not start: ${await lastWords(directory)} (all of it: ${logOf(directory)})`,
      )
    }
    if (Date.now() > deadline) {
      throw new Error(
        `cognito-local did not start within ${startLimitMs / 1000} s: ${await lastWords(directory)} (all of it: ${logOf(directory)})`,
      )
    }
    await sleep(25)
  }
}

const startLimitMs = 15_000

async function isHealthy(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(1000) })
    await response.arrayBuffer()
    return response.ok
  } catch (error) {
    // Nobody listens yet (or any more), or whoever does is too busy to answer.
    if (error instanceof TypeError || (error as Error).name === 'TimeoutError') return false
    throw error
  }
}

/** The line of the log that says most about a failed start. */
async function lastWords(directory: string): Promise<string> {
  // eslint-disable-next-line no-control-regex -- the colours of its pretty printer
  const log = (await readFile(logOf(directory), 'utf8')).replace(/\u001b\[[0-9;]*m/g, '')
  const lines = log.split('\n').map((line) => line.trim())
  return lines.findLast((line) => /error/i.test(line)) ?? lines.findLast(Boolean) ?? 'it said nothing'
}

async function readPid(directory: string): Promise<number | undefined> {
  try {
    return Number(await readFile(pidOf(directory), 'utf8')) || undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // alive, and somebody else's
  }
}

function logOf(directory: string): string {
  return path.join(directory, 'cognito-local.log')
}

function pidOf(directory: string): string {
  return path.join(directory, 'cognito-local.pid')
}
