import type { Role } from './permissions.ts'
import type { Revision } from './revisions.ts'
import type { PreworkStore } from './store.ts'

/** Somebody who may work with Pre-Work. Times are ISO 8601. */
export interface User extends Revision {
  userId: string
  /** As it was given, trimmed. */
  email: string
  /** As addresses are compared. */
  emailKey: string
  username: string
  role: Role
  isActive: boolean
  /** There only while they are active: whoever has it is in the index of all who are. */
  active?: 'yes'
  profileId?: string
  deactivatedAt?: string
}

/** What Pre-Work knows of a user at work; each has at most one. */
export interface Profile extends ProfileFields, Revision {
  profileId: string
  userId: string
}

/** What is not known is not there. */
export interface ProfileFields {
  firstName: string
  lastName: string
  jobTitle: string
  department: string
  phone?: string
  /** The user whose team they are in. */
  managerId?: string
}

export async function findUser(
  { documents, tables }: PreworkStore,
  userId: string,
): Promise<User | undefined> {
  return (await documents.get(tables.users, { userId })) as User | undefined
}

export async function findProfile(
  { documents, tables }: PreworkStore,
  profileId: string,
): Promise<Profile | undefined> {
  return (await documents.get(tables.profiles, { profileId })) as Profile | undefined
}

/** Who has this address now. */
export async function ownerOfEmail(
  { documents, tables }: PreworkStore,
  email: string,
): Promise<string | undefined> {
  const item = await documents.get(tables.users, emailItem(emailKeyOf(email)))
  return item?.['owner'] as string | undefined
}

/** Addresses are compared without regard to case, and to how accents are written. */
export const emailKeyOf = (email: string): string => email.trim().normalize('NFC').toLowerCase()

/**
 * The key of the item that holds an address for its one user: written and removed with the user, so that no two users
 * have the same. It lies among the users, and in none of their indexes.
 */
export const emailItem = (emailKey: string) => ({ userId: `email#${emailKey}` })
