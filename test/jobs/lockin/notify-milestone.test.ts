import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../../../src/jobs/define.ts'
import { registry } from '../../../src/jobs/index.ts'
import { notifyMilestone } from '../../../src/jobs/lockin/notify-milestone.ts'
import { openAsking, openRunning, type Running } from '../../../src/jobs/open.ts'
import { createMetrics } from '../../../src/shared/metrics.ts'
import { sweepOnce } from '../../../src/workers/sweep.ts'
import { startReaders, trace, unsettled, type Readers } from '../../domains/lockin/milestones-readers.ts'
import { createWorld, type World } from '../../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const patience = { timeout: 40_000, interval: 50 }
const log: [string, string] = ['2026-03-03T10:00Z', '2026-03-03T11:00Z']
const periodDate = '2026-03-03'

test('run again and again it says everything once', async () => {
  const readers = await startReaders(world)
  for (const person of ['Ada', 'Grace', 'Linus'] as const) await readers.log(person, ...log)

  const first = await world.finish((await unsettled(world.database.sql))[0] as string)
  const again = await world.work(ask(notifyMilestone, { groupId: readers.id, periodDate }))

  expect(first).toMatchObject({ state: 'completed', result: { members: 3, group: true } })
  expect(again).toMatchObject({ id: first.id, state: 'completed', result: { members: 0, group: false } })
  await eachOnce(readers)
})

test('for a group or a period that is not there it does nothing', async () => {
  const readers = await startReaders(world, { period: 'weekly', people: { Ada: {} } })
  await world.database.transaction((tx) => readers.writeIn(tx, 'Ada', ...log))

  for (const data of [
    { groupId: '00000000-0000-4000-8000-000000000000', periodDate },
    // A Tuesday, where periods begin on Mondays.
    { groupId: readers.id, periodDate },
    { groupId: readers.id, periodDate: '2025-01-06' },
  ])
    expect(await world.work(ask(notifyMilestone, data))).toMatchObject({
      state: 'completed',
      result: { members: 0, group: false },
    })
  expect(await readers.announced()).toEqual([])
})

test('two processes that run it at once say everything once', async () => {
  const readers = await startReaders(world)
  const parts = { ...world, metrics: createMetrics(), process: 'another' }
  const another = (await openRunning(parts, openAsking(parts), registry)) as Running
  const { runner } = await world.running()

  for (const person of ['Ada', 'Grace', 'Linus'] as const) {
    await readers.log(person, ...log)
    for (const id of await unsettled(world.database.sql)) {
      const { ticket } = await world.see(id)
      await Promise.all([runner.take({ id, ticket }), another.runner.take({ id, ticket })])
    }
  }
  await readers.settle()

  await eachOnce(readers)
})

test('a commit that fails is tried again, and nothing of the first try is left', async () => {
  // What a sequence gave is not taken back with the transaction: only the first commit fails.
  await using world = await createWorld({
    setup: `
      create sequence public.commits;
      create function public.fail_once() returns trigger language plpgsql as $$
        begin if nextval('public.commits') = 1 then raise exception 'not this time'; end if; return null; end $$;
      create constraint trigger fail_once after insert on lockin.announcements deferrable initially deferred
        for each row when (new.user_id is null) execute function public.fail_once()`,
  })
  const readers = await startReaders(world)
  for (const person of ['Ada', 'Grace', 'Linus'] as const) await readers.log(person, ...log)

  const row = await world.finish((await unsettled(world.database.sql))[0] as string)

  expect(row).toMatchObject({ state: 'completed', attempts: 2, result: { members: 3, group: true } })
  await eachOnce(readers)
})

