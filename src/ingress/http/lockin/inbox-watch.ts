import { newsOf, type News, type Position, type Written } from '../../../domains/lockin/news.ts'
import { isOutage, type Sql } from '../../../shared/database.ts'
import type { Log } from '../../../shared/log.ts'
import { seconds, sleep } from '../../../shared/time.ts'

/** All listeners of a process together ask Postgres once in this time. */
const LOOK_EVERY = seconds(1)

/** Somebody who listens: how far, and what of the time since then was told already. */
export interface Listener {
  recipientId: string
  since: Position
  /** By id, the transaction that had written what was told. */
  told: Map<string, Position>
}

/** What a listener is told of one look: at most so much that it can be told one by one, or that it was more. */
export interface Told {
  fresh: Written[]
  tooMuch: boolean
  unread: number
}

/** Looks at the inboxes somebody listens to, at all of them at once. */
export interface InboxWatch {
  /** Waits until something is new to this listener, and moves it there; undefined when the time is over before. */
  next(listener: Listener, ms: number, signal: AbortSignal): Promise<Told | undefined>
  close(): Promise<void>
}

export function startInboxWatch(parts: {
  sql: Sql
  log: Log
  closing: AbortSignal
  lookEvery?: number
}): InboxWatch {
  const { sql, log, closing, lookEvery = LOOK_EVERY } = parts
  const waiting = new Map<Listener, (told: Told) => void>()
  let looking: Promise<void> | undefined

  /** Goes on for as long as anybody listens. */
  const lookAgainAndAgain = async (): Promise<void> => {
    while (waiting.size > 0 && !closing.aborted) {
      await sleep(lookEvery, closing)
      await lookOnce()
    }
    looking = undefined
  }

  const lookOnce = async (): Promise<void> => {
    const listeners = [...waiting.keys()]
    if (listeners.length === 0 || closing.aborted) return
    try {
      const found = await newsOf(sql, listeners)
      for (const [index, listener] of listeners.entries()) {
        const news = found[index]
        const tell = waiting.get(listener)
        // Whoever has left meanwhile comes back with the position it left with.
        const told = news && tell && move(listener, news)
        if (told) tell?.(told)
      }
    } catch (error) {
      // Streams go on: a client that lost its own now would meet the same trouble, and a browser never come back.
      const [level, what] = isOutage(error)
        ? (['warn', 'streams of notifications wait for Postgres'] as const)
        : (['error', 'notifications could not be looked for'] as const)
      log[level]({ err: error }, what)
    }
  }

  return {
    next: async (listener, ms, signal) => {
      let told: Told | undefined
      const enough = new AbortController()
      waiting.set(listener, (news) => {
        told = news
        enough.abort()
      })
      looking ??= lookAgainAndAgain()
      await sleep(ms, AbortSignal.any([signal, enough.signal]))
      waiting.delete(listener)
      return told
    },
    close: async () => looking,
  }
}

/** Moves a listener to where the look was, and says what it has not been told yet; undefined when that is nothing. */
function move(listener: Listener, { written, tooMuch, unread, position }: News): Told | undefined {
  const fresh = written.filter(
    ({ notification, writtenBy }) => listener.told.get(notification.id) !== writtenBy,
  )
  // What is left behind unseen has to be read, though all that was seen is known.
  const leavesSome = tooMuch && position > listener.since
  listener.since = position
  listener.told = new Map(
    written
      // Only what the next look may find again needs to be remembered.
      .filter(({ writtenBy }) => writtenBy >= position)
      .map(({ notification, writtenBy }) => [notification.id, writtenBy]),
  )
  return fresh.length > 0 || leavesSome ? { fresh, tooMuch, unread } : undefined
}
