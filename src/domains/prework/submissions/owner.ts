import type { Write } from '../../../shared/dynamodb.ts'
import type { Acting } from '../audit.ts'
import { findProfile, findUser } from '../items.ts'
import { mayRead, SERVER, type Person } from '../permissions.ts'
import type { PreworkStore } from '../store.ts'

/** Whose something is, with as much of them as decides who may do what with it. */
export interface Owner extends Person {
  /** Of the profile that names their manager, where the rights of whoever asks come from that. */
  profileId?: string
}

/** Undefined where whoever asks may see nothing of theirs. Whose team they are in is only looked at where it matters. */
export async function ownerSeenBy(
  store: PreworkStore,
  by: Acting,
  userId: string,
): Promise<Owner | undefined> {
  if (mayRead(by, { userId })) return { userId }
  if (by.role !== 'manager') return undefined
  const user = await findUser(store, userId)
  const profile = user?.profileId === undefined ? undefined : await findProfile(store, user.profileId)
  return profile && mayRead(by, profile) ? profile : undefined
}

/**
 * Lets a transaction go through only while whoever acts for their team has them in it. `stillMay` looks at what is due
 * to roles.
 */
export function stillInTeam({ tables }: PreworkStore, by: Acting, owner: Owner): Write | undefined {
  if (owner.profileId === undefined) return undefined
  const check = {
    TableName: tables.profiles,
    Key: { profileId: owner.profileId },
    ConditionExpression: '#managerId = :by',
    ExpressionAttributeNames: { '#managerId': 'managerId' },
    ExpressionAttributeValues: { ':by': by.userId },
  }
  return { ConditionCheck: check }
}

/** Lets what a server writes for somebody through only while they are active; of oneself `stillMay` says as much. */
export function stillActive({ tables }: PreworkStore, by: Acting, { userId }: Owner): Write | undefined {
  if (by.userId !== SERVER) return undefined
  const check = {
    TableName: tables.users,
    Key: { userId },
    ConditionExpression: '#active = :yes',
    ExpressionAttributeNames: { '#active': 'active' },
    ExpressionAttributeValues: { ':yes': 'yes' },
  }
  return { ConditionCheck: check }
}
