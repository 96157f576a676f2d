import { z } from 'zod'
import { changeUser, deactivateUser, type UserChanges } from '../../../domains/prework/change-user.ts'
import { createUser } from '../../../domains/prework/create-user.ts'
import { listUsers, readUser, readUserByEmail } from '../../../domains/prework/users.ts'
import type { App } from '../app.ts'
import { addressOf } from './address.ts'
import type { Actor, Session } from './caller.ts'
import { id, ofId, versionAsked } from './fields.ts'
import { nothingToChange } from './nothing-to-change.ts'
import { askedOnce } from './once.ts'
import { cursorAfter, pageAsked, type ListName } from './pages.ts'
import { known, shownProfile, tellProfile } from './profile-shapes.ts'
import {
  namedUserChanges,
  newUser,
  shownUser,
  shownUsers,
  tellUser,
  userChanges,
  userQuery,
} from './user-shapes.ts'

const tags = ['prework']
const oneUser = z.object({ user: shownUser })

/** Who works with Pre-Work: found, listed, made, changed, deactivated; as the guide has it, and with the id in the path. */
export function userRoutes(app: App, actor: Actor): void {
  app.get(
    '/api/users',
    {
      schema: {
        tags,
        summary: 'One user by id or address, those of a role, or all who are active',
        description:
          'Lists are for supervisors, administrators and auditors. They follow changes after a moment, in no order that ' +
          'means anything; those of a role hold who was deactivated as well.',
        querystring: userQuery,
        response: { 200: z.union([oneUser, shownUsers]) },
      },
    },
    async (request) => {
      const { store, by } = await actor(request)
      const { id: userId, email, role, ...asked } = request.query
      if (userId !== undefined) return { user: tellUser(await readUser(store, by, userId)) }
      if (email !== undefined) return { user: tellUser(await readUserByEmail(store, by, email)) }
      const list: ListName = role === undefined ? ['users', 'active'] : ['users', 'role', role]
      const page = await listUsers(store, by, role, pageAsked(list, asked))
      const next = cursorAfter(list, page, ({ userId }) => userId)
      return { users: page.items.map(tellUser), nextCursor: next }
    },
  )

  app.post(
    '/api/users',
    {
      schema: {
        tags,
        summary: 'Makes a user and their profile',
        description:
          'For administrators, and for supervisors who make somebody with the role `user`. Addresses are unique without ' +
          'regard to case. With an `Idempotency-Key` the same request makes one user, however often it comes.',
        body: newUser,
        response: { 201: z.object({ user: shownUser, profile: shownProfile }) },
      },
    },
    async (request, reply) => {
      const { store, by } = await actor(request)
      const { user, profile } = await createUser(store, by, known(request.body), askedOnce(request))
      return reply
        .code(201)
        .header('location', addressOf('users', user.userId))
        .send({ user: tellUser(user), profile: tellProfile(profile) })
    },
  )

  app.put(
    '/api/users',
    { schema: { tags, summary: 'Changes a user', body: namedUserChanges, response: { 200: oneUser } } },
    async (request) => {
      const { userId, ...asked } = request.body
      return change(await actor(request), userId, asked)
    },
  )

  app.delete(
    '/api/users',
    {
      schema: {
        tags,
        summary: 'Deactivates a user',
        description: 'For administrators, and never oneself. The user stays, and so does what they did.',
        querystring: z.strictObject({ id, version: versionAsked }),
        response: { 200: oneUser },
      },
    },
    async (request) => deactivate(await actor(request), request.query.id, request.query.version),
  )

  app.get(
    '/api/users/:id',
    { schema: { tags, summary: 'A user', params: ofId, response: { 200: oneUser } } },
    async (request) => {
      const { store, by } = await actor(request)
      return { user: tellUser(await readUser(store, by, request.params.id)) }
    },
  )

  app.put(
    '/api/users/:id',
    {
      schema: {
        tags,
        summary: 'Changes a user',
        params: ofId,
        body: userChanges,
        response: { 200: oneUser },
      },
    },
    async (request) => change(await actor(request), request.params.id, request.body),
  )

  app.delete(
    '/api/users/:id',
    {
      schema: {
        tags,
        summary: 'Deactivates a user',
        params: ofId,
        querystring: z.strictObject({ version: versionAsked }),
        response: { 200: oneUser },
      },
    },
    async (request) => deactivate(await actor(request), request.params.id, request.query.version),
  )
}

async function change(
  { store, by }: Session,
  userId: string,
  { version, ...changes }: UserChanges & { version?: number | undefined },
) {
  if (Object.values(changes).every((value) => value === undefined)) throw nothingToChange(userChanges)
  return { user: tellUser(await changeUser(store, by, { userId, version, changes })) }
}

async function deactivate({ store, by }: Session, userId: string, version: number | undefined) {
  return { user: tellUser(await deactivateUser(store, by, userId, version)) }
}
