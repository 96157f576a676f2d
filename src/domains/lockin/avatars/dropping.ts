import { sql } from 'kysely'
import type { Bucket } from '../../../shared/bucket.ts'
import type { Sql, Tx } from '../../../shared/database.ts'
import { folderOfPerson, originalOf, pictureOf, placeIn, type Place } from './places.ts'

/**
 * Removes the objects of a person that are of no use: all of a dropped or refused picture, and what was uploaded once
 * the picture is made of it. Tells how many. An object is older than the moment it is listed, and the row of its upload
 * is older still: one that has no row after it was listed will never have one.
 */
export async function removeUnused(
  profileId: string,
  { db, bucket, signal }: { db: Sql; bucket: Bucket; signal: AbortSignal },
): Promise<number> {
  let removed = 0
  for await (const keys of bucket.list(folderOfPerson(profileId), signal)) {
    const places = keys.map((key) => placeIn(key)).filter((place) => place !== undefined)
    const used = await keysInUse(db, profileId, places)
    for (const key of keys) {
      if (used.has(key)) continue
      await bucket.remove(key, signal)
      removed += 1
    }
  }
  return removed
}

/** While a picture is being made both it and the upload are; after that only the picture is, if it came to be one. */
async function keysInUse(db: Sql, profileId: string, places: Place[]): Promise<Set<string>> {
  const avatarIds = [...new Set(places.map(({ avatarId }) => avatarId))]
  const { rows } = await sql<{ avatarId: string; state: 'uploading' | 'ready' }>`
    select id as "avatarId", state from lockin.avatars
    where id = any(${avatarIds}::uuid[]) and profile_id = ${profileId}
      and state <> 'refused' and dropped_at is null`.execute(db)
  return new Set(
    rows.flatMap(({ avatarId, state }) => {
      const place = { profileId, avatarId }
      return state === 'ready' ? [pictureOf(place)] : [pictureOf(place), originalOf(place)]
    }),
  )
}

/**
 * Forgets the pictures of a person an hour after they were dropped, and not before: until then the form for one may
 * still be filled, or an attempt to prepare it be under way, and a later visit removes what they leave.
 */
export async function forgetDropped(tx: Tx, profileId: string): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from lockin.avatars
    where profile_id = ${profileId} and dropped_at < now() - interval '1 hour'`.execute(tx)
  return Number(numAffectedRows)
}
