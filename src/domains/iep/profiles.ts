import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import type { Language } from './content.ts'
import type { DocumentRef } from './document.ts'
import { languagesLeft } from './steps.ts'

/**
 * A parent and the children, as the API shows them. What was never told, or was cleared, is an empty text. Times are
 * milliseconds since 1970.
 */
export interface Profile {
  userId: string
  phone: string
  primaryLanguage: Language | ''
  secondaryLanguage: Language | ''
  city: string
  consentGiven: boolean
  children: { childId: string; name: string; schoolCity: string }[]
  createdAt: number
  updatedAt: number
}

/** What a parent may change. What is left out stays as it is; null clears it. */
export interface ProfileChanges {
  phone?: string | null | undefined
  primaryLanguage?: Language | null | undefined
  secondaryLanguage?: Language | null | undefined
  city?: string | null | undefined
  consentGiven?: boolean | undefined
}

/** Makes sure that a parent has a profile. One that exists stays as it is, whoever made it and whenever. */
export async function ensureProfile(tx: Tx, userId: string): Promise<void> {
  await sql`insert into iep.profiles (user_id) values (${userId}) on conflict (user_id) do nothing`.execute(
    tx,
  )
}

/** Makes sure of the profile and makes this transaction the only one that changes it or its children, until it ends. */
export async function holdProfile(tx: Tx, userId: string): Promise<void> {
  await ensureProfile(tx, userId)
  await sql`select 1 from iep.profiles where user_id = ${userId} for no key update`.execute(tx)
}

export async function findProfile(db: Sql, userId: string): Promise<Profile | undefined> {
  const found = await sql<ProfileRow>`
    select p.*, coalesce((
      select json_agg(json_build_object('childId', c.child_id, 'name', c.name, 'schoolCity', c.school_city)
        order by c.created_at, c.child_id)
      from iep.children c where c.user_id = p.user_id), '[]') as children
    from iep.profiles p where p.user_id = ${userId}`.execute(db)
  const [row] = found.rows
  return row && shown(row)
}

/** Writes the changes of a held profile; `updated_at` moves. */
export async function changeProfile(tx: Tx, userId: string, changes: ProfileChanges): Promise<void> {
  const { phone, primaryLanguage, secondaryLanguage, city, consentGiven } = changes
  await tx
    .updateTable('iep.profiles')
    .set({
      ...(phone === undefined ? {} : { phone }),
      ...(primaryLanguage === undefined ? {} : { primary_language: primaryLanguage }),
      ...(secondaryLanguage === undefined ? {} : { secondary_language: secondaryLanguage }),
      ...(city === undefined ? {} : { city }),
      ...(consentGiven === undefined ? {} : { consent_given: consentGiven }),
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where('user_id', '=', userId)
    .execute()
}

/** Has every document that is under way wait for the consent of a parent who took it back. The profile must be held. */
export async function beginWaitForConsent(tx: Tx, userId: string): Promise<void> {
  await sql`
    update iep.documents d set waiting_for = 'consent', updated_at = clock_timestamp()
    where d.user_id = ${userId} and d.active and d.page_count is not null and d.waiting_for is null
      and (d.status in ('PROCESSING', 'OCR_COMPLETED') or d.status = 'PROCESSED' and ${languagesLeft})`.execute(
    tx,
  )
}

/** The documents that wait for this parent's consent. */
export async function waitingForConsent(db: Sql, userId: string): Promise<DocumentRef[]> {
  const waiting = await sql<DocumentRef>`
    select iep_id as "iepId", user_id as "userId", revision from iep.documents
    where user_id = ${userId} and active and waiting_for = 'consent' order by iep_id`.execute(db)
  return waiting.rows
}

/** Takes all documents of a parent who has given consent out of their waiting for it. */
export async function endWaitForConsent(tx: Tx, userId: string): Promise<void> {
  await sql`
    update iep.documents set waiting_for = null, updated_at = clock_timestamp()
    where user_id = ${userId} and active and waiting_for = 'consent'`.execute(tx)
}

interface ProfileRow {
  user_id: string
  phone: string | null
  primary_language: Language | null
  secondary_language: Language | null
  city: string | null
  consent_given: boolean
  children: Profile['children']
  created_at: Date
  updated_at: Date
}

const shown = (row: ProfileRow): Profile => ({
  userId: row.user_id,
  phone: row.phone ?? '',
  primaryLanguage: row.primary_language ?? '',
  secondaryLanguage: row.secondary_language ?? '',
  city: row.city ?? '',
  consentGiven: row.consent_given,
  children: row.children,
  createdAt: row.created_at.getTime(),
  updatedAt: row.updated_at.getTime(),
})
