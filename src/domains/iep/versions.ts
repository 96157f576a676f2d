import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import {
  content as contentShape,
  verification as verificationShape,
  type Content,
  type Finding,
  type Language,
  type Verification,
} from './content.ts'
import { DocumentGone, type DocumentRef } from './document.ts'

/** A document in one language as it was made: what it says, what checking it came to, and what made it. */
export interface Version {
  content: Content
  verification: Verification
  promptVersion: string
  model: string
}

/** Somebody works on the document in this language. One that is ready stays ready. */
export async function beginVersion(tx: Tx, { iepId }: DocumentRef, language: Language): Promise<void> {
  await sql`
    insert into iep.language_versions as v (iep_id, language, state) values (${iepId}, ${language}, 'working')
    on conflict (iep_id, language) do update set state = 'working', problem_message = null, updated_at = now()
    where v.state in ('waiting', 'failed')`.execute(tx)
}

/** The document is there in this language. The document must be held. */
export async function storeVersion(
  tx: Tx,
  { iepId }: DocumentRef,
  language: Language,
  version: Version,
): Promise<void> {
  const { content, verification, promptVersion, model } = version
  await sql`
    insert into iep.language_versions (iep_id, language, state, content, verification, prompt_version, model)
    values (${iepId}, ${language}, 'ready', ${JSON.stringify(content)}::jsonb, ${JSON.stringify(verification)}::jsonb,
      ${promptVersion}, ${model})
    on conflict (iep_id, language) do update set state = 'ready', content = excluded.content,
      verification = excluded.verification, prompt_version = excluded.prompt_version, model = excluded.model,
      problem_message = null, updated_at = now()`.execute(tx)
}

/** The languages that are made from English wait for their turn. */
export async function openTranslations(tx: Tx, { iepId }: DocumentRef): Promise<void> {
  await sql`
    insert into iep.language_versions (iep_id, language)
    select ${iepId}, language from unnest(array['es', 'zh', 'vi']) as language
    on conflict (iep_id, language) do nothing`.execute(tx)
}

/** The document will not be there in this language, for the reason a parent is told. The document must be held. */
export async function failVersion(
  tx: Tx,
  { iepId }: DocumentRef,
  language: Language,
  message: string,
): Promise<void> {
  await sql`
    insert into iep.language_versions as v (iep_id, language, state, problem_message)
    values (${iepId}, ${language}, 'failed', ${message})
    on conflict (iep_id, language) do update
      set state = 'failed', problem_message = excluded.problem_message, updated_at = now()
    where v.state <> 'ready'`.execute(tx)
}

/**
 * The document is processed once English is ready and no language is waited for; those that failed don't keep the
 * others from their reader. The document must be held, so that of two languages that end at once one is the last.
 * True when it became so now.
 */
export async function processedWhenComplete(tx: Tx, { iepId }: DocumentRef): Promise<boolean> {
  const changed = await sql`
    update iep.documents d set status = 'PROCESSED', processed_at = now(), problem_code = null,
      problem_message = null, updated_at = now()
    where d.iep_id = ${iepId} and d.status <> 'PROCESSED'
      and exists (select from iep.language_versions v where v.iep_id = d.iep_id and v.language = 'en' and v.state = 'ready')
      and not exists (
        select from iep.language_versions v where v.iep_id = d.iep_id and v.state in ('waiting', 'working'))`.execute(
    tx,
  )
  return changed.numAffectedRows === 1n
}

/**
 * The English version, from which the others are made, and what of it is not confirmed.
 * @throws DocumentGone when there is none any more
 */
export async function englishOf(
  db: Sql,
  { iepId, revision }: DocumentRef,
): Promise<{ source: Content; doubts: Finding[] }> {
  const found = await sql<{ content: unknown; verification: unknown }>`
    select v.content, v.verification from iep.language_versions v join iep.documents d on d.iep_id = v.iep_id
    where d.iep_id = ${iepId} and d.revision = ${revision} and d.active and v.language = 'en' and v.state = 'ready'`.execute(
    db,
  )
  const [english] = found.rows
  if (!english) throw new DocumentGone('There is no English version of the document any more.')
  return {
    source: contentShape.parse(english.content),
    doubts: verificationShape.parse(english.verification).unverified,
  }
}
