import { sql } from 'kysely'
import type { Bucket } from '../../shared/bucket.ts'
import type { Sql } from '../../shared/database.ts'

/** Where one upload or document is in the bucket. */
export interface Place {
  userId: string
  childId: string
  iepId: string
}

/** The place that the key of an object names; undefined for a key that was not made here. */
export function placeOf(key: string): Place | undefined {
  const [userId = '', childId = '', iepId = '', fileName = '', ...more] = key.split('/')
  const ours = userId !== '' && uuid.test(childId) && uuid.test(iepId) && fileName !== '' && more.length === 0
  return ours ? { userId, childId, iepId } : undefined
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Removes the objects of an upload or document unless it is of use, and tells how many. */
export async function removeObjectsOf(options: {
  db: Sql
  bucket: Bucket
  place: Place
  signal: AbortSignal
}): Promise<number> {
  const { db, bucket, place, signal } = options
  const { userId, childId, iepId } = place
  if ((await inUse(db, [iepId])).has(iepId)) return 0
  return bucket.removeAll(`${userId}/${childId}/${iepId}/`, signal)
}

/**
 * Removes the objects of a child that belong to nothing in use, and tells how many. An object is older than the moment
 * it is listed, and the row of its upload is older still: one that has no row after it was listed will never have one.
 */
export async function removeObjectsOfChild(options: {
  db: Sql
  bucket: Bucket
  place: Omit<Place, 'iepId'>
  signal: AbortSignal
}): Promise<number> {
  const { db, bucket, place, signal } = options
  let removed = 0
  for await (const keys of bucket.list(`${place.userId}/${place.childId}/`, signal)) {
    const ids = [...new Set(keys.map((key) => placeOf(key)?.iepId))]
    const spared = await inUse(
      db,
      ids.filter((id) => id !== undefined),
    )
    for (const key of keys) {
      if (spared.has(placeOf(key)?.iepId ?? '')) continue
      await bucket.remove(key, signal)
      removed += 1
    }
  }
  return removed
}

/** Those of the ids that are an upload still to come, or a document whose file was not refused. */
async function inUse(db: Sql, iepIds: string[]): Promise<Set<string>> {
  const found = await sql<{ id: string }>`
    select iep_id as id from iep.uploads where iep_id = any(${iepIds}::uuid[])
    union all
    select iep_id from iep.documents where iep_id = any(${iepIds}::uuid[]) and page_count is not null`.execute(
    db,
  )
  return new Set(found.rows.map(({ id }) => id))
}
