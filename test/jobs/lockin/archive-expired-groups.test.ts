import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ask } from '../../../src/jobs/define.ts'
import { archiveExpiredGroups } from '../../../src/jobs/lockin/archive-expired-groups.ts'
import type { Seen } from '../../../src/jobs/ledger/read.ts'
import { askForDueSlots } from '../../../src/workers/clock.ts'
import { schedules } from '../../../src/workers/schedule.ts'
import { createWorld, type World } from '../../support/world.ts'

let world: World
let minute = 0

beforeAll(async () => {
  world = await createWorld()
  await run(`
    insert into lockin.zones (name) values ('UTC') on conflict do nothing;
    insert into lockin.profiles (display_name)
    select case n when 1 then 'Ada' when 2 then 'Grace' when 3 then 'Linus' else 'Student ' || n end
    from generate_series(1, 500) n`)
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() =>
  run('truncate lockin.groups cascade; truncate millrace.jobs, millrace.schedule_slots cascade'),
)

const run = async <Row>(text: string) => (await sql.raw<Row>(text).execute(world.database.sql)).rows
const count = async (from: string) =>
  (await run<{ n: number }>(`select count(*)::integer as n from ${from}`))[0]?.n
const nextMinute = () => new Date(Date.UTC(2026, 0, 1) + (minute += 1) * 60_000).toISOString()
const archive = (slot = nextMinute()) => world.work(ask(archiveExpiredGroups, { slot }))

/** Groups that ended so many days ago, each with the first so many people. */
const groupsThatEnded = (groups: number, { members = 3, daysAgo = 1 } = {}) =>
  run(`
    with people as (select id, row_number() over (order by created_at, id) as n from lockin.profiles limit ${members}),
    made as (
      insert into lockin.groups (owner_id, name, start_at, end_at, timezone, period, period_target_minutes)
      select (select id from people where n = 1), 'Group ' || g, now() - interval '10 days',
        now() - interval '${daysAgo} days', 'UTC', 'daily', 60
      from generate_series(1, ${groups}) g
      returning id
    )
    insert into lockin.group_members (group_id, user_id, role)
    select made.id, people.id, case n when 1 then 'owner' else 'member' end::lockin.member_role from made, people`)

/** Runs what waits of the archiving jobs, until none follows. */
async function finishAll(): Promise<Seen[]> {
  const rows: Seen[] = []
  for (;;) {
    const waiting = await run<{ id: string }>(
      `select id from millrace.jobs where name = 'lockin.archive-expired-groups' and state = 'waiting'`,
    )
    if (waiting.length === 0) return rows
    rows.push(...(await Promise.all(waiting.map(({ id }) => world.finish(id)))))
  }
}

const everybodyToldOnce = async (): Promise<void> => {
  expect(await count(`lockin.groups where status <> 'archived'`)).toBe(0)
  expect(await count('lockin.notifications')).toBe(await count('lockin.group_members'))
  expect(await count('(select distinct group_id, recipient_id from lockin.notifications) told')).toBe(
    await count('lockin.group_members'),
  )
}

test('while nothing has ended nothing happens, and nothing follows', async () => {
  expect(await archive()).toMatchObject({
    state: 'completed',
    result: { archived: 0, activated: 0, more: false },
  })
  expect(await count('millrace.jobs')).toBe(1)
})

test('many groups are archived in batches that follow one another until none is left', async () => {
  await groupsThatEnded(1100, { members: 1 })

  const first = await archive()
  const rest = await finishAll()

  expect(first.result).toMatchObject({ more: true })
  const results = [first, ...rest].map(({ result }) => result as { archived: number; more: boolean })
  expect(results.length).toBeGreaterThan(3)
  expect(results.reduce((sum, { archived }) => sum + archived, 0)).toBe(1100)
  expect(results.at(-1)).toEqual({ archived: 0, activated: 0, more: false })
  await everybodyToldOnce()
})

test('a batch is cut short where many would be told', async () => {
  await groupsThatEnded(5, { members: 500 })

  const first = await archive()

  expect((first.result as { archived: number }).archived).toBeLessThan(5)
  await finishAll()
  await everybodyToldOnce()
})

test('the same slot asked for by two clocks is one job, and two slots at once share the groups', async () => {
  await groupsThatEnded(1100, { members: 2 })
  const parts = { ...world.asking, metrics: world.metrics, log: world.log }
  const every = schedules.find(({ name }) => name === 'lockin-archive-expired-groups')
  if (!every) throw new Error('There is no such schedule.')
  const at = Date.UTC(2026, 4, 1, 9, 30)
  await askForDueSlots(every, parts, at)

  await Promise.all([1, 2].map(() => askForDueSlots(every, parts, at + 60_500)))
  expect(await count('millrace.jobs')).toBe(1)
  await askForDueSlots(every, parts, at + 120_500)
  const rows = await finishAll()

  expect(rows.every(({ state }) => state === 'completed')).toBe(true)
  expect(await count(`(select distinct split_part(key, ' ', 1) from millrace.jobs) slots`)).toBe(2)
  const archived = rows.map(({ result }) => (result as { archived: number }).archived)
  expect(archived.reduce((sum, each) => sum + each, 0)).toBe(1100)
  await everybodyToldOnce()
})

test('after days of downtime one slot is asked for, and what ran has counted to the end of its group', async () => {
  await groupsThatEnded(3, { daysAgo: 4 })
  await groupsThatEnded(2, { daysAgo: 2 })
  await run(`
    with running as (
      insert into lockin.sessions (group_id, creator_id, status, started_at)
      select id, owner_id, 'running', end_at - interval '1 hour' from lockin.groups order by end_at limit 1
      returning id, creator_id, started_at
    )
    insert into lockin.session_participants (session_id, user_id, role, running_since)
    select id, creator_id, 'host', started_at from running`)
  const parts = { ...world.asking, metrics: world.metrics, log: world.log }
  const every = schedules.filter(({ name }) => name === 'lockin-archive-expired-groups')
  const at = Date.UTC(2026, 4, 1, 9, 30)
  for (const schedule of every) {
    await askForDueSlots(schedule, parts, at)
    expect(await askForDueSlots(schedule, parts, at + 3 * 86_400_000)).toHaveLength(1)
  }

  await finishAll()

  expect(await count(`lockin.groups where status <> 'archived'`)).toBe(0)
  expect(await count(`lockin.notifications where kind = 'generic'`)).toBe(15)
  expect(
    await run(`
      select l.ended_at = g.end_at as until_the_end, l.ended_at - l.started_at = interval '1 hour' as whole
      from lockin.time_logs l join lockin.groups g on g.id = l.group_id`),
  ).toEqual([{ until_the_end: true, whole: true }])
})

test('a batch killed in the middle has done nothing, and the next minute does it all', async () => {
  await groupsThatEnded(5)
  await run(`
    insert into lockin.notifications (recipient_id, kind, title, group_id)
    select (select id from lockin.profiles offset 10 limit 1), 'group_invite', 'Come', id from lockin.groups`)
  const blocked = async () =>
    (await count(`pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)) === 1
  const released = Promise.withResolvers<void>()
  const holding = world.database.transaction(async (tx) => {
    // The invites are withdrawn after what ran was ended and before anybody is told.
    await sql`select 1 from lockin.notifications for update`.execute(tx)
    await released.promise
  })
  const { id } = await world.asking.accept.now(
    ask(archiveExpiredGroups, { slot: nextMinute() }),
    'f'.repeat(32),
  )
  const worker = world.start('src/workers/main.ts', ['maintenance'])
  await expect.poll(blocked, { timeout: 20_000 }).toBe(true)

  worker.signal('SIGKILL')
  await worker.exited
  released.resolve()
  await holding
  // Postgres notices the loss when it tells the dead worker what came of its statement.
  await expect
    .poll(() =>
      count(
        `pg_stat_activity where application_name like 'millrace worker%' and datname = current_database()`,
      ),
    )
    .toBe(0)

  expect((await world.see(id)).state).toBe('active')
  expect(await count(`lockin.groups where status = 'archived'`)).toBe(0)
  expect(await count(`lockin.notifications where kind = 'generic'`)).toBe(0)
  expect((await archive()).result).toMatchObject({ archived: 5 })
  expect(await count(`lockin.notifications where kind = 'generic'`)).toBe(15)
  expect(await count(`lockin.notifications where status = 'withdrawn'`)).toBe(5)
})

test('a batch that Postgres ended is tried again, as if it had never been', async () => {
  await groupsThatEnded(2)
  await run(`create function public.cut() returns trigger language plpgsql as $$ begin
    perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
    create trigger cut after insert on lockin.notifications for each statement execute function public.cut()`)
  const { id } = await world.asking.accept.now(
    ask(archiveExpiredGroups, { slot: nextMinute() }),
    'f'.repeat(32),
  )
  const { runner } = await world.running()
  await runner.take({ id, ticket: (await world.see(id)).ticket })
  expect(await world.see(id)).toMatchObject({ attempts: 1, settled_at: null })
  expect(await count(`lockin.groups where status = 'archived'`)).toBe(0)
  await run('drop function public.cut() cascade')

  expect((await world.finish(id)).result).toMatchObject({ archived: 2 })
  expect(await count(`lockin.notifications where kind = 'generic'`)).toBe(6)
})

test('a group that somebody holds does not keep the others or the chain, and comes with the next minute', async () => {
  await groupsThatEnded(3)
  const released = Promise.withResolvers<void>()
  const holding = world.database.transaction(async (tx) => {
    await sql`select 1 from lockin.groups order by id limit 1 for share`.execute(tx)
    await released.promise
  })

  await archive()
  await finishAll()
  expect(await count(`lockin.groups where status <> 'archived'`)).toBe(1)
  released.resolve()
  await holding

  expect((await archive()).result).toMatchObject({ archived: 1 })
  await everybodyToldOnce()
})

test('groups that have begun are noted as active in the same job', async () => {
  await run(`
    insert into lockin.groups (owner_id, name, start_at, end_at, timezone, period, period_target_minutes, status)
    select (select id from lockin.profiles limit 1), 'Group ' || n, now() + n * interval '1 hour', now() + interval '9 days',
      'UTC', 'weekly', 60, 'pending'
    from generate_series(-2, 2) n`)

  expect((await archive()).result).toEqual({ archived: 0, activated: 3, more: false })
  expect(await count(`lockin.groups where status = 'pending'`)).toBe(2)
})
