import type { Acting } from './audit.ts'
import { findProfile, findUser, type Profile } from './items.ts'
import { mayRead, maySeeTeam } from './permissions.ts'
import { Refused } from './refused.ts'
import { readPage } from './read-page.ts'
import type { Page, PageAsked, PreworkStore } from './store.ts'

/** @throws Refused no-such-profile, also for whoever may not see it */
export async function readProfile(store: PreworkStore, by: Acting, profileId: string): Promise<Profile> {
  const profile = await findProfile(store, profileId)
  if (!profile || !mayRead(by, profile)) throw new Refused('no-such-profile')
  return profile
}

/** The profile of a user, as it is now. @throws Refused as `readProfile` */
export async function readProfileOf(store: PreworkStore, by: Acting, userId: string): Promise<Profile> {
  const user = await findUser(store, userId)
  if (user?.profileId === undefined) throw new Refused('no-such-profile')
  return readProfile(store, by, user.profileId)
}

/** The profiles of a manager's team. @throws Refused forbidden for whoever may not see it */
export async function listTeam(
  store: PreworkStore,
  by: Acting,
  managerId: string,
  asked: PageAsked,
): Promise<Page<Profile>> {
  if (!maySeeTeam(by, managerId)) throw new Refused('forbidden')
  const team = { table: 'profiles', index: 'ManagerIdIndex', name: 'managerId', value: managerId } as const
  return readPage(store, team, asked)
}
