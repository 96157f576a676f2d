import type { Run } from '../../shared/database.ts'

/**
 * What time it is, as milliseconds since 1970, and the latest slot of a schedule up to then that was decided on; undefined
 * before its first sight. The time is that of Postgres, the same for every replica, unless another is given.
 */
export async function lastSlot(
  run: Run,
  schedule: string,
  at?: number,
): Promise<{ now: number; last: number | undefined }> {
  const [row] = await run<{ now: number; slot: number | null }>(latest, [schedule, at ?? null])
  if (!row) throw new Error('Postgres did not say what time it is.')
  return { now: row.now, last: row.slot ?? undefined }
}

/**
 * Takes a slot. Returns false when another replica has it already. Who decided it long before it came had a wrong clock,
 * and does not count.
 */
export async function takeSlot(
  run: Run,
  slot: {
    schedule: string
    at: number
    outcome: 'first seen' | 'asked' | 'skipped'
  },
): Promise<boolean> {
  const rows = await run(insertSlot, [slot.schedule, slot.at, slot.outcome])
  return rows.length === 1
}

/** Writes down which job was asked for, in the transaction that took the slot. */
export async function nameJob(
  run: Run,
  slot: { schedule: string; at: number; job: string | undefined },
): Promise<void> {
  await run(updateJob, [slot.schedule, slot.at, slot.job ?? null])
}

/** About a slot `s`: that it was decided long before it came. */
const TOO_EARLY = `s.at < s.slot - interval '1 minute'`

const latest = {
  name: 'ledger.last-slot',
  text: `
select (extract(epoch from t.now) * 1000)::float8 as now,
  (select (extract(epoch from max(slot)) * 1000)::float8 from millrace.schedule_slots s
    where schedule = $1 and slot <= t.now and not ${TOO_EARLY}) as slot
from (select coalesce(to_timestamp($2::float8 / 1000), now()) as now) t`,
}

const insertSlot = {
  name: 'ledger.take-slot',
  text: `
insert into millrace.schedule_slots as s (schedule, slot, outcome)
values ($1, to_timestamp($2::float8 / 1000), $3)
on conflict (schedule, slot) do update set outcome = excluded.outcome, job = null, at = now()
  where ${TOO_EARLY}
returning schedule`,
}

const updateJob = {
  name: 'ledger.name-slots-job',
  text: `update millrace.schedule_slots set job = $3 where schedule = $1 and slot = to_timestamp($2::float8 / 1000)`,
}
