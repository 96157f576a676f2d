import { sql } from 'kysely'
import type { Run, Sql, Tx } from '../../../shared/database.ts'
import { timeOrderedId } from '../../../shared/ids.ts'
import type { Language } from '../content.ts'
import { DocumentGone, type DocumentRef } from '../document.ts'

/** A call as it is written down before it is made. */
export interface Call {
  document: DocumentRef
  step: 'read' | 'summarise' | 'translate'
  language: Language | null
  requestHash: Buffer
  model: string
}

/** What became of it. Fields that are left out stay null: nothing is known of them. */
export interface CallEnd {
  outcome: 'answered' | 'unusable' | 'throttled' | 'failed'
  pages?: number
  promptTokens?: number
  completionTokens?: number
  /** Millionths of a US dollar. */
  cost?: number | null
}

/** The parent does not agree any more: nothing was sent, and nothing is to be sent until they do. */
export class ConsentWithdrawn extends Error {
  override name = 'ConsentWithdrawn'
}

/**
 * Writes the call down if the parent agrees to it, in one way to Postgres and back: the model is idle for it. One whose
 * end is never written was in flight at a crash, and shows as asked but not ended.
 * @throws DocumentGone, so that nobody pays for what nobody wants any more; ConsentWithdrawn.
 */
export async function beginCall(run: Run, call: Call): Promise<string> {
  const { document, step, language, requestHash, model } = call
  const callId = timeOrderedId()
  const [held] = await run<{ consent: boolean }>(begin, [
    callId,
    document.iepId,
    step,
    language,
    requestHash,
    model,
    document.revision,
    document.userId,
  ])
  if (!held) throw gone()
  if (!held.consent) throw new ConsentWithdrawn('The parent does not agree to the processing any more.')
  return callId
}

/** Whoever takes consent back waits for this statement, or this one for them and sees it: the profile's row is locked first. */
const begin = {
  name: 'iep.models.begin-call',
  text: `
with parent as materialized (
  select user_id, consent_given from iep.profiles where user_id = $8 for share
), held as materialized (
  select p.consent_given as consent from parent p join iep.documents d on d.user_id = p.user_id
  where d.iep_id = $2 and d.revision = $7 and d.active for key share of d
), begun as (
  insert into iep.model_calls (call_id, iep_id, step, language, request_hash, model)
  select $1, $2, $3, $4, $5, $6 from held where consent
)
select consent from held`,
}

const gone = (): DocumentGone => new DocumentGone('The document is gone.')

/** Writes down what became of a call. The row outlives its document, so that what was spent stays known. */
export async function endCall(tx: Tx, callId: string, end: CallEnd): Promise<void> {
  await tx
    .updateTable('iep.model_calls')
    .set({
      ended_at: sql`now()`,
      outcome: end.outcome,
      pages: end.pages ?? null,
      prompt_tokens: end.promptTokens ?? null,
      completion_tokens: end.completionTokens ?? null,
      cost: end.cost ?? null,
    })
    .where('call_id', '=', callId)
    .execute()
}

/**
 * The answers of a step turned out to be of no use: asked once more, the model is to think anew. What they cost stays
 * known.
 */
export async function forgetAnswers(
  db: Sql,
  { iepId }: DocumentRef,
  { step, language }: Pick<Call, 'step' | 'language'>,
): Promise<void> {
  await sql`
    update iep.model_calls set outcome = 'unusable', answer = null
    where iep_id = ${iepId} and step = ${step} and language = ${language} and outcome = 'answered'`.execute(
    db,
  )
}

/**
 * Keeps the document's row as it is until the transaction ends.
 * @throws DocumentGone when it was deleted, replaced, or other bytes took its place.
 */
export async function holdDocument(tx: Tx, document: DocumentRef): Promise<void> {
  if (!(await isHeld(tx, document))) throw gone()
}

/** As `holdDocument`, and says so instead of throwing. */
export async function isHeld(tx: Tx, { iepId, revision }: DocumentRef): Promise<boolean> {
  const found = await sql`
    select from iep.documents where iep_id = ${iepId} and revision = ${revision} and active for key share`.execute(
    tx,
  )
  return found.rows.length > 0
}
