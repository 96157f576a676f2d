import { z } from 'zod'
import {
  answerInvite,
  findInvite,
  inviteMember,
  withdrawInvite,
  type Invited,
} from '../../../domains/lockin/invites.ts'
import { missingOr } from '../../../shared/text.ts'
import type { App, HttpParts } from '../app.ts'
import { once } from '../asking/once.ts'
import { inTransaction } from '../transaction.ts'
import { profileOf } from './caller.ts'
import { notification } from './notifications.ts'
import { verbOn } from '../verb.ts'

const params = z.object({ id: z.guid().toLowerCase() })

const answers = [
  { verb: 'accept', answer: 'accepted', summary: 'Accepts an invite: the person is a member then' },
  { verb: 'decline', answer: 'declined', summary: 'Declines an invite' },
] as const

/** Invites are notifications: made by the group's owner and admins, answered once by whom they are for. */
export function inviteRoutes(app: App, { asking }: HttpParts): void {
  const { database } = asking

  app.post(
    verbOn('/api/groups', 'invite'),
    {
      schema: {
        tags: ['lockin'],
        summary: 'Invites somebody to a group',
        description:
          'For its owner and admins. Whoever has an invite that waits for an answer gets no second one.',
        params,
        body: z.strictObject({
          recipient_id: z.guid({ error: missingOr('must be the UUID of a profile') }).toLowerCase(),
        }),
        response: {
          200: notification.meta({
            description:
              'It was there already: one that waits for an answer, or what the same request made before.',
          }),
          201: notification,
        },
      },
    },
    async (request, reply) => {
      const by = await profileOf(request, database.sql)
      const { id: groupId } = request.params
      const { recipient_id: recipientId } = request.body
      const { invite, made } = await inTransaction(database, (tx) =>
        once<Invited>(tx, request, {
          make: () => inviteMember(tx, { groupId, recipientId, by }),
          again: async (id) => {
            const known = await findInvite(tx, { groupId, id, by })
            return known && { invite: known, made: false }
          },
          idOf: (made) => made.invite.id,
        }),
      )
      return reply.code(made ? 201 : 200).send(invite)
    },
  )

  for (const { verb, answer, summary } of answers)
    app.post(
      verbOn('/api/invites', verb),
      {
        schema: {
          tags: ['lockin'],
          summary,
          description: 'Once: the same again is answered the same, the other answer with 409.',
          params,
          response: { 200: notification },
        },
      },
      async (request) => {
        const by = await profileOf(request, database.sql)
        return inTransaction(database, (tx) => answerInvite(tx, { id: request.params.id, by, answer }))
      },
    )

  app.post(
    verbOn('/api/invites', 'withdraw'),
    {
      schema: {
        tags: ['lockin'],
        summary: 'Withdraws an invite that waits for an answer',
        description: "For the group's owner and admins.",
        params,
        response: { 200: notification },
      },
    },
    async (request) => {
      const by = await profileOf(request, database.sql)
      return inTransaction(database, (tx) => withdrawInvite(tx, { id: request.params.id, by }))
    },
  )
}
