import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import { languages, type Language, type Translated } from './content.ts'
import { DocumentGone, type DocumentRef } from './document.ts'
import type { Reason } from './sentences.ts'

/** Something that is still to be done before a parent can read a document. */
export type Step = { step: 'read' | 'redact' | 'summarise' } | { step: 'translate'; language: Translated }

/**
 * What a document needs next, as the tables say: nothing while its parent's consent is missing, nothing when it was
 * refused, replaced or deleted, nothing when all of it is there. A language that failed is needed like one that was
 * never begun.
 */
export async function missingSteps(db: Sql, { iepId, userId, revision }: DocumentRef): Promise<Step[]> {
  const found = await sql<{ read: boolean; redacted: boolean; ready: string[] }>`
    select d.ocr_completed_at is not null as read, d.redacted_at is not null as redacted,
      array(select v.language from iep.language_versions v where v.iep_id = d.iep_id and v.state = 'ready') as ready
    from iep.documents d join iep.profiles p on p.user_id = d.user_id and p.consent_given
    where d.iep_id = ${iepId} and d.user_id = ${userId} and d.revision = ${revision} and d.active
      and d.page_count is not null`.execute(db)
  const [document] = found.rows
  if (!document) return []
  if (!document.read) return [{ step: 'read' }]
  if (!document.redacted) return [{ step: 'redact' }]
  if (!document.ready.includes('en')) return [{ step: 'summarise' }]
  return languages
    .filter((language) => language !== 'en' && !document.ready.includes(language))
    .map((language) => ({ step: 'translate', language: language as Translated }))
}

/** A document whose row this transaction holds until it ends. */
export interface HeldDocument {
  childId: string
  objectKey: string
  status: string
  /** The parent agrees to what happens with the document, and cannot change that before the transaction ends. */
  consent: boolean
  problemCode: string | null
}

/**
 * Makes this transaction the only one that writes about the document, and brings `waiting_for` in line with the
 * parent's consent. The profile's row is locked before the document's, here and everywhere.
 * @throws DocumentGone before anything was written.
 */
export async function holdDocument(tx: Tx, { iepId, userId, revision }: DocumentRef): Promise<HeldDocument> {
  const consent = (await holdConsent(tx, userId)) ?? false
  const found = await sql<Omit<HeldDocument, 'consent'>>`
    select child_id as "childId", object_key as "objectKey", status, problem_code as "problemCode"
    from iep.documents
    where iep_id = ${iepId} and user_id = ${userId} and revision = ${revision} and active
    for no key update`.execute(tx)
  const [document] = found.rows
  if (!document) throw new DocumentGone('The document is not there any more, or other bytes took its place.')
  const waitingFor = consent ? null : 'consent'
  await sql`
    update iep.documents set waiting_for = ${waitingFor}, updated_at = now()
    where iep_id = ${iepId} and waiting_for is distinct from ${waitingFor}`.execute(tx)
  return { ...document, consent }
}

/**
 * Whether a parent agrees to the processing of documents; it stays so until the transaction ends. Whoever gives consent
 * at the same time either was before this, or sees afterwards what this transaction left waiting. Undefined without a
 * profile.
 */
export async function holdConsent(tx: Tx, userId: string): Promise<boolean | undefined> {
  const found = await sql<{ consent: boolean }>`
    select consent_given as consent from iep.profiles where user_id = ${userId} for share`.execute(tx)
  return found.rows[0]?.consent
}

/**
 * A step begins: the document says so, whatever it said of an earlier failure. False, and nothing is written, when the
 * parent does not agree to it.
 * @throws DocumentGone
 */
export async function beginStep(tx: Tx, document: DocumentRef): Promise<boolean> {
  if (!(await holdConsent(tx, document.userId))) return false
  await holdDocument(tx, document)
  await forgetFailure(tx, document)
  return true
}

/**
 * A step stops until its parent agrees again: nobody works on its language meanwhile. The document must be held, and was
 * found to lack the consent.
 */
export async function layAside(
  tx: Tx,
  { iepId }: DocumentRef,
  language: Language | undefined,
): Promise<void> {
  if (language !== undefined)
    await sql`
      update iep.language_versions set state = 'waiting', updated_at = now()
      where iep_id = ${iepId} and language = ${language} and state = 'working'`.execute(tx)
  await endNeedlessWait(tx, { iepId })
}

/** A document of which nothing is left to be done waits for nobody's consent. The document must be held. */
export async function endNeedlessWait(tx: Tx, { iepId }: Pick<DocumentRef, 'iepId'>): Promise<void> {
  await sql`
    update iep.documents d set waiting_for = null
    where d.iep_id = ${iepId} and d.waiting_for is not null and d.status = 'PROCESSED'
      and not ${languagesLeft}`.execute(tx)
}

/** Some language of the document `d` is waited for. */
export const languagesLeft = sql<boolean>`exists (
  select from iep.language_versions v where v.iep_id = d.iep_id and v.state in ('waiting', 'working'))`

/** Forgets that a document failed, so that what a parent sees is what is going on. The document must be held. */
export async function forgetFailure(tx: Tx, { iepId }: Pick<DocumentRef, 'iepId'>): Promise<void> {
  await sql`
    update iep.documents set problem_code = null, problem_message = null, updated_at = now(),
      status = case when status = 'PROCESSED' then status when ocr_completed_at is null then 'PROCESSING' else 'OCR_COMPLETED' end
    where iep_id = ${iepId} and page_count is not null
      and (problem_code is not null or status in ('FAILED', 'OCR_FAILED')
        or status = 'PROCESSING' and ocr_completed_at is not null)`.execute(tx)
}

/** All pages are there: says so. The document must be held. */
export async function finishReading(tx: Tx, { iepId }: DocumentRef): Promise<{ pages: number }> {
  const found = await sql<{ pages: number; all: boolean }>`
    select count(*)::int as pages, count(*) = (select page_count from iep.documents where iep_id = ${iepId}) as all
    from iep.pages where iep_id = ${iepId}`.execute(tx)
  const { pages, all } = found.rows[0] ?? { pages: 0, all: false }
  if (!all) throw new Error('Not every page was stored.')
  await sql`
    update iep.documents set status = 'OCR_COMPLETED', ocr_completed_at = now(), problem_code = null,
      problem_message = null, updated_at = now()
    where iep_id = ${iepId}`.execute(tx)
  return { pages }
}

/** Why a step cannot succeed, kept until it has failed for good: a code of ours, never content. */
export async function noteProblem(db: Sql, { iepId, revision }: DocumentRef, code: string): Promise<void> {
  await sql`
    update iep.documents set problem_code = ${code}, updated_at = now()
    where iep_id = ${iepId} and revision = ${revision} and active`.execute(db)
}

/** A step failed for good: the document says so to its parent. The document must be held. */
export async function failDocument(
  tx: Tx,
  { iepId }: DocumentRef,
  status: 'FAILED' | 'OCR_FAILED',
  { code, message }: Reason,
): Promise<void> {
  await sql`
    update iep.documents set status = ${status}, problem_code = ${code}, problem_message = ${message},
      updated_at = now()
    where iep_id = ${iepId}`.execute(tx)
}
