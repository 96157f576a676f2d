import { EventSourceParserStream, type EventSourceMessage } from 'eventsource-parser/stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Plain } from '../../launch/plain.ts'
import type { Stack } from '../../stack/run.ts'

export interface Listening {
  path: string
  headers: Record<string, string>
  /** The id after which events are wanted; from the state things are in when nothing is said. */
  after?: string
  /** Aborted: listening fails with the reason. */
  signal: AbortSignal
}

/**
 * The events of a stream of the web process, as a web app hears them, until it says that no more will come. A stream
 * that ends before is resumed where it ended.
 */
export async function* listen(
  stack: Stack,
  { path, headers, after, signal }: Listening,
): AsyncGenerator<EventSourceMessage> {
  let last = after
  for (;;) {
    const answer = await fetch(`${stack.facts().web}${path}`, {
      headers: { ...headers, ...(last === undefined ? {} : { 'last-event-id': last }) },
      signal: AbortSignal.any([stack.signal, signal]),
    })
    if (answer.status === 204) return
    if (!answer.ok || !answer.body)
      throw new Plain(`${path} was refused with ${answer.status}: ${await answer.text()}`)
    const events = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
    for await (const event of events) {
      last = event.id ?? last
      yield event
    }
    await sleep(100)
  }
}
