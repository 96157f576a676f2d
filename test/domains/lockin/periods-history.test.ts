import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { createWorld } from '../../support/world.ts'

/** Seconds since 1970 from which on clocks are this many seconds ahead of UTC. */
interface Offset {
  from: number
  ahead: number
}

const DAY = 86_400
const dayOf = (seconds: number): number => Math.floor(seconds / DAY)

test('whenever clocks were changed anywhere, days and weeks begin where the compiled zone files say', async () => {
  await using world = await createWorld()
  const db = world.database.sql
  const { rows: files } = await sql<{ zone: string; file: Buffer }>`
    select min(name) as zone, pg_read_binary_file(setting || '/timezone/' || name) as file
    from pg_timezone_names, pg_config() config (key, setting)
    where config.key = 'SHAREDIR' and (name like '%/%' or name = 'UTC') and name !~ '^(posix|right)/'
    group by file`.execute(db)
  const changed = files
    .map(({ zone, file }) => ({ zone, offsets: readOffsets(file) }))
    .filter(({ offsets }) => offsets.length > 1)
  const starts = changed.flatMap(({ zone, offsets }) =>
    daysAboutChanges(offsets).map((day) => ({ zone, day, starts: startOf(offsets, day) })),
  )
  const windows = changed.flatMap(({ zone, offsets }) =>
    offsets.slice(1).flatMap(({ from }) =>
      [from - 1, from].map((instant) => {
        const day = dayAt(offsets, instant)
        const monday = day - ((((day + 3) % 7) + 7) % 7)
        const ends = (days: number) => startOf(offsets, days)
        return {
          zone,
          instant,
          daily: [startOf(offsets, day), ends(day + 1)],
          weekly: [startOf(offsets, monday), ends(monday + 7)],
        }
      }),
    ),
  )
  expect(starts.length).toBeGreaterThan(30_000)

  const wrongDays = await sql`
    select zone, date '1970-01-01' + day as day, to_timestamp(starts) as expected, told
    from json_to_recordset(${JSON.stringify(starts)}) as x(zone text, day integer, starts bigint)
    cross join lateral lockin.start_of_day(zone, date '1970-01-01' + day) told
    where told <> to_timestamp(starts)`.execute(db)
  expect(wrongDays.rows).toEqual([])

  const wrongWindows = await sql`
    select zone, to_timestamp(instant) as instant, period, expected, told.*
    from json_to_recordset(${JSON.stringify(windows)}) as x(zone text, instant bigint, daily bigint[], weekly bigint[])
    cross join lateral (values ('daily'::lockin.goal_period, daily), ('weekly', weekly)) as p(period, expected)
    left join lateral lockin.period_window(zone, period, to_timestamp(instant)) told on true
    where (told.period_start, told.period_end) is distinct from (to_timestamp(expected[1]), to_timestamp(expected[2]))
  `.execute(db)
  expect(wrongWindows.rows).toEqual([])
})

/** The 64-bit half of a compiled zone file (RFC 9636): how far clocks were ahead, from the beginning on. */
function readOffsets(file: Buffer): Offset[] {
  const countsAt = (at: number) =>
    [20, 24, 28, 32, 36, 40].map((offset) => file.readUInt32BE(at + offset)) as [
      utc: number,
      standard: number,
      leaps: number,
      times: number,
      types: number,
      letters: number,
    ]
  const [utc, standard, leaps, times, types, letters] = countsAt(0)
  const second = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard + utc
  const count = countsAt(second)[3]
  const timesAt = second + 44
  const kindsAt = timesAt + count * 8
  const ahead = (kind: number) => file.readInt32BE(kindsAt + count + kind * 6)

  const offsets: Offset[] = [{ from: -Infinity, ahead: ahead(0) }]
  for (let index = 0; index < count; index += 1) {
    const next = {
      from: Number(file.readBigInt64BE(timesAt + index * 8)),
      ahead: ahead(file[kindsAt + index]!),
    }
    if (next.ahead !== offsets.at(-1)!.ahead) offsets.push(next)
  }
  return offsets
}

/** The first instant at which clocks show this day or a later one. */
function startOf(offsets: Offset[], day: number): number {
  for (const [index, { from, ahead }] of offsets.entries()) {
    const first = Math.max(from, day * DAY - ahead)
    if (first < (offsets[index + 1]?.from ?? Infinity)) return first
  }
  throw new Error('The last offset is for ever.')
}

/** The last day that has begun. */
function dayAt(offsets: Offset[], instant: number): number {
  const ahead = offsets.findLast(({ from }) => from <= instant)!.ahead
  const shown = dayOf(instant + ahead)
  return startOf(offsets, shown + 1) <= instant ? shown + 1 : shown
}

/** The days shown before and after each change, and their neighbours; what comes after the last change, a rule tells. */
function daysAboutChanges(offsets: Offset[]): number[] {
  const days = offsets
    .slice(1)
    .flatMap(({ from, ahead }, index) =>
      [offsets[index]!.ahead, ahead].flatMap((each) => [-1, 0, 1].map((n) => dayOf(from + each) + n)),
    )
  const last = dayOf(offsets.at(-1)!.from) + 10
  return [...new Set(days)].filter((day) => day < last)
}
