import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLockin, type Lockin } from '../../ingress/http/lockin/people.ts'

let lockin: Lockin
beforeAll(async () => {
  lockin = await startLockin()
})
afterAll(() => lockin[Symbol.asyncDispose]())

const clone = (person: string, group: string, headers: Record<string, string> = {}) =>
  lockin.as(person, { method: 'POST', url: `/api/groups/${group}:clone`, headers })

/** The end of a clone, as the database reckons it in a session of its own zone. */
async function endOf(
  zone: string,
  start: string,
  end: string,
  begins: string,
  session: string,
): Promise<string> {
  return lockin.web.world.database.transaction(async (tx) => {
    await sql`select set_config('timezone', ${session}, true)`.execute(tx)
    const { rows } = await sql<{ at: Date }>`
      select lockin.same_length(${zone}, ${start}, ${end}, ${begins}) as at`.execute(tx)
    return rows[0]?.at.toISOString() ?? ''
  })
}

describe('lasts as long on the clocks of its zone', () => {
  test.for([
    // Two weeks that ended at noon, though an hour was missing, end at noon: 1 March to 15 March over the 8th.
    [
      'America/New_York',
      '2026-03-01T17:00Z',
      '2026-03-15T16:00Z',
      '2026-06-01T16:00Z',
      '2026-06-15T16:00:00.000Z',
    ],
    // Two weeks of summer, begun again so that an hour less or more is in them.
    [
      'America/New_York',
      '2026-06-01T16:00Z',
      '2026-06-15T16:00Z',
      '2026-03-01T17:00Z',
      '2026-03-15T16:00:00.000Z',
    ],
    [
      'America/New_York',
      '2026-06-01T16:00Z',
      '2026-06-15T16:00Z',
      '2026-10-25T16:00Z',
      '2026-11-08T17:00:00.000Z',
    ],
    // An hour more in the original, an hour less in the clone.
    [
      'America/New_York',
      '2026-10-25T16:00Z',
      '2026-11-08T17:00Z',
      '2026-03-01T17:00Z',
      '2026-03-15T16:00:00.000Z',
    ],
    // Half an hour is what clocks change by here: 4 October 2026 forward, 5 April 2026 back.
    [
      'Australia/Lord_Howe',
      '2026-06-01T00:30Z',
      '2026-06-15T00:30Z',
      '2026-09-28T00:30Z',
      '2026-10-12T00:00:00.000Z',
    ],
    [
      'Australia/Lord_Howe',
      '2026-06-01T00:30Z',
      '2026-06-15T00:30Z',
      '2026-03-30T00:00Z',
      '2026-04-13T00:30:00.000Z',
    ],
    // An end that falls into the hour that is skipped comes after it.
    [
      'America/New_York',
      '2026-06-01T16:00Z',
      '2026-06-02T06:30Z',
      '2026-03-07T17:00Z',
      '2026-03-08T07:30:00.000Z',
    ],
    // Ten minutes over the moment at which clocks went back an hour are ten minutes, not fifty backwards.
    [
      'America/New_York',
      '2026-11-01T05:55Z',
      '2026-11-01T06:05Z',
      '2026-06-01T16:00Z',
      '2026-06-01T16:10:00.000Z',
    ],
    [
      'Asia/Kathmandu',
      '2026-01-01T00:00Z',
      '2026-12-31T12:34:56.789Z',
      '2027-01-01T00:00Z',
      '2027-12-31T12:34:56.789Z',
    ],
  ] as const)('%s: %s to %s, begun at %s, ends at %s', async ([zone, start, end, begins, expected]) => {
    for (const session of ['UTC', 'America/New_York', 'Australia/Lord_Howe'])
      expect(await endOf(zone, start, end, begins, session)).toBe(expected)
  })
})

