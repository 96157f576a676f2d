import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sql } from '../../../src/shared/database.ts'
import { zoneAtNoon } from '../../ingress/http/lockin/people.ts'
import { createWorld, type World } from '../../support/world.ts'

let world: World
let db: Sql
let ada: string
let grace: string
let linus: string
beforeAll(async () => {
  world = await createWorld()
  db = world.database.sql
  const made = await sql<{ id: string }>`
    insert into lockin.profiles (display_name) values ('Ada'), ('Grace'), ('Linus') returning id`.execute(db)
  ;[ada, grace, linus] = made.rows.map(({ id }) => id) as [string, string, string]
})
afterAll(() => world[Symbol.asyncDispose]())

interface GroupFields {
  timezone?: string
  period?: 'daily' | 'weekly'
  start?: string
  end?: string
  minutes?: number
}

/** A group of New York with these members; the first owns it. */
async function groupOf(members: string[], fields: GroupFields = {}): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into lockin.groups (owner_id, name, start_at, end_at, timezone, period, period_target_minutes)
    values (${members[0]}, 'Study group', ${fields.start ?? '2025-01-01T05:00Z'}, ${fields.end ?? '2030-01-01T05:00Z'},
      ${fields.timezone ?? 'America/New_York'}, ${fields.period ?? 'daily'}, ${fields.minutes ?? 60})
    returning id`.execute(db)
  const { id } = rows[0]!
  await sql`
    insert into lockin.group_members (group_id, user_id, role)
    select ${id}, user_id, case n when 1 then 'owner' else 'member' end::lockin.member_role
    from unnest(${members}::uuid[]) with ordinality u(user_id, n)`.execute(db)
  return id
}

/** Somebody's time, in a session of its own. */
async function spent(user: string, group: string | null, from: string, to: string): Promise<void> {
  const session = await sql<{ id: string }>`
    insert into lockin.sessions (group_id, creator_id, status, started_at, ended_at)
    values (${group}, ${user}, 'ended', ${from}, ${to}) returning id`.execute(db)
  const participant = await sql<{ id: string }>`
    insert into lockin.session_participants (session_id, user_id, role)
    values (${session.rows[0]!.id}, ${user}, 'host') returning id`.execute(db)
  await sql`
    insert into lockin.time_logs (participant_id, user_id, group_id, started_at, ended_at)
    values (${participant.rows[0]!.id}, ${user}, ${group}, ${from}, ${to})`.execute(db)
}

interface Row {
  user_id: string
  seconds_done: number
  target_minutes: number
  goal_met: boolean
  period_start: Date | null
  period_end: Date | null
  period_date: string | null
}
async function progress(group: string, instant: string | null): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select user_id, seconds_done, target_minutes, goal_met, period_start, period_end, period_date::text
    from lockin.progress_at(${group}, ${instant}::timestamptz) order by user_id`.execute(db)
  return rows
}
const minutesOf = async (user: string, group: string, instant: string): Promise<number> =>
  (await progress(group, instant)).find((row) => row.user_id === user)!.seconds_done / 60
const periodOf = async (group: string, instant: string) => {
  const [row] = await progress(group, instant)
  return [row!.period_start?.toISOString(), row!.period_end?.toISOString(), row!.period_date]
}
const inView = async (group: string): Promise<Row[]> => {
  const { rows } = await sql<Row>`
    select * from lockin.group_member_period_progress where group_id = ${group} order by user_id`.execute(db)
  return rows
}

test('two hours over midnight are one hour of each day and two of the week', async () => {
  const [daily, weekly] = [await groupOf([ada]), await groupOf([ada], { period: 'weekly' })]
  await spent(ada, daily, '2026-06-03T03:00Z', '2026-06-03T05:00Z')
  await spent(ada, weekly, '2026-06-10T03:00Z', '2026-06-10T05:00Z')

  expect(await minutesOf(ada, daily, '2026-06-02T12:00Z')).toBe(60)
  expect(await minutesOf(ada, daily, '2026-06-03T12:00Z')).toBe(60)
  expect(await minutesOf(ada, daily, '2026-06-04T12:00Z')).toBe(0)
  expect(await minutesOf(ada, weekly, '2026-06-08T12:00Z')).toBe(120)
  expect(await periodOf(weekly, '2026-06-08T12:00Z')).toEqual([
    '2026-06-08T04:00:00.000Z',
    '2026-06-15T04:00:00.000Z',
    '2026-06-08',
  ])
})

