import { Readable } from 'node:stream'
import { z } from 'zod'
import { NotTheirs, theirChild } from '../../../domains/iep/children.ts'
import { isSettled, progressOf } from '../../../domains/iep/progress.ts'
import type { App, HttpParts } from '../app.ts'
import { untilGone } from '../asking/outcome.ts'
import { parentOf } from './parent.ts'
import { digestOf, eventsOf, startProgressWatch } from './progress-events.ts'
import { languageState, problem, rejectedUpload } from './shown-document.ts'

const params = z.object({ childId: z.string() })

const progress = z
  .object({
    iepId: z.string().nullable(),
    status: z.enum(['PROCESSING', 'OCR_COMPLETED', 'OCR_FAILED', 'PROCESSED', 'FAILED']).nullable(),
    percent: z.number(),
    step: z.enum([
      'no document',
      'waiting for the file',
      'waiting for consent',
      'waiting in line',
      'reading',
      'removing personal data',
      'summarising',
      'translating',
      'done',
      'failed',
    ]),
    pages: z.object({ read: z.number(), total: z.number().nullable() }),
    languages: z.object({ en: languageState, es: languageState, zh: languageState, vi: languageState }),
    waitingFor: z.literal('consent').optional(),
    problem: problem.optional(),
    rejectedUpload: rejectedUpload.optional(),
    placeInLine: z
      .number()
      .meta({ description: "Other parents' documents that came earlier; 0 once this one is worked on." }),
    expectedSeconds: z
      .number()
      .nullable()
      .meta({ description: 'What is left, by the recent history; null when nothing can be said.' }),
  })
  .meta({ id: 'IepProgress' })

/** What a waiting page shows, to be asked for again and again or to be listened to. */
export function progressRoutes(app: App, parts: HttpParts): void {
  const { asking, closing, log } = parts
  const { sql } = asking.database
  const watch = startProgressWatch({ sql, log, closing })
  app.addHook('onClose', () => watch.close())

  const theirProgress = async (userId: string, given: string) => {
    const childId = await theirChild(sql, userId, given)
    const now = (await progressOf(sql, [childId])).get(childId)
    if (!now) throw new NotTheirs()
    return { childId, now }
  }

  app.get(
    '/profile/children/:childId/documents/progress',
    {
      schema: {
        tags: ['iep'],
        summary: "How far a child's document is",
        params,
        response: { 200: progress },
      },
    },
    async (request) => {
      const { now } = await theirProgress(parentOf(request), request.params.childId)
      return now
    },
  )

  app.get(
    '/profile/children/:childId/documents/progress/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['iep'],
        summary: 'The same as server-sent events',
        description:
          'An event named progress whenever something has changed; `Last-Event-ID` resumes without repeating. The ' +
          'stream ends when nothing will change by itself any more, and 204 says that it is so already.',
        params,
        response: {
          200: { description: 'Events.', content: { 'text/event-stream': { schema: z.string() } } },
          204: z.null().meta({ description: 'Nothing more will come.' }),
        },
      },
    },
    async (request, reply) => {
      const { childId, now } = await theirProgress(parentOf(request), request.params.childId)
      const last = request.headers['last-event-id']
      if (isSettled(now) && last === digestOf(now)) return reply.code(204).send(null)

      const signal = untilGone(reply, closing)
      const events = eventsOf(watch, {
        childId,
        now,
        told: typeof last === 'string' ? last : undefined,
        signal,
      })
      void reply.headers({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
      // Whoever goes away ends the stream, and that ends the generator; one chunk waits at most.
      return reply.send(Readable.from(events, { objectMode: true, highWaterMark: 1 }) as unknown as string)
    },
  )
}
