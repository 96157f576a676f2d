import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { sql } from 'kysely'
import { TooLarge, type Bucket } from '../../../shared/bucket.ts'
import type { Sql } from '../../../shared/database.ts'
import { Trouble } from '../../../shared/errors.ts'
import { inScratch } from '../../../shared/scratch.ts'
import { inspectDocument, refusalOf, type Refusal } from '../inspect.ts'
import { keptKeyOf, type Place } from '../objects.ts'
import { objectKeyOf } from '../uploads.ts'

/** What was found at a place where something is said to have arrived. */
export type Examined = { found: 'no place' | 'no object' } | ExaminedFile

export interface ExaminedFile {
  found: 'file'
  sha256: Buffer
  bytes: number
  /** Of the object that was looked at: another may have come to its place since. */
  etag: string
  /** Of a healthy file also where its bytes are kept, out of reach of whoever may upload. */
  verdict: { pages: number; key: string } | { refused: Refusal }
}

/** What the paid reader takes, and what a form promises to accept. */
export const BYTES_AT_MOST = 50 * 2 ** 20

/**
 * Looks at what arrived: its digest and its health as a PDF. It is copied to the disk for that, never into memory, and
 * that copy is gone when this returns. A healthy file is copied inside the bucket as well, to be kept there.
 * @throws the signal's reason, Trouble when another object came meanwhile, or an error of S3 or this machine: try again
 */
export async function examine(
  place: Place,
  options: { db: Sql; bucket: Bucket; signal: AbortSignal },
): Promise<Examined> {
  const { db, bucket, signal } = options
  const filled = await findFilled(db, place)
  if (!filled) return { found: 'no place' }
  const arrived = objectKeyOf({ ...place, fileName: filled.fileName })
  return inScratch(async (directory): Promise<Examined> => {
    const file = path.join(directory, 'arrived')
    try {
      const copy = await bucket.download(arrived, file, { maxBytes: BYTES_AT_MOST, signal })
      if (!copy) return { found: 'no object' }
      const health = await inspectDocument(file, { userId: place.userId, signal })
      if ('refused' in health) return { found: 'file', ...copy, verdict: health }
      const key = await keep({ ...copy, arrived, place, filled, bucket, signal })
      return { found: 'file', ...copy, verdict: { ...health, key } }
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error
      return tooLarge(bucket, arrived, signal)
    }
  })
}

/** What is known of a place: only one that was given out here may be filled, for the first time or once more. */
interface Filled {
  fileName: string
  /** Of the document there is; 0 without one. */
  revision: number
  /** The file of a document that was not refused, and where it is. */
  sha256: Buffer | null
  key: string
}

async function findFilled(db: Sql, { userId, childId, iepId }: Place): Promise<Filled | undefined> {
  const found = await sql<Filled>`
    select file_name as "fileName", 0 as revision, null::bytea as sha256, object_key as key from iep.uploads
    where iep_id = ${iepId} and child_id = ${childId} and user_id = ${userId}
    union all
    select file_name, revision, case when page_count is not null then sha256 end, object_key from iep.documents
    where iep_id = ${iepId} and child_id = ${childId} and user_id = ${userId}`.execute(db)
  return found.rows[0]
}

/** Has S3 copy exactly what was looked at, before any row names it; tells where to. */
async function keep(of: {
  arrived: string
  etag: string
  sha256: Buffer
  place: Place
  filled: Filled
  bucket: Bucket
  signal: AbortSignal
}): Promise<string> {
  const { arrived, etag, sha256, place, filled, bucket, signal } = of
  if (filled.sha256?.equals(sha256)) return filled.key
  const { fileName, revision } = filled
  const key = keptKeyOf({ ...place, fileName, revision: revision + 1, sha256 })
  const meant = { etag, sha256: sha256.toString('hex'), contentType: 'application/pdf', signal }
  if (!(await bucket.copy(arrived, key, meant))) throw changed()
  return key
}

async function tooLarge(bucket: Bucket, arrived: string, signal: AbortSignal): Promise<Examined> {
  const head = await bucket.head(arrived, signal)
  if (!head) return { found: 'no object' }
  if (head.bytes <= BYTES_AT_MOST) throw changed()
  // Nobody read it to its end, so nothing will be taken for the same.
  const verdict = { refused: refusalOf('too-large') }
  return { found: 'file', sha256: randomBytes(32), bytes: head.bytes, etag: head.etag, verdict }
}

const changed = (): Trouble =>
  new Trouble('changed-meanwhile', 'Another object took the place of the one that was looked at.')
