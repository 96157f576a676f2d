import { sql } from 'kysely'
import type { Tx } from '../../../shared/database.ts'
import type { DocumentRef } from '../document.ts'
import type { Place } from '../objects.ts'
import type { ExaminedFile } from './examination.ts'

/** A document as an arrival finds it. Times are microseconds since 1970: uploads may be opened in the same millisecond. */
export interface KnownDocument {
  iepId: string
  revision: number
  active: boolean
  refused: boolean
  /** It, or one of its languages, failed for good. */
  failed: boolean
  fileName: string
  sha256: Buffer
  at: number
}

/** A place that was given out, and is taken now. */
export interface TakenUpload {
  key: string
  fileName: string
  at: number
}

/** Makes this transaction the only one in which something arrives for the child. False when there is no such child. */
export async function holdChild(tx: Tx, { userId, childId }: Place): Promise<boolean> {
  const found = await sql`
    select from iep.children where child_id = ${childId} and user_id = ${userId} for update`.execute(tx)
  return found.rows.length > 0
}

const micros = sql<number>`floor(extract(epoch from created_at) * 1000000)::int8`
const asTime = (at: number) => sql`timestamptz 'epoch' + ${at}::float8 * interval '1 microsecond'`

/** The newest first, and of those of one age what was refused: it came after the other. */
export async function documentsOfChild(tx: Tx, childId: string): Promise<KnownDocument[]> {
  const found = await sql<KnownDocument>`
    select iep_id as "iepId", revision, active, page_count is null as refused, file_name as "fileName", sha256,
      status in ('FAILED', 'OCR_FAILED') or exists (
        select from iep.language_versions v where v.iep_id = d.iep_id and v.state = 'failed') as failed,
      ${micros} as at
    from iep.documents d where child_id = ${childId} order by created_at desc, active for update of d`.execute(
    tx,
  )
  return found.rows
}

/** Whether its hour is over does not matter: it was filled while its address was good, or it could not be filled. */
export async function takeUpload(tx: Tx, { iepId, childId }: Place): Promise<TakenUpload | undefined> {
  const taken = await sql<TakenUpload>`
    delete from iep.uploads where iep_id = ${iepId} and child_id = ${childId}
    returning object_key as key, file_name as "fileName", ${micros} as at`.execute(tx)
  return taken.rows[0]
}

/** Nothing came, and nothing can come any more. False when something still may, or came before. */
export async function closeIfOverdue(tx: Tx, { iepId, childId }: Place): Promise<boolean> {
  const closed = await sql`
    delete from iep.uploads
    where iep_id = ${iepId} and child_id = ${childId} and expires_at < now() returning 1`.execute(tx)
  return closed.rows.length > 0
}

export async function removeDocuments(tx: Tx, iepIds: string[]): Promise<void> {
  await sql`delete from iep.documents where iep_id = any(${iepIds}::uuid[])`.execute(tx)
}

/** Makes one of the child's documents the active one, or none if it is still to be written. The others were refused. */
export async function activate(tx: Tx, childId: string, iepId: string): Promise<void> {
  await sql`
    update iep.documents set active = false where child_id = ${childId} and active and iep_id <> ${iepId}`.execute(
    tx,
  )
  await sql`
    update iep.documents set active = true where child_id = ${childId} and not active and iep_id = ${iepId}`.execute(
    tx,
  )
}

/** The document counts as of this upload. */
export async function touchDocument(
  tx: Tx,
  { iepId, at }: Pick<KnownDocument, 'iepId' | 'at'>,
): Promise<void> {
  await sql`
    update iep.documents set created_at = ${asTime(at)}, updated_at = now()
    where iep_id = ${iepId} and created_at < ${asTime(at)}`.execute(tx)
}

type NewFile = ExaminedFile & {
  place: Place
  active: boolean
  /** For the parent's consent. */
  waits: boolean
}

/** Writes a new document; its age is that of its upload. Tells the revision. */
export async function insertDocument(tx: Tx, upload: TakenUpload, file: NewFile): Promise<number> {
  const { iepId, childId, userId } = file.place
  const { key, pages, status, waitingFor, code, message } = columnsOf(file)
  await sql`
    insert into iep.documents (iep_id, child_id, user_id, object_key, file_name, active, sha256, byte_size, page_count,
      status, waiting_for, problem_code, problem_message, created_at)
    values (${iepId}, ${childId}, ${userId}, ${key ?? upload.key}, ${upload.fileName}, ${file.active}, ${file.sha256},
      ${file.bytes}, ${pages}, ${status}, ${waitingFor}, ${code}, ${message}, ${asTime(upload.at)})`.execute(
    tx,
  )
  return 1
}

/** Other bytes for a document: what was found out about the old ones is forgotten. Tells the new revision. */
export async function replaceBytes(tx: Tx, file: NewFile): Promise<DocumentRef['revision']> {
  const { iepId } = file.place
  const { key, pages, status, waitingFor, code, message } = columnsOf(file)
  await sql`delete from iep.pages where iep_id = ${iepId}`.execute(tx)
  await sql`delete from iep.language_versions where iep_id = ${iepId}`.execute(tx)
  await sql`update iep.model_calls set answer = null where iep_id = ${iepId} and answer is not null`.execute(
    tx,
  )
  const replaced = await sql<{ revision: number }>`
    update iep.documents set revision = revision + 1, active = ${file.active},
      object_key = coalesce(${key}, object_key), sha256 = ${file.sha256}, byte_size = ${file.bytes}, page_count = ${pages}, status = ${status}, waiting_for = ${waitingFor},
      problem_code = ${code}, problem_message = ${message}, ocr_completed_at = null, redacted_at = null,
      processed_at = null, updated_at = now()
    where iep_id = ${iepId} returning revision`.execute(tx)
  return replaced.rows[0]?.revision as number
}

function columnsOf({ verdict, waits }: NewFile) {
  const waitingFor = waits ? 'consent' : null
  if ('pages' in verdict) return { ...verdict, status: 'PROCESSING', waitingFor, code: null, message: null }
  const { code, message } = verdict.refused
  return { key: null, pages: null, status: 'FAILED', waitingFor, code, message }
}
