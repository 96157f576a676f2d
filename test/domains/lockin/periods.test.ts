import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sql } from '../../../src/shared/database.ts'
import { createWorld, type World } from '../../support/world.ts'

let world: World
let db: Sql
beforeAll(async () => {
  world = await createWorld()
  db = world.database.sql
})
afterAll(() => world[Symbol.asyncDispose]())

type Period = 'daily' | 'weekly'
const startOf = async (zone: string, day: string): Promise<Date> => {
  const { rows } = await sql<{ starts: Date }>`
    select lockin.start_of_day(${zone}, ${day}::date) as starts`.execute(db)
  return rows[0]!.starts
}
const windowOf = async (zone: string | null, period: Period | null, instant: string | null) => {
  const { rows } = await sql<{ starts: Date; ends: Date; date: string }>`
    select period_start as starts, period_end as ends, period_date::text as date
    from lockin.period_window(${zone}, ${period}, ${instant}::timestamptz)`.execute(db)
  return rows.map(({ starts, ends, date }) => [short(starts), short(ends), date])
}
const short = (instant: Date): string => instant.toISOString().replace(/(:00)?\.000Z$/, 'Z')

describe('where clocks are moved about midnight, a day begins with the first instant that shows it', () => {
  /** Zone, local date, and what happens there; then the instants the day begins and ends with. */
  const hard: [zone: string, day: string, what: string, starts: string, ends: string][] = [
    ['America/Sao_Paulo', '2018-11-04', 'midnight is skipped', '2018-11-04T03:00Z', '2018-11-05T02:00Z'],
    [
      'America/Sao_Paulo',
      '2018-02-17',
      'at midnight clocks go back an hour',
      '2018-02-17T02:00Z',
      '2018-02-18T03:00Z',
    ],
    ['Africa/Cairo', '2026-04-24', 'midnight is skipped', '2026-04-23T22:00Z', '2026-04-24T21:00Z'],
    ['Asia/Beirut', '2026-03-29', 'midnight is skipped', '2026-03-28T22:00Z', '2026-03-29T21:00Z'],
    ['America/Asuncion', '2023-10-01', 'midnight is skipped', '2023-10-01T04:00Z', '2023-10-02T03:00Z'],
    ['America/Havana', '2026-03-08', 'midnight is skipped', '2026-03-08T05:00Z', '2026-03-09T04:00Z'],
    ['America/Havana', '2026-11-01', 'midnight comes twice', '2026-11-01T04:00Z', '2026-11-02T05:00Z'],
    ['Atlantic/Azores', '2026-03-29', 'midnight is skipped', '2026-03-29T01:00Z', '2026-03-30T00:00Z'],
    ['Atlantic/Azores', '2026-10-25', 'midnight comes twice', '2026-10-25T00:00Z', '2026-10-26T01:00Z'],
    ['America/New_York', '2026-03-08', 'the day has 23 hours', '2026-03-08T05:00Z', '2026-03-09T04:00Z'],
    ['America/New_York', '2026-11-01', 'the day has 25 hours', '2026-11-01T04:00Z', '2026-11-02T05:00Z'],
    ['Australia/Lord_Howe', '2026-10-04', 'half an hour less', '2026-10-03T13:30Z', '2026-10-04T13:00Z'],
    ['Australia/Lord_Howe', '2026-04-05', 'half an hour more', '2026-04-04T13:00Z', '2026-04-05T13:30Z'],
    ['Antarctica/Troll', '2026-03-29', 'the day has 22 hours', '2026-03-29T00:00Z', '2026-03-29T22:00Z'],
    ['Antarctica/Troll', '2026-10-25', 'the day has 26 hours', '2026-10-24T22:00Z', '2026-10-26T00:00Z'],
    ['Africa/Casablanca', '2026-02-15', 'Ramadan begins', '2026-02-14T23:00Z', '2026-02-16T00:00Z'],
    ['Africa/Casablanca', '2026-03-22', 'Ramadan is over', '2026-03-22T00:00Z', '2026-03-22T23:00Z'],
    ['Asia/Kathmandu', '2026-06-01', 'three quarters', '2026-05-31T18:15Z', '2026-06-01T18:15Z'],
    ['America/Toronto', '1919-03-31', 'the gap began at 23:30', '1919-03-31T04:30Z', '1919-04-01T04:00Z'],
    ['America/St_Johns', '2006-10-29', '00:01 becomes 23:01', '2006-10-29T02:30Z', '2006-10-30T03:30Z'],
    ['America/St_Johns', '2006-04-02', '00:01 becomes 01:01', '2006-04-02T03:30Z', '2006-04-03T02:30Z'],
    ['Pacific/Apia', '2011-12-29', 'the last day east of it', '2011-12-29T10:00Z', '2011-12-30T10:00Z'],
    ['Pacific/Apia', '2011-12-30', 'there is no such day', '2011-12-30T10:00Z', '2011-12-30T10:00Z'],
    ['Pacific/Apia', '2011-12-31', 'the first day west of it', '2011-12-30T10:00Z', '2011-12-31T10:00Z'],
    ['Asia/Manila', '1844-12-31', 'there is no such day', '1844-12-31T15:56:08Z', '1844-12-31T15:56:08Z'],
    [
      'America/Juneau',
      '1867-10-18',
      'a date that is shown twice',
      '1867-10-17T08:57:41Z',
      '1867-10-18T08:57:41Z',
    ],
    ['America/Juneau', '1867-10-19', 'clocks go back a day', '1867-10-18T08:57:41Z', '1867-10-20T08:57:41Z'],
  ]

  test.each(hard)('%s, %s: %s', async (zone, day, _what, starts, ends) => {
    const { rows } = await sql<{ next: string }>`select (${day}::date + 1)::text as next`.execute(db)
    expect([short(await startOf(zone, day)), short(await startOf(zone, rows[0]!.next))]).toEqual([
      starts,
      ends,
    ])
    if (starts === ends) return
    const beforeEnd = new Date(Date.parse(ends) - 1).toISOString()
    expect(await windowOf(zone, 'daily', starts)).toEqual([[starts, ends, day]])
    expect(await windowOf(zone, 'daily', beforeEnd)).toEqual([[starts, ends, day]])
  })

  test('the week of a day that does not exist has six days', async () => {
    expect(await windowOf('Pacific/Apia', 'weekly', '2011-12-31T00:00Z')).toEqual([
      ['2011-12-26T10:00Z', '2012-01-01T10:00Z', '2011-12-26'],
    ])
  })

  test('a week that has begun goes on when clocks show Sunday once more', async () => {
    // No place has done this to a Monday yet. This one would: from 00:01 back to 23:01 on the last Monday of October.
    const zone = 'AAA3BBB,M4.1.1/0:01,M10.5.1/0:01'
    expect(await windowOf(zone, 'weekly', '2026-10-26T01:59:59Z')).toEqual([
      ['2026-10-19T02:00Z', '2026-10-26T02:00Z', '2026-10-19'],
    ])
    for (const instant of ['2026-10-26T02:00Z', '2026-10-26T02:30Z', '2026-10-26T03:00Z'])
      expect(await windowOf(zone, 'weekly', instant)).toEqual([
        ['2026-10-26T02:00Z', '2026-11-02T03:00Z', '2026-10-26'],
      ])
  })
})

