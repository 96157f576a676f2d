import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { passingTime, passTime } from '../../../domains/lockin/sessions-world.ts'
import { withKey } from '../web.ts'
import { startLockin, type Lockin } from './people.ts'

let lockin: Lockin

beforeAll(async () => {
  lockin = await startLockin({ setup: passingTime })
})
afterAll(() => lockin[Symbol.asyncDispose]())

const MINUTE = 60_000
const nowhere = '01990000-0000-7000-8000-000000000000'

const post = (person: string, url: string, payload?: object, headers?: Record<string, string>) =>
  lockin.as(person, { method: 'POST', url, ...(payload && { payload }), ...(headers && { headers }) })
const get = (person: string, url: string) => lockin.as(person, { url })

async function session(host: string, group_id?: string): Promise<string> {
  const made = await post(host, '/api/sessions', group_id === undefined ? {} : { group_id })
  expect(made.statusCode).toBe(201)
  return made.json().id
}

const jobsOf = async (group: string) => {
  const { rows } = await sql<{ data: unknown }>`
    select data from millrace.jobs where name = 'lockin.notify-milestone' and data ->> 'groupId' = ${group}`.execute(
    lockin.sql,
  )
  return rows
}

test('a session is made for a group or for oneself, and waits to be started', async () => {
  const group = await lockin.group('ada', { members: ['grace'] })
  const of = await post('grace', '/api/sessions', { group_id: group })
  expect([of.statusCode, of.json()]).toEqual([
    201,
    {
      id: expect.any(String),
      group_id: group,
      creator_id: await lockin.id('grace'),
      status: 'scheduled',
      started_at: null,
      ended_at: null,
      created_at: expect.stringMatching(/^\d{4}-.*T.*\.\d{3}Z$/),
    },
  ])
  for (const payload of [{}, { group_id: null }, undefined]) {
    const own = await post('grace', '/api/sessions', payload)
    expect([own.statusCode, own.json().group_id]).toEqual([201, null])
    expect(own.headers.location).toBe(`/lockin/api/sessions/${own.json().id}`)
  }
})

test('a session is made once for one Idempotency-Key', async () => {
  const group = await lockin.group('ada')
  const headers = { 'idempotency-key': 'a session of ada' }
  const [first, second] = await Promise.all([
    post('ada', '/api/sessions', { group_id: group }, headers),
    post('ada', '/api/sessions', { group_id: group }, headers),
  ])
  expect([first.statusCode, second.statusCode]).toEqual([201, 201])
  expect(second.json()).toEqual(first.json())
  expect((await post('ada', '/api/sessions', {}, headers)).statusCode).toBe(422)
})

test('a session that is gone for who made it is not made again with its key', async () => {
  const group = await lockin.group('ada', { members: ['grace'] })
  const headers = { 'idempotency-key': 'a session of grace' }
  const make = () => post('grace', '/api/sessions', { group_id: group }, headers)
  expect((await make()).statusCode).toBe(201)
  const grace = await lockin.id('grace')
  await lockin.as('ada', { method: 'DELETE', url: `/api/groups/${group}/members/${grace}` })

  const again = await make()
  expect(again.statusCode).toBe(410)
})

test('what is wrong with a request is told with the field', async () => {
  const group = await lockin.group('ada')
  for (const [payload, detail] of [
    [{ group_id: 'mine' }, 'group_id: must be a UUID'],
    [{ group: group }, 'Unknown field: group'],
  ] as const) {
    const refused = await post('ada', '/api/sessions', payload)
    expect([refused.statusCode, refused.json()]).toEqual([400, { detail }])
  }
  for (const url of ['/api/sessions/mine', '/api/sessions/mine/participants', '/api/sessions/mine/logs'])
    expect((await get('ada', url)).statusCode).toBe(404)
  for (const query of [
    'limit=0',
    'limit=101',
    'status=over',
    'group_id=x',
    `cursor_id=${nowhere}`,
    'cursor_created_at=now',
  ])
    expect([query, (await get('ada', `/api/sessions?${query}`)).statusCode]).toEqual([query, 400])
})

