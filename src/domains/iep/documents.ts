import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import { languages, type Content, type Language, type Verification } from './content.ts'
import type { DocumentRef } from './document.ts'

export type Status = 'PROCESSING' | 'OCR_COMPLETED' | 'OCR_FAILED' | 'PROCESSED' | 'FAILED'
export type LanguageState = 'waiting' | 'working' | 'ready' | 'failed'

/** A code that does not change, and a sentence for a parent. */
export interface Problem {
  code: string
  message: string
}

/** A file that was refused when it arrived, while the child had a document already. */
export interface RejectedUpload {
  iepId: string
  fileName: string
  message: string
  /** Milliseconds since 1970. */
  at: number
}

/** The document of a child with everything that was found out about it. Times are milliseconds since 1970. */
export interface FoundDocument {
  iepId: string
  childId: string
  key: string
  fileName: string
  byteSize: number
  status: Status
  waitingFor: 'consent' | null
  problem: Problem | null
  ocrCompletedAt: number | null
  createdAt: number
  updatedAt: number
  versions: LanguageVersion[]
  /** In order; none when they were not asked for. */
  pages: ReadPage[]
  usage: StepUsage[]
  rejected: RejectedUpload | null
}

export interface LanguageVersion {
  language: Language
  state: LanguageState
  message: string | null
  content: Content | null
  verification: Verification | null
}

/** A page as it was read; `index` counts from 0. */
export interface ReadPage {
  index: number
  markdown: string
  images: unknown[]
  dimensions: Record<string, unknown>
  model: string
}

/** What one step of a document has cost so far. */
export interface StepUsage {
  step: 'read' | 'summarise' | 'translate'
  language: Language | null
  /** Questions put to the model, and how many of them had been put before: it did not answer, or nobody knows whether. */
  calls: number
  repeated: number
  pages: number
  promptTokens: number
  completionTokens: number
  /** Millionths of a US dollar. */
  cost: number
}

/** The active document of a child, of one moment: all of it is one statement. */
export async function findDocument(
  db: Sql,
  childId: string,
  { withPages }: { withPages: boolean },
): Promise<FoundDocument | undefined> {
  const found = await sql<FoundDocument>`
    select d.iep_id as "iepId", d.child_id as "childId", d.object_key as key, d.file_name as "fileName",
      d.byte_size as "byteSize", d.status, d.waiting_for as "waitingFor",
      ${problemOf} as problem, ${ms('d.ocr_completed_at')} as "ocrCompletedAt",
      ${ms('d.created_at')} as "createdAt",
      ${ms('greatest(d.updated_at, (select max(v.updated_at) from iep.language_versions v where v.iep_id = d.iep_id))')}
        as "updatedAt",
      coalesce((
        select json_agg(json_build_object('language', v.language, 'state', v.state, 'message', v.problem_message,
          'content', v.content, 'verification', v.verification))
        from iep.language_versions v where v.iep_id = d.iep_id), '[]') as versions,
      coalesce((
        select json_agg(json_build_object('index', p.index, 'markdown', p.markdown, 'images', p.images,
          'dimensions', p.dimensions, 'model', p.model) order by p.index)
        from iep.pages p where p.iep_id = d.iep_id and ${withPages}::boolean), '[]') as pages,
      ${usageOfSteps} as usage,
      ${rejectedBeside} as rejected
    from iep.documents d where d.child_id = ${childId} and d.active`.execute(db)
  return found.rows[0]
}

/**
 * Changes whenever what `findDocument` finds may have; undefined without a document. Postgres gives every version of a
 * row the number of the transaction that wrote it (xmin), so that no writer can forget to say that it wrote.
 */
export async function versionOfDocument(db: Sql, childId: string): Promise<string | undefined> {
  const found = await sql<{ version: string }>`
    select md5(concat_ws(' ', d.iep_id, d.xmin,
      (select string_agg(v.language || v.xmin, ' ' order by v.language)
        from iep.language_versions v where v.iep_id = d.iep_id), 'pages',
      (select string_agg(p.index || '.' || p.xmin, ' ' order by p.index) from iep.pages p where p.iep_id = d.iep_id),
      'calls', (select count(*) || ' ' || count(m.ended_at) from iep.model_calls m where m.iep_id = d.iep_id),
      (select string_agg(r.iep_id || ' ' || r.xmin, ' ' order by r.iep_id)
        from iep.documents r where r.child_id = d.child_id and not r.active))) as version
    from iep.documents d where d.child_id = ${childId} and d.active`.execute(db)
  return found.rows[0]?.version
}

/** What is needed to do something with the active document of a child. */
export interface ActiveDocument extends DocumentRef {
  key: string
  fileName: string
  /** Refused when it arrived: its file was thrown away. */
  refused: Problem | null
  /** It, or one of its languages, failed for good. */
  failed: boolean
}

