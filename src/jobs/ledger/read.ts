import type { Run } from '../../shared/database.ts'
import { arrayOf, AT_REST, type Failure, type State, type Verdict } from './rows.ts'

/** A row as readers see it. Times are milliseconds since 1970. */
export interface Seen {
  id: string
  name: string
  owner: string | null
  state: State
  verdict: Verdict | null
  round: number
  attempts: number
  max_attempts: number
  percent: number | null
  step: string | null
  result: unknown
  error: Failure | null
  undo: 'pending' | 'done' | 'stuck' | null
  trace: string
  last_event: number
  created_at: number
  asked_at: number
  started_at: number | null
  settled_at: number | null
  ticket: number
  queue: string
}

export interface HistoryEntry {
  seq: number
  at: number
  kind: string
  round: number
  attempt: number
  actor: string | null
  detail: Record<string, unknown> | null
}

/** Reads many rows in one statement. */
export async function see(run: Run, ids: string[]): Promise<Map<string, Seen>> {
  const rows = await run<Seen>(seeMany, [arrayOf(ids)])
  return new Map(rows.map((row) => [row.id, row]))
}

/** The history of a job after `seq`, oldest first, at most 1,000 entries. */
export const history = (run: Run, id: string, after: number): Promise<HistoryEntry[]> =>
  run(historyAfter, [id, after])

/** How many rows stand in each queue and state, and the age in seconds of the oldest that is due. */
export const depths = (run: Run): Promise<{ queue: string; state: State; count: number; oldest: number }[]> =>
  run(countLive, [])

/** Whether a row of these queues has been due for more than `ms` milliseconds and nobody has begun it. */
export async function isOverdue(run: Run, queues: string[], ms: number): Promise<boolean> {
  const rows = await run(anyOverdue, [queues, ms])
  return rows.length > 0
}

const epochMs = (column: string) => `(extract(epoch from ${column}) * 1000)::float8 as ${column}`

const seeMany = {
  name: 'ledger.see',
  text: `
select id, name, owner, state, verdict, round, attempts, max_attempts, percent, step, result, error, undo, trace, last_event, ticket, queue,
  ${['created_at', 'asked_at', 'started_at', 'settled_at'].map(epochMs).join(', ')}
from millrace.jobs where id = any($1::uuid[])`,
}

const historyAfter = {
  name: 'ledger.history',
  text: `
select seq, (extract(epoch from at) * 1000)::float8 as at, kind, round, attempt, actor, detail
from millrace.job_events where job = $1 and seq > $2 order by seq limit 1000`,
}

const countLive = {
  name: 'ledger.depths',
  text: `
select queue, state, count(*)::int as count,
  coalesce(extract(epoch from now() - min(run_at) filter (where run_at <= now() and state in ('waiting', 'delayed'))), 0)::float8 as oldest
from millrace.live_jobs l join millrace.jobs j on j.id = l.job
where j.state not in ${AT_REST}
group by queue, state`,
}

const anyOverdue = {
  name: 'ledger.overdue',
  text: `
select 1
from millrace.live_jobs l join millrace.jobs j on j.id = l.job
where j.state in ('waiting', 'delayed') and j.run_at < now() - $2::float8 * interval '1 millisecond' and j.queue = any($1::text[])
limit 1`,
}