test('a worker killed while it writes and a Redis that forgets everything: everything is said once', async () => {
  await using world = await createWorld()
  const readers = await startReaders(world)
  const victim = world.start('src/workers/main.ts', ['quick'], { LOG_LEVEL: 'info' })
  // Postgres ends a transaction that idles as long as a slow machine may take to start a process.
  await victim.says('takes jobs')
  const held = Promise.withResolvers<void>()
  const inTheWay = Promise.withResolvers<void>()
  // The same news, not committed: whoever writes them waits.
  const blocking = world.database.transaction(async (tx) => {
    await sql`
      insert into lockin.announcements (group_id, kind, period, period_date)
      values (${readers.id}, 'milestone_group', 'daily', ${periodDate})`.execute(tx)
    inTheWay.resolve()
    await held.promise
    await sql`delete from lockin.announcements where group_id = ${readers.id}`.execute(tx)
  })
  await inTheWay.promise
  for (const person of ['Ada', 'Grace', 'Linus'] as const)
    await world.database.transaction((tx) => readers.writeIn(tx, person, ...log))
  await world.database.transaction((tx) => readers.askIn(tx, ...log))
  await expect.poll(() => writing(world), patience).toBe(1)

  victim.signal('SIGKILL')
  await victim.exited
  await world.asking.redis.flushall()
  held.resolve()
  await blocking
  await expect.poll(() => writing(world), patience).toBe(0)
  expect(await readers.announced()).toEqual([])
  // Leases lapse by the Postgres clock; the test moves it instead of waiting.
  await sql`update millrace.leases set valid_until = now() - interval '1 second'`.execute(world.database.sql)
  const { lease } = await world.running()
  const sweptUp = async () => {
    await sweepOnce({ ...world.asking, lease, metrics: world.metrics, log: world.log })
    return world.asking.dispatcher.queue('quick').getWaitingCount()
  }
  await expect.poll(sweptUp, patience).toBeGreaterThan(0)
  await readers.settle()

  await eachOnce(readers)
})

test('when a whole crowd reaches it at once, it is told in parts, each member once and all of them last', async () => {
  const readers = await startReaders(world, { people: { Ada: {} } })
  await world.database.transaction((tx) => readers.writeIn(tx, 'Ada', ...log))
  await sql`
    with people as (
      insert into lockin.profiles (display_name) select 'Reader' from generate_series(1, 119) returning id
    ), members as (
      insert into lockin.group_members (group_id, user_id) select ${readers.id}, id from people
    )
    insert into lockin.session_participants (session_id, user_id)
    select s.id, people.id from lockin.sessions s, people where s.group_id = ${readers.id}`.execute(
    world.database.sql,
  )
  await sql`
    insert into lockin.time_logs (participant_id, user_id, group_id, started_at, ended_at)
    select p.id, p.user_id, ${readers.id}, ${log[0]}::timestamptz, ${log[1]}::timestamptz
    from lockin.session_participants p
    join lockin.sessions s on s.id = p.session_id
    where s.group_id = ${readers.id} and p.role = 'participant'`.execute(world.database.sql)

  const results = [(await world.work(ask(notifyMilestone, { groupId: readers.id, periodDate }))).result]
  for (
    let next = await unsettled(world.database.sql);
    next.length > 0;
    next = await unsettled(world.database.sql)
  )
    results.push((await world.finish(next[0] as string)).result)

  expect(results).toEqual([
    { members: 50, group: false },
    { members: 50, group: false },
    { members: 20, group: true },
  ])
  const inbox = await readers.inbox('Ada')
  expect(inbox).toHaveLength(121)
  expect(inbox.at(-1)).toContain('Everybody')
})

test('asked for by two changes before it runs it is one job; a period is a job of its own', async () => {
  const wish = (groupId: string, date: string) =>
    world.asking.accept.now(ask(notifyMilestone, { groupId, periodDate: date }), trace)
  const [one, two] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'] as const

  const { id } = await wish(one, '2026-03-03')
  expect(await wish(one, '2026-03-03')).toMatchObject({ id, decision: 'stands' })
  expect(await wish(one, '2026-03-04')).toMatchObject({ decision: 'entered' })
  expect(await wish(two, '2026-03-03')).toMatchObject({ decision: 'entered' })
})

async function eachOnce(readers: Readers): Promise<void> {
  const everybody = ['Ada', 'Grace', 'Linus', 'all'].map((who) => `${who} ${periodDate}`)
  expect(await readers.announced()).toEqual(everybody)
  for (const person of ['Ada', 'Grace', 'Linus'] as const) {
    const inbox = await readers.inbox(person)
    expect(inbox).toHaveLength(4)
    expect(new Set(inbox).size).toBe(4)
  }
}

/** How many connections are at writing announcements. */
async function writing(world: World): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and state = 'active' and query ~ 'from lockin.announce_milestones'
      and pid <> pg_backend_pid()`.execute(world.database.sql)
  return rows[0]?.count ?? 0
}
