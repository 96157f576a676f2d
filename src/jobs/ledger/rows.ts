/** States of a row; the public ones are BullMQ's words plus `cancelled`. */
export type State =
  | 'waiting'
  | 'active'
  | 'delayed'
  | 'cancelling'
  | 'undoing'
  | 'completed'
  | 'failed'
  | 'cancelled'
export type Verdict = 'failed' | 'cancelled'

/** What an error leaves on the row: a stable code and a message without personal content. */
export interface Failure {
  code: string
  message: string
}

/** Something for Redis to carry: the BullMQ job `<id>-<ticket>`, or a part of a bundle, due after `delay` milliseconds. */
export interface Ticket {
  id: string
  ticket: number
  queue: string
  delay: number
  /** The job declares itself light, so that its ticket may share a bundle. */
  light?: boolean
}

/** A row as the runner holds it: one attempt, or one undo. */
export interface Claimed {
  id: string
  ticket: number
  name: string
  queue: string
  state: 'active' | 'undoing'
  data: unknown
  owner: string | null
  trace: string
  round: number
  attempts: number
  max_attempts: number
  undo_attempts: number
  verdict: Verdict | null
  /** The row has settled before, and what follows its failure was written then: this is an undo that runs once more. */
  followed: boolean
  /** Milliseconds between the moment it was due and the claim. */
  waited: number
  /** Milliseconds since the round was asked for. */
  age: number
}

/** How long after an undo it runs once more, when nobody saw the last runner stop. Longer than a lease and an idle transaction together. */
export const UNDO_AGAIN_AFTER = '30 seconds'
export const UNDO_ATTEMPTS = 5

/** The states in which nothing is left to do. */
export const AT_REST = `('completed', 'failed', 'cancelled')`

/**
 * `millrace.live_jobs` names the jobs that are not at rest, and every statement that puts one to rest or wakes it says so
 * there: these are the CTEs for it, about the rows of another CTE (`id`, and `state` as it is now). Two transitions that
 * meet may leave a name too many, never one too few; whoever looks through the names looks at the rows as well.
 */
export const noteRest = (moved: string): string => `rested as (
  delete from millrace.live_jobs l using ${moved} m where l.job = m.id and m.state in ${AT_REST}
)`
export const noteLife = (moved: string): string => `alive as (
  insert into millrace.live_jobs (job) select id from ${moved} on conflict do nothing
)`

/**
 * The columns of a row `j` at the start of a new round; `data` and `run_at` are the asker's to set. The last round's
 * result stays until this one settles, for those who still wait for it.
 */
export const freshRound = `state = 'waiting', round = j.round + 1, ticket = j.ticket + 1, attempts = 0, worker = null, next_data = null,
    percent = null, step = null, error = null, verdict = null, undo = null, undo_error = null, undo_attempts = 0,
    undo_again_at = null, followers_due = false, unwitnessed = false, asked_at = now(), started_at = null, settled_at = null`

/**
 * True of every column of whole numbers from 1. Where a batch is joined with the ledger it lets Postgres expect a single
 * row (of values it knows nothing about, a range is thought to take a two-hundredth), so that each is looked up by its
 * key. A plan that reads the whole table for a batch is made easily while the ledger is young, and kept when it has grown;
 * and where a plan for many looks dearer than one for the few at hand, Postgres plans each call anew, which takes longer
 * than the call.
 */
export const oneByOne = (column: string): string => `${column} between 1 and 2147483647`

/**
 * Which of the rows that a batch asked for it moved, those of the CTE `moved`: mostly all, and then none is named, since
 * naming them costs Postgres and its driver more than saying so. `asked` is an array of the batch's parameters.
 */
export const theMoved = (moved: string, asked: string): string =>
  `select case when count(*) < cardinality(${asked}) then coalesce(array_agg(id), '{}') end as ids from ${moved}`
export type Moved = { ids: string[] | null }

/** The ids a batch moved, of those it asked for. Without an answer nothing is taken for done. */
export function idsMoved([row]: Moved[], asked: string[]): string[] {
  if (!row) throw new Error('A batch was not told what it moved.')
  return row.ids ?? asked
}

/** Rows are locked in the order of their ids, so that two batches do not wait for each other. */
export const inLockOrder = <Row extends { id: string }>(rows: readonly Row[]): Row[] =>
  [...rows].sort((one, other) => (one.id < other.id ? -1 : 1))

/** A Postgres array literal of values that need no quoting: UUIDs, numbers, truths. */
export const arrayOf = (values: readonly (string | number | boolean)[]): string => `{${values.join(',')}}`

/** A Postgres array literal of any texts. Most hold nothing to escape, and looking costs less than replacing. */
export function textArrayOf(values: readonly (string | null)[]): string {
  let literal = ''
  for (const value of values) {
    const quoted = value === null ? 'null' : `"${SPECIAL.test(value) ? escaped(value) : value}"`
    literal += literal === '' ? quoted : `,${quoted}`
  }
  return `{${literal}}`
}
const SPECIAL = /["\\]/
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
