import { z } from 'zod'
import type { User } from '../../../domains/prework/items.ts'
import { roles } from '../../../domains/prework/permissions.ts'
import { email, line, missingOr } from '../../../shared/text.ts'
import { id, shownRevision, version } from './fields.ts'
import { nextCursor, pageFields } from './pages.ts'
import { givenProfile } from './profile-shapes.ts'

/** A user as those who may see them do; what the store keeps for itself is not in it. */
export const shownUser = z
  .object({
    userId: z.uuid(),
    email: z.string(),
    username: z.string(),
    role: z.enum(roles),
    isActive: z.boolean(),
    profileId: z.uuid().nullable(),
    deactivatedAt: z.iso.datetime().nullable(),
    ...shownRevision,
  })
  .meta({ id: 'PreworkUser' })

export const tellUser = (user: User) => ({
  ...user,
  profileId: user.profileId ?? null,
  deactivatedAt: user.deactivatedAt ?? null,
})

export const shownUsers = z.object({ users: z.array(shownUser), nextCursor }).meta({ id: 'PreworkUsers' })

const role = z.enum(roles, { error: missingOr(`must be one of ${roles.join(', ')}`) })

export const newUser = z
  .strictObject({ email, username: line(100), role, ...givenProfile })
  .meta({ id: 'PreworkNewUser' })

const changeable = {
  email: email.optional(),
  username: line(100).optional(),
  role: role.optional(),
  isActive: z.boolean({ error: 'must be true or false' }).optional(),
}

export const userChanges = z
  .strictObject({ ...changeable, version })
  .meta({ id: 'PreworkUserChanges', description: 'What is left out stays as it is.' })

export const namedUserChanges = z
  .strictObject({ userId: id, ...changeable, version })
  .meta({ id: 'PreworkNamedUserChanges', description: 'What is left out stays as it is.' })

/** By id, by address, by role, or all who are active. */
export const userQuery = z
  .strictObject({ id: id.optional(), email: email.optional(), role: role.optional(), ...pageFields })
  .refine(({ id, email, role }) => [id, email, role].filter((each) => each !== undefined).length <= 1, {
    error: 'goes alone: ask by one of id, email and role',
    path: ['id'],
  })