test('a clone begins now, ends at the same time of day, and takes over what the group was like', async () => {
  const start_at = new Date('2026-03-01T17:00:00Z')
  const end_at = new Date('2026-03-15T16:00:00Z')
  const group = await lockin.group('ada', {
    name: 'Analytical engines',
    timezone: 'America/New_York',
    period: 'weekly',
    period_target_minutes: 300,
    start_at,
    end_at,
  })

  const answer = await clone('ada', group)

  expect(answer.statusCode).toBe(201)
  const made = answer.json()
  expect(made).toMatchObject({
    owner_id: await lockin.id('ada'),
    name: 'Analytical engines',
    timezone: 'America/New_York',
    period: 'weekly',
    period_target_minutes: 300,
    status: 'active',
    role: 'owner',
  })
  expect(made.id).not.toBe(group)
  // Reckoned as above, not by the hours that passed.
  expect(made.end_at).toBe(
    await endOf('America/New_York', start_at.toISOString(), end_at.toISOString(), made.start_at, 'UTC'),
  )
  expect(Math.abs(Date.parse(made.start_at) - Date.now())).toBeLessThan(60_000)
})

describe('who is in a clone', () => {
  const roles = async (group: string, as: string) =>
    (await lockin.as(as, { url: `/api/groups/${group}/members` }))
      .json()
      .map((each: { display_name: string; role: string; override_period_target_minutes: number | null }) => [
        each.display_name,
        each.role,
        each.override_period_target_minutes,
      ])

  test('everybody, as they were; whoever clones it owns it, and the owner before is a member', async () => {
    const group = await lockin.group('ada', { admins: ['grace'], members: ['linus', 'marie'] })
    for (const [person, minutes] of [
      ['ada', 10],
      ['linus', 20],
      ['marie', 30],
    ] as const)
      await lockin.sql
        .updateTable('lockin.group_members')
        .set({ override_period_target_minutes: minutes })
        .where('group_id', '=', group)
        .where('user_id', '=', await lockin.id(person))
        .execute()

    const made = (await clone('linus', group)).json()

    expect(made).toMatchObject({ owner_id: await lockin.id('linus'), role: 'owner' })
    const found = await roles(made.id, 'ada')
    expect(found).toHaveLength(4)
    expect(new Set(found.map(String))).toEqual(
      new Set([
        ['Linus', 'owner', 20].join(','),
        ['Grace', 'admin', ''].join(','),
        ['Ada', 'member', 10].join(','),
        ['Marie', 'member', 30].join(','),
      ]),
    )
    // The original stays as it was.
    expect((await roles(group, 'linus'))[0]).toEqual(['Ada', 'owner', 10])
  })

  test('an archived group is begun once more, and stays archived', async () => {
    const group = await lockin.group('ada', { members: ['linus'] })
    await lockin.sql
      .updateTable('lockin.groups')
      .set({ status: 'archived', archived_at: new Date() })
      .where('id', '=', group)
      .execute()

    const made = await clone('linus', group)

    expect([made.statusCode, made.json().status]).toEqual([201, 'active'])
    expect((await lockin.as('ada', { url: `/api/groups/${group}` })).json().status).toBe('archived')
  })

  test('a stranger clones nothing, and an id nobody has is answered the same', async () => {
    const group = await lockin.group('ada')
    for (const id of [group, randomUUID(), 'no-id']) {
      const answer = await clone('linus', id)
      expect([answer.statusCode, answer.json()]).toEqual([404, { detail: 'There is no such group.' }])
    }
  })
})

test('the same request with its key clones once, also when it comes twice at once', async () => {
  const group = await lockin.group('ada')
  const count = async () => (await lockin.as('ada', { url: '/api/groups?limit=200' })).json().length
  const before = await count()
  const key = { 'idempotency-key': randomUUID() }

  const answers = await Promise.all([
    clone('ada', group, key),
    clone('ada', group, key),
    clone('ada', group, key),
  ])

  expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(1)
  expect(await count()).toBe(before + 1)
  await clone('ada', group)
  expect(await count()).toBe(before + 2)
})
