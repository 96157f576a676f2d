import { sql } from 'kysely'
import type { Bucket } from '../../shared/bucket.ts'
import type { Sql } from '../../shared/database.ts'
import { GiveUp, Throttled } from '../../shared/errors.ts'
import { minutes } from '../../shared/time.ts'
import { DocumentGone, type DocumentRef } from './document.ts'
import type { Model } from './model.ts'

/** Pages in one question: a failure costs no more than these. */
const RANGE = 10
/** Questions under way at once. */
const LANES = 4
/** Ranges that fail before the rest is left for the next attempt: by then it is not about the pages. */
const FAILURES_AT_MOST = LANES
/** How long the model's provider may fetch the document. */
const URL_VALID = minutes(15) / 1000

/**
 * Has every page read that is not stored yet. A range that fails does not keep the others from being read; its error is
 * thrown in the end.
 * @throws DocumentGone, and whatever `Model.read` throws
 */
export async function readMissingPages(
  document: DocumentRef,
  options: {
    db: Sql
    bucket: Bucket
    model: Model
    signal: AbortSignal
    progress: (percent: number, step: string) => void
  },
): Promise<void> {
  const { db, bucket, model, signal, progress } = options
  const { key, pageCount, missing } = await findMissingPages(db, document)
  let read = pageCount - missing.length
  const ranges = inRanges(missing)
  const failures: unknown[] = []
  const tell = () => progress((100 * read) / pageCount, `read ${read} of ${pageCount} pages`)

  const lane = async (): Promise<void> => {
    for (let pages = ranges.shift(); pages; pages = ranges.shift()) {
      if (signal.aborted || hopeless(failures)) return
      try {
        const url = await bucket.presignGet({ key, seconds: URL_VALID })
        await model.read({ document, url, pages, signal })
        read += pages.length
        tell()
      } catch (error) {
        failures.push(error)
      }
    }
  }
  tell()
  await Promise.all(Array.from({ length: LANES }, lane))
  signal.throwIfAborted()
  if (failures.length > 0) throw failures.find(endsReading) ?? failures[0]
}

async function findMissingPages(
  db: Sql,
  { iepId, revision }: DocumentRef,
): Promise<{ key: string; pageCount: number; missing: number[] }> {
  const found = await sql<{ key: string; pageCount: number; missing: number[] }>`
    select object_key as key, page_count as "pageCount", array(
      select n from generate_series(0, page_count - 1) as pages (n)
      where not exists (select from iep.pages p where p.iep_id = d.iep_id and p.index = n) order by n) as missing
    from iep.documents d
    where iep_id = ${iepId} and revision = ${revision} and active and page_count is not null`.execute(db)
  const [document] = found.rows
  if (!document) throw new DocumentGone('The document is not there any more, or other bytes took its place.')
  return document
}

function inRanges(pages: number[]): number[][] {
  const ranges: number[][] = []
  for (let start = 0; start < pages.length; start += RANGE) ranges.push(pages.slice(start, start + RANGE))
  return ranges
}

/** Asking for more pages would be of no use now. */
const hopeless = (failures: unknown[]): boolean =>
  failures.length >= FAILURES_AT_MOST || failures.some(endsReading)

/** About the document or the provider as a whole, not about some pages. */
const endsReading = (error: unknown): boolean =>
  error instanceof DocumentGone || error instanceof GiveUp || error instanceof Throttled