/** What IANA still has of the names from before there were areas: countries, and the clocks of Greenwich. */
const withoutArea =
  'Cuba Egypt Eire GB GB-Eire GMT Greenwich Hongkong Iceland Iran Israel Jamaica Japan Kwajalein Libya NZ NZ-CHAT ' +
  'Navajo PRC Poland Portugal ROC ROK Singapore Turkey UCT UTC Universal W-SU Zulu'

test('of the names without an area, those are zones that mean one thing', async () => {
  const { rows } = await sql<{ name: string; known: string | null }>`
    select name, lockin.known_zone(name) as known from pg_timezone_names where name !~ '/' order by name collate "C"`.execute(
    db,
  )
  expect(rows.flatMap(({ known }) => known ?? []).join(' ')).toBe(withoutArea)
  expect(rows.filter(({ name, known }) => known !== null && known !== name)).toEqual([])

  // Postgres takes an abbreviation before it takes a zone: each is told apart from none by the same file with an area.
  const { rows: compared } = await sql<{ zones: number; differ: string[] }>`
    with files as (
      select name, pg_read_binary_file(setting || '/timezone/' || name) as file
      from pg_timezone_names, pg_config() config (key, setting) where config.key = 'SHAREDIR' and name !~ '^(posix|right)/'
    ), twins as (
      select distinct on (a.name) a.name, b.name as twin
      from files a join files b on b.file = a.file and b.name like '%/%'
      where a.name = any(string_to_array(${withoutArea}, ' ')) order by a.name, b.name
    )
    select count(distinct name)::integer as zones,
      array_agg(distinct name) filter (where at at time zone name <> at at time zone twin) as differ
    from twins cross join generate_series(timestamptz '1970-01-01Z', '2030-01-01Z', '20 days') at`.execute(db)
  expect(compared).toEqual([{ zones: withoutArea.split(' ').length, differ: null }])
})

