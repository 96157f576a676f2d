import { z } from 'zod'
import {
  changeGroup,
  cloneGroup,
  createGroup,
  findGroup,
  listGroups,
} from '../../../domains/lockin/groups.ts'
import { HttpProblem, notFound } from '../answers/problems.ts'
import type { App, HttpParts } from '../app.ts'
import { once } from '../asking/once.ts'
import { inTransaction } from '../transaction.ts'
import { addressOf } from './address.ts'
import { profileOf } from './caller.ts'
import { groupChanges, groupPage, newGroup, shownGroup, tellGroup } from './group-shapes.ts'
import { aboutPages, pageOf } from './pages.ts'
import { askForMilestones } from './milestones.ts'
import { verbOn } from '../verb.ts'

const params = z.object({ id: z.guid().toLowerCase() })

/** The groups somebody is in: made, changed, and begun once more. */
export function groupRoutes(app: App, { asking }: HttpParts): void {
  const { database } = asking

  app.post(
    '/api/groups',
    {
      schema: {
        tags: ['lockin'],
        summary: 'Makes a group',
        description: 'It belongs to the caller. One that starts in the future is pending until then.',
        body: newGroup,
        response: { 201: shownGroup },
      },
    },
    async (request, reply) => {
      const userId = await profileOf(request, database.sql)
      const group = await inTransaction(database, (tx) =>
        once(tx, request, {
          make: () => createGroup(tx, userId, request.body),
          again: (id) => findGroup(tx, userId, id),
          idOf: (made) => made.id,
        }),
      )
      return reply.code(201).header('location', addressOf('groups', group.id)).send(tellGroup(group))
    },
  )

  app.get(
    '/api/groups',
    {
      schema: {
        tags: ['lockin'],
        summary: "The caller's groups, the newest first",
        description: aboutPages,
        querystring: groupPage,
        response: { 200: z.array(shownGroup) },
      },
    },
    async (request, reply) => {
      const userId = await profileOf(request, database.sql)
      const { status } = request.query
      const groups = await pageOf(request, reply, request.query, (after, limit) =>
        listGroups(database.sql, userId, { status, after, limit }),
      )
      return groups.map(tellGroup)
    },
  )

  app.get(
    '/api/groups/:id',
    {
      schema: { tags: ['lockin'], summary: 'A group of the caller', params, response: { 200: shownGroup } },
    },
    async (request) => {
      const userId = await profileOf(request, database.sql)
      const group = await findGroup(database.sql, userId, request.params.id)
      if (!group) throw notFound('group')
      return tellGroup(group)
    },
  )

  app.patch(
    '/api/groups/:id',
    {
      schema: {
        tags: ['lockin'],
        summary: 'Changes a group',
        description: 'For its owner and admins. What it counts by and when it starts stay as they are.',
        params,
        body: groupChanges,
        response: { 200: shownGroup },
      },
    },
    async (request) => {
      const userId = await profileOf(request, database.sql)
      if (Object.values(request.body).every((value) => value === undefined)) throw nothingToChange()
      const { id: groupId } = request.params
      const group = await inTransaction(database, async (tx) => {
        const changed = await changeGroup(tx, userId, groupId, request.body)
        const now = new Date()
        await askForMilestones(tx, asking, request, { groupId, from: now, to: now })
        return changed
      })
      return tellGroup(group)
    },
  )

  app.post(
    verbOn('/api/groups', 'clone'),
    {
      schema: {
        tags: ['lockin'],
        summary: 'Begins a group once more',
        description:
          'Any member may, also of an archived one. The new group belongs to the caller, begins now and lasts as long ' +
          'on the clocks of its zone; everybody is in it as they were.',
        params,
        response: { 201: shownGroup },
      },
    },
    async (request, reply) => {
      const userId = await profileOf(request, database.sql)
      const group = await inTransaction(database, (tx) =>
        once(tx, request, {
          make: () => cloneGroup(tx, userId, request.params.id),
          again: (id) => findGroup(tx, userId, id),
          idOf: (made) => made.id,
        }),
      )
      return reply.code(201).header('location', addressOf('groups', group.id)).send(tellGroup(group))
    },
  )
}

const nothingToChange = (): HttpProblem =>
  new HttpProblem(
    400,
    'nothing-to-change',
    `Nothing to change: send at least one of ${Object.keys(groupChanges.shape).join(', ')}.`,
  )
