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

/** Removes what else grows: slots, remembered requests (after a week) and rejected messages. */
export async function trimTheRest(run: Run, days: number): Promise<number> {
  const [row] = await run<{ count: number }>(deleteTheRest, [days])
  return row?.count ?? 0
}

const deleteJobs = {
  name: 'ledger.trim-jobs',
  text: `
with old as (
  select id, state from millrace.jobs
  where id < (lpad(to_hex((extract(epoch from now() - $1::int * interval '1 day') * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
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

/** The latest slot of every schedule stays: it says from where to catch up. */
const deleteTheRest = {
  name: 'ledger.trim-the-rest',
  text: `
with slots as (
  delete from millrace.schedule_slots s where at < now() - $1::int * interval '1 day'
    and slot < (select max(slot) from millrace.schedule_slots l where l.schedule = s.schedule)
  returning 1
), requests as (
  delete from millrace.idempotency_keys where created_at < now() - interval '7 days' returning 1
), messages as (
  delete from millrace.rejected_messages where received_at < now() - $1::int * interval '1 day' returning 1
)
select ((select count(*) from slots) + (select count(*) from requests) + (select count(*) from messages))::int as count`,
}
