import { sql } from 'kysely'
import type { Tx } from '../../shared/database.ts'
import type { Place } from './objects.ts'

/** At most this many of a kind in one transaction; the rest goes next time. */
const AT_ONCE = 500

/**
 * Uploads whose hour is over. Nothing can arrive at their addresses any more, but something may have arrived of which
 * nobody heard: they are to be looked at once more, and go then.
 */
export async function overdueUploads(tx: Tx): Promise<Place[]> {
  const found = await sql<Place>`
    select user_id as "userId", child_id as "childId", iep_id as "iepId" from iep.uploads
    where expires_at < now() order by expires_at limit ${AT_ONCE}`.execute(tx)
  return found.rows
}

/** Removes the documents whose time is over, and tells where their objects are. */
export async function removeExpiredDocuments(tx: Tx): Promise<Place[]> {
  const removed = await sql<Place>`
    delete from iep.documents where iep_id in (
      select iep_id from iep.documents where expires_at < now() order by expires_at limit ${AT_ONCE} for update skip locked)
    returning user_id as "userId", child_id as "childId", iep_id as "iepId"`.execute(tx)
  return removed.rows
}

/** Removes the profiles whose time is over with everything of theirs, and tells which children had objects. */
export async function removeExpiredProfiles(
  tx: Tx,
): Promise<{ profiles: number; children: Omit<Place, 'iepId'>[] }> {
  // Once its profile is held, no child is added.
  const held = await sql<{ user_id: string }>`
    select user_id from iep.profiles where expires_at < now() order by expires_at limit ${AT_ONCE}
    for update skip locked`.execute(tx)
  const users = held.rows.map((row) => row.user_id)
  const found = await sql<{ userId: string; childId: string }>`
    select user_id as "userId", child_id as "childId" from iep.children where user_id = any(${users})`.execute(
    tx,
  )
  await sql`delete from iep.profiles where user_id = any(${users})`.execute(tx)
  return { profiles: users.length, children: found.rows }
}
