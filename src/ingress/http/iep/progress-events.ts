import { hash } from 'node:crypto'
import { isSettled, progressOf, type Progress } from '../../../domains/iep/progress.ts'
import { isOutage, type Sql } from '../../../shared/database.ts'
import type { Log } from '../../../shared/log.ts'
import { minutes, seconds, sleep } from '../../../shared/time.ts'

/** All watchers of a process together ask Postgres once in this time. */
const LOOK_EVERY = seconds(1)
/** A line that means nothing, for proxies that end silent connections. */
const KEEP_ALIVE = seconds(15)
/** Then the client comes back, as it does by itself, and must show its credentials again. */
const STREAM_AT_MOST = minutes(10)

/** Looks at the progress of the children somebody watches, for all of them at once. */
export interface ProgressWatch {
  /** Calls `look` about once a second with the progress as it is then, undefined once the child is gone; returns how to stop. */
  follow(childId: string, look: (progress: Progress | undefined) => void): () => void
  close(): Promise<void>
}

export function startProgressWatch(parts: { sql: Sql; log: Log; closing: AbortSignal }): ProgressWatch {
  const { sql, log, closing } = parts
  const watchers = new Map<string, Set<(progress: Progress | undefined) => void>>()
  let looking: Promise<void> | undefined

  /** Goes on for as long as anybody watches. */
  const lookAgainAndAgain = async (): Promise<void> => {
    while (watchers.size > 0 && !closing.aborted) {
      await sleep(LOOK_EVERY, closing)
      await lookOnce()
    }
    looking = undefined
  }

  const lookOnce = async (): Promise<void> => {
    const watched = [...watchers.keys()]
    if (watched.length === 0 || closing.aborted) return
    try {
      const found = await progressOf(sql, watched)
      for (const childId of watched) for (const look of watchers.get(childId) ?? []) look(found.get(childId))
    } catch (error) {
      // Streams go on: a client that lost its own now would meet the same trouble, and a browser never come back.
      const [level, what] = isOutage(error)
        ? (['warn', 'streams of progress wait for Postgres'] as const)
        : (['error', 'progress could not be read'] as const)
      log[level]({ err: error }, what)
    }
  }

  return {
    follow: (childId, look) => {
      const looks = watchers.get(childId) ?? new Set()
      watchers.set(childId, looks.add(look))
      looking ??= lookAgainAndAgain()
      return () => {
        looks.delete(look)
        if (looks.size === 0 && watchers.get(childId) === looks) watchers.delete(childId)
      }
    },
    close: async () => looking,
  }
}

/**
 * The progress of a child in the words of the event stream format: as it is now, unless `told` says that it is known,
 * and again whenever it has changed, until nothing changes any more.
 */
export async function* eventsOf(
  watch: ProgressWatch,
  options: {
    childId: string
    now: Progress
    told: string | undefined
    signal: AbortSignal
  },
): AsyncGenerator<string> {
  const { childId, signal } = options
  const endsAt = performance.now() + STREAM_AT_MOST
  let now: Progress | undefined = options.now
  let told = options.told
  let news = new AbortController()
  const stop = watch.follow(childId, (progress) => {
    now = progress
    if (!progress || digestOf(progress) !== told) news.abort()
  })
  try {
    yield 'retry: 1000\n\n'
    while (!signal.aborted && performance.now() < endsAt) {
      if (!now) return
      const digest = digestOf(now)
      yield digest === told
        ? ': still here\n\n'
        : `id: ${digest}\nevent: progress\ndata: ${JSON.stringify(now)}\n\n`
      told = digest
      if (isSettled(now)) return
      news = new AbortController()
      // What came while the last event was on its way is not slept over.
      if (now && digestOf(now) === told) await sleep(KEEP_ALIVE, AbortSignal.any([signal, news.signal]))
    }
  } finally {
    stop()
  }
}

/** What makes one progress another: everything but the time that is left, which passes by itself. */
export function digestOf(progress: Progress): string {
  return hash('sha256', JSON.stringify({ ...progress, expectedSeconds: null }), 'base64url').slice(0, 22)
}