test('a log from before a day to after it fills the day, however long clocks made it', async () => {
  const group = await groupOf([ada])
  await spent(ada, group, '2026-10-30T00:00Z', '2026-11-04T00:00Z')
  await spent(ada, group, '2026-03-07T00:00Z', '2026-03-10T00:00Z')

  expect(await minutesOf(ada, group, '2026-10-31T12:00Z')).toBe(24 * 60)
  expect(await minutesOf(ada, group, '2026-11-01T12:00Z')).toBe(25 * 60)
  expect(await minutesOf(ada, group, '2026-03-08T12:00Z')).toBe(23 * 60)
})

test('all of what somebody did in a period is counted, before and after everything else they did', async () => {
  const group = await groupOf([ada])
  await spent(ada, group, '2026-07-01T10:00Z', '2026-07-01T11:00Z')
  await spent(ada, group, '2026-07-02T03:30Z', '2026-07-02T04:30Z')
  await spent(ada, group, '2026-07-02T10:00Z', '2026-07-02T10:10Z')
  await spent(ada, group, '2026-07-02T10:10Z', '2026-07-02T10:30:00.999Z')
  await spent(ada, group, '2026-07-03T03:50Z', '2026-07-03T04:00Z')
  await spent(ada, group, '2026-07-03T04:00Z', '2026-07-03T05:00Z')
  await spent(ada, group, '2026-07-04T04:00Z', '2026-07-04T05:00Z')

  const [row] = await progress(group, '2026-07-02T12:00Z')
  expect(row).toMatchObject({ seconds_done: (30 + 30 + 10) * 60, goal_met: true, period_date: '2026-07-02' })
})

test('the first hour of a day counts where midnight comes twice', async () => {
  const group = await groupOf([grace], { timezone: 'America/Havana' })
  await spent(grace, group, '2026-11-01T04:10Z', '2026-11-01T04:40Z')

  for (const instant of ['2026-11-01T04:00Z', '2026-11-01T04:50Z', '2026-11-01T05:10Z'])
    expect(await minutesOf(grace, group, instant)).toBe(30)
  expect(await minutesOf(grace, group, '2026-11-01T03:59:59.999Z')).toBe(0)
})

test('a group counts from its start to its end, and before and after them shows its first and its last period', async () => {
  const group = await groupOf([ada], { start: '2026-05-04T16:00Z', end: '2026-05-06T20:00Z' })
  await spent(ada, group, '2026-05-04T15:00Z', '2026-05-04T17:00Z')
  await spent(ada, group, '2026-05-06T19:30Z', '2026-05-06T21:00Z')

  const first = ['2026-05-04T16:00:00.000Z', '2026-05-05T04:00:00.000Z', '2026-05-04']
  const last = ['2026-05-06T04:00:00.000Z', '2026-05-06T20:00:00.000Z', '2026-05-06']
  for (const instant of ['-infinity', '2020-01-01Z', '2026-05-04T15:00Z', '2026-05-04T20:00Z']) {
    expect(await periodOf(group, instant)).toEqual(first)
    expect(await minutesOf(ada, group, instant)).toBe(60)
  }
  for (const instant of ['2026-05-06T19:00Z', '2026-05-06T20:00Z', '2027-01-01Z', 'infinity']) {
    expect(await periodOf(group, instant)).toEqual(last)
    expect(await minutesOf(ada, group, instant)).toBe(30)
  }
})

test('a group that ends at midnight has no period of the day after', async () => {
  const group = await groupOf([ada], { start: '2026-05-04T04:00Z', end: '2026-05-06T04:00Z' })
  expect(await periodOf(group, '2026-08-01Z')).toEqual([
    '2026-05-05T04:00:00.000Z',
    '2026-05-06T04:00:00.000Z',
    '2026-05-05',
  ])
})

test('an override is the target of its member alone, and a target is met to the second', async () => {
  const group = await groupOf([ada, grace, linus], { minutes: 30 })
  await sql`
    update lockin.group_members set override_period_target_minutes = 31
    where group_id = ${group} and user_id = ${grace}`.execute(db)
  await spent(ada, group, '2026-06-20T10:00Z', '2026-06-20T10:30Z')
  await spent(grace, group, '2026-06-20T10:00Z', '2026-06-20T10:30Z')
  await spent(linus, group, '2026-06-20T10:00Z', '2026-06-20T10:29:59.999Z')

  const rows = await progress(group, '2026-06-20T12:00Z')
  const told = (user: string) => {
    const { seconds_done, target_minutes, goal_met } = rows.find((row) => row.user_id === user)!
    return [seconds_done, target_minutes, goal_met]
  }
  expect(told(ada)).toEqual([1800, 30, true])
  expect(told(grace)).toEqual([1800, 31, false])
  expect(told(linus)).toEqual([1799, 30, false])
})

