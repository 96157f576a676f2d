import { Redis, type RedisOptions } from 'ioredis'
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
      ...reconnecting(log),
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
      ...reconnecting(log),
    }),
    log,
  )
}

/** True when a failure means "Redis is away": a command could not be sent, or was not answered in time. */
export const isRedisAway = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'MaxRetriesPerRequestError' ||
    /^(Command timed out|Connection is closed|Stream isn't writeable|READONLY)/.test(error.message))

/**
 * A Redis that takes no writes has handed over to another: behind the same address there may be the new one, so the client
 * connects anew, twice a second at the most. Whoever sent the command hears of it.
 */
function reconnecting(log: Log): Pick<RedisOptions, 'retryStrategy' | 'reconnectOnError'> {
  let refusedAt = -Infinity
  return {
    reconnectOnError: (error) => {
      if (!error.message.includes('READONLY')) return false
      if (performance.now() - refusedAt > REFUSING_FOR) log.warn('Redis takes no writes; connecting anew')
      refusedAt = performance.now()
      return true
    },
    retryStrategy: (tries) =>
      Math.max(
        Math.min(50 * 2 ** Math.min(tries, 5), 1000),
        performance.now() - refusedAt < REFUSING_FOR ? 500 : 0,
      ),
  }
}

/** Milliseconds without a refusal after which it is over. */
const REFUSING_FOR = 5000

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
