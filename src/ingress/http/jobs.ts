import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Seen } from '../../jobs/ledger/read.ts'
import { cancel } from '../../jobs/ledger/steer.ts'
import { seconds } from '../../shared/time.ts'
import type { App, HttpParts } from './app.ts'
import { untilGone } from './asking/outcome.ts'
import { WAIT_AT_MOST } from './asking/prefer.ts'
import { HttpProblem, notFound } from './answers/problems.ts'
import { isKnown, notModified } from './answers/not-modified.ts'
import { etagOf, isSettled, mayWatch, publicState, receipt, receiptOf } from './answers/receipt.ts'
import type { StatusLinks } from './answers/status-link.ts'
import { eventsOf } from './answers/stream.ts'

const params = z.object({ id: z.guid().toLowerCase() })
const sig = z.string().max(200).optional().meta({ description: 'The signature of a status link.' })
const wait = z.coerce
  .number()
  .int()
  .min(0)
  .optional()
  .meta({
    description: `Seconds to wait for the job to settle (with If-None-Match: for any change), at most ${WAIT_AT_MOST}.`,
  })

/** Watching and cancelling jobs: for their owners, server keys of the product, and holders of a status link. */
export function jobRoutes(app: App, parts: HttpParts): void {
  const { asking, watch, links, closing, log } = parts
  const { run } = asking.database

  /** Who may not watch a job is told that there is none. */
  const visible = (request: FastifyRequest, row: Seen | undefined): Seen => {
    if (!row || !(request.viaLink || mayWatch(request.callers, row))) throw notFound('job')
    return row
  }

  app.get(
    '/:id',
    {
      schema: {
        tags: ['jobs'],
        summary: 'The receipt of a job',
        params,
        querystring: z.strictObject({ wait, sig }),
        response: { 200: receipt, 304: z.null().meta({ description: 'Nothing has changed.' }) },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const patience = seconds(Math.min(request.query.wait ?? 0, WAIT_AT_MOST))
      let row = visible(request, await watch.see(id))
      const known = request.headers['if-none-match']
      const isNews =
        known === undefined ? isSettled : (now: Seen) => isSettled(now) || !isKnown(known, etagOf(now))
      if (patience > 0 && !isNews(row))
        row = visible(request, await watch.until(id, isNews, patience, { signal: untilGone(reply, closing) }))

      const etag = etagOf(row)
      void reply.headers({
        etag,
        'cache-control': 'private, no-cache',
        vary: 'authorization, origin, x-millrace-key',
      })
      if (isKnown(known, etag)) return notModified(reply)
      return receiptOf(row, mayWatch(request.callers, row) ? links : undefined)
    },
  )

  app.get(
    '/:id/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['jobs'],
        summary: 'What happens to a job, as server-sent events',
        description:
          'Events are named waiting, active, progress, delayed, completed, failed and cancelled, and begin with the round that ' +
          'the receipt is about. `Last-Event-ID` resumes; ' +
          'the stream ends after the job has settled, and 204 says that nothing more will come.',
        params,
        querystring: z.strictObject({ sig }),
        response: {
          200: { description: 'Events.', content: { 'text/event-stream': { schema: z.string() } } },
          204: z.null().meta({ description: 'Nothing more will come.' }),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const row = visible(request, await watch.see(id))
      const after = Math.min(lastEventId(request.headers['last-event-id']), row.last_event)
      if (isSettled(row) && after >= row.last_event) return reply.code(204).send(null)

      const signal = untilGone(reply, closing)
      // Whoever comes for the first time is not told how earlier rounds ended: it would be taken for the end of this one.
      const since = after > 0 ? 0 : row.round
      const events = eventsOf({ watch, run, log }, { id, after, since, signal })
      void reply.headers({
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      // Whoever goes away ends the stream, and that ends the generator; one chunk waits at most.
      return reply.send(Readable.from(events, { objectMode: true, highWaterMark: 1 }) as unknown as string)
    },
  )

  app.delete(
    '/:id',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Cancels a job',
        description:
          '200 once it is cancelled, 202 while it still stops or takes back what it did; 409 when it had settled otherwise.',
        params,
        response: { 200: receipt, 202: receipt },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      visible(request, await watch.see(id))
      const steered = await cancel(run, id, request.callers[0]?.id ?? 'nobody')
      if (steered?.ticket) asking.dispatcher.dispatch(steered.ticket)
      if (steered) asking.tell(id)
      const row = visible(request, await watch.see(id))
      const state = publicState(row)
      if (state === 'completed' || state === 'failed')
        throw new HttpProblem(
          409,
          'already-settled',
          `The job has ${state === 'failed' ? 'failed' : 'completed'} already.`,
        )
      return reply.code(state === 'cancelled' ? 200 : 202).send(receiptOf(row, links))
    },
  )
}

/** True when the address of a request carries a status link to its job. Links are for looking only. */
export function opensByLink(request: FastifyRequest, links: StatusLinks): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  const { id } = request.params as { id?: string }
  const given = (request.query as { sig?: unknown }).sig
  return typeof given === 'string' && links.opens((id ?? '').toLowerCase(), given)
}

function lastEventId(header: string | string[] | undefined): number {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : 0
}
