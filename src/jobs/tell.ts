import type { Redis } from 'ioredis'
import type { Log } from '../shared/log.ts'
import { redisPrefix } from './key-prefix.ts'

/** The channel on which the ids of rows that changed are told, comma-separated. Nothing else is ever sent. */
export const changesChannel = `${redisPrefix}:changes`

/** Tells waiters in other processes that rows changed. Losing a message is harmless: waiters also look by themselves. */
export type Tell = (...ids: string[]) => void

export function createTell(redis: Redis, log: Log): Tell {
  let waiting = new Set<string>()
  let scheduled = false

  const send = (): void => {
    scheduled = false
    const ids = [...waiting].join(',')
    waiting = new Set()
    if (redis.status !== 'ready') return
    // A failed publish means Redis is going away; whoever waits falls back to asking Postgres every second.
    redis
      .publish(changesChannel, ids)
      .catch((error: unknown) => log.debug({ err: error }, 'could not tell of changes'))
  }

  return (...ids) => {
    for (const id of ids) waiting.add(id)
    if (scheduled || waiting.size === 0) return
    scheduled = true
    setImmediate(send)
  }
}
