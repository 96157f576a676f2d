import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLockin, zoneAtNoon, type Lockin } from './people.ts'

let lockin: Lockin
beforeAll(async () => {
  lockin = await startLockin()
})
afterAll(() => lockin[Symbol.asyncDispose]())

const DAY = 86_400_000
const inDays = (days: number) => new Date(Date.now() + days * DAY).toISOString()

const studyGroup = (fields: object = {}) => ({
  name: 'Analytical engines',
  description: 'Every evening',
  start_at: inDays(-1),
  end_at: inDays(30),
  timezone: 'Europe/London',
  period: 'daily',
  period_target_minutes: 60,
  ...fields,
})

const make = (person: string, fields: object = {}, headers: Record<string, string> = {}) =>
  lockin.as(person, { method: 'POST', url: '/api/groups', payload: studyGroup(fields), headers })

describe('making a group', () => {
  test('the one who makes it owns it and is in it', async () => {
    const answer = await make('ada')

    expect(answer.statusCode).toBe(201)
    const ada = await lockin.id('ada')
    const group = answer.json()
    expect(group).toMatchObject({
      ...studyGroup({ start_at: group.start_at, end_at: group.end_at }),
      owner_id: ada,
      role: 'owner',
      status: 'active',
    })
    expect(Object.keys(group)).toHaveLength(13)
    expect((await lockin.as('ada', { url: `/api/groups/${group.id}` })).json()).toEqual(group)
    expect((await lockin.as('ada', { url: `/api/groups/${group.id}/members` })).json()).toMatchObject([
      {
        group_id: group.id,
        user_id: ada,
        display_name: 'Ada',
        role: 'owner',
        override_period_target_minutes: null,
      },
    ])
  })

  test('what may be left out has a meaning: it begins now, in New York', async () => {
    const before = Date.now()
    const answer = await lockin.as('ada', {
      method: 'POST',
      url: '/api/groups',
      payload: { name: 'Short', end_at: inDays(1), period: 'weekly', period_target_minutes: 1 },
    })

    const group = answer.json()
    expect(group).toMatchObject({ timezone: 'America/New_York', description: null, status: 'active' })
    expect(Math.abs(Date.parse(group.start_at) - before)).toBeLessThan(60_000)
  })

  test('one that begins later is pending, and active from its start on before anybody has written that down', async () => {
    const group = (await make('ada', { start_at: inDays(1) })).json()
    expect(group.status).toBe('pending')
    const listed = async (status: string) =>
      (await lockin.as('ada', { url: `/api/groups?status=${status}` }))
        .json()
        .map(({ id }: { id: string }) => id)
    expect(await listed('pending')).toContain(group.id)
    expect(await listed('active')).not.toContain(group.id)

    await lockin.sql
      .updateTable('lockin.groups')
      .set({ start_at: new Date(Date.now() - 1000) })
      .where('id', '=', group.id)
      .execute()

    expect((await lockin.as('ada', { url: `/api/groups/${group.id}` })).json().status).toBe('active')
    expect(await listed('active')).toContain(group.id)
    expect(await listed('pending')).not.toContain(group.id)
    const { memberships } = (await lockin.as('ada', { url: '/api/me' })).json()
    expect(memberships.find((each: { group_id: string }) => each.group_id === group.id).status).toBe('active')
  })

  test.for([
    ['europe/BERLIN', 'Europe/Berlin'],
    ['utc', 'UTC'],
    ['america/argentina/buenos_aires', 'America/Argentina/Buenos_Aires'],
    ['Asia/Calcutta', 'Asia/Calcutta'],
    ['gmt', 'GMT'],
    ['Zulu', 'Zulu'],
    ['japan', 'Japan'],
    ['Singapore', 'Singapore'],
    ['NZ-CHAT', 'NZ-CHAT'],
    ['W-SU', 'W-SU'],
  ] as const)('the zone %s is kept as %s', async ([given, kept]) => {
    expect((await make('ada', { timezone: given })).json().timezone).toBe(kept)
  })

  test.for([
    'EST',
    'mst',
    'HST',
    'EST5EDT',
    'CET',
    'MET',
    'EET',
    'WET',
    'GMT0',
    'GMT+0',
    'GMT+2',
    'BST',
    'posixrules',
    'FOO5',
    '+05:30',
    'posix/Europe/Berlin',
    'right/UTC',
    'Factory',
    'localtime',
    'Mars/Base',
  ])('%s is no zone for a group', async (timezone) => {
    const answer = await make('ada', { timezone })
    expect(answer.statusCode).toBe(400)
    expect(answer.json().detail).toMatch(/^timezone: is not the name of an IANA time zone/)
  })

  test.for([
    [{ name: '  ' }, /^name: must not be blank/],
    [{ name: 'x'.repeat(101) }, /^name: must have at most 100/],
    [{ name: 'bell\u0007' }, /^name: must not contain control/],
    [{ name: undefined }, /^Missing required field: name/],
    [{ description: 'x'.repeat(2001) }, /^description: must have at most 2000/],
    [{ description: 'escape \u001b[31m' }, /^description: must not contain control/],
    [{ description: 7 }, /^description: must be text or null/],
    [{ end_at: inDays(-0.5) }, /^end_at: must be in the future/],
    [{ end_at: inDays(-2) }, /^end_at: must be after start_at/],
    [{ end_at: undefined }, /^Missing required field: end_at/],
    [{ end_at: '2030-01-01T00:00:00' }, /^end_at: must be a time with an offset/],
    [{ end_at: '2030-02-30T00:00:00Z' }, /^end_at: must be a time with an offset/],
    [{ end_at: '2999-12-31T23:59:59-12:00' }, /^end_at: must be in 1970 to 2999/],
    [{ start_at: '0000-01-01T00:00:00Z' }, /^start_at: must be in 1970 to 2999/],
    [{ period: 'monthly' }, /^period: must be one of daily, weekly/],
    [{ period_target_minutes: 0 }, /^period_target_minutes: must be at least 1/],
    [{ period_target_minutes: 10_081 }, /^period_target_minutes: must be at most 10080/],
    [{ period_target_minutes: 1.5 }, /^period_target_minutes: must be a whole number/],
    [{ owner_id: randomUUID() }, /^Unknown field: owner_id/],
  ] as const)('%j is refused by the field’s name', async ([fields, detail]) => {
    const answer = await make('ada', fields)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().detail).toMatch(detail)
  })

  test('a hundred letters of any script fit, however long they are in memory', async () => {
    const name = '🧮'.repeat(100)
    expect((await make('ada', { name })).json().name).toBe(name)
    expect((await make('ada', { name: `${name}!` })).statusCode).toBe(400)
    expect((await make('ada', { description: 'one\n\ttwo ' })).json().description).toBe('one\n\ttwo')
    expect((await make('ada', { description: ' \n ' })).json().description).toBeNull()
  })

  test('a new group, and one begun once more, are told with where they are found', async () => {
    const first = await make('ada', {})
    const url = `/api/groups/${first.json().id}`
    const clone = await lockin.as('ada', { method: 'POST', url: `${url}:clone` })
    for (const made of [first, clone]) {
      expect(made.headers.location).toBe(`/lockin/api/groups/${made.json().id}`)
      const found = await lockin.as('ada', { url: made.headers.location?.replace('/lockin', '') ?? '' })
      expect(found.json()).toEqual(made.json())
    }
    const change = await lockin.as('ada', { method: 'PATCH', url, payload: { name: 'Other' } })
    expect(change.headers.location).toBeUndefined()
  })

  test('the same request with its key makes nothing new, and another body with it is refused', async () => {
    const key = { 'idempotency-key': randomUUID() }
    const payload = studyGroup()
    const send = (body: object) =>
      lockin.as('linus', { method: 'POST', url: '/api/groups', payload: body, headers: key })

    const answers = await Promise.all([send(payload), send(payload), send(payload)])

    expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(1)
    expect(answers.map((answer) => answer.statusCode)).toEqual([201, 201, 201])
    expect((await lockin.as('linus', { url: '/api/groups' })).json()).toHaveLength(1)
    expect((await send({ ...payload, name: 'Another' })).statusCode).toBe(422)
  })

  test('a key whose group is gone for who made it makes no other one, however often it comes', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const payload = studyGroup()
    const send = () => lockin.as('barbara', { method: 'POST', url: '/api/groups', payload, headers })
    const url = `/api/groups/${(await send()).json().id}/members`
    const [barbara, grace] = [await lockin.id('barbara'), await lockin.id('grace')]
    await lockin.as('barbara', { method: 'POST', url, payload: { user_id: grace } })
    await lockin.as('barbara', { method: 'PATCH', url: `${url}/${grace}`, payload: { role: 'owner' } })
    await lockin.as('barbara', { method: 'DELETE', url: `${url}/${barbara}` })

    for (const answer of [await send(), await send(), await send()])
      expect([answer.statusCode, answer.json()]).toEqual([
        410,
        { detail: expect.stringContaining('another Idempotency-Key'), code: 'gone' },
      ])
    expect((await lockin.as('barbara', { url: '/api/groups' })).json()).toEqual([])
    expect((await lockin.as('barbara', { method: 'POST', url: '/api/groups', payload })).statusCode).toBe(201)
  })

  test('a key that cloned one group is refused for another one', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const [one, other] = [await lockin.group('ada', {}), await lockin.group('ada', {})]
    const clone = (id: string) =>
      lockin.as('ada', { method: 'POST', url: `/api/groups/${id}:clone`, headers })
    const first = await clone(one)

    expect((await clone(other)).statusCode).toBe(422)
    expect((await clone(one)).json().id).toBe(first.json().id)
  })
})

