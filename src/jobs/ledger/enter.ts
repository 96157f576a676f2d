import type { Run, Statement } from '../../shared/database.ts'
import type { Again } from '../define.ts'
import {
  arrayOf,
  freshRound,
  idsMoved,
  noteLife,
  oneByOne,
  textArrayOf,
  theMoved,
  type Moved,
  type State,
  type Ticket,
} from './rows.ts'

/** One asking, ready to be written: checked data, business key, policy. */
export interface Entry {
  id: string
  name: string
  queue: string
  key: string
  owner: string | null
  data: unknown
  attempts: number
  closes: boolean
  trace: string
  delay: number
  again: Again
  asides: readonly string[]
}

/**
 * What asking came to. `entered`: a new row. `reopened`: a new round of an old one. `amended`: new data for a row
 * nobody has started. `asked again`: one more round after the one that runs, or other data for the one that was asked for
 * already. `stands`: nothing changed.
 */
export type Decision = 'entered' | 'reopened' | 'amended' | 'asked again' | 'stands'

export interface Entered {
  id: string
  state: State
  decision: Decision
  /** The round that answers this asking; wait for its end. */
  round: number
  /** What Redis must be told, if anything. */
  ticket: Ticket | undefined
}

/**
 * Writes askings into the ledger, each exactly once per (name, key), and decides what asking again means.
 * The entries must be distinct in (name, key), and come in the same order whoever asks: two batches that enter the same
 * keys would wait for each other. Run it in a transaction, or alone.
 */
export async function enter(run: Run, entries: Entry[]): Promise<Entered[]> {
  const entered = await enterNew(run, entries)
  const known = entries.filter((_, index) => !entered[index])
  if (known.length === 0) return entered as Entered[]
  const again = (await enterAgain(run, known)).values()
  return entered.map((each) => each ?? (again.next().value as Entered))
}

/** The first half of entering: new rows, which nobody holds. Undefined are those whose row is there already. */
export async function enterNew(run: Run, entries: Entry[]): Promise<(Entered | undefined)[]> {
  const ids = entries.map((entry) => entry.id)
  const inserted = new Set(idsMoved(await run<Moved>(insertNew, columnsOf(entries)), ids))
  if (inserted.size === entries.length) return entries.map(firstOf)
  return entries.map((entry) => (inserted.has(entry.id) ? firstOf(entry) : undefined))
}

/** The other half: rows that are there already. Those that somebody holds are waited for. */
export async function enterAgain(run: Run, entries: Entry[]): Promise<Entered[]> {
  const entered = await decide(run, decideAgain, entries)
  return entered.map((each, index) => {
    // Retention may have removed the row between the two statements; asking once more is right then.
    if (!each) throw new Error(`The row of ${entries[index]?.name} went away while it was asked for.`)
    return each
  })
}

/** The same for rows that nobody holds; undefined are those that somebody does, and nothing was done about them. */
export const enterFree = (run: Run, entries: Entry[]): Promise<(Entered | undefined)[]> =>
  decide(run, decideFree, entries)

async function decide(run: Run, statement: Statement, entries: Entry[]): Promise<(Entered | undefined)[]> {
  const decided = await run<Decided>(statement, [JSON.stringify(entries)])
  const byName = new Map(decided.map((row) => [`${row.name} ${row.key}`, row]))

  return entries.map((entry) => {
    const row = byName.get(`${entry.name} ${entry.key}`)
    if (!row) return undefined
    // Entered by an earlier try whose answer was lost: what has come of the row since is this asking's.
    if (row.id === entry.id) return firstOf(entry)
    return {
      id: row.id,
      state: row.state,
      decision: row.decision,
      round: row.answering_round,
      ticket:
        row.decision === 'reopened'
          ? { id: row.id, ticket: row.ticket, queue: entry.queue, delay: entry.delay }
          : undefined,
    }
  })
}

/** What new rows take from their entries, a column each: entering them takes Postgres a seventh less than with one JSON of all. */
const columnsOf = (entries: Entry[]): string[] => [
  arrayOf(entries.map((entry) => entry.id)),
  textArrayOf(entries.map((entry) => entry.name)),
  textArrayOf(entries.map((entry) => entry.queue)),
  textArrayOf(entries.map((entry) => entry.key)),
  textArrayOf(entries.map((entry) => entry.owner)),
  textArrayOf(entries.map((entry) => JSON.stringify(entry.data))),
  arrayOf(entries.map((entry) => entry.attempts)),
  arrayOf(entries.map((entry) => entry.closes)),
  textArrayOf(entries.map((entry) => entry.trace)),
  arrayOf(entries.map((entry) => entry.delay)),
]

