import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Ask } from '../../../jobs/define.ts'
import type { Failure } from '../../../jobs/ledger/rows.ts'
import { seconds } from '../../../shared/time.ts'
import type { HttpParts } from '../app.ts'
import { acceptOnce, type Asked } from './idempotency.ts'
import type { LightRuns } from './light.ts'
import { outcomeWithin, untilGone } from './outcome.ts'
import { preferredWait } from './prefer.ts'
import { HttpProblem, unavailable } from '../answers/problems.ts'
import { freshReceipt, receiptOf } from '../answers/receipt.ts'

/** How a route answers for its job. */
export interface Answering {
  /** Milliseconds the route waits for the result when the caller does not say. */
  waitMs?: number
  /** The answer when the job completed in time; 200 with the job's result unless said otherwise. */
  answer?: (result: unknown, asked: Asked) => { status: number; body: unknown }
  /** The codes with which the job gives up because of what it was asked, and the status each becomes. */
  refusals?: Readonly<Record<string, number>>
  /** What is said when there is no result yet, or none ever: the receipt, or for callers that cannot go on without a result a 503. */
  otherwise?: 'receipt' | 'unavailable'
}

/**
 * Asks for a job on behalf of a request, and answers it: 202 with the receipt and where to watch it, or, to those
 * who wait (`Prefer: wait=N`, or the route by itself), with what came of it.
 */
export type AskFor = (
  request: FastifyRequest,
  reply: Pick<FastifyReply, 'code' | 'header' | 'raw'>,
  ask: Ask,
  answering?: Answering,
) => Promise<void>

export function createAskFor(parts: Omit<HttpParts, 'askFor'> & { light: LightRuns }): AskFor {
  const { asking, watch, links, light, closing } = parts
  const run = asking.database.run

  const receiptFor = async (id: string, reply: Pick<FastifyReply, 'code'>): Promise<void> => {
    const row = await watch.see(id)
    if (!row) throw new HttpProblem(410, 'gone', 'The job this request asked for is no longer kept.')
    void accepted(reply, id).send(receiptOf(row, links))
  }

  return async (
    request,
    reply,
    ask,
    { waitMs = 0, answer = withResult, refusals = {}, otherwise = 'receipt' } = {},
  ) => {
    const preferred = preferredWait(request.headers.prefer)
    const asked = await acceptOnce(asking, request, ask)
    if (preferred !== undefined && otherwise === 'receipt')
      void reply.header('preference-applied', `wait=${preferred}`)
    const ms = preferred === undefined || otherwise === 'unavailable' ? waitMs : seconds(preferred)
    if (ms > 0) {
      const signal = untilGone(reply, closing)
      const outcome = await outcomeWithin({ watch, run, light }, { job: ask.job, entered: asked, ms, signal })
      if (outcome?.state === 'completed') {
        const { status, body } = answer(outcome.result, asked)
        void reply.code(status).send(body)
        return
      }
      if (outcome) refuse(outcome.error, refusals)
    }
    if (otherwise === 'unavailable') throw unavailable('This takes longer than it should. Please try again.')
    if (ms === 0 && asked.decision === 'entered')
      void accepted(reply, asked.id).send(freshReceipt(ask.job, asked.id, links))
    else await receiptFor(asked.id, reply)
  }
}

/**
 * The receipt is made here and has the shape its schema says, so it is written as it is. Fastify leaves it to whoever
 * brings a serializer to say what it makes.
 */
const accepted = (reply: Pick<FastifyReply, 'code'>, id: string) =>
  reply
    .code(202)
    .headers({ location: `/jobs/${id}`, 'content-type': 'application/json; charset=utf-8' })
    .serializer(JSON.stringify)

const withResult = (result: unknown) => ({ status: 200, body: result })

/** A job that gave up because of what it was asked tells the caller so; any other end is on the receipt. */
function refuse({ code, message }: Failure, refusals: Readonly<Record<string, number>>): void {
  const status = Object.hasOwn(refusals, code) ? refusals[code] : undefined
  if (status !== undefined) throw new HttpProblem(status, code, message)
}