test('who has logged nothing is there with nothing, and who was removed is not there', async () => {
  const group = await groupOf([ada, grace, linus])
  await spent(linus, group, '2026-06-21T10:00Z', '2026-06-21T11:00Z')
  await sql`delete from lockin.group_members where group_id = ${group} and user_id = ${linus}`.execute(db)

  const rows = await progress(group, '2026-06-21T12:00Z')
  expect(rows.map(({ user_id, seconds_done, goal_met }) => [user_id, seconds_done, goal_met])).toEqual(
    [ada, grace].toSorted().map((user) => [user, 0, false]),
  )
})

test('time spent in another group or in none is not counted', async () => {
  const [group, other] = [await groupOf([ada]), await groupOf([ada])]
  await spent(ada, other, '2026-06-22T10:00Z', '2026-06-22T11:00Z')
  await spent(ada, null, '2026-06-22T12:00Z', '2026-06-22T13:00Z')
  await spent(ada, group, '2026-06-22T14:00Z', '2026-06-22T14:05Z')

  expect(await minutesOf(ada, group, '2026-06-22T12:00Z')).toBe(5)
  expect(await minutesOf(ada, other, '2026-06-22T12:00Z')).toBe(60)
})

test('the zone of the session changes nothing', async () => {
  const group = await groupOf([ada], { timezone: 'Australia/Lord_Howe', period: 'weekly' })
  await spent(ada, group, '2026-04-05T12:00Z', '2026-04-05T14:00Z')

  const told = (zone: string) =>
    world.database.transaction(async (tx) => {
      await sql`select set_config('TimeZone', ${zone}, true)`.execute(tx)
      const { rows } = await sql`
        select seconds_done, period_start, period_end, period_date::text
        from lockin.progress_at(${group}, '2026-04-05T13:29Z')`.execute(tx)
      return rows
    })
  for (const zone of ['UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'])
    expect(await told(zone)).toEqual([
      {
        seconds_done: 90 * 60,
        period_start: new Date('2026-03-29T13:00Z'),
        period_end: new Date('2026-04-05T13:30Z'),
        period_date: '2026-03-30',
      },
    ])
})

test('without an instant or a group there is no progress', async () => {
  const group = await groupOf([ada])
  expect(await progress(group, null)).toEqual([])
  expect(await progress(ada, '2026-01-01Z')).toEqual([])
})

test('what one group is wrong about leaves the others alone, and its members have done nothing', async () => {
  const [good, nowhere, endless] = [await groupOf([ada]), await groupOf([ada, grace]), await groupOf([grace])]
  await spent(ada, nowhere, '2026-06-23T10:00Z', '2026-06-23T12:00Z')
  await world.database.transaction(async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx)
    await sql`update lockin.groups set timezone = 'Mars/Olympus' where id = ${nowhere}`.execute(tx)
    await sql`
      update lockin.groups set start_at = '294276-12-31T12:00Z', end_at = 'infinity', period_target_minutes = 2147483647
      where id = ${endless}`.execute(tx)
  })

  const nothing = {
    seconds_done: 0,
    goal_met: false,
    period_start: null,
    period_end: null,
    period_date: null,
  }
  const expected = [ada, grace]
    .toSorted()
    .map((user_id) => Object.assign({ user_id, target_minutes: 60 }, nothing))
  expect(await progress(nowhere, '2026-06-23T12:00Z')).toEqual(expected)
  expect(await inView(nowhere)).toMatchObject(expected)
  expect(await inView(endless)).toMatchObject([{ user_id: grace, target_minutes: 2147483647, ...nothing }])
  expect(await inView(good)).toMatchObject([{ user_id: ada, goal_met: false, period_end: expect.any(Date) }])
  const { rows } = await sql<{ all: number; known: number }>`
    select count(*) as all, count(goal_met) as known from lockin.group_member_period_progress`.execute(db)
  const members = await sql<{ all: number }>`select count(*) as all from lockin.group_members`.execute(db)
  expect(rows).toEqual([{ all: members.rows[0]!.all, known: members.rows[0]!.all }])
})

test('the view tells what is so now', async () => {
  const begun = new Date(Date.now() - 60_000)
  const group = await groupOf([ada], { start: begun.toISOString(), timezone: zoneAtNoon() })
  await spent(grace, group, begun.toISOString(), new Date(begun.getTime() + 5000).toISOString())
  await sql`insert into lockin.group_members (group_id, user_id) values (${group}, ${grace})`.execute(db)

  const rows = await progress(group, 'now')
  expect(new Set(rows.map(({ seconds_done }) => seconds_done))).toEqual(new Set([0, 5]))
  expect(await inView(group)).toMatchObject(rows.map(({ period_date: _date, ...row }) => row))
  expect(rows[0]!.period_start).toEqual(begun)
})
