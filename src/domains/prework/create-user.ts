import { randomUUID } from 'node:crypto'
import { auditPut, type Acting } from './audit.ts'
import {
  emailItem,
  emailKeyOf,
  findProfile,
  findUser,
  type Profile,
  type ProfileFields,
  type User,
} from './items.ts'
import { wantManager } from './want-manager.ts'
import { mayCreate, profileFields, userFields, type Role } from './permissions.ts'
import { Refused } from './refused.ts'
import { born, type AskedOnce } from './revisions.ts'
import { stillMay } from './still-may.ts'
import type { PreworkStore } from './store.ts'
import { writeTogether } from './write-together.ts'

export interface NewUser extends ProfileFields {
  email: string
  username: string
  role: Role
}

/**
 * Makes a user and their profile, and takes the address for them: all or nothing. What was asked once is not made again,
 * but told as it is now.
 * @throws Refused forbidden, email-taken, not-a-manager or asked-differently
 */
export async function createUser(
  store: PreworkStore,
  by: Acting,
  asked: NewUser,
  once?: AskedOnce,
): Promise<{ user: User; profile: Profile }> {
  if (!mayCreate(by, asked.role)) throw new Refused('forbidden', mayCreate(by, 'user') ? 'role' : undefined)
  const userId = once?.id ?? randomUUID()
  await wantManager(store, asked.managerId, userId)
  const now = new Date().toISOString()
  const { user, profile } = made(userId, asked, born(by, now, once))

  const { users, profiles } = store.tables
  const creation = { action: 'create', at: now, before: {} } as const
  const address = { ...emailItem(user.emailKey), owner: userId }
  const failed = await writeTogether(store, {
    user: { Put: { TableName: users, Item: user, ConditionExpression: isNew('userId') } },
    address: { Put: { TableName: users, Item: address, ConditionExpression: isNew('userId') } },
    profile: { Put: { TableName: profiles, Item: profile, ConditionExpression: isNew('profileId') } },
    userEntry: auditPut(store, by, {
      ...creation,
      entityType: 'user',
      entityId: userId,
      after: user,
      fields: userFields,
    }),
    profileEntry: auditPut(store, by, {
      ...creation,
      entityType: 'profile',
      entityId: profile.profileId,
      after: profile,
      fields: profileFields,
    }),
    actor: stillMay(store, by),
  })
  if (failed.has('actor')) throw new Refused('forbidden')
  // Asked before, it has its address itself.
  if (once && failed.has('user')) return madeBefore(store, once)
  if (failed.has('address')) throw new Refused('email-taken', 'email')
  if (failed.size > 0) throw new Error('An id that was drawn by chance is there already.')
  return { user, profile }
}

function made(
  userId: string,
  { email, username, role, ...fields }: NewUser,
  revision: ReturnType<typeof born>,
) {
  const profileId = randomUUID()
  const user: User = {
    userId,
    email,
    emailKey: emailKeyOf(email),
    username,
    role,
    isActive: true,
    active: 'yes',
    profileId,
    ...revision,
  }
  const profile: Profile = { profileId, userId, ...fields, ...revision }
  return { user, profile }
}

async function madeBefore(store: PreworkStore, { id, askedFor }: AskedOnce) {
  const user = await findUser(store, id)
  if (user?.askedFor !== askedFor) throw new Refused('asked-differently')
  const profile = user.profileId === undefined ? undefined : await findProfile(store, user.profileId)
  if (!profile) throw new Error('A user who was made with a profile has none.')
  return { user, profile }
}

const isNew = (key: string): string => `attribute_not_exists(${key})`
