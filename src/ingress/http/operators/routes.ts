import { z } from 'zod'
import { readiness } from '../../../domains/anki/profiles.ts'
import { cognitoUserId } from '../../../domains/anki/user-id.ts'
import { listRejected, readRejected } from '../../../jobs/ledger/messages.ts'
import { history, type HistoryEntry } from '../../../jobs/ledger/read.ts'
import { cancel, redrive, undoOnceMore } from '../../../jobs/ledger/steer.ts'
import type { Run } from '../../../shared/database.ts'
import type { App, HttpParts } from '../app.ts'
import { HttpProblem, notFound } from '../answers/problems.ts'
import { receiptOf } from '../answers/receipt.ts'
import { boardRoutes } from './board.ts'
import { mayChange, type Login } from './login.ts'

const tags = ['operators']
const params = z.object({ id: z.guid().toLowerCase() })

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
    { schema: { tags, summary: 'A job with its whole history', params } },
    async (request) => {
      const row = await watch.see(request.params.id)
      if (!row) throw notFound('job')
      const { state, owner, queue, round, ticket, verdict, undo, trace } = row
      const job = {
        ...receiptOf(row, undefined),
        internalState: state,
        owner,
        queue,
        round,
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
      { schema: { tags, summary: summaries[verb as keyof typeof steerings], params } },
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
        return reply.code(202).send(receiptOf(row, undefined))
      },
    )
  }

  app.get(
    '/messages',
    {
      schema: {
        tags,
        summary: 'Messages of the event queue that could not be read, newest first',
        querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
      },
    },
    async (request) => ({ messages: await listRejected(run, request.query.limit) }),
  )

  app.get(
    '/messages/:id([^:/]+)',
    { schema: { tags, summary: 'One such message with its body', params } },
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
        tags,
        summary: 'How far an Anki user is, and where the collection is',
        params: z.object({ id: cognitoUserId }),
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

async function wholeHistory(run: Run, id: string): Promise<object[]> {
  const entries: HistoryEntry[] = []
  for (;;) {
    const page = await history(run, id, entries.at(-1)?.seq ?? 0)
    entries.push(...page)
    if (page.length < 1000)
      return entries.map(({ at, ...entry }) => Object.assign(entry, { at: new Date(at).toISOString() }))
  }
}
