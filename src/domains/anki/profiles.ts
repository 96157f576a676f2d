import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import type { Collections } from './collections.ts'

/** What is known of a user: the Cognito user id and the name the user chose. */
export interface Profile {
  uuid: string
  username: string
}

/** How far a user is: both are needed before the first sync. */
export interface Readiness {
  profile: boolean
  collection: boolean
  ready: boolean
}

/**
 * Makes this transaction the only one that touches the user's stores, until it ends. What initiates and what takes
 * back both hold the user, so that neither sees the other's work half done.
 */
export async function holdUser(tx: Tx, uuid: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('anki.user ' || ${uuid}, 0))`.execute(tx)
}

/**
 * Inserts the profile, or renames it; `updated_at` moves only when the name really changes.
 * With `keepName` an existing profile keeps the name it has.
 */
export async function ensureProfile(
  tx: Tx,
  { uuid, username }: Profile,
  { keepName }: { keepName: boolean },
): Promise<void> {
  await sql`
    insert into anki.user_profiles as p (uuid, username)
    values (${uuid}, ${username})
    on conflict (uuid) do update set username = excluded.username, updated_at = clock_timestamp()
    where p.username <> excluded.username and not ${keepName}::boolean`.execute(tx)
}

export async function profileExists(db: Sql, uuid: string): Promise<boolean> {
  const found = await sql`select 1 from anki.user_profiles where uuid = ${uuid}`.execute(db)
  return found.rows.length > 0
}

/** Whether a user may sync. Asks Postgres and the disk; says nothing of where things are. */
export async function readiness(db: Sql, collections: Collections, uuid: string): Promise<Readiness> {
  const [profile, collection] = await Promise.all([profileExists(db, uuid), collections.exists(uuid)])
  return { profile, collection, ready: profile && collection }
}
