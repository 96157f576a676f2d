import { z } from 'zod'
import { changeProfile, type ProfileChanges } from '../../../domains/prework/change-profile.ts'
import { createProfile } from '../../../domains/prework/create-profile.ts'
import { listTeam, readProfile, readProfileOf } from '../../../domains/prework/profiles.ts'
import type { App } from '../app.ts'
import { addressOf } from './address.ts'
import type { Actor, Session } from './caller.ts'
import { ofId } from './fields.ts'
import { nothingToChange } from './nothing-to-change.ts'
import { askedOnce } from './once.ts'
import { cursorAfter, pageAsked, type ListName } from './pages.ts'
import {
  known,
  namedProfileChanges,
  newProfile,
  profileChanges,
  profileQuery,
  shownProfile,
  shownProfiles,
  tellProfile,
} from './profile-shapes.ts'

const tags = ['prework']
const oneProfile = z.object({ profile: shownProfile })

/** Who people are at work, and whose team they are in. */
export function profileRoutes(app: App, actor: Actor): void {
  app.get(
    '/api/profiles',
    {
      schema: {
        tags,
        summary: 'The profile of a user, one by its id, or those of a manager’s team',
        description:
          'A team is for its manager, supervisors, administrators and auditors, and follows changes after a moment.',
        querystring: profileQuery,
        response: { 200: z.union([oneProfile, shownProfiles]) },
      },
    },
    async (request) => {
      const { store, by } = await actor(request)
      const { userId, profileId, managerId, ...asked } = request.query
      if (userId !== undefined) return { profile: tellProfile(await readProfileOf(store, by, userId)) }
      if (profileId !== undefined) return { profile: tellProfile(await readProfile(store, by, profileId)) }
      if (managerId === undefined) throw new Error('The query let through what asks for nothing.')
      const list: ListName = ['profiles', 'team', managerId]
      const page = await listTeam(store, by, managerId, pageAsked(list, asked))
      const next = cursorAfter(list, page, ({ profileId }) => profileId)
      return { profiles: page.items.map(tellProfile), nextCursor: next }
    },
  )

  app.post(
    '/api/profiles',
    {
      schema: {
        tags,
        summary: 'Makes the profile of a user who has none',
        description:
          'For administrators, and for supervisors where the user has the role `user`. With an `Idempotency-Key` the same ' +
          'request makes one profile, however often it comes.',
        body: newProfile,
        response: { 201: oneProfile },
      },
    },
    async (request, reply) => {
      const { store, by } = await actor(request)
      const profile = await createProfile(store, by, known(request.body), askedOnce(request))
      return reply
        .code(201)
        .header('location', addressOf('profiles', profile.profileId))
        .send({ profile: tellProfile(profile) })
    },
  )

  app.put(
    '/api/profiles',
    {
      schema: {
        tags,
        summary: 'Changes a profile',
        body: namedProfileChanges,
        response: { 200: oneProfile },
      },
    },
    async (request) => {
      const { profileId, ...asked } = request.body
      return change(await actor(request), profileId, asked)
    },
  )

  app.get(
    '/api/profiles/:id',
    { schema: { tags, summary: 'A profile', params: ofId, response: { 200: oneProfile } } },
    async (request) => {
      const { store, by } = await actor(request)
      return { profile: tellProfile(await readProfile(store, by, request.params.id)) }
    },
  )

  app.put(
    '/api/profiles/:id',
    {
      schema: {
        tags,
        summary: 'Changes a profile',
        params: ofId,
        body: profileChanges,
        response: { 200: oneProfile },
      },
    },
    async (request) => change(await actor(request), request.params.id, request.body),
  )
}

async function change(
  { store, by }: Session,
  profileId: string,
  { version, ...changes }: ProfileChanges & { version?: number | undefined },
) {
  if (Object.values(changes).every((value) => value === undefined)) throw nothingToChange(profileChanges)
  return { profile: tellProfile(await changeProfile(store, by, { profileId, version, changes })) }
}
