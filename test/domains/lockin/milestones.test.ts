import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { milestonesDue } from '../../../src/domains/lockin/milestones.ts'
import { createWorld, type World } from '../../support/world.ts'
import { startReaders, unsettled, type Person, type Readers } from './milestones-readers.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const noon = '2026-03-03T12:00Z'
const day = (from: string, to: string): [string, string] => [`2026-03-03T${from}Z`, `2026-03-03T${to}Z`]
const due = (readers: Readers, from: string, to: string) =>
  world.database.transaction((tx) => milestonesDue(tx, { groupId: readers.id, from, to }))

test('the first to reach the target is announced to everybody, and when the last has, all of them', async () => {
  const readers = await startReaders(world)
  await readers.log('Ada', ...day('10:00', '11:00'))
  await readers.log('Grace', ...day('10:00', '10:59'))
  await readers.settle()
  expect(await readers.announced()).toEqual(['Ada 2026-03-03'])

  await readers.log('Grace', ...day('12:00', '12:01'))
  await readers.log('Linus', ...day('12:00', '14:00'))
  await readers.settle()

  expect(await readers.announced()).toEqual(everybody('2026-03-03'))
  for (const person of ['Ada', 'Grace', 'Linus'] as const) {
    const inbox = await readers.inbox(person)
    expect(inbox[0]).toBe('Ada reached the target. In Readers, Ada reached the target for 3 March 2026.')
    expect(inbox.at(-1)).toBe(
      'Everybody reached the target. In Readers, all members reached the target for 3 March 2026.',
    )
    expect(inbox.length).toBe(4)
  }
})

test('somebody without a name is a member; the longest names have room', async () => {
  const readers = await startReaders(world, {
    name: 'R'.repeat(100),
    period: 'weekly',
    people: { Ada: { name: null }, Grace: { name: 'G'.repeat(80) } },
  })
  await readers.log('Ada', ...day('10:00', '11:00'))
  await readers.log('Grace', ...day('11:00', '12:00'))
  await readers.settle()

  const inbox = await readers.inbox('Ada')
  const words = (name: string) =>
    `${name} reached the target. In ${'R'.repeat(100)}, ${name} reached the target for the week of 2 March 2026.`
  expect(inbox).toContain(words('A member'))
  expect(inbox).toContain(words('G'.repeat(80)))
})

test('once it was announced, more time of the same period asks for nothing, and asking again says nothing', async () => {
  const readers = await startReaders(world)
  await readers.log('Ada', ...day('10:00', '11:00'))
  expect(await due(readers, noon, noon)).toEqual(['2026-03-03'])
  await readers.settle()

  expect(await due(readers, noon, noon)).toEqual([])
  await readers.log('Ada', ...day('12:00', '13:00'))
  expect(await unsettled(world.database.sql)).toEqual([])
  expect(await readers.inbox('Grace')).toHaveLength(1)
})

test('when the change does not happen, nothing is asked for', async () => {
  const readers = await startReaders(world)
  const change = world.database.transaction(async (tx) => {
    await readers.writeIn(tx, 'Ada', ...day('10:00', '11:00'))
    await readers.askIn(tx, ...day('10:00', '11:00'))
    throw new Error('it is not to be')
  })
  await expect(change).rejects.toThrow('it is not to be')
  expect(await unsettled(world.database.sql)).toEqual([])
})

test('time taken back before the news were out is no news', async () => {
  const readers = await startReaders(world)
  const log = await readers.log('Ada', ...day('10:00', '11:00'))
  await readers.correct(log, ...day('10:00', '10:59'))
  await readers.settle()

  expect(await readers.announced()).toEqual([])
  expect(await readers.inbox('Ada')).toEqual([])

  await readers.correct(log, ...day('10:00', '11:00'))
  await readers.settle()
  expect(await readers.announced()).toEqual(['Ada 2026-03-03'])
})

test('what was announced stays so when time is taken back, and is not said again when it is reached again', async () => {
  const readers = await startReaders(world, { people: { Ada: {}, Grace: {} } })
  const log = await readers.log('Ada', ...day('10:00', '11:00'))
  await readers.log('Grace', ...day('10:00', '11:00'))
  await readers.settle()
  const before = await readers.inbox('Grace')

  await readers.correct(log, ...day('10:00', '10:05'))
  await readers.settle()
  await readers.correct(log, ...day('10:00', '11:30'))
  await readers.settle()

  expect(await readers.announced()).toEqual(['Ada 2026-03-03', 'Grace 2026-03-03', 'all 2026-03-03'])
  expect(await readers.inbox('Grace')).toEqual(before)
})

