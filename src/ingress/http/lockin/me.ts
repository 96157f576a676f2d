import { z } from 'zod'
import { setAvatar } from '../../../domains/lockin/avatars.ts'
import { groupStatuses, memberRoles } from '../../../domains/lockin/groups.ts'
import { findMe, rename, type Me, type Membership } from '../../../domains/lockin/profiles.ts'
import { ask } from '../../../jobs/define.ts'
import { dropAvatars } from '../../../jobs/lockin/drop-avatars.ts'
import type { Sql } from '../../../shared/database.ts'
import { lineOrNull } from '../../../shared/text.ts'
import { HttpProblem } from '../answers/problems.ts'
import type { App, HttpParts } from '../app.ts'
import { inTransaction } from '../transaction.ts'
import { profileOf } from './caller.ts'

const time = z.iso.datetime()

const shownMe = z
  .object({
    id: z.uuid(),
    email: z.string().nullable().meta({ description: 'Verified; null when no sign-in has brought one.' }),
    display_name: z.string().nullable(),
    avatar_url: z.string().nullable(),
    created_at: time,
    updated_at: time,
    memberships: z.array(
      z.object({
        group_id: z.uuid(),
        name: z.string(),
        role: z.enum(memberRoles),
        status: z.enum(groupStatuses),
        override_period_target_minutes: z.int().nullable(),
        created_at: time,
      }),
    ),
  })
  .meta({ id: 'LockinMe' })

const changes = z
  .strictObject({
    display_name: lineOrNull(80),
    avatar_url: z
      .string({ error: 'must be the address of a picture, or null' })
      .max(200, 'is not the address of a picture of yours.')
      .nullable()
      .optional()
      .meta({ description: 'As it was told when the upload was opened; null takes the picture away.' }),
  })
  .meta({ id: 'LockinMeChanges', description: 'What is left out stays as it is.' })

/** Who I am in LockIN: made when I first ask for anything. */
export function meRoutes(app: App, { asking }: HttpParts): void {
  const { database } = asking

  app.get(
    '/api/me',
    {
      schema: {
        tags: ['lockin'],
        summary: "The caller's profile and the groups they are in",
        response: { 200: shownMe },
      },
    },
    async (request) => tell(database.sql, await profileOf(request, database.sql)),
  )

  app.patch(
    '/api/me',
    {
      schema: {
        tags: ['lockin'],
        summary: "Changes the caller's profile",
        body: changes,
        response: { 200: shownMe },
      },
    },
    async (request) => {
      const profileId = await profileOf(request, database.sql)
      const { display_name: name, avatar_url: avatarUrl } = request.body
      if (name === undefined && avatarUrl === undefined) throw nothingToChange()
      return inTransaction(database, async (tx) => {
        if (name !== undefined) await rename(tx, profileId, name)
        if (avatarUrl !== undefined) {
          const drops = await setAvatar(tx, profileId, avatarUrl)
          await asking.accept.in(
            tx,
            drops.map((drop) => ask(dropAvatars, drop)),
            request.trace,
          )
        }
        return tell(tx, profileId)
      })
    },
  )
}

async function tell(db: Sql, profileId: string) {
  const me: Me | undefined = await findMe(db, profileId)
  if (!me) throw new Error('Somebody who signed in a moment ago has no profile.')
  return {
    ...me,
    created_at: me.created_at.toISOString(),
    updated_at: me.updated_at.toISOString(),
    memberships: me.memberships.map(tellMembership),
  }
}

const tellMembership = ({ created_at: at, ...membership }: Membership) => ({
  ...membership,
  created_at: at.toISOString(),
})

const nothingToChange = (): HttpProblem =>
  new HttpProblem(
    400,
    'nothing-to-change',
    `Nothing to change: send at least one of ${Object.keys(changes.shape).join(', ')}.`,
  )
