import { z } from 'zod'
import type { Profile } from '../../../domains/prework/items.ts'
import { line, lineOrNull } from '../../../shared/text.ts'
import { id, shownRevision, version } from './fields.ts'
import { nextCursor, pageFields } from './pages.ts'

/** A profile as those who may see it do; what the store keeps for itself is not in it. */
export const shownProfile = z
  .object({
    profileId: z.uuid(),
    userId: z.uuid(),
    managerId: z.uuid().nullable().meta({ description: 'The user whose team they are in.' }),
    firstName: z.string(),
    lastName: z.string(),
    jobTitle: z.string(),
    department: z.string(),
    phone: z.string().nullable(),
    ...shownRevision,
  })
  .meta({ id: 'PreworkProfile' })

export const tellProfile = (profile: Profile) => ({
  ...profile,
  managerId: profile.managerId ?? null,
  phone: profile.phone ?? null,
})

export const shownProfiles = z
  .object({ profiles: z.array(shownProfile), nextCursor })
  .meta({ id: 'PreworkProfiles' })

/** What a profile begins with. */
export const givenProfile = {
  firstName: line(100),
  lastName: line(100),
  jobTitle: line(150),
  department: line(150),
  phone: lineOrNull(50),
  managerId: id.nullable().optional(),
}

export const newProfile = z.strictObject({ userId: id, ...givenProfile }).meta({ id: 'PreworkNewProfile' })

const changeable = {
  firstName: line(100).optional(),
  lastName: line(100).optional(),
  jobTitle: line(150).optional(),
  department: line(150).optional(),
  phone: lineOrNull(50),
  managerId: id.nullable().optional(),
}

const whatStays = 'What is left out stays as it is; null takes phone or managerId away.'

export const profileChanges = z
  .strictObject({ ...changeable, version })
  .meta({ id: 'PreworkProfileChanges', description: whatStays })

export const namedProfileChanges = z
  .strictObject({ profileId: id, ...changeable, version })
  .meta({ id: 'PreworkNamedProfileChanges', description: whatStays })

/** By user, by its own id, or a manager's team. */
export const profileQuery = z
  .strictObject({
    userId: id.optional(),
    profileId: id.optional(),
    managerId: id.optional(),
    ...pageFields,
  })
  .refine(
    ({ userId, profileId, managerId }) =>
      [userId, profileId, managerId].filter((each) => each !== undefined).length === 1,
    { error: 'ask by one of userId, profileId and managerId', path: ['userId'] },
  )

/** As the store has it: what is not known is not there. */
export function known<
  Given extends { phone?: string | null | undefined; managerId?: string | null | undefined },
>({ phone, managerId, ...given }: Given) {
  return { ...given, ...(phone ? { phone } : {}), ...(managerId ? { managerId } : {}) }
}
