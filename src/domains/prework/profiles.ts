import type { Acting } from './audit.ts'
import { findProfile, findUser, type Profile } from './items.ts'
import { mayRead, maySeeTeam } from './permissions.ts'
import { Refused } from './refused.ts'
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
  { documents, tables }: PreworkStore,
  by: Acting,
  managerId: string,
  { limit, after }: PageAsked,
): Promise<Page<Profile>> {
  if (!maySeeTeam(by, managerId)) throw new Refused('forbidden')
  const page = await documents.query({
    table: tables.profiles,
    index: 'ManagerIdIndex',
    partition: { name: 'managerId', value: managerId },
    limit,
    after: after === undefined ? undefined : { managerId, profileId: after },
  })
  return page as unknown as Page<Profile>
}
