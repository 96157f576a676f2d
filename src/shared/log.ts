import { write, writeSync } from 'node:fs'
import { pino, type Logger } from 'pino'

export type Log = Logger

/**
 * The process's log: JSON lines on standard output. What could carry personal content or a secret is
 * censored by name here, as the last line of defence; nobody logs payloads in the first place.
 */
export function createLog(options: { level: string; process: string }): Log {
  const lines = openOutput((dropped) =>
    log.warn({ dropped }, 'lines were dropped, since nobody read the log'),
  )
  setInterval(() => lines.handOver(), 250).unref()
  process.on('exit', () => lines.writeRest())
  const log = pino(
    {
      level: options.level,
      base: { process: options.process, pid: process.pid },
      timestamp: clock(),
      formatters: { log: (fields) => withoutPersonal(fields) },
      serializers: { err: errorForLog },
    },
    lines,
  )
  return log
}

/** The time of a line, in ISO 8601. A busy process writes many in one millisecond; they share its text. */
function clock(): () => string {
  let last = 0
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== last) text = `,"time":"${new Date(now).toISOString()}"`
    last = now
    return text
  }
}

/**
 * Standard output, written in chunks beside the work: each write costs more than a line. Our own and not pino's, whose
 * flush at the end tries for ever when nobody reads any more, as when our starter was killed.
 * @param onDropped told how many lines could not be kept for a reader that stood still, once there is room again
 */
function openOutput(onDropped: (lines: number) => void) {
  // Node makes a pipe non-blocking when it is first looked at. A write that blocks holds a thread that an exit waits for.
  void process.stdout
  let waiting = ''
  /** What a pipe that was full did not take. */
  let left: Buffer = NOTHING
  let writing = false
  let dropped = 0
  const handOver = (): void => {
    if (writing || (waiting === '' && left.length === 0)) return
    const chunk = left.length > 0 ? left : Buffer.from(waiting)
    if (chunk !== left) waiting = ''
    left = NOTHING
    writing = true
    write(STDOUT, chunk, (error, written) => {
      writing = false
      const isFull = error?.code === 'EAGAIN' || (!error && written < chunk.length)
      if (isFull) {
        left = chunk.subarray(error ? 0 : written)
        writing = true
        setTimeout(again, FULL_FOR).unref()
      }
      // Any other failure means that there is nobody left to tell.
      else if (!error && waiting.length >= CHUNK) handOver()
    })
  }
  const again = (): void => {
    writing = false
    handOver()
  }
  return {
    write: (line: string): void => {
      if (waiting.length > ROOM) {
        dropped += 1
        return
      }
      const lost = dropped
      dropped = 0
      if (lost > 0) onDropped(lost)
      waiting += line
      if (waiting.length >= CHUNK) handOver()
    },
    handOver,
    writeRest: () => writeAtOnce(Buffer.concat([left, Buffer.from(waiting)])),
  }
}

const NOTHING = Buffer.alloc(0)
/** Milliseconds until a pipe that was full is tried again. */
const FULL_FOR = 10
/** Characters that wait for a reader who stands still, at most; a worker without one goes on working. */
const ROOM = 8_000_000

/** The last words of a process: a reader that is slow is waited for, but not for long. */
function writeAtOnce(rest: Buffer): void {
  const giveUpAt = performance.now() + PATIENCE
  for (let written = 0; written < rest.length;) {
    try {
      written += writeSync(STDOUT, rest, written)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > giveUpAt) {
        process.exitCode ||= 1
        return
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

const STDOUT = 1
/** Milliseconds. */
const PATIENCE = 1000

/** Characters; a busy worker writes as much in some fifty milliseconds. */
const CHUNK = 60_000

const personal = new Set([
  'authorization',
  'cookie',
  'password',
  'token',
  'secret',
  'email',
  'username',
  'fullName',
  'data',
  'result',
  'body',
  'sig',
  'x-millrace-key',
])

/** Looks two levels deep: what is logged here is flat, and a line is written for every attempt. */
function withoutPersonal(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
  let clean: Record<string, unknown> | undefined
  for (const name in fields) {
    const value = fields[name]
    const kept = personal.has(name)
      ? '[redacted]'
      : depth < 2 && isPlainObject(value)
        ? withoutPersonal(value, depth + 1)
        : value
    if (kept === value) continue
    clean ??= { ...fields }
    clean[name] = kept
  }
  return clean ?? fields
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** Kind, code and stack positions, never the message: messages of foreign errors quote what they were given. */
function errorForLog(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  return {
    type: error.name,
    code: 'code' in error ? error.code : undefined,
    at: error.stack
      ?.split('\n')
      .filter((line) => line.trimStart().startsWith('at '))
      .slice(0, 6)
      .map((line) => line.trim()),
    cause: error.cause === undefined ? undefined : errorForLog(error.cause),
  }
}
