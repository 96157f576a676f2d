import { writeSync } from 'node:fs'
import { pino, stdTimeFunctions, type Logger } from 'pino'

export type Log = Logger

/**
 * The process's log: JSON lines on standard output. What could carry personal content or a secret is
 * censored by name here, as the last line of defence; nobody logs payloads in the first place.
 */
export function createLog(options: { level: string; process: string }): Log {
  const output = pino.destination({ dest: 1, sync: false })
  const lines = inChunks(output)
  setInterval(() => lines.handOver(), 250).unref()
  // Not the output's own flush: that one tries for ever when nobody reads any more, as when our starter was killed.
  process.on('exit', () => writeOnce(lines.takeRest()))
  return pino(
    {
      level: options.level,
      base: { process: options.process, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { log: (fields) => withoutPersonal(fields) },
      serializers: { err: errorForLog },
    },
    lines,
  )
}

/** Gathers lines: each write costs the output more than a line costs us. */
function inChunks(output: { write(chunk: string): unknown }) {
  let chunk = ''
  const takeRest = (): string => {
    const rest = chunk
    chunk = ''
    return rest
  }
  const handOver = (): void => {
    if (chunk !== '') output.write(takeRest())
  }
  return {
    write: (line: string): void => {
      chunk += line
      if (chunk.length >= CHUNK) handOver()
    },
    handOver,
    takeRest,
  }
}

function writeOnce(rest: string): void {
  try {
    writeSync(1, rest)
  } catch {
    // There is nobody left to tell.
    process.exitCode ||= 1
  }
}

/** Characters; a busy worker writes as much in some ten milliseconds. */
const CHUNK = 12_000

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
