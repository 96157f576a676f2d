import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { sql } from 'kysely'
import { TooLarge, type Bucket } from '../../shared/bucket.ts'
import type { Sql } from '../../shared/database.ts'
import { inScratch } from '../../shared/scratch.ts'
import { inspectDocument, refusalOf, type Refusal } from './inspect.ts'
import type { Place } from './objects.ts'

/** What was found at a place where something is said to have arrived. */
export type Examined = { found: 'no place' | 'no object' } | ExaminedFile

export interface ExaminedFile {
  found: 'file'
  sha256: Buffer
  bytes: number
  verdict: { pages: number } | { refused: Refusal }
}

/** What the paid reader takes, and what a form promises to accept. */
export const BYTES_AT_MOST = 50 * 2 ** 20

/**
 * Looks at what arrived: its digest and its health as a PDF. It is copied to the disk for that, never into memory, and
 * the copy is gone when this returns.
 * @throws the signal's reason, or an error of S3 or this machine: try again
 */
export async function examine(
  place: Place,
  options: { db: Sql; bucket: Bucket; signal: AbortSignal },
): Promise<Examined> {
  const { db, bucket, signal } = options
  const key = await findKey(db, place)
  if (key === undefined) return { found: 'no place' }
  return inScratch(async (directory): Promise<Examined> => {
    const file = path.join(directory, 'arrived')
    try {
      const copy = await bucket.download(key, file, { maxBytes: BYTES_AT_MOST, signal })
      if (!copy) return { found: 'no object' }
      return {
        found: 'file',
        ...copy,
        verdict: await inspectDocument(file, { userId: place.userId, signal }),
      }
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error
      const verdict = { refused: refusalOf('too-large') }
      const bytes = (await bucket.head(key, signal))?.bytes ?? BYTES_AT_MOST + 1
      // Nobody read it to its end, so nothing will be taken for the same.
      return { found: 'file', sha256: randomBytes(32), bytes, verdict }
    }
  })
}

/** Only what was given out here may arrive: an open place, or the file of a document that is replaced by another. */
async function findKey(db: Sql, { userId, childId, iepId }: Place): Promise<string | undefined> {
  const found = await sql<{ key: string }>`
    select object_key as key from iep.uploads
    where iep_id = ${iepId} and child_id = ${childId} and user_id = ${userId}
    union all
    select object_key from iep.documents
    where iep_id = ${iepId} and child_id = ${childId} and user_id = ${userId}`.execute(db)
  return found.rows[0]?.key
}
