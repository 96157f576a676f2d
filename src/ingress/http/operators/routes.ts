import { z } from 'zod'
import { readiness } from '../../../domains/anki/profiles.ts'
import { cognitoUserId } from '../../../domains/anki/user-id.ts'
import { listRejected, readRejected } from '../../../jobs/ledger/messages.ts'
import { history, type HistoryEntry } from '../../../jobs/ledger/read.ts'
import { cancel, redrive, undoOnceMore } from '../../../jobs/ledger/steer.ts'
import type { Run } from '../../../shared/database.ts'
import type { App, HttpParts } from '../app.ts'
import { HttpProblem, notFound } from '../answers/problems.ts'
import { receipt, receiptOf } from '../answers/receipt.ts'
import { boardRoutes } from './board.ts'
import { mayChange, type Login } from './login.ts'

const operators = { tags: ['operators'], security: [{ operator: [] }] }
const params = z.object({ id: z.guid().toLowerCase() })
const time = z.string().meta({ format: 'date-time' })
const uuid = z.string().meta({ format: 'uuid' })

const wholeJob = z
  .object({
    job: receipt.omit({ statusUrl: true }).extend({
      internalState: z.enum([...receipt.shape.state.options, 'cancelling', 'undoing']),
      owner: z.string().nullable(),
      queue: z.string(),
      ticket: z.number(),
      verdict: z.enum(['failed', 'cancelled']).nullable(),
      undo: z.enum(['pending', 'done', 'stuck']).nullable(),
      trace: z.string(),
    }),
    history: z.array(
      z.object({
        seq: z.number(),
        at: time,
        kind: z.string(),
        round: z.number(),
        attempt: z.number(),
        actor: z.string().nullable().meta({ description: 'Who asked for it, where somebody did.' }),
        detail: z.record(z.string(), z.unknown()).nullable(),
      }),
    ),
  })
  .meta({
    id: 'OperatorsJob',
    description: 'All that the ledger tells of a job, the oldest of its history first.',
  })

const keptMessage = z.object({
  id: uuid,
  source: z.string(),
  messageId: z.string(),
  reason: z.string(),
  receivedAt: z.date(),
})
const keptMessages = z.object({ messages: z.array(keptMessage) }).meta({ id: 'OperatorsMessages' })
const wholeMessage = keptMessage.extend({ body: z.string() }).meta({ id: 'OperatorsMessage' })

const ankiUser = z
  .object({ profile: z.boolean(), collection: z.boolean(), ready: z.boolean(), path: z.string() })
  .meta({ id: 'OperatorsAnkiUser' })

/** What operators see and do. Mounted only when there are operators. */
export function operatorRoutes(app: App, parts: HttpParts, login: Login): void {
  const { asking, watch, collections } = parts
  const { run, sql } = asking.database

  app.addHook('onRequest', (request) => login.check(request))
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers({
      'cache-control': 'no-store',
      'x-frame-options': 'SAMEORIGIN',
      'x-content-type-options': 'nosniff',
    })
    done()
  })
  boardRoutes(app, asking.dispatcher)

  app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/operators/queues'))

  app.get(
    '/jobs/:id([^:/]+)',
    {
      schema: { ...operators, summary: 'A job with its whole history', params, response: { 200: wholeJob } },
    },
    async (request) => {
      const row = await watch.see(request.params.id)
      if (!row) throw notFound('job')
      const { state, owner, queue, ticket, verdict, undo, trace } = row
      const job = {
        ...receiptOf(row, undefined),
        internalState: state,
        owner,
        queue,
        ticket,
        verdict,
        undo,
        trace,
      }
      return { job, history: await wholeHistory(run, row.id) }
    },
  )

  /** Each changes the ledger in one statement, with the operator's name in the history, then tells Redis. */
  const steerings = { cancel, redrive, undo: undoOnceMore }
  for (const [verb, steer] of Object.entries(steerings)) {
    app.post(
      `/jobs/:id([^:/]+)::${verb}`,
      {
        schema: {
          ...operators,
          summary: summaries[verb as keyof typeof steerings],
          params,
          response: { 202: receipt },
        },
      },
      async (request, reply) => {
        mayChange(request)
        const { id } = request.params
        const steered = await steer(run, id, `operator:${request.operator?.name}`)
        if (steered?.ticket) asking.dispatcher.dispatch(steered.ticket)
        if (steered) asking.tell(id)
        const row = await watch.see(id)
        if (!row) throw notFound('job')
        if (!steered)
          throw new HttpProblem(409, 'wrong-state', `A job that is ${row.state} allows no ${verb}.`)
        return reply.code(202).header('location', `/operators/jobs/${id}`).send(receiptOf(row, undefined))
      },
    )
  }

  app.get(
    '/messages',
    {
      schema: {
        ...operators,
        summary: 'Messages of the event queue that could not be read, newest first',
        querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
        response: { 200: keptMessages },
      },
    },
    async (request) => ({ messages: await listRejected(run, request.query.limit) }),
  )

  app.get(
    '/messages/:id([^:/]+)',
    {
      schema: {
        ...operators,
        summary: 'One such message with its body',
        params,
        response: { 200: wholeMessage },
      },
    },
    async (request) => {
      const message = await readRejected(run, request.params.id)
      if (!message) throw notFound('message')
      return message
    },
  )

  app.get(
    '/anki/users/:id([^:/]+)',
    {
      schema: {
        ...operators,
        summary: 'How far an Anki user is, and where the collection is',
        params: z.object({ id: cognitoUserId }),
        response: { 200: ankiUser },
      },
    },
    async (request) => {
      const { id } = request.params
      return { ...(await readiness(sql, collections, id)), path: collections.path(id) }
    },
  )
}

const summaries = {
  cancel: 'Cancels a job that is not settled',
  redrive: 'Begins a new round of a failed or cancelled job',
  undo: 'Runs the undo of a failed or cancelled job once more',
}

async function wholeHistory(run: Run, id: string): Promise<z.output<typeof wholeJob>['history']> {
  const entries: HistoryEntry[] = []
  for (;;) {
    const page = await history(run, id, entries.at(-1)?.seq ?? 0)
    entries.push(...page)
    if (page.length < 1000)
      return entries.map(({ at, ...entry }) => Object.assign(entry, { at: new Date(at).toISOString() }))
  }
}
