import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createWorld, type World } from '../../support/world.ts'
import { startReaders, type Readers, type Shape } from './milestones-readers.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
beforeEach(() => run('truncate lockin.groups cascade'))
afterAll(() => world[Symbol.asyncDispose]())

const run = async (text: string): Promise<void> => void (await sql.raw(text).execute(world.database.sql))

interface Reminded {
  reminded: number
  goOnAfter: string | null
}

/** As at another time than now. */
const remindAt = (instant: string, { after = null as string | null, atMost = 500, session = 'UTC' } = {}) =>
  world.database.transaction(async (tx): Promise<Reminded> => {
    await sql`select set_config('TimeZone', ${session}, true)`.execute(tx)
    const { rows } = await sql<Reminded>`
      select reminded, go_on_after as "goOnAfter" from lockin.remind_members(${instant}, ${after}, ${atMost})`.execute(
      tx,
    )
    return rows[0] as Reminded
  })

/** Every quarter of an hour of a span, as the clock comes by; the minutes at which somebody was reminded. */
const whenReminded = (from: string, to: string, session = 'UTC') =>
  world.database.transaction(async (tx): Promise<string[]> => {
    await sql`select set_config('TimeZone', ${session}, true)`.execute(tx)
    const { rows } = await sql<{ slot: Date }>`
      select slot from generate_series(${from}::timestamptz, ${to}, interval '15 minutes') slot
      cross join lateral lockin.remind_members(slot, null, 500) r
      where r.reminded > 0`.execute(tx)
    return rows.map(({ slot }) => slot.toISOString().slice(0, 16))
  })

const reminders = async (readers: Readers): Promise<string[]> => {
  const { rows } = await sql<{ said: string }>`
    select p.display_name || ' ' || a.period_date as said
    from lockin.announcements a join lockin.profiles p on p.id = a.user_id
    where a.group_id = ${readers.id} and a.kind = 'session_reminder'
    order by a.period_date, p.display_name`.execute(world.database.sql)
  return rows.map((row) => row.said)
}

const evening = '2026-03-03T20:00Z'
const alone = { people: { Ada: {} } }

const spans: [what: string, shape: Shape, from: string, to: string, times: string[]][] = [
  [
    'every day, as the evening begins',
    {},
    '2026-03-03T00:00Z',
    '2026-03-05T00:00Z',
    ['2026-03-03T19:00', '2026-03-04T19:00'],
  ],
  [
    'a day begins late in Kathmandu: 19:00 is 13:15Z',
    { timezone: 'Asia/Kathmandu' },
    '2026-03-03T00:00Z',
    '2026-03-03T23:45Z',
    ['2026-03-03T13:15'],
  ],
  [
    'Chatham goes back by an hour on 5 April, from 13:45 ahead to 12:45',
    { timezone: 'Pacific/Chatham' },
    '2026-04-04T00:00Z',
    '2026-04-05T12:00Z',
    ['2026-04-04T05:15', '2026-04-05T06:15'],
  ],
  [
    'Lord Howe goes forward by half an hour on 4 October, from 10:30 ahead to 11:00',
    { timezone: 'Australia/Lord_Howe' },
    '2026-10-03T00:00Z',
    '2026-10-04T12:00Z',
    ['2026-10-03T08:30', '2026-10-04T08:00'],
  ],
  [
    'a week’s last evening is Sunday’s, also when clocks went forward that morning',
    { timezone: 'America/New_York', period: 'weekly' },
    '2026-03-02T12:00Z',
    '2026-03-10T12:00Z',
    ['2026-03-08T23:00'],
  ],
  [
    'a day that never was in Apia has no evening',
    { timezone: 'Pacific/Apia', startAt: '2011-12-29T12:00Z' },
    '2011-12-29T12:00Z',
    '2012-01-01T00:00Z',
    ['2011-12-30T05:00', '2011-12-31T05:00'],
  ],
  [
    'in Kwajalein Saturday never was, and then a week that ends on Saturday ends on Friday',
    {
      timezone: 'Pacific/Kwajalein',
      period: 'weekly',
      startAt: '1993-08-16T12:00Z',
      endAt: '1993-08-21T12:00Z',
    },
    '1993-08-17T00:00Z',
    '1993-08-23T12:00Z',
    ['1993-08-21T07:00'],
  ],
  [
    'a group that ends on Wednesday at noon has its week’s last evening on Tuesday',
    { period: 'weekly', endAt: '2026-03-04T12:00Z' },
    '2026-03-02T00:00Z',
    '2026-03-09T00:00Z',
    ['2026-03-03T19:00'],
  ],
  [
    'one that ends as an evening begins has had its last the day before',
    { period: 'weekly', endAt: '2026-03-04T19:00Z' },
    '2026-03-02T00:00Z',
    '2026-03-09T00:00Z',
    ['2026-03-03T19:00'],
  ],
  [
    'one that ends in the evening has a short one',
    { period: 'weekly', endAt: '2026-03-04T19:20Z' },
    '2026-03-02T00:00Z',
    '2026-03-09T00:00Z',
    ['2026-03-04T19:00'],
  ],
  [
    'the last day of a group that ends at noon has no evening',
    { endAt: '2026-03-04T12:00Z' },
    '2026-03-03T00:00Z',
    '2026-03-05T00:00Z',
    ['2026-03-03T19:00'],
  ],
  [
    'a group that begins in the evening is reminded from then on',
    { period: 'weekly', startAt: '2026-03-08T21:10Z' },
    '2026-03-02T00:00Z',
    '2026-03-09T12:00Z',
    ['2026-03-08T21:15'],
  ],
  [
    'one that begins at night is not reminded of that day',
    { startAt: '2026-03-03T23:00Z' },
    '2026-03-03T00:00Z',
    '2026-03-04T20:00Z',
    ['2026-03-04T19:00'],
  ],
]
test.for(spans)('%s', async ([, shape, from, to, times]) => {
  await startReaders(world, { ...shape, ...alone })
  expect(await whenReminded(from, to)).toEqual(times)

  await run('truncate lockin.groups cascade')
  await startReaders(world, { ...shape, ...alone })
  expect(await whenReminded(from, to, 'Pacific/Apia')).toEqual(times)
})

