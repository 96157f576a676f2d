import { pino, stdTimeFunctions, type Logger } from 'pino'

export type Log = Logger

/**
 * The process's log: JSON lines on standard output. What could carry personal content or a secret is
 * censored by name here, as the last line of defence; nobody logs payloads in the first place.
 */
export function createLog(options: { level: string; process: string }): Log {
  const destination = pino.destination({ dest: 1, sync: false, minLength: 4096 })
  setInterval(() => destination.flush(), 250).unref()
  process.on('exit', () => destination.flushSync())
  return pino(
    {
      level: options.level,
      base: { process: options.process, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: redacted, censor: '[redacted]' },
      serializers: { err: errorForLog },
    },
    destination,
  )
}

const personal = [
  'authorization',
  'cookie',
  'password',
  'token',
  'email',
  'username',
  'name_of_user',
  'data',
  'result',
  'sig',
]
const redacted = [
  ...personal,
  ...personal.map((name) => `*.${name}`),
  'req.headers["x-millrace-key"]',
  'headers["x-millrace-key"]',
]

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
