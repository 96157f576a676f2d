import { expect, test } from 'vitest'
import { ask, register } from '../../src/jobs/define.ts'
import { registry } from '../../src/jobs/index.ts'
import { askForDueSlots, startClock } from '../../src/workers/clock.ts'
import { checkSchedules, schedules, slotsAfter, type Schedule } from '../../src/workers/schedule.ts'
import { doNothing, testJobs } from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'

const hourly: Schedule = {
  name: 'hourly',
  cron: '0 * * * *',
  zone: 'UTC',
  catchUp: 'all',
  ask: (slot) => ask(doNothing, { key: slot.toISOString() }),
}
const at = (text: string): number => Date.parse(text)
const iso = (slots: number[]): string[] => slots.map((slot) => new Date(slot).toISOString())
const partsOf = (world: World) => ({ ...world.asking, metrics: world.metrics, log: world.log })
const jobs = async (world: World) =>
  (await world.database.sql.selectFrom('millrace.jobs').select('key').orderBy('key').execute()).map(
    (row) => row.key,
  )

test('the product’s own schedules are sound', () => {
  expect(() => checkSchedules(schedules, registry)).not.toThrow()
})

test('a schedule of an unknown job, with an unknown zone, a bad expression or a taken name is refused with a sentence', () => {
  const known = register(testJobs)
  const refused = (change: Partial<Schedule>) => () => checkSchedules([{ ...hourly, ...change }], known)

  expect(() => checkSchedules([hourly], register([]))).toThrow(
    'The schedule hourly names an unknown job, millrace.do-nothing.',
  )
  expect(refused({ zone: 'Mars/Olympus' })).toThrow(/^The schedule hourly cannot be read/)
  expect(refused({ cron: 'every day' })).toThrow(/^The schedule hourly cannot be read/)
  expect(() => checkSchedules([hourly, hourly], known)).toThrow('Two schedules are called hourly.')
})

test('slots follow the clock of their zone through both changes of time', () => {
  const morning = { cron: '30 8 * * *', zone: 'America/New_York' }

  expect(iso(slotsAfter(morning, at('2026-03-06T23:00Z'), at('2026-03-09T23:00Z')))).toEqual([
    '2026-03-07T13:30:00.000Z',
    '2026-03-08T12:30:00.000Z',
    '2026-03-09T12:30:00.000Z',
  ])
  expect(iso(slotsAfter(morning, at('2026-10-30T23:00Z'), at('2026-11-02T23:00Z')))).toEqual([
    '2026-10-31T12:30:00.000Z',
    '2026-11-01T13:30:00.000Z',
    '2026-11-02T13:30:00.000Z',
  ])
})

test('five replicas that look at once ask for a slot once', async () => {
  await using world = await createWorld({ jobs: testJobs })
  await askForDueSlots(hourly, partsOf(world), at('2026-05-01T09:30Z'))

  const looks = await Promise.all(
    Array.from({ length: 5 }, () => askForDueSlots(hourly, partsOf(world), at('2026-05-01T10:00:01Z'))),
  )

  expect(iso(looks.flat())).toEqual(['2026-05-01T10:00:00.000Z'])
  expect(await jobs(world)).toEqual(['2026-05-01T10:00:00.000Z'])
})

test('what was missed is caught up: all of it, the latest, or nothing, as the schedule says', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const asked: Record<string, string[]> = {}
  for (const catchUp of ['all', 'latest', 'skip'] as const) {
    const schedule = { ...hourly, name: catchUp, catchUp }
    await askForDueSlots(schedule, partsOf(world), at('2026-05-01T09:30Z'))
    asked[catchUp] = iso(await askForDueSlots(schedule, partsOf(world), at('2026-05-01T12:20Z')))
  }

  expect(asked).toEqual({
    all: ['2026-05-01T10:00:00.000Z', '2026-05-01T11:00:00.000Z', '2026-05-01T12:00:00.000Z'],
    latest: ['2026-05-01T12:00:00.000Z'],
    skip: [],
  })
  const skipped = await world.database.sql
    .selectFrom('millrace.schedule_slots')
    .select('slot')
    .where('outcome', '=', 'skipped')
    .execute()
  expect(skipped).toHaveLength(2 + 3)
})

test('a slot that comes on time is asked for even by a schedule that skips what it missed', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const schedule = { ...hourly, catchUp: 'skip' as const }
  await askForDueSlots(schedule, partsOf(world), at('2026-05-01T09:30Z'))

  const asked = await askForDueSlots(schedule, partsOf(world), at('2026-05-01T10:00:02Z'))

  expect(iso(asked)).toEqual(['2026-05-01T10:00:00.000Z'])
})

test('a schedule that was never seen before has missed nothing', async () => {
  await using world = await createWorld({ jobs: testJobs })

  expect(await askForDueSlots(hourly, partsOf(world))).toEqual([])
  expect(await jobs(world)).toEqual([])
})

test('after more downtime than a thousand slots the newest are caught up', () => {
  const slots = slotsAfter(
    { cron: '* * * * *', zone: 'UTC' },
    at('2025-01-01T00:00Z'),
    at('2026-01-01T00:00Z'),
  )

  expect(slots).toHaveLength(1000)
  expect(iso(slots.slice(-1))).toEqual(['2026-01-01T00:00:00.000Z'])
})

test('three ticking clocks ask once per tick', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const everySecond = { ...hourly, cron: '* * * * * *' }
  const clocks = [1, 2, 3].map(() => startClock([everySecond], partsOf(world)))

  await expect.poll(async () => (await jobs(world)).length, { timeout: 20_000 }).toBeGreaterThan(2)
  await Promise.all(clocks.map((clock) => clock.stop()))

  const slots = await world.database.sql
    .selectFrom('millrace.schedule_slots')
    .select('job')
    .where('outcome', '=', 'asked')
    .execute()
  const asked = await jobs(world)
  expect(new Set(asked).size).toBe(asked.length)
  expect(slots).toHaveLength(asked.length)
})
