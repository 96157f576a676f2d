import { isOutage, type Run } from '../../../shared/database.ts'
import type { Log } from '../../../shared/log.ts'
import { history, type HistoryEntry, type Seen } from '../../../jobs/ledger/read.ts'
import type { Watch } from '../../../jobs/watch.ts'
import { minutes, seconds, sleep } from '../../../shared/time.ts'
import { isSettled, publicState, receiptOf } from './receipt.ts'

/** A line that means nothing, for proxies that end silent connections. */
const KEEP_ALIVE = seconds(15)
/** Then the client comes back, as it does by itself, and must show its credentials again. */
const STREAM_AT_MOST = minutes(10)

/**
 * The events of a job after `after`, of its round `since` and later ones, in the words of the event stream format, one chunk
 * for many, until the one that settled it. Ids are the numbers of the history, so that resuming skips nothing.
 */
export async function* eventsOf(
  parts: { watch: Watch; run: Run; log: Log },
  options: { id: string; after: number; since: number; signal: AbortSignal },
): AsyncGenerator<string> {
  const { id, since, signal } = options
  const endsAt = performance.now() + STREAM_AT_MOST
  let after = options.after
  const isNews = (row: Seen): boolean => row.last_event > after || isSettled(row)

  yield 'retry: 1000\n\n'
  do {
    try {
      const row = await parts.watch.until(id, isNews, KEEP_ALIVE, { signal })
      if (!row) return
      const page = row.last_event > after ? await history(parts.run, id, after) : []
      const told = page.map((entry) => (entry.round < since ? '' : toldAs(entry, row))).join('')
      const upTo = Math.max(after, page.at(-1)?.seq ?? row.last_event)
      // The place alone, for what is not told: otherwise whoever comes back would come back for it again and again.
      yield upTo > after ? `${told}id: ${upTo}\n\n` : ': still here\n\n'
      after = upTo
      if (isSettled(row) && after >= row.last_event) return
    } catch (error) {
      if (!isOutage(error)) throw error
      // A client that lost its stream now would meet a 503 and, if it is a browser, never come back.
      parts.log.warn({ err: error, id }, 'a stream of events waits for Postgres')
      await sleep(seconds(1), signal)
    }
    // A server that closes tells what it knows first.
  } while (!signal.aborted && performance.now() < endsAt)
}

/** What the world is told of an entry; what only concerns tickets and undos is nobody's business. */
function toldAs(entry: HistoryEntry, row: Seen): string {
  const told = tellings[entry.kind]?.(entry, row)
  if (!told) return ''
  const data = { ...told, round: entry.round, attempt: entry.attempt, at: new Date(entry.at).toISOString() }
  return `id: ${entry.seq}\nevent: ${told.progress ? 'progress' : told.state}\ndata: ${JSON.stringify(data)}\n\n`
}

interface Told {
  state: string
  progress?: unknown
  error?: unknown
  result?: unknown
}

const tellings: Record<string, (entry: HistoryEntry, row: Seen) => Told | undefined> = {
  accepted: () => ({ state: 'waiting' }),
  reopened: () => ({ state: 'waiting' }),
  claimed: () => ({ state: 'active' }),
  'handed back': () => ({ state: 'waiting' }),
  retried: ({ detail }) => ({ state: 'delayed', error: detail?.['error'] }),
  progressed: ({ detail }) => ({
    state: 'active',
    progress: { percent: detail?.['percent'], step: detail?.['step'] },
  }),
  'taken over': ({ detail }) => ({ state: detail?.['state'] === 'waiting' ? 'waiting' : 'active' }),
  settled,
}

/** The last word on a round, with its result if the row still has it. */
function settled({ detail, round }: HistoryEntry, row: Seen): Told {
  const state = String(detail?.['state'])
  if (row.round !== round || !isSettled(row) || publicState(row) !== state) return { state }
  const { result, error } = receiptOf(row, undefined)
  return { state, ...(state === 'completed' ? { result } : { error }) }
}
