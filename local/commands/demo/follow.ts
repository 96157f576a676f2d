import { EventSourceParserStream } from 'eventsource-parser/stream'
import { Plain } from '../../launch/plain.ts'
import type { Stack } from '../../stack/run.ts'

/** One entry of a job's history, as a web app hears of it. */
export interface Heard {
  /** What it is called in the stream: waiting, active, progress, delayed, completed, failed, cancelled. */
  name: string
  /** Milliseconds since 1970, by the clock of Postgres. */
  at: number
  attempt: number
}

/**
 * Follows a job by its event stream, from its beginning until it settles, telling each entry as it comes. The stream
 * may end before; then it is resumed where it ended.
 */
export async function follow(
  stack: Stack,
  { id, headers, heard }: { id: string; headers: Record<string, string>; heard: (entry: Heard) => void },
): Promise<Heard[]> {
  const entries: Heard[] = []
  let last = '0'
  for (;;) {
    const answer = await fetch(`${stack.facts().web}/jobs/${id}/events`, {
      headers: { ...headers, 'last-event-id': last },
      signal: AbortSignal.any([stack.signal, AbortSignal.timeout(60_000)]),
    })
    if (answer.status === 204) return entries
    if (!answer.ok || !answer.body)
      throw new Plain(`the events of job ${id} were refused with ${answer.status}`)
    const events = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
    for await (const event of events) {
      last = event.id ?? last
      const { at, attempt } = JSON.parse(event.data) as { at: string; attempt: number }
      const entry = { name: event.event ?? 'message', at: Date.parse(at), attempt }
      entries.push(entry)
      heard(entry)
      if (['completed', 'failed', 'cancelled'].includes(entry.name)) return entries
    }
  }
}
