import type { Run } from '../../shared/database.ts'
import { AT_REST, noteRest } from './rows.ts'

/**
 * Removes up to 1,000 jobs that settled more than `days` ago, with their history. Ids grow with time, so old rows
 * are found by id. Returns how many went.
 */
export async function trimJobs(run: Run, days: number): Promise<number> {
  const [row] = await run<{ count: number }>(deleteJobs, [days])
  return row?.count ?? 0
}

/**
 * Removes what else grows: the history of rounds that are over, slots, remembered requests (after a week) and rejected
 * messages. Returns how many rows went. Stops between two statements when the signal aborts.
 */
export async function trimTheRest(run: Run, days: number, signal: AbortSignal): Promise<number> {
  const rounds = await trimRounds(run, days, signal)
  const [row] = await run<{ count: number }>(deleteTheRest, [days])
  return rounds + (row?.count ?? 0)
}

/**
 * Jobs that come again keep their row, and what was written of their earlier rounds grows with every one: of that, what is
 * older than `days` goes. The numbers of what is left stay as they are. Only a job whose id is older has such history, and
 * of those only the ones that came again are still there, so that looking at all of them is not looking at all jobs.
 */
async function trimRounds(run: Run, days: number, signal: AbortSignal): Promise<number> {
  let count = 0
  let after: string | null = '00000000-0000-0000-0000-000000000000'
  while (after !== null) {
    signal.throwIfAborted()
    const [slice]: Slice[] = await run<Slice>(deleteRounds, [days, after])
    count += slice?.count ?? 0
    // What lost as much as a slice takes of one job may have more of it.
    if (!slice?.more) after = slice?.last ?? null
  }
  return count
}
interface Slice {
  count: number
  more: boolean
  /** The last of the jobs that were looked at; null after the last of all. */
  last: string | null
}
/** Jobs that one statement looks at, and how much of the oldest history of each. */
const JOBS_AT_ONCE = 200
const ENTRIES_AT_ONCE = 100

/** Ids grow with time: those below this were made more than $1 days ago. */
const OLD_IDS = `(lpad(to_hex((extract(epoch from now() - $1::int * interval '1 day') * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid`

const deleteJobs = {
  name: 'ledger.trim-jobs',
  text: `
with old as (
  select id, state from millrace.jobs
  where id < ${OLD_IDS}
    and settled_at < now() - $1::int * interval '1 day' and state in ${AT_REST}
    and undo_again_at is null
  order by id limit 1000 for update skip locked
), history as (
  delete from millrace.job_events e using old where e.job = old.id
), ${noteRest('old')}, gone as (
  delete from millrace.jobs j using old where j.id = old.id returning j.id
)
select count(*)::int as count from gone`,
}

/**
 * The oldest entries of each job are looked at, by their numbers, and no more than one statement can bear; they are removed
 * by where they lie, since a plan that joins them with the whole history is easily thought the cheaper one.
 */
const deleteRounds = {
  name: 'ledger.trim-rounds',
  text: `
with looked as (
  select id, round from millrace.jobs where id > $2::uuid and id < ${OLD_IDS} and round > 1 order by id limit ${JOBS_AT_ONCE}
), old as (
  select l.id, e.place
  from looked l cross join lateral (
    select ctid as place, at, round from millrace.job_events where job = l.id order by seq limit ${ENTRIES_AT_ONCE}
  ) e
  where e.round < l.round and e.at < now() - $1::int * interval '1 day'
), gone as (
  delete from millrace.job_events where ctid = any (array(select place from old)) returning 1
)
select (select count(*) from gone)::int as count, (select id from looked order by id desc limit 1) as last,
  exists (select 1 from old group by id having count(*) = ${ENTRIES_AT_ONCE}) as more`,
}

/** The latest slot of every schedule that has come stays: it says from where to catch up. */
const deleteTheRest = {
  name: 'ledger.trim-the-rest',
  text: `
with slots as (
  delete from millrace.schedule_slots s where at < now() - $1::int * interval '1 day'
    and slot < (select max(slot) from millrace.schedule_slots l where l.schedule = s.schedule and l.slot <= now())
  returning 1
), requests as (
  delete from millrace.idempotency_keys where created_at < now() - interval '7 days' returning 1
), messages as (
  delete from millrace.rejected_messages where received_at < now() - $1::int * interval '1 day' returning 1
)
select ((select count(*) from slots) + (select count(*) from requests) + (select count(*) from messages))::int as count`,
}
