import { sql } from 'kysely'
import type { Sql } from '../../shared/database.ts'
import { languages, type Language } from './content.ts'
import {
  languageStates,
  problemOf,
  rejectedBeside,
  type LanguageState,
  type Problem,
  type RejectedUpload,
  type Status,
} from './documents.ts'

export type ProgressStep =
  | 'no document'
  | 'waiting for the file'
  | 'waiting for consent'
  | 'waiting in line'
  | 'reading'
  | 'removing personal data'
  | 'summarising'
  | 'translating'
  | 'done'
  | 'failed'

/** How far the newest thing is that a parent did about a child: a document, or a place for one that is still empty. */
export interface Progress {
  iepId: string | null
  status: Status | null
  /** 0 to 100. */
  percent: number
  step: ProgressStep
  pages: { read: number; total: number | null }
  languages: Record<Language, LanguageState>
  waitingFor?: 'consent'
  problem?: Problem
  rejectedUpload?: RejectedUpload
  /** How many documents of other parents came earlier and are not done; 0 once work on this one has begun. */
  placeInLine: number
  /** What is left by the recent history of others; null when nothing can be said, 0 when nothing is left. */
  expectedSeconds: number | null
}

/** Nothing will change by itself any more. */
export const isSettled = ({ step }: Progress): boolean => step === 'done' || step === 'failed'

/** The progress of many children at once, all of one moment: by child, and without those that do not exist. */
export async function progressOf(db: Sql, childIds: string[]): Promise<Map<string, Progress>> {
  const found = await sql<Row>`
    with pace as (${recentPace})
    select c.child_id as "childId", doc.*, up.iep_id as "uploadId", pace.*
    from iep.children c
    left join lateral (${documentOfChild}) doc on true
    left join lateral (${newerUpload}) up on true
    cross join pace
    where c.child_id = any(${childIds}::uuid[])`.execute(db)
  return new Map(found.rows.map((row) => [row.childId, shown(row)]))
}

interface DocumentRow {
  iepId: string
  status: Status
  waitingFor: 'consent' | null
  problem: Problem | null
  rejected: RejectedUpload | null
  pagesRead: number
  pageCount: number | null
  redacted: boolean
  begun: boolean
  before: number
  /** Seconds since all pages were read. */
  sinceRead: number | null
  versions: { language: Language; state: LanguageState }[]
}

/** Seconds that one page took to read, and that all the rest took after the last page; null without a history. */
interface Pace {
  perPage: number | null
  afterwards: number | null
}

type Nothing = { [Field in keyof DocumentRow]: null }
type Row = { childId: string; uploadId: string | null } & Pace & (DocumentRow | Nothing)

function shown(row: Row): Progress {
  if (row.iepId === null || row.uploadId !== null) return notArrived(row)
  const { iepId, status, waitingFor, problem, rejected } = row
  const states = languageStates(status, row.versions)
  const step = stepOf(row, states)
  return {
    iepId,
    status,
    percent: percentOf(row, states, step),
    step,
    pages: { read: row.pagesRead, total: row.pageCount },
    languages: states,
    ...(waitingFor === null ? {} : { waitingFor }),
    ...(problem === null ? {} : { problem }),
    ...(rejected === null ? {} : { rejectedUpload: rejected }),
    placeInLine: step === 'waiting in line' ? row.before : 0,
    expectedSeconds: expected(row, step),
  }
}

function notArrived({ uploadId }: Pick<Row, 'uploadId'>): Progress {
  return {
    iepId: uploadId,
    status: null,
    percent: 0,
    step: uploadId === null ? 'no document' : 'waiting for the file',
    pages: { read: 0, total: null },
    languages: Object.fromEntries(
      languages.map((language) => [language, 'waiting']),
    ) as Progress['languages'],
    placeInLine: 0,
    expectedSeconds: null,
  }
}

function stepOf(row: DocumentRow, states: Progress['languages']): ProgressStep {
  if (row.status === 'FAILED' || row.status === 'OCR_FAILED') return 'failed'
  if (row.waitingFor === 'consent') return 'waiting for consent'
  const underWay = Object.values(states).some((state) => state === 'waiting' || state === 'working')
  if (row.status === 'PROCESSED') return underWay ? 'translating' : 'done'
  if (!row.begun) return 'waiting in line'
  if (row.sinceRead === null) return 'reading'
  if (!row.redacted) return 'removing personal data'
  return states.en === 'ready' ? 'translating' : 'summarising'
}

