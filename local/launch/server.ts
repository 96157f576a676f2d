import { chmodSync, closeSync, mkdirSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild, stopChild, type Asking, type Child, type Command } from './children.ts'
import { endLeftover, forget, remember } from './leftovers.ts'
import { takeLock } from './lock.ts'
import { Plain } from './plain.ts'

/** How one kind of server is started and stopped. */
export interface Plan {
  /** What it is called in messages, and in lower case the name of its log. */
  name: string
  /** Its own directory, created if need be. No two servers may share one. */
  directory: string
  /** The mode of that directory. Default: 0700. */
  mode?: number
  /** Prepares what has to be prepared and says what to run. Asked at each start, alone in the directory. */
  prepare(leftover: number | undefined): Promise<Command>
  /** Whether the server answers. An error means "not yet". */
  answers(pid: number): Promise<boolean>
  /** How many seconds it may take to answer. Recovery after a crash takes its time. */
  patience: number
  /** The signal that ends it orderly, and what to try when that takes too long. */
  stopping: readonly [Asking, ...Asking[]]
  /** The signal that ends it as a crash would. */
  killing: NodeJS.Signals
  /** Clears away what is of no use without it. Called whenever it has ended. */
  ended?(): Promise<void>
  say?: ((line: string) => void) | undefined
}

export interface Server {
  readonly pid: number
  /** Ends it orderly. Bounded, and may be called twice. */
  stop(): Promise<void>
  /** Stops it if it runs and starts it in the same place, under the same address. */
  restart(): Promise<void>
  /** Ends it as a crash would, for fault tests. `restart` brings it back. */
  kill(): Promise<void>
}

/** A server did not come up. The message ends with the last lines of its log. */
export class NotUp extends Plain {
  override name = 'NotUp'
}

/**
 * Starts a server and waits until it answers. While it runs, its directory is locked: a second start in the
 * same directory throws `Plain`.
 */
export async function startServer(plan: Plan): Promise<Server> {
  let child = await launch(plan)

  // One change at a time: a stop during a restart waits for the restart.
  let last: Promise<void> = Promise.resolve()
  const inTurn = (change: () => Promise<void>): Promise<void> => (last = last.then(change, change))

  const stop = () => child.stop(...plan.stopping)
  return {
    get pid() {
      return child.pid
    },
    stop: () => inTurn(stop),
    restart: () =>
      inTurn(async () => {
        await stop()
        child = await launch(plan)
      }),
    kill: () => inTurn(() => child.stop([plan.killing, 10])),
  }
}

interface Launched {
  pid: number
  stop(...asking: Asking[]): Promise<void>
}

async function launch(plan: Plan): Promise<Launched> {
  mkdirSync(plan.directory, { recursive: true })
  const lock = takeLock(plan.directory, plan.name)
  try {
    chmodSync(plan.directory, plan.mode ?? 0o700)
    const record = path.join(plan.directory, 'pid')
    const signals = plan.stopping.map(([signal]) => signal)
    const leftover = await endLeftover(plan.name, record, [...signals, 'SIGKILL'], plan.say ?? console.error)

    const log = path.join(plan.directory, `${plan.name.toLowerCase()}.log`)
    if (sizeOf(log) > 5_000_000) rmSync(log) // nobody looks that far back
    const start = sizeOf(log)
    const child = await startChild(await plan.prepare(leftover), log, signals[0] ?? 'SIGTERM')
    remember(record, child.pid)
    let expected = true
    const gone = child.ended.then(async (how) => {
      forget(record)
      await plan.ended?.()
      lock.release()
      if (expected) return
      const say = plan.say ?? console.error
      say(`${plan.name} ended ${how} by itself: what needs it fails until all is started anew (see ${log})`)
    })
    const stop = async (...asking: Asking[]) => {
      expected = true
      await stopChild(child, ...asking)
      await gone
    }
    try {
      await untilAnswers(plan, child)
    } catch (error) {
      await stop(...plan.stopping)
      throw new NotUp([(error as Error).message, ...tail(log, start)].join('\n'), { cause: error })
    }
    expected = false
    return { pid: child.pid, stop }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function untilAnswers(plan: Plan, child: Child): Promise<void> {
  let end: string | undefined
  void child.ended.then((how) => (end = how))
  let trouble: unknown
  const deadline = performance.now() + plan.patience * 1000
  while (performance.now() < deadline) {
    if (end) throw new Error(`${plan.name} ended ${end} while starting`)
    try {
      if (await plan.answers(child.pid)) return
    } catch (error) {
      trouble = error // the last one is told if it never answers
    }
    await sleep(10)
  }
  const why = trouble instanceof Error ? `: ${trouble.message}` : ''
  throw new Error(`${plan.name} does not answer after ${plan.patience} s${why}`)
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** The last lines of what was written to a log after `start`, and the name of the log. */
function tail(log: string, start: number): string[] {
  const from = Math.max(start, sizeOf(log) - 4000)
  const buffer = Buffer.alloc(sizeOf(log) - from)
  const file = openSync(log, 'r')
  readSync(file, buffer, 0, buffer.length, from)
  closeSync(file)
  const lines = buffer.toString('utf8').trim().split('\n').slice(-12)
  return [...lines.filter((line) => line.trim()).map((line) => `  ${line}`), `  (${log})`]
}
