import { z } from 'zod'
import { readiness } from '../../domains/anki/profiles.ts'
import { cognitoUserId } from '../../domains/anki/user-id.ts'
import { initiateUser, initiateUserBody } from '../../jobs/anki/initiate-user.ts'
import { ask } from '../../jobs/define.ts'
import type { Caller } from '../who.ts'
import type { App, HttpParts } from './app.ts'
import { forbidden, notFound } from './answers/problems.ts'
import { receipt } from './answers/receipt.ts'

const ready = z
  .object({ profile: z.boolean(), collection: z.boolean(), ready: z.boolean() })
  .meta({ id: 'AnkiReadiness', description: 'How far a user is; where things are is never told.' })

/** What the ankipi web app calls. */
export function ankiRoutes(app: App, { asking, collections, askFor }: HttpParts): void {
  app.post(
    '/users',
    {
      schema: {
        tags: ['anki'],
        summary: 'Gives a user somewhere to sync',
        description:
          'Another name for a user who exists renames the profile. `Prefer: wait=N` answers with the result.',
        body: initiateUserBody,
        response: { 200: ready, 202: receipt },
      },
    },
    (request, reply) => {
      if (!speaksFor(request.callers[0], request.body.cognito_user_id))
        throw forbidden('The token is not the one of this user.')
      return askFor(request, reply, ask(initiateUser, request.body))
    },
  )

  app.get(
    '/users/:id',
    {
      schema: {
        tags: ['anki'],
        summary: 'Whether a user is ready to sync',
        params: z.object({ id: cognitoUserId }),
        response: { 200: ready },
      },
    },
    async (request) => {
      const { id } = request.params
      if (!speaksFor(request.callers[0], id)) throw notFound('user')
      return readiness(asking.database.sql, collections, id)
    },
  )
}

function speaksFor(caller: Caller | undefined, userId: string): boolean {
  return caller?.kind === 'server' || caller?.subject === userId
}