test('what a stranger asks for does not exist, and an archived group is only read', async () => {
  const group = await lockin.group('ada', { members: ['grace'] })
  const id = await session('ada', group)
  const own = await session('ada')

  for (const each of [id, own, nowhere]) {
    for (const url of [
      `/api/sessions/${each}`,
      `/api/sessions/${each}/participants`,
      `/api/sessions/${each}/logs`,
    ])
      expect((await get('linus', url)).json()).toEqual({ detail: 'There is no such session.' })
    for (const verb of ['start', 'pause', 'resume', 'stop', 'cancel', 'join', 'leave']) {
      const refused = await post('linus', `/api/sessions/${each}:${verb}`)
      expect([refused.statusCode, refused.json()]).toEqual([404, { detail: 'There is no such session.' }])
    }
  }
  for (const group_id of [group, nowhere])
    expect((await post('linus', '/api/sessions', { group_id })).json()).toEqual({
      detail: 'There is no such group.',
    })
  expect((await get('linus', `/api/sessions?group_id=${group}`)).statusCode).toBe(404)
  expect((await post('grace', `/api/sessions/${id}:start`)).statusCode).toBe(403)

  await sql`update lockin.groups set status = 'archived', archived_at = now() where id = ${group}`.execute(
    lockin.sql,
  )
  for (const [url, payload] of [
    ['/api/sessions', { group_id: group }],
    [`/api/sessions/${id}:start`, undefined],
    [`/api/sessions/${id}:join`, undefined],
  ] as const)
    expect((await post('ada', url, payload)).json()).toMatchObject({ code: 'group-archived' })
  expect((await get('grace', `/api/sessions/${id}`)).json()).toMatchObject({ id, status: 'scheduled' })
  expect((await get('grace', `/api/sessions/${id}/participants`)).json()).toHaveLength(1)
})

test('a server key speaks for nobody', async () => {
  const answer = await lockin.web.app.inject({ url: '/lockin/api/sessions', headers: withKey('lockin') })
  expect(answer.statusCode).toBe(403)
})

test('a host takes a session through all it can be, and a wrong move is refused', async () => {
  const group = await lockin.group('ada', { members: ['grace'], period_target_minutes: 10 })
  const id = await session('ada', group)
  const joined = await post('grace', `/api/sessions/${id}:join`)
  expect([joined.statusCode, joined.json()]).toEqual([
    200,
    {
      id: expect.any(String),
      session_id: id,
      user_id: await lockin.id('grace'),
      display_name: 'Grace',
      avatar_url: null,
      role: 'participant',
      joined_at: expect.any(String),
      left_at: null,
      running_since: null,
    },
  ])

  const seen = []
  for (const verb of ['start', 'start', 'pause', 'resume', 'stop', 'stop']) {
    const answer = await post('ada', `/api/sessions/${id}:${verb}`)
    seen.push([verb, answer.statusCode, answer.json().status ?? answer.json()])
  }
  expect(seen).toEqual([
    ['start', 200, 'running'],
    ['start', 409, { detail: 'The session is running: it cannot start.', code: 'wrong-move' }],
    ['pause', 200, 'paused'],
    ['resume', 200, 'running'],
    ['stop', 200, 'ended'],
    ['stop', 409, { detail: 'The session is ended: it cannot stop.', code: 'wrong-move' }],
  ])
  const other = await session('ada', group)
  expect((await post('ada', `/api/sessions/${other}:cancel`)).json()).toMatchObject({ status: 'cancelled' })
  expect((await post('grace', `/api/sessions/${other}:join`)).json()).toMatchObject({ code: 'wrong-move' })
  const listed = (await get('grace', `/api/sessions/${id}/participants`)).json()
  expect(
    listed.map((each: { role: string; display_name: string }) => [each.role, each.display_name]),
  ).toEqual([
    ['host', 'Ada'],
    ['participant', 'Grace'],
  ])
})

test('of moves that come at once one is made', async () => {
  const id = await session('ada')
  const answers = await Promise.all([1, 2, 3, 4].map(() => post('ada', `/api/sessions/${id}:start`)))
  expect(answers.map(({ statusCode }) => statusCode).toSorted((one, other) => one - other)).toEqual([
    200, 409, 409, 409,
  ])
})

