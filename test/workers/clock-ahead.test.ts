import { sql } from 'kysely'
import pg from 'pg'
import { afterEach, expect, test, vi } from 'vitest'
import { ask } from '../../src/jobs/define.ts'
import { days, minutes } from '../../src/shared/time.ts'
import { askForDueSlots } from '../../src/workers/clock.ts'
import { type Schedule } from '../../src/workers/schedule.ts'
import { doNothing, testJobs } from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'

const minutely: Schedule = {
  name: 'minutely',
  cron: '* * * * *',
  zone: 'UTC',
  catchUp: 'latest',
  ask: (slot) => ask(doNothing, { key: slot.toISOString() }),
}
const daily: Schedule = { ...minutely, name: 'daily', cron: '0 0 * * *', catchUp: 'all' }
const partsOf = (world: World) => ({ ...world.asking, metrics: world.metrics, log: world.log })
const slotsOf = (world: World) =>
  world.database.sql
    .selectFrom('millrace.schedule_slots')
    .select(['slot', 'outcome', 'job'])
    .orderBy('slot')
    .execute()
const floorTo = (ms: number, now: number): number => Math.floor(now / ms) * ms

afterEach(() => void vi.useRealTimers())

test('a replica whose clock is a month ahead decides nothing before its time, and silences nobody', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const now = Date.now()
  await askForDueSlots(minutely, partsOf(world), now - minutes(3))

  vi.useFakeTimers({ toFake: ['Date'], now: now + days(30) })
  const asked = await askForDueSlots(minutely, partsOf(world))
  vi.useRealTimers()

  expect(asked.filter((slot) => slot > Date.now())).toEqual([])
  const slots = await slotsOf(world)
  expect(slots.filter(({ slot }) => slot.getTime() > Date.now())).toEqual([])
  // It was of use all the same: what was due is asked for.
  expect(asked).toHaveLength(1)
})

test('slots that somebody decided long before they came are asked for when they come', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const parts = partsOf(world)
  const then = floorTo(days(1), Date.now()) - days(40)
  await askForDueSlots(daily, parts, then - minutes(1))
  // What a clock that was far ahead has left behind, with nothing but the slots.
  await askForDueSlots({ ...daily, catchUp: 'skip' }, parts, then + days(30) + minutes(5))
  expect(await slotsOf(world)).toHaveLength(1 + 31)
  await sql`update millrace.schedule_slots set at = ${new Date(then - minutes(2))}`.execute(
    world.database.sql,
  )

  const on = (day: number) => askForDueSlots(daily, parts, then + days(day) + minutes(1))
  expect(await on(1)).toEqual([then, then + days(1)])
  expect(await on(2)).toEqual([then + days(2)])
  expect(await on(2)).toEqual([])
  expect(await slotsOf(world)).toHaveLength(1 + 31)
})

test('a job exists only for slots that were asked for, whoever decides at the same time', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const today = floorTo(days(1), Date.now())
  await askForDueSlots(daily, partsOf(world), today - minutes(1))
  const other = new pg.Client({ connectionString: world.databaseUrl })
  await other.connect()
  await other.query('begin')
  await other.query(
    `insert into millrace.schedule_slots (schedule, slot, outcome) values ($1, to_timestamp($2::float8 / 1000), 'skipped')`,
    [daily.name, today],
  )
  const asking = askForDueSlots(daily, partsOf(world), today + 1)
  await expect
    .poll(async () => (await other.query(`select 1 from pg_locks where not granted`)).rows.length)
    .toBe(1)
  await other.query('commit')
  await other.end()

  expect(await asking).toEqual([])
  const jobs = await world.database.sql.selectFrom('millrace.jobs').select('key').execute()
  expect(jobs).toEqual([])
})

test('the slot names the job that was asked for', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const today = floorTo(days(1), Date.now())
  await askForDueSlots(daily, partsOf(world), today - minutes(1))
  await askForDueSlots(daily, partsOf(world), today + 1)

  const [job] = await world.database.sql.selectFrom('millrace.jobs').select('id').execute()
  expect((await slotsOf(world)).at(-1)).toMatchObject({ outcome: 'asked', job: job?.id })
})
