import { auditPut, type Acting } from './audit.ts'
import type { Profile, ProfileFields } from './items.ts'
import { wantManager } from './want-manager.ts'
import { changeableOfProfile, profileFields } from './permissions.ts'
import { readProfile } from './profiles.ts'
import { Refused } from './refused.ts'
import { changeWhatIsThere, revised, unchanged, wantVersion } from './revisions.ts'
import { stillMay } from './still-may.ts'
import type { PreworkStore } from './store.ts'
import { writeTogether } from './write-together.ts'

/** Null takes away what need not be there. */
export type ProfileChanges = {
  [Field in keyof ProfileFields]?:
    | ProfileFields[Field]
    | (undefined extends ProfileFields[Field] ? null : never)
    | undefined
}

/**
 * Changes a profile; with `version`, as long as it is that one. What is as it was is no change, and leaves no trace.
 * @throws Refused no-such-profile, forbidden, changed-meanwhile or not-a-manager
 */
export async function changeProfile(
  store: PreworkStore,
  by: Acting,
  asked: { profileId: string; version?: number | undefined; changes: ProfileChanges },
): Promise<Profile> {
  const { profileId, version, changes } = asked
  return changeWhatIsThere(version, async () => {
    const profile = await readProfile(store, by, profileId)
    wantChangeable(by, profile, changes)
    wantVersion(version, profile)
    if (changes.managerId !== profile.managerId) await wantManager(store, changes.managerId, profile.userId)
    const next = nextOf(profile, changes, by)
    return isSame(profile, next) ? profile : write(store, by, profile, next)
  })
}

function wantChangeable(by: Acting, profile: Profile, changes: ProfileChanges): void {
  const changeable = changeableOfProfile(by, profile)
  for (const field of profileFields)
    if (changes[field] !== undefined && !changeable.includes(field)) throw new Refused('forbidden', field)
}

function nextOf(profile: Profile, changes: ProfileChanges, by: Acting): Profile {
  const now = new Date().toISOString()
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  const all = { ...profile, ...Object.fromEntries(given), ...revised(profile, by, now) }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) as unknown as Profile
}

const isSame = (profile: Profile, next: Profile): boolean =>
  profileFields.every((field) => profile[field] === next[field])

/** Undefined when somebody else was faster. */
async function write(
  store: PreworkStore,
  by: Acting,
  profile: Profile,
  next: Profile,
): Promise<Profile | undefined> {
  const failed = await writeTogether(store, {
    profile: { Put: { TableName: store.tables.profiles, Item: next, ...unchanged(profile) } },
    entry: auditPut(store, by, {
      entityType: 'profile',
      entityId: profile.profileId,
      action: 'update',
      at: next.updatedAt,
      before: profile,
      after: next,
      fields: profileFields,
    }),
    actor: stillMay(store, by),
  })
  if (failed.has('actor')) throw new Refused('forbidden')
  return failed.size > 0 ? undefined : next
}
