import { within, type Database, type Run } from '../../shared/database.ts'
import { arrayOf, AT_REST, noteLife, noteRest, UNDO_ATTEMPTS, type State, type Ticket } from './rows.ts'
import { reopenIfAsked } from './settle.ts'

/** What the sweeper remembers between rounds: which Redis it last saw, and how far it has looked. */
export interface SweepState {
  marker: string | null
}

/** Makes this worker the sweeper for the next six seconds, unless another one is. */
export async function trySweep(run: Run, worker: string): Promise<SweepState | undefined> {
  const [row] = await run<{ marker: string | null }>(becomeSweeper, [worker])
  return row
}

export const rememberRedis = async (run: Run, marker: string): Promise<void> => {
  await run(saveMarker, [marker])
}

/** A row whose worker was lost, as it is now. */
export type TakenOver = Ticket & { state: State; name: string }

/**
 * Takes over rows whose worker's lease has lapsed: to be tried again, undone, or settled when nothing is left to try. What was
 * asked for again while it ran begins its next round in the same commit: nobody else would think of it.
 */
export async function takeOver({
  transaction,
}: Pick<Database, 'transaction'>): Promise<{ takenOver: TakenOver[]; reopened: Ticket[] }> {
  return transaction(async (tx) => {
    const run = within(tx)
    const takenOver = await run<TakenOver & { askedAgain: boolean }>(takeOverLapsed, [])
    const reopened: Ticket[] = []
    for (const { id, askedAgain } of takenOver) {
      const next = askedAgain ? await reopenIfAsked(run, id) : undefined
      if (next) reopened.push(next)
    }
    return { takenOver, reopened }
  })
}

/** Begins the second undo of rows whose last runner nobody saw stop. */
export const undoAgain = (run: Run): Promise<Ticket[]> => run(beginUndoAgain, [])

/**
 * Of the next 5,000 live rows those that have been due for three seconds, 1,000 at most, from where the last call stopped;
 * starts over at the end. Most of them simply wait their turn: Redis is asked which.
 */
export const nextOverdue = (run: Run): Promise<Ticket[]> => run(walkOverdue, [])

/** Gives rows a new ticket, if they still wait with the old one. The old ticket is worth nothing from then on. */
export const reticket = (run: Run, rows: { id: string; ticket: number }[]): Promise<Ticket[]> =>
  run(newTickets, [arrayOf(rows.map((row) => row.id)), arrayOf(rows.map((row) => row.ticket))])

/** New tickets for the next 1,000 waiting rows of these queues after `id`, due or not: for a Redis that knows none of them. */
export const reticketAllAfter = (run: Run, id: string, queues: readonly string[]): Promise<Ticket[]> =>
  run(newTicketsForAll, [id, queues])

/** Gives back rows the ledger believes this worker runs though it does not. */
export const freeOrphans = (
  run: Run,
  worker: string,
  rows: { id: string; ticket: number }[],
): Promise<Ticket[]> =>
  run(free, [arrayOf(rows.map((row) => row.id)), arrayOf(rows.map((row) => row.ticket)), worker])

/**
 * Removes leases that lapsed five minutes ago, once nothing is left in their name. Until then the take-over looks through
 * all rows that are not at rest, which costs nothing as long as no lease has lapsed.
 */
export const forgetLapsedLeases = async (run: Run): Promise<void> => {
  await run(deleteLapsed, [])
}

/**
 * Lets Postgres look at tables that have doubled since it last did. A connection keeps the plans it made, and those made
 * for an empty table read all of it: in its first minute, before autovacuum comes by, every claim would read every row.
 * A table that is being vacuumed or changed is left for the next time and not waited for.
 */
export async function analyzeGrown(run: Run): Promise<string[]> {
  const grown = await run<{ name: keyof typeof analyze }>(findGrown, [])
  for (const { name } of grown) await run(analyze[name], [])
  return grown.map(({ name }) => name)
}

const becomeSweeper = {
  name: 'ledger.try-sweep',
  text: `
update millrace.sweep set worker = $1, valid_until = now() + interval '6 seconds'
where valid_until < now() or worker = $1
returning marker`,
}

const findGrown = {
  name: 'ledger.find-grown',
  text: `
select c.relname as name
from pg_class c
where c.oid in ('millrace.jobs'::regclass, 'millrace.job_events'::regclass)
  and pg_relation_size(c.oid) > 2 * greatest(c.relpages, 16) * current_setting('block_size')::bigint`,
}

const analyze = {
  jobs: { name: 'ledger.analyze-jobs', text: 'analyze (skip_locked) millrace.jobs' },
  job_events: { name: 'ledger.analyze-events', text: 'analyze (skip_locked) millrace.job_events' },
}

const saveMarker = {
  name: 'ledger.save-marker',
  text: `update millrace.sweep set marker = $1`,
}