test('the evening lasts until 23:00: a look that comes late reminds until then', async () => {
  const readers = await startReaders(world, alone)
  expect(await remindAt('2026-03-03T18:59:59.999Z')).toMatchObject({ reminded: 0 })
  expect(await remindAt('2026-03-03T23:00Z')).toMatchObject({ reminded: 0 })
  expect(await remindAt('2026-03-03T22:59:59.999Z')).toMatchObject({ reminded: 1 })
  expect(await reminders(readers)).toEqual(['Ada 2026-03-03'])
})

test('those who have done less than their target are reminded and told how much, each for themselves', async () => {
  const readers = await startReaders(world, {
    people: { Ada: {}, Grace: { override: 90 }, Linus: {} },
  })
  // Yesterday's part of it does not count.
  await readers.log('Ada', '2026-03-02T23:00Z', '2026-03-03T01:00Z')
  await readers.log('Grace', '2026-03-03T10:00Z', '2026-03-03T11:29:59Z')
  await readers.log('Linus', '2026-03-02T10:00Z', '2026-03-02T23:59Z')

  expect(await remindAt(evening)).toEqual({ reminded: 2, goOnAfter: null })

  expect(await reminders(readers)).toEqual(['Grace 2026-03-03', 'Linus 2026-03-03'])
  const inboxes = [await readers.inbox('Ada'), await readers.inbox('Grace'), await readers.inbox('Linus')]
  expect(inboxes).toEqual([
    [],
    ['There is still time today. In Readers, 89 of 90 minutes are done today.'],
    ['There is still time today. In Readers, 0 of 60 minutes are done today.'],
  ])
})

test('a reminder of a week says so, and the longest name has room', async () => {
  const readers = await startReaders(world, { ...alone, period: 'weekly', name: 'R'.repeat(100) })
  await remindAt('2026-03-08T20:00Z')
  expect(await readers.inbox('Ada')).toEqual([
    `There is still time this week. In ${'R'.repeat(100)}, 0 of 60 minutes are done this week.`,
  ])
})

test('who had reached it and takes time back is reminded, once; who was reminded and fails again is not', async () => {
  const readers = await startReaders(world, { people: { Ada: {}, Grace: {} } })
  const log = await readers.log('Ada', '2026-03-03T10:00Z', '2026-03-03T11:00Z')
  await remindAt(evening)
  expect(await reminders(readers)).toEqual(['Grace 2026-03-03'])

  await readers.correct(log, '2026-03-03T10:00Z', '2026-03-03T10:30Z')
  expect(await remindAt('2026-03-03T20:15Z')).toMatchObject({ reminded: 1 })
  await readers.correct(log, '2026-03-03T10:00Z', '2026-03-03T11:00Z')
  await readers.correct(log, '2026-03-03T10:00Z', '2026-03-03T10:30Z')
  expect(await remindAt('2026-03-03T20:30Z')).toMatchObject({ reminded: 0 })
  expect(await reminders(readers)).toEqual(['Ada 2026-03-03', 'Grace 2026-03-03'])
})

