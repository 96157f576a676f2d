import { Redis } from 'ioredis'
import type { Log } from './log.ts'

/**
 * Opens a client for commands: each fails within two seconds rather than queueing up behind an outage.
 * The reconnect itself never gives up.
 */
export function openRedis(url: string, log: Log): Redis {
  return watched(
    new Redis(url, {
      maxRetriesPerRequest: 1,
      commandTimeout: 2000,
      connectTimeout: 2000,
      enableOfflineQueue: false,
      lazyConnect: false,
      retryStrategy: reconnectSoon,
    }),
    log,
  )
}

/** Opens a client for blocking reads and subscriptions: it waits for ever, as BullMQ's workers require. */
export function openBlockingRedis(url: string, log: Log): Redis {
  return watched(
    new Redis(url, {
      maxRetriesPerRequest: null,
      connectTimeout: 2000,
      keepAlive: 5000,
      retryStrategy: reconnectSoon,
    }),
    log,
  )
}

/** True when a failure means "Redis is away": a command could not be sent, or was not answered in time. */
export const isRedisAway = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'MaxRetriesPerRequestError' ||
    /^(Command timed out|Connection is closed|Stream isn't writeable)/.test(error.message))

const reconnectSoon = (tries: number): number => Math.min(50 * 2 ** Math.min(tries, 5), 1000)

/** One line when Redis goes away and one when it is back, however often the reconnect fails in between. */
function watched(redis: Redis, log: Log): Redis {
  let away = false
  redis.on('error', (error) => {
    if (away) return
    away = true
    log.warn({ err: error }, 'Redis is away')
  })
  redis.on('ready', () => {
    if (away) log.info('Redis is back')
    away = false
  })
  return redis
}
