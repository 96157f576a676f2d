import { z } from 'zod'
import { changeLog, findLog, listLogs, logTime, removeLog } from '../../../domains/lockin/logs.ts'
import { findSession, type Session, type Span } from '../../../domains/lockin/sessions.ts'
import type { Sql } from '../../../shared/database.ts'
import { HttpProblem, notFound } from '../answers/problems.ts'
import type { App, HttpParts } from '../app.ts'
import { once } from '../asking/once.ts'
import { inTransaction } from '../transaction.ts'
import { profileOf } from './caller.ts'
import { askForMilestones } from './milestones.ts'
import { givenTime, instant, pageLimit, uuid } from './pages.ts'
import { ofSession } from './session-shapes.ts'

const timeLog = z
  .object({
    id: z.uuid(),
    participant_id: z.uuid(),
    session_id: z.uuid(),
    user_id: z.uuid(),
    started_at: instant,
    ended_at: instant,
    created_at: instant,
  })
  .meta({ id: 'LockinTimeLog' })

const ofLog = z.object({ id: uuid, logId: uuid })

/** The time somebody spent in a session: only one's own is written, seen and corrected. */
export function logRoutes(app: App, { asking }: HttpParts): void {
  const { database } = asking

  app.post(
    '/api/sessions/:id/logs',
    {
      schema: {
        tags: ['lockin'],
        summary: 'Logs time spent in a session',
        description:
          'Within the session, up to its end or now, and beside all other logs of the same person. The same log once ' +
          'more is answered with the one that is there.',
        params: ofSession,
        body: z.strictObject({ started_at: givenTime, ended_at: givenTime }),
        response: { 200: timeLog.meta({ description: 'It was there already.' }), 201: timeLog },
      },
    },
    async (request, reply) => {
      const userId = await profileOf(request, database.sql)
      const { id: sessionId } = request.params
      const span: Span = { from: request.body.started_at, to: request.body.ended_at }
      const { log, made } = await inTransaction(database, async (tx) => {
        const logged = await once(tx, request, {
          make: () => logTime(tx, sessionId, userId, span),
          again: async (logId) => {
            const known = await findLog(tx, { sessionId, logId, userId })
            return known && { log: known, made: false }
          },
          idOf: (done) => done.log.id,
        })
        const { group_id: groupId } = await seen(tx, sessionId, userId)
        if (logged.made) await askForMilestones(tx, asking, request, { groupId, ...span })
        return logged
      })
      return reply.code(made ? 201 : 200).send(log)
    },
  )

  app.get(
    '/api/sessions/:id/logs',
    {
      schema: {
        tags: ['lockin'],
        summary: 'My logs in a session, the oldest first',
        description:
          'The next page begins after the `started_at` of the last one; the Link header has the address.',
        params: ofSession,
        querystring: z.strictObject({
          cursor_started_at: givenTime.optional(),
          limit: pageLimit({ usually: 100, atMost: 500 }),
        }),
        response: { 200: z.array(timeLog) },
      },
    },
    async (request, reply) => {
      const userId = await profileOf(request, database.sql)
      const { id: sessionId } = request.params
      const { cursor_started_at: after, limit } = request.query
      await seen(database.sql, sessionId, userId)
      // One more than is shown tells whether there is another page.
      const found = await listLogs(database.sql, sessionId, userId, { after, limit: limit + 1 })
      const shown = found.slice(0, limit)
      const last = shown.at(-1)
      if (last && found.length > limit) {
        const next = new URLSearchParams({ cursor_started_at: last.started_at, limit: String(limit) })
        const [path = ''] = request.url.split('?', 1)
        void reply.header('link', `<${path}?${next.toString()}>; rel="next"`)
      }
      return shown
    },
  )

  app.patch(
    '/api/sessions/:id/logs/:logId',
    {
      schema: {
        tags: ['lockin'],
        summary: 'Corrects a log of mine',
        params: ofLog,
        body: z.strictObject({ started_at: givenTime.optional(), ended_at: givenTime.optional() }),
        response: { 200: timeLog },
      },
    },
    async (request) => {
      const userId = await profileOf(request, database.sql)
      const { id: sessionId, logId } = request.params
      const { started_at: from, ended_at: to } = request.body
      if (!from && !to) throw nothingToChange()
      return inTransaction(database, async (tx) => {
        const { log, touched } = await changeLog(tx, { sessionId, logId, userId }, { from, to })
        const { group_id: groupId } = await seen(tx, sessionId, userId)
        if (touched) await askForMilestones(tx, asking, request, { groupId, ...touched })
        return log
      })
    },
  )

  app.delete(
    '/api/sessions/:id/logs/:logId',
    {
      schema: {
        tags: ['lockin'],
        summary: 'Removes a log of mine',
        params: ofLog,
        response: { 204: z.null().meta({ description: 'It is gone.' }) },
      },
    },
    async (request, reply) => {
      const userId = await profileOf(request, database.sql)
      const { id: sessionId, logId } = request.params
      await inTransaction(database, async (tx) => {
        const touched = await removeLog(tx, { sessionId, logId, userId })
        const { group_id: groupId } = await seen(tx, sessionId, userId)
        if (touched) await askForMilestones(tx, asking, request, { groupId, ...touched })
      })
      return reply.code(204).send(null)
    },
  )
}

/** A session of one's own or of one's group; there is no other. */
async function seen(db: Sql, sessionId: string, userId: string): Promise<Session> {
  const session = await findSession(db, sessionId, userId)
  if (!session) throw notFound('session')
  return session
}

const nothingToChange = (): HttpProblem =>
  new HttpProblem(400, 'nothing-to-change', 'Nothing to change: send at least one of started_at, ended_at.')