describe('in every zone a group may be in, on every day of two years', () => {
  beforeAll(async () => {
    await sql`
      create unlogged table zones as
      select name as zone from pg_timezone_names
      where (name like '%/%' or name = any(string_to_array(${withoutArea}, ' '))) and name !~ '^(posix|right)/'`.execute(
      db,
    )
    await sql`
      create unlogged table days as
      select zone, day, starts,
        lead(starts) over of_zone as ends,
        lead(starts, 7) over of_zone as week_ends
      from zones
      cross join (select day::date from generate_series(timestamp '2024-12-30', '2027-01-11', '1 day') day) d
      cross join lateral lockin.start_of_day(zone, day) starts
      window of_zone as (partition by zone order by day)`.execute(db)
    await sql`analyze days`.execute(db)
  })

  test('there are such zones, and days that are longer or shorter', async () => {
    const { rows } = await sql<{ zones: number; unusual: number }>`
      select count(distinct zone) as zones, count(*) filter (where ends - starts <> '24 hours') as unusual
      from days`.execute(db)
    expect(rows[0]!.zones).toBeGreaterThan(400)
    expect(rows[0]!.unusual).toBeGreaterThan(500)
  })

  test('a day begins with the first quarter of an hour that shows it', async () => {
    // Where the offset is the same on both sides of midnight, midnight is told by it; else all quarters are looked at.
    const { rows } = await sql`
      select d.zone, d.day::text, d.starts, by_clocks.first
      from days d
      cross join lateral (
        select d.day::timestamp at time zone 'UTC' as midnight,
          (d.day::timestamp at time zone 'UTC') - interval '40 hours' as early,
          (d.day::timestamp at time zone 'UTC') + interval '40 hours' as late
      ) utc
      cross join lateral (
        select (early at time zone zone) - (early at time zone 'UTC') as before,
          (late at time zone zone) - (late at time zone 'UTC') as after
      ) ahead
      cross join lateral (
        select case when before = after then midnight - before else (
          select min(quarter) from generate_series(early, late, interval '15 minutes') quarter
          where (quarter at time zone zone)::date >= d.day
        ) end as first
      ) by_clocks
      where d.starts is distinct from by_clocks.first`.execute(db)
    expect(rows).toEqual([])
  })

  test.each([
    ['2024-12-30', '2025-07-01'],
    ['2025-07-01', '2026-01-01'],
    ['2026-01-01', '2026-07-01'],
    ['2026-07-01', '2027-01-11'],
  ])('an instant belongs to the day between whose ends it is, from %s to %s', async (from, to) => {
    // Of most days one instant is looked at, the first, the last or any; of the longer and shorter ones all three.
    const { rows } = await sql`
      select d.zone, d.day::text, instant, w.*
      from (
        select *, abs(hashtext(zone || day)) as n from days where day >= ${from} and day < ${to} and ends is not null
      ) d
      cross join lateral (
        select array[
          starts,
          ends - interval '1 millisecond',
          starts + make_interval(secs => extract(epoch from ends - starts)::float8 * (n % 997) / 997)
        ] as of_day
      ) i
      cross join lateral unnest(
        case when ends - starts = '24 hours' then of_day[1 + n % 3 : 1 + n % 3] else of_day end
      ) instant
      left join lateral lockin.period_window(d.zone, 'daily', instant) w on true
      where (w.period_start, w.period_end, w.period_date) is distinct from (d.starts, d.ends, d.day)`.execute(
      db,
    )
    expect(rows).toEqual([])
  })

  test('a week goes from its Monday to the next', async () => {
    const { rows } = await sql`
      select d.zone, d.day::text, instant, w.*
      from days d
      cross join lateral unnest(array[starts, week_ends - interval '1 millisecond']) instant
      left join lateral lockin.period_window(d.zone, 'weekly', instant) w on true
      where extract(isodow from d.day) = 1 and d.week_ends is not null
        and (w.period_start, w.period_end, w.period_date) is distinct from (d.starts, d.week_ends, d.day)`.execute(
      db,
    )
    expect(rows).toEqual([])
  })

  test('the zone of the session changes nothing', async () => {
    const told = (zone: string) =>
      world.database.transaction(async (tx) => {
        await sql`select set_config('TimeZone', ${zone}, true)`.execute(tx)
        const { rows } = await sql<{ instants: number; told: string }>`
          with instants as (
            select zone, unnest(array[starts, ends - interval '1 millisecond']) as instant
            from days where ends - starts <> '24 hours'
            union all values ('Pacific/Apia', timestamptz '2011-12-30 09:59:59Z'), ('Pacific/Apia', '2011-12-30 10:00Z'),
              ('America/Toronto', '1919-03-31 04:30Z'), ('America/St_Johns', '2006-10-29 02:30Z'),
              ('America/Juneau', '1867-10-19 01:00Z'), ('Asia/Manila', '1844-12-31 15:56:08Z')
          )
          select count(*) as instants, md5(string_agg(concat_ws(' ', zone, extract(epoch from instant), period,
            extract(epoch from period_start), extract(epoch from period_end), period_date
          ), '|' order by zone, instant, period)) as told
          from instants
          cross join unnest(enum_range(null::lockin.goal_period)) period
          cross join lateral lockin.period_window(zone, period, instant)`.execute(tx)
        return rows
      })

    const inUtc = await told('UTC')
    for (const zone of [
      'America/New_York',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'America/Havana',
      'Pacific/Apia',
    ])
      expect(await told(zone)).toEqual(inUtc)
  })
})