test.each(['pause', 'stop', 'leave'])(
  'a %s that makes somebody reach the target asks for its announcement',
  async (verb) => {
    // Nobody's time may be logged twice: each has a host of its own.
    const ada = `ada-${verb}`
    // No day of the group's begins within the eleven minutes.
    const timezone = new Date().getUTCHours() === 0 ? 'Etc/GMT+12' : 'UTC'
    const group = await lockin.group(ada, { period_target_minutes: 10, timezone })
    const id = await session(ada, group)
    await post(ada, `/api/sessions/${id}:start`)
    await passTime(lockin.sql, group, 9 * MINUTE)
    await post(ada, `/api/sessions/${id}:pause`)
    expect(await jobsOf(group)).toEqual([])
    await post(ada, `/api/sessions/${id}:resume`)
    await passTime(lockin.sql, group, 2 * MINUTE)
    await post(ada, `/api/sessions/${id}:${verb}`)
    expect(await jobsOf(group)).toHaveLength(1)
  },
)

test('in a crowd of moves, logs and targets that are reached nobody is answered with a fault', async () => {
  const users = ['ada-there', 'grace-there', 'linus-there']
  const groups = await Promise.all(
    ['ada-there', 'grace-there'].map((owner) =>
      lockin.group(owner, { members: users.filter((each) => each !== owner), period_target_minutes: 2 }),
    ),
  )
  const sessions = await Promise.all(
    users.map(async (host, nth) => ({ host, id: await session(host, groups[nth % 2]) })),
  )
  for (const { host, id } of sessions) {
    await Promise.all(users.map((user) => post(user, `/api/sessions/${id}:join`)))
    await post(host, `/api/sessions/${id}:start`)
  }

  const seen = new Set<number>()
  for (const verb of ['pause', 'resume', 'stop']) {
    await passTime(lockin.sql, groups, 10 * MINUTE)
    const time = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString()
    const answers = await Promise.all(
      sessions.flatMap(({ host, id }) => {
        const spent = { started_at: time(8), ended_at: time(5) }
        const logs = users.map((user) => post(user, `/api/sessions/${id}/logs`, spent))
        return logs.concat(
          post(host, `/api/sessions/${id}:${verb}`),
          post('linus-there', `/api/sessions/${id}:leave`),
        )
      }),
    )
    for (const { statusCode } of answers) seen.add(statusCode)
  }

  expect([...seen].toSorted((one, other) => one - other)).toEqual([200, 201, 409])
  // Time counts once: which of the groups it counts for, whoever came first has decided.
  const asked = await Promise.all(groups.map((group) => jobsOf(group)))
  expect(asked.flat().length).toBeGreaterThan(0)
})

test('sessions are listed newest first, page by page, of the groups one is in and of oneself', async () => {
  const group = await lockin.group('hopper', { members: ['turing'] })
  const elsewhere = await lockin.group('hopper')
  const ids = []
  for (const [host, of] of [
    ['hopper', group],
    ['turing', undefined],
    ['turing', group],
    ['hopper', elsewhere],
    ['hopper', undefined],
    ['hopper', group],
  ] as const)
    ids.unshift(await session(host, of))
  const [last, , , third, second, first] = ids
  // Made within one millisecond: the id decides.
  await sql`update lockin.sessions set created_at = (select created_at from lockin.sessions where id = ${first ?? ''})
    where id = any(${[second, third]}::uuid[])`.execute(lockin.sql)

  const read = async (url: string): Promise<string[]> => {
    const page = await get('turing', url)
    expect(page.statusCode).toBe(200)
    const next = /^<\/lockin([^>]+)>; rel="next"$/.exec(String(page.headers['link'] ?? ''))?.[1]
    const shown = page.json().map((each: { id: string }) => each.id)
    return next === undefined ? shown : [...shown, ...(await read(next))]
  }
  const all = [last, third, second, first]
  expect(await read('/api/sessions')).toEqual(all)
  expect(await read('/api/sessions?limit=1')).toEqual(all)
  expect(await read('/api/sessions?limit=3')).toEqual(all)
  expect(await read(`/api/sessions?limit=2&group_id=${group.toUpperCase()}`)).toEqual([last, third, first])
  await post('turing', `/api/sessions/${second}:start`)
  expect(await read('/api/sessions?status=running')).toEqual([second])
  expect(await read(`/api/sessions?status=scheduled&limit=1&group_id=${group}`)).toEqual([last, third, first])
})
