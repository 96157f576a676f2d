import type { FastifyBaseLogger } from 'fastify'
import type { Log } from '../../../shared/log.ts'

/**
 * What Fastify itself has to say, into our log: its warnings and errors only, since every request has its line
 * already, and no query of an address it mentions, since that may be the signature of a status link.
 */
export function frameworkLog(log: Log): FastifyBaseLogger {
  const say =
    (level: 'warn' | 'error' | 'fatal') =>
    (first: unknown, second?: unknown): void => {
      const message = [first, second].find((each) => typeof each === 'string') ?? 'something went wrong'
      const err = first instanceof Error ? first : (first as { err?: unknown } | undefined)?.err
      log[level]({ err }, `fastify: ${message.replace(/\?[^\s"']*/g, '?…')}`)
    }
  const silent = (): void => undefined
  const logger = {
    level: 'warn',
    fatal: say('fatal'),
    error: say('error'),
    warn: say('warn'),
    info: silent,
    debug: silent,
    trace: silent,
    silent,
    child: () => logger,
  } as FastifyBaseLogger
  return logger
}