/** The shares the steps have in the whole; what is done counts, also when something else has failed. */
const shares = { arrived: 5, read: 40, redacted: 5, english: 20, translation: 10 }

function percentOf(row: DocumentRow, states: Progress['languages'], step: ProgressStep): number {
  if (step === 'done') return 100
  const read = row.pageCount === null ? 0 : Math.min(1, row.pagesRead / Math.max(1, row.pageCount))
  const over = languages.filter((language) => language !== 'en' && states[language] === 'ready').length
  const percent =
    shares.arrived +
    shares.read * read +
    (row.redacted ? shares.redacted : 0) +
    (states.en === 'ready' ? shares.english : 0) +
    shares.translation * over
  return Math.min(99, Math.floor(percent))
}

function expected(row: DocumentRow & Pace, step: ProgressStep): number | null {
  if (step === 'done') return 0
  if (step === 'failed' || step === 'waiting for consent' || row.pageCount === null) return null
  if (row.perPage === null || row.afterwards === null) return null
  const pagesLeft = row.sinceRead === null ? Math.max(0, row.pageCount - row.pagesRead) : 0
  const left = row.perPage * pagesLeft + row.afterwards - (row.sinceRead ?? 0)
  return Math.max(1, Math.ceil(left))
}

/**
 * Of the last fifty documents that were processed the median of each: how long a page took while pages were read, and
 * how long everything took after the last page, which hardly depends on how many there are.
 */
const recentPace = sql`
  select percentile_cont(0.5) within group (order by per_page) as "perPage",
    percentile_cont(0.5) within group (order by afterwards) as afterwards
  from (
    select extract(epoch from d.ocr_completed_at - coalesce(
        (select min(m.started_at) from iep.model_calls m where m.iep_id = d.iep_id and m.step = 'read'),
        d.created_at)) / greatest(1, d.page_count) as per_page,
      extract(epoch from d.processed_at - d.ocr_completed_at) as afterwards
    from iep.documents d
    where d.processed_at is not null and d.ocr_completed_at is not null
    order by d.processed_at desc limit 50) as recent`

/** The work has begun once a model was asked, whatever came of it. */
const begun = sql`exists (select 1 from iep.model_calls m where m.iep_id = d.iep_id)
  or exists (select 1 from iep.pages p where p.iep_id = d.iep_id)`

const documentOfChild = sql`
  select d.iep_id as "iepId", d.status, d.waiting_for as "waitingFor", ${problemOf} as problem,
    ${rejectedBeside} as rejected,
    (select count(*)::int from iep.pages p where p.iep_id = d.iep_id) as "pagesRead", d.page_count as "pageCount",
    d.redacted_at is not null as redacted, (${begun}) as begun,
    (select count(*)::int from iep.documents o
      where o.active and o.status in ('PROCESSING', 'OCR_COMPLETED') and o.waiting_for is null
        and o.created_at < d.created_at and o.user_id <> d.user_id) as before,
    extract(epoch from now() - d.ocr_completed_at)::float8 as "sinceRead",
    coalesce((select json_agg(json_build_object('language', v.language, 'state', v.state))
      from iep.language_versions v where v.iep_id = d.iep_id), '[]') as versions
  from iep.documents d where d.child_id = c.child_id and d.active`

/**
 * The newest place that waits for a file. Beside a document it counts only if that one is settled and older, and for
 * no longer than its addresses are good for: after that nobody means to fill it.
 */
const newerUpload = sql`
  select u.iep_id from iep.uploads u
  where u.child_id = c.child_id and u.expires_at > now()
    and (doc."iepId" is null or (u.created_at > now() - interval '15 minutes'
      and doc.status in ('PROCESSED', 'FAILED', 'OCR_FAILED')
      and u.created_at > (select d.created_at from iep.documents d where d.iep_id = doc."iepId")))
  order by u.created_at desc limit 1`