test('of what is not known no period is told', async () => {
  expect(await windowOf(null, 'daily', '2026-01-01Z')).toEqual([])
  expect(await windowOf('UTC', null, '2026-01-01Z')).toEqual([])
  expect(await windowOf('UTC', 'daily', null)).toEqual([])
  expect(await windowOf('Mars/Olympus', 'weekly', '2026-01-01Z')).toEqual([])
  expect(await windowOf('', 'daily', '2026-01-01Z')).toEqual([])
})

test('what never comes has no period, nor has what is at the edge of time', async () => {
  expect(await windowOf('UTC', 'daily', 'infinity')).toEqual([])
  expect(await windowOf('UTC', 'weekly', '-infinity')).toEqual([])
  expect(await windowOf('UTC', 'weekly', '294276-12-31T12:00Z')).toEqual([])
  expect(await windowOf('UTC', 'weekly', '4714-11-24T12:00Z BC')).toEqual([])
  const { rows } = await sql`
    select lockin.start_of_day('Asia/Kathmandu', 'infinity') as last, lockin.start_of_day('UTC', '-infinity') as first,
      lockin.start_of_day(null, '2026-01-01') as nowhere, lockin.start_of_day('UTC', null) as never`.execute(
    db,
  )
  expect(rows).toEqual([{ last: Infinity, first: -Infinity, nowhere: null, never: null }])
})
