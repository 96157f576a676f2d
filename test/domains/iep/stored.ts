import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Sql } from '../../../src/shared/database.ts'

export const ada = '3f0c2a9e-5b1d-4e7a-9c68-2d41b7a0e5f1'
export const grace = '7a9b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d'

/** Columns of iep.documents, as they are when a healthy file has just arrived. */
export interface Arrived {
  iepId?: string
  userId: string
  childId: string
  active?: boolean
  status?: string
  pageCount?: number | null
  waitingFor?: 'consent' | null
  problem?: { code: string; message: string }
  fileName?: string
  /** Minutes ago. */
  ago?: number
}

/** Puts a document into the tables as an arrival leaves it; tells its id. */
export async function arrive(db: Sql, arrived: Arrived): Promise<string> {
  const { iepId = randomUUID(), userId, childId, fileName = 'plan.pdf', ago = 0 } = arrived
  await db
    .insertInto('iep.documents')
    .values({
      iep_id: iepId,
      child_id: childId,
      user_id: userId,
      object_key: `${userId}/${childId}/${iepId}/${fileName}`,
      file_name: fileName,
      active: arrived.active ?? true,
      sha256: Buffer.alloc(32),
      byte_size: 1234,
      page_count: arrived.pageCount === undefined ? 3 : arrived.pageCount,
      status: arrived.status ?? 'PROCESSING',
      waiting_for: arrived.waitingFor ?? null,
      problem_code: arrived.problem?.code ?? null,
      problem_message: arrived.problem?.message ?? null,
      created_at: sql`now() - ${ago} * interval '1 minute'`,
    })
    .execute()
  return iepId
}

/** Stores pages as reading leaves them. */
export async function read(db: Sql, iepId: string, pages: number): Promise<void> {
  const dimensions = { dpi: 200, height: 2200, width: 1700 }
  for (let index = 0; index < pages; index += 1)
    await db
      .insertInto('iep.pages')
      .values({ iep_id: iepId, index, markdown: `# Page ${index + 1}`, dimensions, model: 'mistral-ocr-4-1' })
      .execute()
}

/** Says that all pages were read and redacted. */
export async function readAll(db: Sql, iepId: string): Promise<void> {
  await sql`update iep.documents set status = 'OCR_COMPLETED', ocr_completed_at = '2026-03-01T10:00:00.500Z',
    redacted_at = now() where iep_id = ${iepId}`.execute(db)
}

const section = (key: string, title: string, content: string, pages: number[]) => ({
  key,
  title,
  content,
  found: pages.length > 0,
  pages,
})

export const english = {
  summary: 'Linus reads with support.',
  summaryPages: [1, 2],
  sections: [
    section('goals', 'Goals', 'Read 20 words.', [2]),
    section('services', 'Services', 'The document does not have this section.', []),
  ],
}
export const verified = { verified: true, checked: 3, corrections: 1, unverified: [] }

/** Stores the document in a language, as making it leaves it. */
export async function tell(
  db: Sql,
  iepId: string,
  language: string,
  version: { state: string; content?: object; message?: string },
): Promise<void> {
  const { state, content, message } = version
  await sql`
    insert into iep.language_versions (iep_id, language, state, content, verification, problem_message)
    values (${iepId}, ${language}, ${state}, ${content ? JSON.stringify(content) : null}::jsonb,
      ${content ? JSON.stringify(verified) : null}::jsonb, ${message ?? null})
    on conflict (iep_id, language) do update set state = excluded.state, content = excluded.content,
      verification = excluded.verification, problem_message = excluded.problem_message,
      updated_at = clock_timestamp()`.execute(db)
}

/** Writes down a call to a model. */
export async function called(
  db: Sql,
  iepId: string,
  call: {
    step: string
    language?: string
    question?: string
    outcome?: string | null
    pages?: number
    tokens?: [number, number]
    cost?: number
  },
): Promise<void> {
  const { step, language = null, question = step, outcome = 'answered', pages = null, tokens, cost } = call
  await sql`
    insert into iep.model_calls (call_id, iep_id, step, language, request_hash, model, ended_at, outcome, pages,
      prompt_tokens, completion_tokens, cost, answer)
    values (gen_random_uuid(), ${iepId}, ${step}, ${language}, ${Buffer.from(question)}, 'a-model',
      case when ${outcome}::text is null then null else now() end, ${outcome}, ${pages}, ${tokens?.[0] ?? null},
      ${tokens?.[1] ?? null}, ${cost ?? null}, '"what it said"')`.execute(db)
}
