import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import { GiveUp } from '../../shared/errors.ts'
import { DocumentGone, type DocumentRef } from './document.ts'
import { asRedacted, redactPage, type Redacted } from './redact.ts'

/** Pages that are written in one transaction. */
const BATCH = 20

/**
 * Redacts every page that is not redacted yet. A page that cannot be redacted for certain ends it: what is stored is
 * safe to send, and nothing else is.
 * @throws DocumentGone, GiveUp
 */
export async function redactMissingPages(
  document: DocumentRef,
  options: { db: Sql; signal: AbortSignal; progress: (percent: number, step: string) => void },
): Promise<void> {
  const { db, signal, progress } = options
  for (;;) {
    signal.throwIfAborted()
    const { pages, total, missing } = await findUnredacted(db, document)
    progress((100 * (total - missing)) / Math.max(total, 1), `redacted ${total - missing} of ${total} pages`)
    if (pages.length === 0) return
    const redacted = pages.map(({ index, markdown }) => {
      const { text, hidden } = redactPage(markdown)
      return { index, text, hidden }
    })
    await db.transaction().execute((tx) => storeRedacted(tx, document, redacted))
  }
}

/** All pages are redacted: says so. The document must be held. */
export async function finishRedacting(tx: Tx, { iepId }: DocumentRef): Promise<{ pages: number }> {
  const found = await sql<{ pages: number; all: boolean }>`
    select count(redacted)::int as pages,
      count(redacted) = (select page_count from iep.documents where iep_id = ${iepId}) as all
    from iep.pages where iep_id = ${iepId}`.execute(tx)
  const { pages, all } = found.rows[0] ?? { pages: 0, all: false }
  if (!all) throw new Error('Not every page is redacted.')
  await sql`
    update iep.documents set redacted_at = now(), problem_code = null, updated_at = now()
    where iep_id = ${iepId}`.execute(tx)
  return { pages }
}

/** A page that may be sent to a chat model. `number` counts from 1, as people do. */
export interface RedactedPage {
  number: number
  text: Redacted
}

/**
 * The pages of a document as they may be sent.
 * @throws DocumentGone when there are none; GiveUp when one of them is not redacted: then none is sent.
 */
export async function redactedPages(db: Sql, { iepId, revision }: DocumentRef): Promise<RedactedPage[]> {
  const found = await sql<{ index: number; redacted: string | null }>`
    select p.index, p.redacted from iep.pages p join iep.documents d on d.iep_id = p.iep_id
    where d.iep_id = ${iepId} and d.revision = ${revision} and d.active and d.redacted_at is not null
    order by p.index`.execute(db)
  if (found.rows.length === 0) throw new DocumentGone('There are no redacted pages of the document any more.')
  return found.rows.map(({ index, redacted }) => {
    if (redacted === null) throw new GiveUp('not-redacted', 'A page of the document is not redacted.')
    return { number: index + 1, text: asRedacted(redacted) }
  })
}

async function findUnredacted(
  db: Sql,
  { iepId, revision }: DocumentRef,
): Promise<{ pages: { index: number; markdown: string }[]; total: number; missing: number }> {
  const found = await sql<{ pages: { index: number; markdown: string }[]; total: number; missing: number }>`
    select d.page_count as total,
      (select count(*)::int from iep.pages p where p.iep_id = d.iep_id and p.redacted is null) as missing,
      coalesce((
        select json_agg(json_build_object('index', p.index, 'markdown', p.markdown))
        from (select index, markdown from iep.pages where iep_id = d.iep_id and redacted is null
          order by index limit ${BATCH}) p), '[]') as pages
    from iep.documents d
    where d.iep_id = ${iepId} and d.revision = ${revision} and d.active`.execute(db)
  const [document] = found.rows
  if (!document) throw new DocumentGone('The document is not there any more, or other bytes took its place.')
  return document
}

async function storeRedacted(
  tx: Tx,
  { iepId, revision }: DocumentRef,
  pages: { index: number; text: string; hidden: Record<string, number> }[],
): Promise<void> {
  const held = await sql`
    select from iep.documents where iep_id = ${iepId} and revision = ${revision} and active for key share`.execute(
    tx,
  )
  if (held.rows.length === 0) throw new DocumentGone('The document went away while its pages were redacted.')
  await sql`
    update iep.pages p set redacted = r.text, hidden = r.hidden
    from json_to_recordset(${JSON.stringify(pages)}::json) as r (index int, text text, hidden jsonb)
    where p.iep_id = ${iepId} and p.index = r.index`.execute(tx)
}
