import { pino, stdTimeFunctions, type Logger } from 'pino'

export type Log = Logger

/**
 * The process's log: JSON lines on standard output. What could carry personal content or a secret is
 * censored by name here, as the last line of defence; nobody logs payloads in the first place.
 */
export function createLog(options: { level: string; process: string }): Log {
  // Writes by itself only what is a chunk: whatever is less is still in its hands when the process exits.
  const output = pino.destination({ dest: 1, sync: false, minLength: CHUNK })
  const lines = inChunks(output)
  setInterval(() => lines.flush(), 250).unref()
  process.on('exit', () => {
    lines.handOver()
    output.flushSync()
  })
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
function inChunks(output: { write(chunk: string): unknown; flush(): void }) {
  let chunk = ''
  const handOver = (): void => {
    if (chunk === '') return
    output.write(chunk)
    chunk = ''
  }
  return {
    write: (line: string): void => {
      chunk += line
      if (chunk.length >= CHUNK) handOver()
    },
    handOver,
    flush: (): void => {
      handOver()
      output.flush()
    },
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
