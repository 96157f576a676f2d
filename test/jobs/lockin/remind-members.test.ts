import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask } from '../../../src/jobs/define.ts'
import { registry } from '../../../src/jobs/index.ts'
import { remindMembers } from '../../../src/jobs/lockin/remind-members.ts'
import { openAsking, openRunning, type Running } from '../../../src/jobs/open.ts'
import { createMetrics } from '../../../src/shared/metrics.ts'
import { askForDueSlots } from '../../../src/workers/clock.ts'
import { schedules } from '../../../src/workers/schedule.ts'
import { startReaders, trace, unsettled } from '../../domains/lockin/milestones-readers.ts'
import { createWorld, type World } from '../../support/world.ts'

let world: World
let evening: string

beforeEach(async () => {
  world = await createWorld()
  evening = await zoneWhereItIsEvening()
})
afterEach(() => world[Symbol.asyncDispose]())

const slot = '2026-03-03T20:15:00.000Z'

test('it reminds where it is evening now, whatever its slot was, and again in no other slot', async () => {
  const readers = await startReaders(world, { timezone: evening })
  const elsewhere = await startReaders(world, { timezone: await zoneWhereItIsEvening(12) })
  const { rows } = await sql<{
    date: string
  }>`select (now() at time zone ${evening})::date::text as date`.execute(world.database.sql)

  expect(await world.work(ask(remindMembers, { slot }))).toMatchObject({ result: { reminded: 3 } })
  const later = ask(remindMembers, { slot: '2026-03-03T20:30:00.000Z' })
  expect(await world.work(later)).toMatchObject({ result: { reminded: 0 } })

  expect(await readers.announced()).toEqual(['Ada', 'Grace', 'Linus'].map((who) => `${who} ${rows[0]?.date}`))
  expect(await elsewhere.announced()).toEqual([])
})

test('batch follows batch until every group has had its turn', async () => {
  const { people } = await startReaders(world, { timezone: evening, people: { Ada: {} } })
  await sql`
    with more as (
      insert into lockin.groups (owner_id, name, start_at, end_at, timezone, period, period_target_minutes)
      select owner_id, name, start_at, end_at, timezone, period, period_target_minutes
      from lockin.groups, generate_series(1, 600)
      returning id
    )
    insert into lockin.group_members (group_id, user_id, role) select id, ${people.Ada}, 'owner' from more`.execute(
    world.database.sql,
  )

  const first = await world.work(ask(remindMembers, { slot }))
  const following = await unsettled(world.database.sql)
  expect(first).toMatchObject({ state: 'completed', result: { reminded: 500 } })
  expect(following).toHaveLength(1)
  expect(await world.finish(following[0] as string)).toMatchObject({ result: { reminded: 101 } })

  expect(await unsettled(world.database.sql)).toEqual([])
  expect(await groupsTold()).toEqual({ groups: 601, told: 601 })
})

test('run at once in two processes, for two slots, it reminds everybody once', async () => {
  for (let count = 0; count < 5; count += 1) await startReaders(world, { timezone: evening })
  const parts = { ...world, metrics: createMetrics(), process: 'another' }
  const another = (await openRunning(parts, openAsking(parts), registry)) as Running
  const { runner } = await world.running()
  const entered = await Promise.all(
    [slot, '2026-03-03T20:30:00.000Z'].map((each) =>
      world.asking.accept.now(ask(remindMembers, { slot: each }), trace),
    ),
  )

  await Promise.all(
    entered.flatMap(({ id }) => [runner.take({ id, ticket: 1 }), another.runner.take({ id, ticket: 1 })]),
  )

  const results = await Promise.all(entered.map(async ({ id }) => (await world.see(id)).result))
  expect(results.reduce((sum: number, result) => sum + (result as { reminded: number }).reminded, 0)).toBe(15)
  expect(await groupsTold()).toEqual({ groups: 5, told: 15 })
})

test('a commit that fails leaves nobody reminded and no batch to follow, and is tried again', async () => {
  const readers = await startReaders(world, { timezone: evening })
  await sql
    .raw(
      `create sequence public.commits;
       create function public.fail_once() returns trigger language plpgsql as $$
         begin if nextval('public.commits') = 1 then raise exception 'not this time'; end if; return null; end $$;
       create constraint trigger fail_once after insert on lockin.notifications deferrable initially deferred
         for each row execute function public.fail_once()`,
    )
    .execute(world.database.sql)

  const row = await world.work(ask(remindMembers, { slot }))

  expect(row).toMatchObject({ state: 'completed', attempts: 2, result: { reminded: 3 } })
  expect(await readers.inbox('Ada')).toHaveLength(1)
})

test('the clock asks for it every quarter of an hour, and after a pause for the last one only', async () => {
  const schedule = schedules.find(({ name }) => name === 'lockin-remind-members')
  if (!schedule) throw new Error('The schedule is missing.')
  const parts = { ...world.asking, metrics: world.metrics, log: world.log }
  const look = async (time: string): Promise<string[]> =>
    (await askForDueSlots(schedule, parts, Date.parse(time))).map((each) => new Date(each).toISOString())

  await look('2026-03-03T18:50Z')
  expect(await look('2026-03-03T19:00:01Z')).toEqual(['2026-03-03T19:00:00.000Z'])
  expect(await look('2026-03-03T22:31Z')).toEqual(['2026-03-03T22:30:00.000Z'])
  expect(await unsettled(world.database.sql)).toHaveLength(2)
})

/** A zone whose clocks show eight in the evening, or so many hours later; none of the year's changes touch it. */
async function zoneWhereItIsEvening(later = 0): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    select name from pg_timezone_names
    where name ~ '^Etc/GMT[+-]' and extract(hour from now() at time zone name) = (20 + ${later}::int) % 24
    order by name limit 1`.execute(world.database.sql)
  return rows[0]?.name as string
}

async function groupsTold(): Promise<{ groups: number; told: number } | undefined> {
  const { rows } = await sql<{ groups: number; told: number }>`
    select count(distinct group_id)::int as groups, count(*)::int as told from lockin.notifications
    where kind = 'session_reminder'`.execute(world.database.sql)
  return rows[0]
}
