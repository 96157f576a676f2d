import { Readable } from 'node:stream'
import { z } from 'zod'
import { inboxNow, type Position } from '../../../domains/lockin/news.ts'
import type { Sql } from '../../../shared/database.ts'
import { minutes, seconds } from '../../../shared/time.ts'
import { HttpProblem } from '../answers/problems.ts'
import type { App, HttpParts } from '../app.ts'
import { untilGone } from '../asking/outcome.ts'
import { profileOf } from './caller.ts'
import { startInboxWatch, type InboxWatch, type Listener } from './inbox-watch.ts'

/** A line that means nothing, for proxies that end silent connections. */
const KEEP_ALIVE = seconds(15)
/** Then the client comes back, as it does by itself, and must show its credentials again. */
const STREAM_AT_MOST = minutes(10)
/** One person's streams in this process: a few devices with a few windows each. */
const STREAMS_AT_MOST = 10

/** The inbox as a live stream. */
export function notificationEventRoute(app: App, { asking, closing, log }: HttpParts): void {
  const { sql } = asking.database
  const watch = startInboxWatch({ sql, log, closing })
  app.addHook('onClose', () => watch.close())
  const streams = new Map<string, number>()

  app.get(
    '/api/notifications/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['lockin'],
        summary: 'The inbox as server-sent events',
        description:
          '`notification` is one that is new or has changed (it was read on another device, an invite was answered): it ' +
          'takes the place of what the client has under its id. `unread` says how many are unread, first of all and ' +
          'whenever that changed. `reload` says that more happened than is told one by one: the inbox is to be read ' +
          'again. Listen first, then read the inbox, and nothing is missed. `Last-Event-ID` resumes; some may come ' +
          `twice then. A stream ends after ten minutes, and one person has at most ${STREAMS_AT_MOST} of them.`,
        response: {
          200: { description: 'Events.', content: { 'text/event-stream': { schema: z.string() } } },
        },
      },
    },
    async (request, reply) => {
      const recipientId = await profileOf(request, sql)
      const signal = untilGone(reply, closing)
      const leave = enter(streams, recipientId)
      try {
        const start = await beginning(sql, recipientId, request.headers['last-event-id'])
        const events = eventsOf(watch, { recipientId, ...start, signal })
        // Whoever goes away ends the stream, and that ends the generator; one chunk waits at most.
        const stream = Readable.from(events, { objectMode: true, highWaterMark: 1 })
        stream.once('close', leave)
        void reply.headers({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
        return reply.send(stream as unknown as string)
      } catch (error) {
        leave()
        throw error
      }
    },
  )
}

/** Counts one more stream of a person; returns how to count it no more. */
function enter(streams: Map<string, number>, recipientId: string): () => void {
  const open = streams.get(recipientId) ?? 0
  if (open >= STREAMS_AT_MOST)
    throw new HttpProblem(429, 'too-many-streams', 'You listen with as many devices as one person can.', {
      headers: { 'retry-after': '60' },
    })
  streams.set(recipientId, open + 1)
  return () => {
    const left = (streams.get(recipientId) ?? 1) - 1
    if (left === 0) streams.delete(recipientId)
    else streams.set(recipientId, left)
  }
}

/** Where a stream begins: where the last one ended, or now. A position that this server cannot have given is none. */
async function beginning(sql: Sql, recipientId: string, lastEventId: string | string[] | undefined) {
  const { position, unread, seen } = await inboxNow(sql, recipientId)
  const last =
    typeof lastEventId === 'string' && /^\d{1,19}$/.test(lastEventId) ? BigInt(lastEventId) : undefined
  return last !== undefined && last <= position
    ? { since: last, told: new Map<string, Position>(), unread, isKnown: true }
    : { since: position, told: seen, unread, isKnown: lastEventId === undefined }
}

/**
 * What comes into an inbox, in the words of the event stream format, one chunk for each look. An event's id is where to
 * resume: until the last one of a look, that is where the look began.
 */
export async function* eventsOf(
  watch: InboxWatch,
  options: {
    recipientId: string
    since: Position
    /** What was written since then and needs no telling. */
    told: Map<string, Position>
    unread: number
    /** False when the client resumes from somewhere unknown, and may have missed anything. */
    isKnown: boolean
    signal: AbortSignal
    keepAlive?: number
    atMost?: number
  },
): AsyncGenerator<string> {
  const { recipientId, since, isKnown, signal, keepAlive = KEEP_ALIVE, atMost = STREAM_AT_MOST } = options
  const endsAt = performance.now() + atMost
  const listener: Listener = { recipientId, since, told: options.told }
  let { unread } = options

  const first = [...(isKnown ? [] : [reload]), ['unread', { unread }] as const]
  yield `retry: 1000\n\n${inWords(first, since, since)}`
  while (!signal.aborted && performance.now() < endsAt) {
    const before = listener.since
    const told = await watch.next(listener, Math.min(keepAlive, endsAt - performance.now()), signal)
    if (!told) {
      yield ': still here\n\n'
      continue
    }
    const events = told.tooMuch
      ? [reload]
      : told.fresh.map(({ notification }) => ['notification', notification] as const)
    const counted = told.unread === unread ? [] : [['unread', { unread: told.unread }] as const]
    yield inWords([...events, ...counted], before, listener.since)
    unread = told.unread
  }
}

type Event = readonly [name: string, data: object]

const reload: Event = ['reload', {}]

function inWords(events: Event[], before: Position, after: Position): string {
  return events
    .map(([name, data], index) => {
      const id = index === events.length - 1 ? after : before
      return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`
    })
    .join('')
}
