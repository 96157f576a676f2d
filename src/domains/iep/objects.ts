import { sql } from 'kysely'
import type { Bucket } from '../../shared/bucket.ts'
import type { Sql } from '../../shared/database.ts'

/** Where one upload or document is in the bucket. */
export interface Place {
  userId: string
  childId: string
  iepId: string
}

/**
 * The place that the key of an uploaded object names; undefined for a key that was not given out here, which what is
 * kept of uploads has.
 */
export function placeOf(key: string): Place | undefined {
  const [userId = '', childId = '', iepId = '', fileName = '', ...more] = key.split('/')
  const ours = userId !== '' && uuid.test(childId) && uuid.test(iepId) && fileName !== '' && more.length === 0
  return ours ? { userId, childId, iepId } : undefined
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Where the file of a document is kept: below the place it was uploaded to, where no address of an upload reaches. A
 * key names one content, and none is used again by a later revision.
 */
export const keptKeyOf = (file: Place & { revision: number; sha256: Buffer; fileName: string }): string =>
  `${folderOf(file)}${file.revision}-${file.sha256.toString('hex').slice(0, 32)}/${file.fileName}`

/** Everything of an upload or document is below this. */
const folderOf = ({ userId, childId, iepId }: Place): string => `${userId}/${childId}/${iepId}/`

/**
 * Removes the objects of an upload or document that are of no use, and tells how many. Of a document that is what was
 * kept of earlier revisions and, with the etag of an upload that was looked at, that upload if it is there still.
 */
export async function removeObjectsOf(options: {
  db: Sql
  bucket: Bucket
  place: Place
  etag: string | undefined
  signal: AbortSignal
}): Promise<number> {
  const { db, bucket, place, etag, signal } = options
  const use = (await usesOf(db, [place.iepId])).get(place.iepId)
  if (!use) return bucket.removeAll(folderOf(place), signal)
  let removed = 0
  for await (const keys of bucket.list(folderOf(place), signal))
    for (const key of keys) {
      const spared =
        etag !== undefined && mayBeFilled(key, use)
          ? (await bucket.head(key, signal))?.etag !== etag
          : isOfUse(key, use)
      if (spared) continue
      await bucket.remove(key, signal)
      removed += 1
    }
  return removed
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
    const ids = new Set(keys.map(idIn).filter((id) => uuid.test(id)))
    const uses = await usesOf(db, [...ids])
    for (const key of keys) {
      const use = uses.get(idIn(key))
      if (use && isOfUse(key, use)) continue
      await bucket.remove(key, signal)
      removed += 1
    }
  }
  return removed
}

const idIn = (key: string): string => key.split('/')[2] ?? ''

/** An upload still to come, or a document. */
interface Use {
  iepId: string
  /** Null of an upload. */
  revision: number | null
  refused: boolean
  key: string
}

async function usesOf(db: Sql, iepIds: string[]): Promise<Map<string, Use>> {
  const found = await sql<Use>`
    select iep_id as "iepId", null::integer as revision, false as refused, object_key as key
    from iep.uploads where iep_id = any(${iepIds}::uuid[])
    union all
    select iep_id, revision, page_count is null, object_key
    from iep.documents where iep_id = any(${iepIds}::uuid[])`.execute(db)
  return new Map(found.rows.map((use) => [use.iepId, use]))
}

/** What is kept of a later revision than the document's is about to be named by it. */
function isOfUse(key: string, use: Use): boolean {
  if (use.revision === null) return true
  if (key === use.key) return !use.refused
  const revision = keptRevisionOf(key)
  return revision === undefined ? !use.refused : revision > use.revision
}

/** An upload may come to it any time, of which nobody has heard yet. */
const mayBeFilled = (key: string, use: Use): boolean =>
  use.revision !== null && (use.refused || key !== use.key) && keptRevisionOf(key) === undefined

/** Undefined for a key that is none of `keptKeyOf`. */
function keptRevisionOf(key: string): number | undefined {
  const [, , , kept = '', ...fileName] = key.split('/')
  const [, revision] = /^(\d+)-[0-9a-f]{32}$/.exec(kept) ?? []
  return revision !== undefined && fileName.length === 1 ? Number(revision) : undefined
}
