import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'kysely'
import { TooLarge, type Bucket } from '../../shared/bucket.ts'
import type { Sql } from '../../shared/database.ts'
import { days } from '../../shared/time.ts'
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
      return { found: 'file', ...copy, verdict: await inspectDocument(file, { userId: place.userId, signal }) }
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

const PREFIX = 'millrace-iep-'

/** A directory that only this user can look into and that goes away, whatever happens in it. */
async function inScratch<T>(work: (directory: string) => Promise<T>): Promise<T> {
  await (swept ??= sweepScratch())
  const directory = await mkdtemp(path.join(tmpdir(), PREFIX))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Once in the life of a process. */
let swept: Promise<number> | undefined

/** Removes what processes that were killed have left behind, once it is a day old; tells how much there was. */
export async function sweepScratch(): Promise<number> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX))
  let removed = 0
  for (const name of names) {
    const directory = path.join(tmpdir(), name)
    const found = await stat(directory).catch(unlessGone)
    // What belongs to another user is not ours to remove.
    if (!found || found.uid !== process.getuid?.() || found.mtimeMs > Date.now() - days(1)) continue
    await rm(directory, { recursive: true, force: true })
    removed += 1
  }
  return removed
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