export async function findActive(db: Sql, childId: string): Promise<ActiveDocument | undefined> {
  const found = await sql<ActiveDocument>`
    select d.iep_id as "iepId", d.user_id as "userId", d.revision, d.object_key as key, d.file_name as "fileName",
      case when d.page_count is null then ${problemOf} end as refused,
      d.status in ('FAILED', 'OCR_FAILED') or exists (
        select 1 from iep.language_versions v where v.iep_id = d.iep_id and v.state = 'failed') as failed
    from iep.documents d where d.child_id = ${childId} and d.active`.execute(db)
  return found.rows[0]
}

/** Whether this document, active or refused, or this upload is one of the child's. */
export async function isOfChild(db: Sql, childId: string, iepId: string): Promise<boolean> {
  const found = await sql`
    select 1 from iep.documents where iep_id::text = ${iepId.toLowerCase()} and child_id = ${childId}
    union all
    select 1 from iep.uploads where iep_id::text = ${iepId.toLowerCase()} and child_id = ${childId}`.execute(
    db,
  )
  return found.rows.length > 0
}

/**
 * Forgets all documents and uploads of a held child with everything found out about them; what they cost stays known,
 * what the models answered does not (the table sees to that).
 */
export async function forgetDocuments(tx: Tx, childId: string): Promise<void> {
  await sql`delete from iep.uploads where child_id = ${childId}`.execute(tx)
  await sql`delete from iep.documents where child_id = ${childId}`.execute(tx)
}

/** All documents of a child, to know whose jobs to stop before they are forgotten. */
export async function documentsOf(db: Sql, childId: string): Promise<DocumentRef[]> {
  const found = await sql<DocumentRef>`
    select iep_id as "iepId", user_id as "userId", revision from iep.documents
    where child_id = ${childId} order by iep_id`.execute(db)
  return found.rows
}

/**
 * Takes back that a held document, or languages of it, failed, so that what failed is missing once more. A document
 * that can be read in some languages goes on being PROCESSED while the others are tried again.
 */
export async function takeBackFailures(tx: Tx, { iepId }: Pick<DocumentRef, 'iepId'>): Promise<void> {
  await sql`
    update iep.language_versions set state = 'waiting', problem_message = null, updated_at = clock_timestamp()
    where iep_id = ${iepId} and state = 'failed'`.execute(tx)
  await sql`
    update iep.documents set problem_code = null, problem_message = null, updated_at = clock_timestamp(),
      status = case when status in ('FAILED', 'OCR_FAILED') then 'PROCESSING' else status end
    where iep_id = ${iepId}`.execute(tx)
}

/**
 * Every language with its state. Where nothing goes on any more, a language that is not ready will not become so by
 * itself, whatever its row says.
 */
export function languageStates(
  status: Status,
  versions: { language: Language; state: LanguageState }[],
): Record<Language, LanguageState> {
  const over = status === 'FAILED' || status === 'OCR_FAILED'
  const states = languages.map((language) => {
    const state = versions.find((version) => version.language === language)?.state ?? 'waiting'
    return [language, over && state !== 'ready' ? 'failed' : state]
  })
  return Object.fromEntries(states) as Record<Language, LanguageState>
}

/** Milliseconds since 1970 of a column, as a fraction would not be told. */
const ms = (column: string) => sql.raw<number>(`floor(extract(epoch from ${column}) * 1000)::float8`)

export const problemOf = sql<Problem | null>`
  case when d.status in ('FAILED', 'OCR_FAILED') then json_build_object(
    'code', coalesce(d.problem_code, 'failed'),
    'message', coalesce(d.problem_message, 'The document could not be processed.')) end`

/**
 * The newest that was refused after the active one had arrived, by the place it came to: what was put to the address of
 * the active one has an id of its own.
 */
export const rejectedBeside = sql<RejectedUpload | null>`(
  select json_build_object('iepId', split_part(r.object_key, '/', 3), 'fileName', r.file_name,
    'message', coalesce(r.problem_message, 'The file could not be used.'), 'at', ${ms('r.created_at')})
  from iep.documents r where r.child_id = d.child_id and not r.active and r.created_at >= d.created_at
  order by r.created_at desc limit 1)`

/** A call that was throttled was not looked at, and is neither paid nor a repetition. */
const usageOfSteps = sql`
  coalesce((
    select json_agg(u) from (
      select m.step, m.language, count(*)::int as calls,
        (count(*) - count(distinct m.request_hash))::int as repeated,
        coalesce(sum(m.pages), 0)::int as pages,
        coalesce(sum(m.prompt_tokens), 0)::int as "promptTokens",
        coalesce(sum(m.completion_tokens), 0)::int as "completionTokens",
        coalesce(sum(m.cost), 0)::float8 as cost
      from iep.model_calls m
      where m.iep_id = d.iep_id and m.outcome is distinct from 'throttled'
      group by m.step, m.language order by min(m.started_at)) u), '[]')`