const firstOf = (entry: Entry): Entered => ({
  id: entry.id,
  state: 'waiting',
  decision: 'entered',
  round: 1,
  ticket: { id: entry.id, ticket: 1, queue: entry.queue, delay: entry.delay },
})

interface Decided {
  id: string
  name: string
  key: string
  state: State
  ticket: number
  decision: Decision
  answering_round: number
}

const insertNew = {
  name: 'ledger.insert-new',
  text: `
with entered as (
  insert into millrace.jobs (id, ticket, name, queue, key, owner, data, max_attempts, closes, trace, run_at)
  select id, 1, name, queue, key, owner, data, attempts, closes, trace, now() + delay * interval '1 millisecond'
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::int[], $8::bool[], $9::text[],
    $10::float8[]) as asked (id, name, queue, key, owner, data, attempts, closes, trace, delay)
  on conflict (name, key) do nothing
  returning id
), noted as (
  insert into millrace.job_events (job, seq, kind, round, attempt)
  select id, 1, 'accepted', 1, 0 from entered
), ${noteLife('entered')}
${theMoved('entered', '$1::uuid[]')}`,
}

/**
 * Decides under the row's lock; rows are locked in id order so that two batches cannot wait for each other. A round that was
 * asked for may stand behind one that runs, waits again or is undone. Then its data are the last word: others are compared
 * with them, and take their place. An asking that made its row is over, whatever has become of the row.
 */
const deciding = (held: '' | 'skip locked'): string => `
with asked as (
  select * from json_to_recordset($1::json) as a (id uuid, name text, key text, queue text, data jsonb, again text, asides text[],
    trace text, delay float8, attempts int, closes boolean) where ${oneByOne('attempts')}
), decided as (
  select j.id, j.name, j.key, j.state, j.round, j.ticket, a.data, a.trace, a.delay, a.queue, a.attempts, a.closes,
    j.state in ('cancelling', 'undoing') or j.next_data = a.data as next_answers,
    case
      when j.id = a.id then 'stands'
      when j.state in ('failed', 'cancelled') then 'reopened'
      when j.state = 'completed' and (a.again in ('afterSettled', 'rerunIfActive') or (a.again = 'whenChanged' and j.data - a.asides <> a.data - a.asides))
        then 'reopened'
      when j.state in ('cancelling', 'undoing') and (a.again <> 'never' or j.next_data is null) then 'asked again'
      when j.state = 'active' and a.again = 'rerunIfActive' then 'asked again'
      when j.state = 'completed' or a.again in ('never', 'afterSettled') or j.next_data = a.data then 'stands'
      when j.next_data is not null then 'asked again'
      when j.state = 'active' and j.data - a.asides <> a.data - a.asides then 'asked again'
      when j.state in ('waiting', 'delayed') and j.data <> a.data then 'amended'
      else 'stands'
    end as decision
  from asked a join millrace.jobs j on j.name = a.name and j.key = a.key
  order by j.id
  for update of j ${held}
), reopened as (
  update millrace.jobs j set ${freshRound}, data = d.data, queue = d.queue, trace = d.trace, max_attempts = d.attempts,
    closes = d.closes, run_at = now() + d.delay * interval '1 millisecond', last_event = j.last_event + 1
  from decided d
  where j.id = d.id and d.decision = 'reopened'
  returning j.id, j.last_event, j.round, j.ticket
), amended as (
  update millrace.jobs j set data = d.data, last_event = j.last_event + 1
  from decided d
  where j.id = d.id and d.decision = 'amended'
  returning j.id, j.last_event, j.round, j.attempts
), asked_again as (
  update millrace.jobs j set next_data = d.data, last_event = j.last_event + 1
  from decided d
  where j.id = d.id and d.decision = 'asked again'
  returning j.id, j.last_event, j.round, j.attempts
), noted as (
  insert into millrace.job_events (job, seq, kind, round, attempt)
  select id, last_event, 'reopened', round, 0 from reopened
  union all select id, last_event, 'amended', round, attempts from amended
  union all select id, last_event, 'asked again', round, attempts from asked_again
), ${noteLife('reopened')}
select d.id, d.name, d.key, d.decision,
  coalesce(r.ticket, d.ticket) as ticket,
  case d.decision when 'reopened' then 'waiting' else d.state end as state,
  case when d.decision = 'reopened' then r.round when d.decision = 'asked again' or d.next_answers then d.round + 1 else d.round end
    as answering_round
from decided d left join reopened r on r.id = d.id`

const decideAgain: Statement = { name: 'ledger.decide-again', text: deciding('') }
const decideFree: Statement = { name: 'ledger.decide-free', text: deciding('skip locked') }