test('an archived group reminds nobody; one that is pending though it has begun does', async () => {
  const archived = await startReaders(world, alone)
  const pending = await startReaders(world, alone)
  await run(`update lockin.groups set status = 'archived', archived_at = now() where id = '${archived.id}'`)
  await run(`update lockin.groups set status = 'pending' where id = '${pending.id}'`)

  expect(await remindAt(evening)).toMatchObject({ reminded: 1 })
  expect(await reminders(pending)).toEqual(['Ada 2026-03-03'])
})

test('a zone that is not known any more and a target nobody can reach hold up nobody', async () => {
  await run(`insert into lockin.zones (name) values ('Mars/Olympus')`)
  const far = await startReaders(world, { ...alone, target: 2_147_483_647 })
  const near = await startReaders(world, alone)

  expect(await remindAt(evening)).toMatchObject({ reminded: 2 })
  expect([...(await reminders(far)), ...(await reminders(near))]).toHaveLength(2)
})

test('groups are taken in batches, one after another, and each person is reminded once', async () => {
  const all: Readers[] = []
  for (let count = 0; count < 5; count += 1) all.push(await startReaders(world))
  await startReaders(world, { timezone: 'Asia/Tokyo' })

  const batches: number[] = []
  let after: string | null = null
  do {
    const { reminded, goOnAfter } = await remindAt(evening, { after, atMost: 2 })
    batches.push(reminded)
    after = goOnAfter
  } while (after)

  expect(batches).toEqual([6, 6, 3])
  for (const readers of all) expect(await reminders(readers)).toHaveLength(3)
})

test('a batch ends early where groups have many members', async () => {
  await run(`insert into lockin.profiles (display_name) select 'Reader' from generate_series(1, 497)`)
  const ids: string[] = []
  for (let count = 0; count < 12; count += 1) {
    const { id } = await startReaders(world)
    await run(`
      insert into lockin.group_members (group_id, user_id)
      select '${id}', id from lockin.profiles where display_name = 'Reader'`)
    ids.push(id)
  }

  const first = await remindAt(evening)
  expect(first).toEqual({ reminded: 5000, goOnAfter: ids.toSorted()[9] })
  expect(await remindAt(evening, { after: first.goOnAfter })).toEqual({ reminded: 1000, goOnAfter: null })
})

test('two looks at once remind everybody once', async () => {
  const all: Readers[] = []
  for (let count = 0; count < 20; count += 1) all.push(await startReaders(world))

  const looks = await Promise.all([
    remindAt('2026-03-03T20:00Z'),
    remindAt('2026-03-03T20:15Z'),
    remindAt('2026-03-03T20:00Z'),
  ])

  expect(looks.reduce((sum, look) => sum + look.reminded, 0)).toBe(60)
  for (const readers of all) expect(await readers.inbox('Grace')).toHaveLength(1)
})

test('whoever is reminded is who is behind in the race, in every zone and both kinds of period', async () => {
  const zones = ['America/Havana', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Africa/Casablanca', 'UTC']
  // At the first of them some time goes on beyond the evening, and counts until midnight.
  const instants = [
    '2026-10-31T20:30Z',
    '2026-11-01T20:30Z',
    '2026-11-02T01:00Z',
    '2026-11-01T14:00Z',
    '2026-11-01T09:00Z',
  ]
  for (const timezone of zones)
    for (const period of ['daily', 'weekly'] as const) {
      const target = period === 'daily' ? 300 : 700
      const readers = await startReaders(world, { timezone, period, target, endAt: '2026-11-02T03:00Z' })
      for (const [index, person] of (['Ada', 'Grace', 'Linus'] as const).entries())
        await world.database.transaction((tx) =>
          readers.writeIn(tx, person, `2026-10-31T${10 + index * 6}:00Z`, `2026-11-01T0${3 + index * 2}:30Z`),
        )
    }

  let behind = 0
  for (const instant of instants) {
    await run('truncate lockin.announcements')
    const { reminded } = await remindAt(instant)
    const { rows } = await sql<{ reminded: boolean; behind: boolean }>`
      select a.user_id is not null as reminded, not p.goal_met as behind
      from lockin.groups g
      cross join lateral lockin.progress_at(g.id, ${instant}) p
      left join lockin.announcements a on a.group_id = g.id and a.user_id = p.user_id and a.period_date = p.period_date
      -- Every day has an evening; of weeks only those that somebody was reminded of.
      where exists (select from lockin.announcements b where b.group_id = g.id)
        or g.period = 'daily' and extract(hour from ${instant}::timestamptz at time zone g.timezone) between 19 and 22`.execute(
      world.database.sql,
    )
    expect(rows.filter((row) => row.reminded !== row.behind)).toEqual([])
    expect(rows.filter((row) => row.reminded)).toHaveLength(reminded)
    behind += reminded
  }
  expect(behind).toBeGreaterThan(5) // of thirty
})
