import { randomUUID } from 'node:crypto'
import type { Write } from '../../shared/dynamodb.ts'
import { auditPut, type Acting } from './audit.ts'
import { findProfile, type Profile, type ProfileFields } from './items.ts'
import { wantManager } from './want-manager.ts'
import { mayCreate, profileFields } from './permissions.ts'
import { Refused } from './refused.ts'
import { born, type AskedOnce } from './revisions.ts'
import { stillMay } from './still-may.ts'
import type { PreworkStore } from './store.ts'
import { readUser } from './users.ts'
import { writeTogether } from './write-together.ts'

/**
 * Makes the profile of a user who has none. Whoever might make the user may do it.
 * @throws Refused no-such-user, forbidden, profile-exists, not-a-manager or asked-differently
 */
export async function createProfile(
  store: PreworkStore,
  by: Acting,
  { userId, ...fields }: ProfileFields & { userId: string },
  once?: AskedOnce,
): Promise<Profile> {
  const user = await readUser(store, by, userId)
  if (!mayCreate(by, user.role)) throw new Refused('forbidden')
  await wantManager(store, fields.managerId, userId)
  const profileId = once?.id ?? randomUUID()
  const now = new Date().toISOString()
  const profile: Profile = { profileId, userId, ...fields, ...born(by, now, once) }

  const { profiles } = store.tables
  const isNew = 'attribute_not_exists(profileId)'
  const failed = await writeTogether(store, {
    profile: { Put: { TableName: profiles, Item: profile, ConditionExpression: isNew } },
    user: giveProfile(store, by, profile),
    entry: auditPut(store, by, {
      entityType: 'profile',
      entityId: profileId,
      action: 'create',
      at: now,
      before: {},
      after: profile,
      fields: profileFields,
    }),
    actor: by.userId === userId ? undefined : stillMay(store, by),
  })
  if (failed.has('actor')) throw new Refused('forbidden')
  if (once && failed.has('profile')) return madeBefore(store, once)
  if (failed.has('user')) throw new Refused('profile-exists', 'userId')
  if (failed.size > 0) throw new Error('An id that was drawn by chance is there already.')
  return profile
}

/** A user who has no profile yet has this one; what else is changed about them meanwhile is in nobody's way. */
const giveProfile = ({ tables }: PreworkStore, by: Acting, profile: Profile): Write => ({
  Update: {
    TableName: tables.users,
    Key: { userId: profile.userId },
    UpdateExpression:
      'set #profileId = :profileId, #updatedAt = :now, #updatedBy = :by, #version = #version + :one',
    ConditionExpression: 'attribute_exists(userId) and attribute_not_exists(#profileId)',
    ExpressionAttributeNames: {
      '#profileId': 'profileId',
      '#updatedAt': 'updatedAt',
      '#updatedBy': 'updatedBy',
      '#version': 'version',
    },
    ExpressionAttributeValues: {
      ':profileId': profile.profileId,
      ':now': profile.createdAt,
      ':by': by.userId,
      ':one': 1,
    },
  },
})

async function madeBefore(store: PreworkStore, { id, askedFor }: AskedOnce): Promise<Profile> {
  const profile = await findProfile(store, id)
  if (profile?.askedFor !== askedFor) throw new Refused('asked-differently')
  return profile
}