test('a lower target is reached at once, of all or of one; a higher one takes nothing back', async () => {
  const readers = await startReaders(world)
  const target = (minutes: number) =>
    `update lockin.groups set period_target_minutes = ${minutes} where id = '${readers.id}'`
  const override = (person: Person, minutes: number) =>
    `update lockin.group_members set override_period_target_minutes = ${minutes}
     where group_id = '${readers.id}' and user_id = '${readers.people[person]}'`
  await readers.log('Ada', ...day('10:00', '10:40'))
  await readers.log('Grace', ...day('10:00', '10:20'))
  expect(await unsettled(world.database.sql)).toEqual([])

  await readers.change(noon, target(40))
  await readers.settle()
  expect(await readers.announced()).toEqual(['Ada 2026-03-03'])

  await readers.change(noon, override('Grace', 20))
  await readers.settle()
  expect(await readers.announced()).toEqual(['Ada 2026-03-03', 'Grace 2026-03-03'])

  await readers.change(noon, target(200), override('Grace', 300))
  expect(await unsettled(world.database.sql)).toEqual([])
  await readers.log('Linus', ...day('10:00', '13:20'))
  await readers.settle()
  expect(await readers.announced()).toEqual(['Ada 2026-03-03', 'Grace 2026-03-03', 'Linus 2026-03-03'])
})

test('when the one who was missing leaves, all have reached it; who has left is not announced', async () => {
  const readers = await startReaders(world)
  const leave = (person: Person) =>
    `delete from lockin.group_members where group_id = '${readers.id}' and user_id = '${readers.people[person]}'`
  await readers.log('Ada', ...day('10:00', '11:00'))
  await readers.settle()

  await readers.log('Grace', ...day('10:00', '11:00'))
  await readers.change(noon, leave('Grace'))
  await readers.settle()
  expect(await readers.announced()).toEqual(['Ada 2026-03-03'])

  await readers.change(noon, leave('Linus'))
  await readers.settle()
  expect(await readers.announced()).toEqual(['Ada 2026-03-03', 'all 2026-03-03'])
  expect(await readers.inbox('Linus')).toHaveLength(1)
  expect(await readers.inbox('Ada')).toHaveLength(2)
})

test('time over midnight counts for both days, and late time for a day long gone', async () => {
  const readers = await startReaders(world, { people: { Ada: {} } })
  await readers.log('Ada', '2026-03-03T23:00Z', '2026-03-04T01:00Z')
  await readers.settle()
  expect(await readers.announced()).toEqual([
    'Ada 2026-03-03',
    'all 2026-03-03',
    'Ada 2026-03-04',
    'all 2026-03-04',
  ])

  await readers.log('Ada', '2026-01-02T10:00Z', '2026-01-02T11:00Z')
  await readers.settle()
  expect(await readers.announced()).toContain('all 2026-01-02')
})

