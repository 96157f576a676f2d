import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { memberRoles } from '../../../domains/lockin/groups.ts'
import {
  addMember,
  changeMember,
  listMembers,
  removeMember,
  type Member,
} from '../../../domains/lockin/members.ts'
import type { Tx } from '../../../shared/database.ts'
import { missingOr } from '../../../shared/text.ts'
import { HttpProblem, notFound } from '../answers/problems.ts'
import type { App, HttpParts } from '../app.ts'
import { once } from '../asking/once.ts'
import { inTransaction } from '../transaction.ts'
import { profileOf } from './caller.ts'
import { targetMinutes } from './group-shapes.ts'
import { askForMilestones } from './milestones.ts'

const shownMember = z
  .object({
    id: z.uuid(),
    group_id: z.uuid(),
    user_id: z.uuid(),
    display_name: z.string().nullable(),
    avatar_url: z.string().nullable(),
    role: z.enum(memberRoles),
    override_period_target_minutes: z
      .int()
      .nullable()
      .meta({ description: "Their own target; null means the group's." }),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'LockinMember' })

const id = z.guid().toLowerCase()
const ofGroup = z.object({ id })
const ofMember = z.object({ id, userId: id })

const newMember = z
  .strictObject({ user_id: z.guid({ error: missingOr('must be the UUID of a profile') }).toLowerCase() })
  .meta({ id: 'LockinNewMember' })

const changes = z
  .strictObject({
    override_period_target_minutes: targetMinutes.nullable().optional(),
    role: z
      .enum(memberRoles, { error: `must be one of ${memberRoles.join(', ')}` })
      .optional()
      .meta({ description: 'For the owner. `owner` hands the group over; the one before becomes an admin.' }),
  })
  .meta({ id: 'LockinMemberChanges', description: 'What is left out stays as it is; null clears.' })

/** Who is in a group, and what they may. */
export function memberRoutes(app: App, { asking }: HttpParts): void {
  const { database } = asking

  /** Another target, or one member less, may be what makes the rest reach theirs. */
  const askWhatIsReached = (tx: Tx, request: FastifyRequest, groupId: string): Promise<void> => {
    const now = new Date()
    return askForMilestones(tx, asking, request, { groupId, from: now, to: now })
  }

  app.get(
    '/api/groups/:id/members',
    {
      schema: {
        tags: ['lockin'],
        summary: 'Everybody in a group, the owner and the admins first',
        params: ofGroup,
        response: { 200: z.array(shownMember) },
      },
    },
    async (request) => {
      const userId = await profileOf(request, database.sql)
      const members = await listMembers(database.sql, userId, request.params.id)
      if (members.length === 0) throw notFound('group')
      return members.map(told)
    },
  )

  app.post(
    '/api/groups/:id/members',
    {
      schema: {
        tags: ['lockin'],
        summary: 'Lets somebody into a group',
        description: 'For its owner and admins.',
        params: ofGroup,
        body: newMember,
        response: { 201: shownMember },
      },
    },
    async (request, reply) => {
      const byUser = await profileOf(request, database.sql)
      const { id: groupId } = request.params
      const { user_id: userId } = request.body
      const member = await inTransaction(database, (tx) =>
        once(tx, request, {
          make: () => addMember(tx, byUser, groupId, userId),
          // Told to those who may see it by now.
          again: async (id) => {
            const members = await listMembers(tx, byUser, groupId)
            if (members.length === 0) throw notFound('group')
            return members.find((each) => each.id === id)
          },
          idOf: (made) => made.id,
        }),
      )
      return reply.code(201).send(told(member))
    },
  )

  app.patch(
    '/api/groups/:id/members/:userId',
    {
      schema: {
        tags: ['lockin'],
        summary: "Changes a member's own target or role",
        description: 'The target for owner and admins, the role for the owner alone.',
        params: ofMember,
        body: changes,
        response: { 200: shownMember },
      },
    },
    async (request) => {
      const byUser = await profileOf(request, database.sql)
      if (Object.values(request.body).every((value) => value === undefined)) throw nothingToChange()
      const { id: groupId, userId } = request.params
      const member = await inTransaction(database, async (tx) => {
        const changed = await changeMember(tx, byUser, { groupId, userId }, request.body)
        await askWhatIsReached(tx, request, groupId)
        return changed
      })
      return told(member)
    },
  )

  app.delete(
    '/api/groups/:id/members/:userId',
    {
      schema: {
        tags: ['lockin'],
        summary: 'Takes a member out of a group, or leaves it',
        description:
          'The owner may take out everybody else, admins plain members, and everybody but the owner may leave. What they ' +
          'logged stays.',
        params: ofMember,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const byUser = await profileOf(request, database.sql)
      const { id: groupId, userId } = request.params
      await inTransaction(database, async (tx) => {
        await removeMember(tx, byUser, groupId, userId)
        await askWhatIsReached(tx, request, groupId)
      })
      return reply.code(204).send(null)
    },
  )
}

const told = (member: Member) => ({ ...member, created_at: member.created_at.toISOString() })

const nothingToChange = (): HttpProblem =>
  new HttpProblem(
    400,
    'nothing-to-change',
    `Nothing to change: send at least one of ${Object.keys(changes.shape).join(', ')}.`,
  )
