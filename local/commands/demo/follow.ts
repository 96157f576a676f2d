import type { Stack } from '../../stack/run.ts'
import { listen } from './listen.ts'

/** One entry of a job's history, as a web app hears of it. */
export interface Heard {
  /** What it is called in the stream: waiting, active, progress, delayed, completed, failed, cancelled. */
  name: string
  /** Milliseconds since 1970, by the clock of Postgres. */
  at: number
  attempt: number
}

/** Follows a job by its event stream, from its beginning until it settles, telling each entry as it comes. */
export async function follow(
  stack: Stack,
  { id, headers, heard }: { id: string; headers: Record<string, string>; heard: (entry: Heard) => void },
): Promise<Heard[]> {
  const entries: Heard[] = []
  const path = `/jobs/${id}/events`
  const signal = AbortSignal.timeout(60_000)
  for await (const event of listen(stack, { path, headers, after: '0', signal })) {
    const { at, attempt } = JSON.parse(event.data) as { at: string; attempt: number }
    const entry = { name: event.event ?? 'message', at: Date.parse(at), attempt }
    entries.push(entry)
    heard(entry)
    if (['completed', 'failed', 'cancelled'].includes(entry.name)) break
  }
  return entries
}
