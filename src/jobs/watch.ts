import type { Redis } from 'ioredis'
import type { Run } from '../shared/database.ts'
import type { Log } from '../shared/log.ts'
import { every, seconds } from '../shared/time.ts'
import { batched } from './batch.ts'
import { see, type Seen } from './ledger/read.ts'
import { changesChannel } from './tell.ts'

/** Lets web requests wait for rows without asking Postgres in a loop. */
export interface Watch {
  /** Reads a row; many readers at once share one statement. */
  see(id: string): Promise<Seen | undefined>
  /**
   * Waits until `enough` says so of the row, the time is over or the signal aborts, and returns the row as it was last
   * read; undefined when there is no such row.
   * @param options.known the row was entered a moment ago: it is looked at when word of it comes, or a little later.
   */
  until(
    id: string,
    enough: (row: Seen) => boolean,
    ms: number,
    options?: { signal?: AbortSignal; known?: 'waiting' },
  ): Promise<Seen | undefined>
  close(): Promise<void>
}

/** With Redis away everybody's rows are looked at once a second; otherwise every five, in case a message was lost. */
const LOOK_WITHOUT_REDIS = seconds(1)
const LOOKS_BETWEEN = 5
/** Milliseconds until a row that was entered a moment ago is looked at without word of it. */
const FIRST_LOOK = 100

/**
 * @param subscriber a Redis client of its own, since a subscribed client can do nothing else.
 */
export async function startWatch(options: { run: Run; subscriber: Redis; log: Log }): Promise<Watch> {
  const { run, subscriber, log } = options
  const ended = new AbortController()
  const waiting = new Map<string, Set<() => void>>()

  const seeOne = batched(
    async (ids: string[]) => {
      const rows = await see(run, ids)
      return ids.map((id) => rows.get(id))
    },
    { lanes: 2, size: 500 },
  )

  const wake = (ids: Iterable<string>): void => {
    for (const id of ids) for (const look of waiting.get(id) ?? []) look()
  }
  subscriber.on('message', (_channel, ids: string) => wake(ids.split(',')))
  subscriber.on('ready', () => wake(waiting.keys()))
  subscriber
    .subscribe(changesChannel)
    .catch((error: unknown) => log.warn({ err: error }, 'could not subscribe to changes'))

  let turn = 0
  const looking = every(LOOK_WITHOUT_REDIS, ended.signal, async () => {
    turn += 1
    if (subscriber.status !== 'ready' || turn % LOOKS_BETWEEN === 0) wake(waiting.keys())
  })

  const until: Watch['until'] = async (id, enough, ms, { signal, known } = {}) => {
    let changed = Promise.withResolvers<void>()
    const look = (): void => changed.resolve()
    const looks = waiting.get(id) ?? new Set()
    waiting.set(id, looks.add(look))
    const over = AbortSignal.any([
      AbortSignal.timeout(Math.max(1, Math.ceil(ms))),
      ended.signal,
      ...(signal ? [signal] : []),
    ])
    over.addEventListener('abort', look, { once: true })
    const first = known ? setTimeout(look, FIRST_LOOK) : undefined
    if (!known || over.aborted) look()
    try {
      // Listening comes first: a change between the read and the wait is not missed.
      for (;;) {
        await changed.promise
        changed = Promise.withResolvers<void>()
        const row = await seeOne(id)
        if (!row || enough(row) || over.aborted) return row
      }
    } finally {
      clearTimeout(first)
      over.removeEventListener('abort', look)
      looks.delete(look)
      if (looks.size === 0) waiting.delete(id)
    }
  }

  return {
    see: seeOne,
    until,
    close: async () => {
      ended.abort()
      await looking
      subscriber.disconnect()
    },
  }
}
