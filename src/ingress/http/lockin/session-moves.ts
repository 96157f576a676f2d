import { joinSession, leaveSession, moves, moveSession, type Move } from '../../../domains/lockin/sessions.ts'
import type { App, HttpParts } from '../app.ts'
import { inTransaction } from '../transaction.ts'
import { profileOf } from './caller.ts'
import { askForMilestones } from './milestones.ts'
import { ofSession as params, participant, session } from './session-shapes.ts'
import { verbOn } from '../verb.ts'

/** What is done with a session: its host moves it, the members of its group join and leave. */
export function sessionMoveRoutes(app: App, { asking }: HttpParts): void {
  const { database } = asking

  for (const move of moves) {
    app.post(
      verbOn('/api/sessions', move),
      {
        schema: {
          tags: ['lockin'],
          summary: summaries[move],
          description:
            'For its host. Any other move than the session is ready for is 409 and changes nothing.',
          params,
          response: { 200: session },
        },
      },
      async (request) => {
        const userId = await profileOf(request, database.sql)
        return inTransaction(database, async (tx) => {
          const moved = await moveSession(tx, { id: request.params.id, userId, move })
          const groupId = moved.session.group_id
          if (moved.logged) await askForMilestones(tx, asking, request, { groupId, ...moved.logged })
          return moved.session
        })
      },
    )
  }

  app.post(
    verbOn('/api/sessions', 'join'),
    {
      schema: {
        tags: ['lockin'],
        summary: 'Joins a session, or comes back to it',
        description: 'In a session that runs, the time of who joins runs from now.',
        params,
        response: { 200: participant },
      },
    },
    async (request) => {
      const userId = await profileOf(request, database.sql)
      return inTransaction(database, (tx) => joinSession(tx, request.params.id, userId))
    },
  )

  app.post(
    verbOn('/api/sessions', 'leave'),
    {
      schema: {
        tags: ['lockin'],
        summary: 'Leaves a session',
        description: 'The time that ran becomes a log. What was logged stays, and one may join again.',
        params,
        response: { 200: participant },
      },
    },
    async (request) => {
      const userId = await profileOf(request, database.sql)
      return inTransaction(database, async (tx) => {
        const { logged, groupId, participant: left } = await leaveSession(tx, request.params.id, userId)
        if (logged) await askForMilestones(tx, asking, request, { groupId, ...logged })
        return left
      })
    },
  )
}

const summaries: Record<Move, string> = {
  start: 'Starts a session: the time of everybody in it runs',
  pause: 'Pauses a session: the time that ran becomes logs',
  resume: 'Resumes a session: the time of everybody in it runs again',
  stop: 'Ends a session: the time that ran becomes logs',
  cancel: 'Cancels a session that was not started',
}
