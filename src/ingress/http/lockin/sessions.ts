import { z } from 'zod'
import {
  createSession,
  findSession,
  listParticipants,
  listSessions,
  statuses,
} from '../../../domains/lockin/sessions.ts'
import { missing } from '../../../shared/text.ts'
import { notFound } from '../answers/problems.ts'
import type { App, HttpParts } from '../app.ts'
import { once } from '../asking/once.ts'
import { inTransaction } from '../transaction.ts'
import { profileOf } from './caller.ts'
import { sessionMoveRoutes } from './session-moves.ts'
import { givenTime, ofSession, participant, session, uuid } from './session-shapes.ts'

const page = z
  .object({
    group_id: uuid.optional(),
    status: z.enum(statuses, { error: `must be one of ${statuses.join(', ')}` }).optional(),
    cursor_created_at: givenTime.optional(),
    cursor_id: uuid.optional(),
    limit: z.coerce.number().int().min(1).max(100).default(20),
  })
  .refine((query) => (query.cursor_created_at === undefined) === (query.cursor_id === undefined), {
    error: missing,
    when: ({ issues }) => issues.length === 0,
  })

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
      return reply.code(201).send(made)
    },
  )

  app.get(
    '/api/sessions',
    {
      schema: {
        tags: ['lockin'],
        summary: 'The sessions of my groups and my own, newest first',
        description:
          'The next page begins after the last session of this one: its `created_at` and `id` are the cursor, and the ' +
          'Link header has the whole address while there is more.',
        querystring: page,
        response: { 200: z.array(session) },
      },
    },
    async (request, reply) => {
      const { group_id: groupId, status, limit, cursor_created_at: createdAt, cursor_id: id } = request.query
      const after = createdAt && id !== undefined ? { createdAt, id } : undefined
      const userId = await profileOf(request, database.sql)
      // One more than is shown tells whether there is another page.
      const found = await listSessions(database.sql, userId, { groupId, status, after, limit: limit + 1 })
      const shown = found.slice(0, limit)
      const last = shown.at(-1)
      if (last && found.length > limit) {
        const next = new URLSearchParams({
          ...(groupId === undefined ? {} : { group_id: groupId }),
          ...(status === undefined ? {} : { status }),
          cursor_created_at: last.created_at,
          cursor_id: last.id,
          limit: String(limit),
        })
        void reply.header('link', `<${request.routeOptions.url}?${next.toString()}>; rel="next"`)
      }
      return shown
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
