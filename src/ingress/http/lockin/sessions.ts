import { z } from 'zod'
import {
  createSession,
  findSession,
  listParticipants,
  listSessions,
  statuses,
} from '../../../domains/lockin/sessions.ts'
import { notFound } from '../answers/problems.ts'
import type { App, HttpParts } from '../app.ts'
import { once } from '../asking/once.ts'
import { inTransaction } from '../transaction.ts'
import { addressOf } from './address.ts'
import { profileOf } from './caller.ts'
import { sessionMoveRoutes } from './session-moves.ts'
import { aboutPages, pageOf, pageQuery, uuid } from './pages.ts'
import { ofSession, participant, session } from './session-shapes.ts'

const page = pageQuery(
  {
    group_id: uuid.optional(),
    status: z.enum(statuses, { error: `must be one of ${statuses.join(', ')}` }).optional(),
  },
  { usually: 20, atMost: 100 },
)

/** Sessions: made, seen, moved by their host, joined and left by the members of their group. */
export function sessionRoutes(app: App, parts: HttpParts): void {
  const { database } = parts.asking

  app.post(
    '/api/sessions',
    {
      schema: {
        tags: ['lockin'],
        summary: 'Makes a session',
        description:
          'It waits to be started. Of a group, its members see and join it; without one it is yours alone.',
        body: z.strictObject({ group_id: uuid.nullish() }).nullish(),
        response: { 201: session },
      },
    },
    async (request, reply) => {
      const userId = await profileOf(request, database.sql)
      const made = await inTransaction(database, (tx) =>
        once(tx, request, {
          make: () => createSession(tx, userId, request.body?.group_id ?? null),
          again: (id) => findSession(tx, id, userId),
          idOf: ({ id }) => id,
        }),
      )
      return reply.code(201).header('location', addressOf('sessions', made.id)).send(made)
    },
  )

  app.get(
    '/api/sessions',
    {
      schema: {
        tags: ['lockin'],
        summary: 'The sessions of my groups and my own, newest first',
        description: aboutPages,
        querystring: page,
        response: { 200: z.array(session) },
      },
    },
    async (request, reply) => {
      const { group_id: groupId, status } = request.query
      const userId = await profileOf(request, database.sql)
      return pageOf(request, reply, request.query, (after, limit) =>
        listSessions(database.sql, userId, { groupId, status, after, limit }),
      )
    },
  )

  app.get(
    '/api/sessions/:id',
    { schema: { tags: ['lockin'], summary: 'A session', params: ofSession, response: { 200: session } } },
    async (request) => {
      const userId = await profileOf(request, database.sql)
      const found = await findSession(database.sql, request.params.id, userId)
      if (!found) throw notFound('session')
      return found
    },
  )

  app.get(
    '/api/sessions/:id/participants',
    {
      schema: {
        tags: ['lockin'],
        summary: 'Who is in a session, or was',
        params: ofSession,
        response: { 200: z.array(participant) },
      },
    },
    async (request) => {
      const userId = await profileOf(request, database.sql)
      const found = await listParticipants(database.sql, request.params.id, userId)
      if (!found) throw notFound('session')
      return found
    },
  )

  sessionMoveRoutes(app, parts)
}
