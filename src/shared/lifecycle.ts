import { CannotStart } from './cannot-start.ts'
import { isOutage } from './database.ts'
import type { Log } from './log.ts'
import { seconds, sleep } from './time.ts'

/**
 * One process from start to end: what is opened is closed in reverse order. The first SIGTERM or SIGINT aborts
 * `stopping` and closes everything; a second one exits at once.
 */
export interface Lifecycle {
  /** Aborted when the process begins to stop. */
  stopping: AbortSignal
  /**
   * Remembers how to close something; closed in reverse order of opening. What is opened while others are being closed is
   * closed next, what is opened after that at once.
   */
  onStop(name: string, close: () => Promise<void> | void): void
  /** Begins to stop, for a reason other than a signal. A non-zero code asks the supervisor for a restart. */
  stop(reason: string, exitCode?: number): Promise<void>
}

/**
 * After the grace time, how long those who hand jobs back wait for it: work that does not listen is given five seconds to
 * stop (`Attempt`), and what becomes of it is written down after that.
 */
export const HAND_BACK_WITHIN = seconds(6)
/**
 * What all else of a process takes together at the most, while Postgres answers: light jobs of web have three seconds before
 * they are told to stop, BullMQ has one to take leave, the dispatcher two for the tickets of what went back, a new connection
 * to Postgres three.
 */
const CLOSE_WITHIN = seconds(9)
/** How long a handle somebody forgot may keep a process in which everything is closed. */
const FORGOTTEN_FOR = seconds(2)

/**
 * Milliseconds in which a process has left after the first signal, come what may. Whoever ends it for good must not do so
 * sooner, or jobs are taken over that would have been handed back.
 */
export const leavesWithin = (graceMs: number): number => deadlineOf(graceMs) + FORGOTTEN_FOR

const deadlineOf = (graceMs: number): number => graceMs + HAND_BACK_WITHIN + CLOSE_WITHIN

export function startLifecycle(log: Log, options: { graceMs: number }): Lifecycle {
  const stopping = new AbortController()
  const open: Open[] = []
  let stopped: Promise<void> | undefined
  let isClosed = false

  const stop = (reason: string, exitCode = 0): Promise<void> => {
    if (exitCode !== 0) process.exitCode = exitCode
    stopped ??= closeAll(reason)
    return stopped
  }

  const closeAll = async (reason: string): Promise<void> => {
    log.info({ reason }, 'stopping')
    // Longer than anything regular takes: whoever leaves by it hands nothing back and keeps its lease till it lapses.
    const deadline = setTimeout(() => exitNow(log, 'closing took too long'), deadlineOf(options.graceMs))
    stopping.abort(new Error(reason))
    // One after the other is taken, since more may come meanwhile.
    for (let last = open.pop(); last; last = open.pop()) await close(log, last)
    isClosed = true
    clearTimeout(deadline)
    log.info('stopped')
    // With everything closed the process ends by itself; a handle somebody forgot must not keep it.
    setTimeout(
      () => exitNow(log, `something was left open: ${process.getActiveResourcesInfo().join(', ')}`),
      FORGOTTEN_FOR,
    ).unref()
  }

  let firstSignalAt = 0
  const onSignal = (signal: NodeJS.Signals): void => {
    // A terminal and npm both deliver the same Ctrl-C; only a later one is a second wish.
    if (stopped && Date.now() - firstSignalAt > 500) exitNow(log, `second ${signal}`)
    firstSignalAt ||= Date.now()
    void stop(signal)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  process.on('uncaughtException', (error) => {
    if (error instanceof CannotStart) log.fatal(error.facts, error.message)
    else log.fatal({ err: error }, 'uncaught')
    void stop(error instanceof CannotStart ? 'cannot start' : 'uncaught error', 1)
  })

  return {
    stopping: stopping.signal,
    onStop: (name, how) => {
      if (isClosed) void close(log, { name, close: how })
      else open.push({ name, close: how })
    },
    stop,
  }
}

interface Open {
  name: string
  close: () => Promise<void> | void
}

async function close(log: Log, { name, close: how }: Open): Promise<void> {
  try {
    await how()
  } catch (error) {
    process.exitCode = 1
    log.error({ err: error, part: name }, 'could not close')
  }
}

/** Tries to open something until it succeeds; undefined when the process begins to stop first. */
export async function whenAvailable<T>(
  open: () => Promise<T>,
  stopping: AbortSignal,
  log: Log,
): Promise<T | undefined> {
  for (let tries = 0; !stopping.aborted; tries += 1) {
    try {
      return await open()
    } catch (error) {
      if (!isOutage(error)) throw error
      if (tries === 0) log.warn({ err: error }, 'Postgres is away; waiting for it')
      await sleep(Math.min(100 * 2 ** tries, 2000), stopping)
    }
  }
  return undefined
}

function exitNow(log: Log, reason: string): never {
  log.warn({ reason }, 'leaving at once')
  log.flush()
  process.exit(1)
}
