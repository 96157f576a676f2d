import type { Run } from '../../shared/database.ts'

/** The latest slot of a schedule that was decided on, as milliseconds since 1970; undefined before its first sight. */
export async function lastSlot(run: Run, schedule: string): Promise<number | undefined> {
  const [row] = await run<{ slot: number | null }>(latest, [schedule])
  return row?.slot ?? undefined
}

/** Takes a slot. Returns false when another replica has it already. */
export async function takeSlot(
  run: Run,
  slot: {
    schedule: string
    at: number
    outcome: 'first seen' | 'asked' | 'skipped'
    job: string | undefined
  },
): Promise<boolean> {
  const rows = await run(insertSlot, [slot.schedule, slot.at, slot.outcome, slot.job ?? null])
  return rows.length === 1
}

const latest = {
  name: 'ledger.last-slot',
  text: `select (extract(epoch from max(slot)) * 1000)::float8 as slot from millrace.schedule_slots where schedule = $1`,
}

const insertSlot = {
  name: 'ledger.take-slot',
  text: `
insert into millrace.schedule_slots (schedule, slot, outcome, job)
values ($1, to_timestamp($2::float8 / 1000), $3, $4)
on conflict (schedule, slot) do nothing
returning schedule`,
}