describe('seeing groups', () => {
  test('one’s own only, the newest first, page by page, whatever comes meanwhile', async () => {
    const ids: string[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e']) ids.unshift(await lockin.group('marie', { name }))
    // Two of one instant are told apart by their ids.
    const { created_at } = await lockin.sql
      .selectFrom('lockin.groups')
      .select('created_at')
      .where('id', '=', ids[2] as string)
      .executeTakeFirstOrThrow()
    await lockin.sql
      .updateTable('lockin.groups')
      .set({ created_at })
      .where('id', '=', ids[1] as string)
      .execute()
    const all = (await lockin.as('marie', { url: '/api/groups' })).json().map(({ id }: { id: string }) => id)
    expect(new Set(all)).toEqual(new Set(ids))

    const seen: string[] = []
    let url: string | undefined = '/api/groups?limit=2'
    while (url) {
      const answer = await lockin.as('marie', { url })
      expect(answer.statusCode).toBe(200)
      seen.push(...answer.json().map(({ id }: { id: string }) => id))
      if (seen.length === 2) await lockin.group('marie', { name: 'new' })
      url = /^<\/lockin(.*)>; rel="next"$/.exec(String(answer.headers['link']))?.[1]
    }

    expect(seen).toEqual(all)
    expect((await lockin.as('nobody-special', { url: '/api/groups' })).json()).toEqual([])
  })

  test.for([
    'status=done',
    'limit=0',
    'limit=201',
    'limit=x',
    `cursor_id=${randomUUID()}`,
    'cursor_created_at=2026-01-01T00:00:00Z',
    'cursor_created_at=yesterday&cursor_id=7',
  ])('?%s is refused', async (query) => {
    expect((await lockin.as('ada', { url: `/api/groups?${query}` })).statusCode).toBe(400)
  })

  test('an id that is none is as one that nobody has', async () => {
    for (const id of ['7', 'null', randomUUID()])
      for (const url of [`/api/groups/${id}`, `/api/groups/${id}/members`]) {
        const answer = await lockin.as('ada', { url })
        expect([answer.statusCode, answer.json()]).toEqual([404, { detail: 'There is no such group.' }])
      }
  })
})

describe('changing a group', () => {
  const change = (person: string, id: string, payload: object) =>
    lockin.as(person, { method: 'PATCH', url: `/api/groups/${id}`, payload })

  test('changes what is sent and nothing else', async () => {
    const id = await lockin.group('ada', { admins: ['grace'] })
    const before = (await lockin.as('grace', { url: `/api/groups/${id}` })).json()
    const end_at = inDays(10)

    const answer = await change('grace', id, {
      name: 'Compilers',
      timezone: 'asia/tokyo',
      end_at,
      description: null,
    })

    expect(answer.statusCode).toBe(200)
    const after = answer.json()
    expect(after).toEqual({
      ...before,
      name: 'Compilers',
      timezone: 'Asia/Tokyo',
      end_at,
      updated_at: after.updated_at,
    })
    expect(after.updated_at > before.updated_at).toBe(true)
    // The same once more, with the zone written another way, is no change.
    expect((await change('grace', id, { name: 'Compilers', timezone: 'ASIA/TOKYO', end_at })).json()).toEqual(
      after,
    )
  })

  test.for([
    [{}, /^Nothing to change/],
    [{ period: 'weekly' }, /^Unknown field: period/],
    [{ start_at: inDays(0) }, /^Unknown field: start_at/],
    [{ status: 'archived' }, /^Unknown field: status/],
    [{ owner_id: randomUUID() }, /^Unknown field: owner_id/],
    [{ name: null }, /^name: must be text/],
    [{ end_at: inDays(-0.5) }, /^end_at: must be in the future/],
    [{ timezone: 'Mars/Base' }, /^timezone: is not/],
    [{ period_target_minutes: null }, /^period_target_minutes: must be a whole number/],
  ] as const)('%j is refused', async ([payload, detail]) => {
    const id = await lockin.group('ada')
    const answer = await change('ada', id, payload)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().detail).toMatch(detail)
  })

  test('a pending group cannot end before it begins', async () => {
    const id = await lockin.group('ada', { status: 'pending', start_at: new Date(Date.now() + 5 * DAY) })
    const answer = await change('ada', id, { end_at: inDays(2) })
    expect([answer.statusCode, answer.json().detail]).toEqual([400, 'end_at: must be after start_at.'])
  })

  test('a target that comes down to what was done asks for the announcement with it', async () => {
    const id = await lockin.group('ada', { timezone: zoneAtNoon() })
    const { id: session } = await lockin.sql
      .insertInto('lockin.sessions')
      .values({
        group_id: id,
        creator_id: await lockin.id('ada'),
        status: 'running',
        started_at: new Date(Date.now() - 600_000),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    const { id: participant_id } = await lockin.sql
      .insertInto('lockin.session_participants')
      .values({ session_id: session, user_id: await lockin.id('ada'), role: 'host' })
      .returning('id')
      .executeTakeFirstOrThrow()
    await lockin.sql
      .insertInto('lockin.time_logs')
      .values({
        participant_id,
        user_id: await lockin.id('ada'),
        group_id: id,
        started_at: new Date(Date.now() - 300_000),
        ended_at: new Date(Date.now() - 120_000),
      })
      .execute()
    const asked = () =>
      lockin.sql
        .selectFrom('millrace.jobs')
        .select('data')
        .where('name', '=', 'lockin.notify-milestone')
        .execute()
        .then((rows) => rows.filter((row) => JSON.stringify(row.data).includes(id)))
    expect(await asked()).toHaveLength(0)

    await change('ada', id, { period_target_minutes: 1 })

    expect(await asked()).toHaveLength(1)
  })
})