test('days and weeks are those of the group’s clock, on days of 23 and 25 hours and over days that never were', async () => {
  const cases: [zone: string, period: 'daily' | 'weekly', target: number, logs: string[], dates: string[]][] =
    [
      // Ends at 04:00Z, an hour earlier than the days before it.
      [
        'America/New_York',
        'daily',
        30,
        ['2026-03-09T03:30Z/2026-03-09T04:30Z'],
        ['2026-03-08', '2026-03-09'],
      ],
      ['America/New_York', 'daily', 31, ['2026-03-09T03:30Z/2026-03-09T04:30Z'], []],
      [
        'America/New_York',
        'weekly',
        60,
        ['2026-03-09T03:00Z/2026-03-09T05:00Z'],
        ['2026-03-02', '2026-03-09'],
      ],
      // Midnight happens twice, at 04:00Z and 05:00Z; the day begins with the first.
      [
        'America/Havana',
        'daily',
        60,
        ['2026-11-01T04:00Z/2026-11-01T04:30Z', '2026-11-01T05:00Z/2026-11-01T05:30Z'],
        ['2026-11-01'],
      ],
      ['Pacific/Apia', 'daily', 60, ['2011-12-30T09:00Z/2011-12-30T11:00Z'], ['2011-12-29', '2011-12-31']],
      ['Asia/Kathmandu', 'daily', 15, ['2026-03-03T18:00Z/2026-03-03T18:30Z'], ['2026-03-03', '2026-03-04']],
    ]
  for (const [timezone, period, target, logs, dates] of cases) {
    const readers = await startReaders(world, {
      timezone,
      period,
      target,
      startAt: '2011-01-01T00:00Z',
      people: { Ada: {}, Grace: {} },
    })
    for (const log of logs) await readers.log('Ada', ...(log.split('/') as [string, string]))
    const [from, to] = [logs[0]?.split('/')[0], logs.at(-1)?.split('/')[1]] as [string, string]
    for (const session of ['UTC', 'America/New_York', 'Pacific/Apia'])
      await world.database.transaction(async (tx) => {
        await sql`select set_config('TimeZone', ${session}, true)`.execute(tx)
        const found = await milestonesDue(tx, { groupId: readers.id, from, to })
        expect(found, `${timezone} ${period} in ${session}`).toEqual(dates)
      })
    await readers.settle()
    expect(await readers.announced(), `${timezone} ${period}`).toEqual(dates.map((date) => `Ada ${date}`))
  }
})

test('only time between the group’s start and end counts, and its first and last period are found from outside', async () => {
  const readers = await startReaders(world, {
    startAt: '2026-03-03T10:00Z',
    endAt: '2026-03-04T10:00Z',
    people: { Ada: {}, Grace: {} },
  })
  await readers.log('Ada', '2026-03-03T09:30Z', '2026-03-03T10:30Z')
  await readers.log('Ada', '2026-03-04T09:30Z', '2026-03-04T12:00Z')
  expect(await unsettled(world.database.sql)).toEqual([])

  await readers.log('Ada', '2026-03-03T08:00Z', '2026-03-03T09:30Z')
  await readers.log('Ada', '2026-03-03T10:30Z', '2026-03-04T09:30Z')
  await readers.settle()
  expect(await readers.announced()).toEqual(['Ada 2026-03-03', 'Ada 2026-03-04'])

  await readers.log('Grace', '2026-03-04T09:00Z', '2026-03-04T10:00Z')
  expect(await due(readers, '2030-01-01T00:00Z', '2030-01-01T00:00Z')).toEqual(['2026-03-04'])
  await readers.settle()
})

test('in an archived group nothing is asked for; what was asked for before is said all the same', async () => {
  const archive = (readers: Readers) =>
    `update lockin.groups set status = 'archived', archived_at = now() where id = '${readers.id}'`
  const asked = await startReaders(world, { people: { Ada: {} } })
  await asked.log('Ada', ...day('10:00', '11:00'))
  await asked.change(noon, archive(asked))
  expect(await due(asked, noon, noon)).toEqual([])
  await asked.settle()
  expect(await asked.announced()).toEqual(['Ada 2026-03-03', 'all 2026-03-03'])

  const late = await startReaders(world, { people: { Ada: {} } })
  await world.database.transaction((tx) => late.writeIn(tx, 'Ada', ...day('10:00', '11:00')))
  await late.change(noon, archive(late))
  expect(await unsettled(world.database.sql)).toEqual([])
})

test('no group, and one that is not there, have nothing to announce', async () => {
  const none = await world.database.transaction(async (tx) => [
    ...(await milestonesDue(tx, { groupId: null, from: noon, to: noon })),
    ...(await milestonesDue(tx, { groupId: randomUUID(), from: noon, to: noon })),
  ])
  expect(none).toEqual([])
})

test('of a very long time the last hundred periods are asked for', async () => {
  const readers = await startReaders(world, { people: { Ada: {} } })
  await world.database.transaction((tx) =>
    readers.writeIn(tx, 'Ada', '2026-01-01T00:00Z', '2026-10-01T00:00Z'),
  )

  const dates = await due(readers, '2026-01-01T00:00Z', '2026-09-30T23:00Z')

  expect(dates).toHaveLength(100)
  expect([dates[0], dates.at(-1)]).toEqual(['2026-06-23', '2026-09-30'])
})

const everybody = (date: string): string[] => ['Ada', 'Grace', 'Linus', 'all'].map((who) => `${who} ${date}`)
