import type { Acting } from './audit.ts'
import { emailKeyOf, findProfile, findUser, ownerOfEmail, type User } from './items.ts'
import { mayManage, mayRead, maySeeEverybody, type Role } from './permissions.ts'
import { Refused } from './refused.ts'
import { readPage } from './read-page.ts'
import type { Page, PageAsked, PreworkStore } from './store.ts'

/** @throws Refused no-such-user, also for whoever may not see them */
export async function readUser(store: PreworkStore, by: Acting, userId: string): Promise<User> {
  const user = await findUser(store, userId)
  if (!user || !(await maySee(store, by, user))) throw new Refused('no-such-user')
  return user
}

/**
 * The one user with this address, as it is now.
 * @throws Refused no-such-user, also for whoever may not see them
 */
export async function readUserByEmail(store: PreworkStore, by: Acting, email: string): Promise<User> {
  const userId = await ownerOfEmail(store, email)
  if (userId === undefined) throw new Refused('no-such-user')
  const user = await readUser(store, by, userId)
  // Between the two looks the address may have become somebody else's.
  if (user.emailKey !== emailKeyOf(email)) throw new Refused('no-such-user')
  return user
}

/**
 * Those of a role, active or not, or all who are active, in no order that means anything.
 * @throws Refused forbidden for whoever may not see everybody
 */
export async function listUsers(
  store: PreworkStore,
  by: Acting,
  role: Role | undefined,
  asked: PageAsked,
): Promise<Page<User>> {
  if (!maySeeEverybody(by)) throw new Refused('forbidden')
  const [index, name, value] =
    role === undefined ? (['ActiveIndex', 'active', 'yes'] as const) : (['RoleIndex', 'role', role] as const)
  return readPage(store, { table: 'users', index, name, value }, asked)
}

/** Whether they are in somebody's team is in their profile, which is only looked at when nothing else lets them be seen. */
export async function maySee(store: PreworkStore, by: Acting, user: User): Promise<boolean> {
  if (mayRead(by, user)) return true
  if (!mayManage(by.role) || user.profileId === undefined) return false
  const profile = await findProfile(store, user.profileId)
  return profile !== undefined && mayRead(by, profile)
}