/** A crash spends the attempt: work that kills its worker must not kill every worker in turn. */
const takeOverLapsed = {
  name: 'ledger.take-over',
  text: `
with lapsed as (
  select j.id, j.state as was,
    case
      when j.state = 'undoing' then case when j.undo_attempts < ${UNDO_ATTEMPTS} then 'undoing' else j.verdict end
      when j.state = 'active' and j.attempts < j.max_attempts then 'waiting'
      when j.closes then 'undoing'
      when j.state = 'cancelling' then 'cancelled'
      else 'failed'
    end as becomes
  from millrace.live_jobs l join millrace.jobs j on j.id = l.job
  where exists (select from millrace.leases where valid_until <= now())
    and j.state in ('active', 'cancelling', 'undoing') and j.worker is not null
    and not exists (select from millrace.leases where worker = j.worker and valid_until > now())
  order by j.id
  limit 500
  for update of j skip locked
), moved as (
  update millrace.jobs j set
    state = l.becomes, ticket = j.ticket + 1, worker = null, run_at = now(), unwitnessed = true,
    verdict = case when l.becomes = 'undoing' and l.was <> 'undoing'
      then case l.was when 'cancelling' then 'cancelled' else 'failed' end else j.verdict end,
    followers_due = j.followers_due or (l.was = 'undoing' and l.becomes <> 'undoing' and j.settled_at is null),
    undo = case when l.becomes = 'undoing' then 'pending' when l.was = 'undoing' then 'stuck' else j.undo end,
    error = case when l.was = 'active' then '{"code":"worker-lost","message":"The worker that ran it went away."}' else j.error end,
    settled_at = case when l.becomes in ('failed', 'cancelled') then coalesce(j.settled_at, now()) else j.settled_at end,
    last_event = j.last_event + 1
  from lapsed l
  where j.id = l.id
  returning j.*
), noted as (
  insert into millrace.job_events (job, seq, kind, round, attempt, detail)
  select id, last_event, case when state in ('failed', 'cancelled') then 'settled' else 'taken over' end, round, attempts,
    jsonb_build_object('state', state) from moved
), ${noteRest('moved')}
select id, ticket, queue, name, state, 0::float8 as delay, next_data is not null and state in ${AT_REST} as "askedAgain" from moved`,
}

const beginUndoAgain = {
  name: 'ledger.undo-again',
  text: `
with due as (
  select id from millrace.jobs
  where undo_again_at <= now() and state in ('failed', 'cancelled')
  order by id limit 500 for update skip locked
), moved as (
  update millrace.jobs j set state = 'undoing', ticket = j.ticket + 1, run_at = now(), undo = 'pending', undo_attempts = 0,
    verdict = j.state, undo_again_at = null, last_event = j.last_event + 1
  from due d
  where j.id = d.id
  returning j.*
), noted as (
  insert into millrace.job_events (job, seq, kind, round, attempt)
  select id, last_event, 'undo again', round, attempts from moved
), ${noteLife('moved')}
select id, ticket, queue, 0::float8 as delay from moved`,
}

const walkOverdue = {
  name: 'ledger.next-overdue',
  text: `
with page as (
  select job from millrace.live_jobs where job > (select cursor_id from millrace.sweep) order by job limit 5000
), overdue as (
  select j.id, j.ticket, j.queue
  from page p join millrace.jobs j on j.id = p.job
  where j.state in ('waiting', 'delayed', 'undoing') and j.worker is null and j.run_at < now() - interval '3 seconds'
  order by j.id
  limit 1000
), looked as (
  update millrace.sweep set cursor_id = coalesce(
    (select id from overdue order by id offset 999),
    (select job from page order by job offset 4999),
    '00000000-0000-0000-0000-000000000000')
)
select id, ticket, queue, 0::float8 as delay from overdue`,
}

const newTickets = {
  name: 'ledger.reticket',
  text: `
with asked as (
  select * from unnest($1::uuid[], $2::int[]) as a (id, ticket)
), free as (
  select j.id from asked a join millrace.jobs j on j.id = a.id and j.ticket = a.ticket
  where j.state in ('waiting', 'delayed', 'undoing') and j.worker is null
  order by j.id for update of j
), moved as (
  update millrace.jobs j set ticket = j.ticket + 1, last_event = j.last_event + 1
  from free f
  where j.id = f.id
  returning j.*
), noted as (
  insert into millrace.job_events (job, seq, kind, round, attempt)
  select id, last_event, 'dispatched again', round, attempts from moved
)
select id, ticket, queue, greatest(0, extract(epoch from run_at - now()) * 1000)::float8 as delay from moved`,
}

const newTicketsForAll = {
  name: 'ledger.reticket-all',
  text: `
with free as (
  select j.id from millrace.live_jobs l join millrace.jobs j on j.id = l.job
  where l.job > $1 and j.queue = any($2::text[]) and j.state in ('waiting', 'delayed', 'undoing') and j.worker is null
  order by l.job limit 1000 for update of j
), moved as (
  update millrace.jobs j set ticket = j.ticket + 1, last_event = j.last_event + 1
  from free f
  where j.id = f.id
  returning j.*
), noted as (
  insert into millrace.job_events (job, seq, kind, round, attempt)
  select id, last_event, 'dispatched again', round, attempts from moved
)
select id, ticket, queue, greatest(0, extract(epoch from run_at - now()) * 1000)::float8 as delay from moved order by id`,
}

const free = {
  name: 'ledger.free-orphans',
  text: `
with asked as (
  select * from unnest($1::uuid[], $2::int[]) as a (id, ticket)
), ours as (
  select j.id from asked a join millrace.jobs j on j.id = a.id and j.ticket = a.ticket
  where j.worker = $3 and j.state in ('active', 'cancelling', 'undoing')
  order by j.id for update of j
), moved as (
  update millrace.jobs j set
    state = case j.state when 'active' then 'waiting' else 'undoing' end,
    verdict = case j.state when 'cancelling' then 'cancelled' else j.verdict end,
    attempts = j.attempts - case j.state when 'active' then 1 else 0 end,
    ticket = j.ticket + 1, worker = null, run_at = now(), last_event = j.last_event + 1
  from ours o
  where j.id = o.id
  returning j.*
), noted as (
  insert into millrace.job_events (job, seq, kind, round, attempt)
  select id, last_event, 'handed back', round, attempts from moved
)
select id, ticket, queue, 0::float8 as delay from moved`,
}

const deleteLapsed = {
  name: 'ledger.forget-lapsed',
  text: `
delete from millrace.leases l
where valid_until < now() - interval '5 minutes'
  and not exists (select from millrace.live_jobs a join millrace.jobs j on j.id = a.job where j.worker = l.worker)`,
}
