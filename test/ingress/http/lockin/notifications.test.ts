import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withKey } from '../web.ts'
import { startLockin, type Lockin } from './people.ts'

let lockin: Lockin

beforeAll(async () => {
  lockin = await startLockin()
})
afterAll(() => lockin[Symbol.asyncDispose]())

/** Puts so many into somebody's inbox, a minute apart; the newest first. */
async function put(person: string, count: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    insert into lockin.notifications (recipient_id, kind, title, created_at)
    select ${await lockin.id(person)}, 'generic', 'Note ' || n, now() - make_interval(mins => n)
    from generate_series(1, ${count}::int) n returning id`.execute(lockin.sql)
  return rows.map(({ id }) => id)
}

const get = (person: string, query = '') => lockin.as(person, { url: `/api/notifications${query}` })
const post = (person: string, path: string, payload?: object) =>
  lockin.as(person, { method: 'POST', url: `/api/notifications${path}`, ...(payload ? { payload } : {}) })
const idsOf = (rows: { id: string }[]): string[] => rows.map(({ id }) => id)
const unread = async (person: string): Promise<number> => (await get(person, '/unread-count')).json().unread

test('an inbox is read page by page, by the address it gives or by the last one shown', async () => {
  const ids = await put('ada', 5)
  const first = await get('ada', '?limit=2')
  expect(first.statusCode).toBe(200)
  expect(idsOf(first.json())).toEqual(ids.slice(0, 2))
  expect(first.json()[0]).toEqual({
    id: ids[0],
    recipient_id: await lockin.id('ada'),
    kind: 'generic',
    status: 'pending',
    title: 'Note 1',
    body: null,
    group_id: null,
    sender_id: null,
    created_at: expect.stringMatching(/\.\d{3}Z$/),
    read_at: null,
  })

  const followed: string[] = []
  let next: string | undefined = '/lockin/api/notifications?unread=true&limit=2'
  while (next !== undefined) {
    const page = await lockin.as('ada', { url: next.replace('/lockin', '') })
    followed.push(...idsOf(page.json()))
    next = /^<([^>]+)>; rel="next"$/.exec(String(page.headers['link'] ?? ''))?.[1]
  }
  expect(followed).toEqual(ids)

  const last = first.json()[1]
  const inAnotherOffset = last.created_at.replace('Z', '+00:00')
  const query = new URLSearchParams({ cursor_created_at: inAnotherOffset, cursor_id: last.id, limit: '3' })
  const second = await get('ada', `?${query.toString()}`)
  expect(idsOf(second.json())).toEqual(ids.slice(2))
  expect(second.headers['link']).toBeUndefined()
})

test('what is no page is refused', async () => {
  const at = 'cursor_created_at=2026-03-01T10:00:00Z'
  const refused = [
    `?${at}`,
    `?cursor_id=${randomUUID()}`,
    `?${at}&cursor_id=7`,
    `?cursor_created_at=yesterday&cursor_id=${randomUUID()}`,
    `?cursor_created_at=2026-03-01T10:00:00&cursor_id=${randomUUID()}`,
    `?cursor_created_at=0000-01-01T00:00:00Z&cursor_id=${randomUUID()}`,
    '?limit=0',
    '?limit=101',
    '?limit=many',
    '?limit=1&limit=2',
    '?unread=yes',
  ]
  const answers = await Promise.all(refused.map(async (query) => get('grace', query)))
  expect(answers.map((each) => [each.statusCode, each.json().detail.split(/: /, 2).join(': ')])).toEqual([
    [400, 'Missing required field: cursor_id'],
    [400, 'Missing required field: cursor_created_at'],
    [400, 'cursor_id: must be a UUID'],
    [400, expect.stringContaining('cursor_created_at: must be a time')],
    [400, expect.stringContaining('cursor_created_at: must be a time')],
    [400, 'cursor_created_at: is out of range'],
    [400, expect.stringMatching(/^limit: /)],
    [400, expect.stringMatching(/^limit: /)],
    [400, expect.stringMatching(/^limit: /)],
    [400, expect.stringMatching(/^limit: /)],
    [400, 'unread: must be true or false'],
  ])
  const far = '?cursor_created_at=9999-12-31T23:59:59Z&cursor_id=ffffffff-ffff-ffff-ffff-ffffffffffff'
  expect((await get('grace', far)).json()).toEqual([])
  expect((await lockin.web.app.inject({ url: '/lockin/api/notifications' })).statusCode).toBe(401)
  const server = { url: '/lockin/api/notifications', headers: withKey('lockin') }
  expect((await lockin.web.app.inject(server)).statusCode).toBe(403)
})

test('reading is marked once, and by whom it is for', async () => {
  const [id = '', other] = await put('linus', 2)
  expect(await unread('linus')).toBe(2)
  const read = await post('linus', `/${id}:read`)
  expect([read.statusCode, read.json()]).toEqual([
    200,
    expect.objectContaining({ id, status: 'read', read_at: expect.any(String) }),
  ])
  expect((await post('linus', `/${id}:read`)).json()).toEqual(read.json())
  expect(await unread('linus')).toBe(1)

  const strange = [await post('ada', `/${other}:read`), await post('ada', '/nonsense:read')]
  expect(strange.map((each) => [each.statusCode, each.json()])).toEqual([
    [404, { detail: 'There is no such notification.' }],
    [404, { detail: 'There is no such notification.' }],
  ])
  expect(idsOf((await get('linus', '?unread=true')).json())).toEqual([other])
})

test('an invite that was read still waits for its answer', async () => {
  const group = await lockin.group('ada')
  const payload = { recipient_id: await lockin.id('margaret') }
  const { id } = (
    await lockin.as('ada', { method: 'POST', url: `/api/groups/${group}:invite`, payload })
  ).json()
  expect((await post('margaret', `/${id}:read`)).json()).toMatchObject({ status: 'pending' })
  expect(await unread('margaret')).toBe(0)
  const accepted = await lockin.as('margaret', { method: 'POST', url: `/api/invites/${id}:accept` })
  expect(accepted.statusCode).toBe(200)
  // Answered, it stays answered whatever is read.
  await post('margaret', ':read-all')
  expect((await get('margaret')).json()).toMatchObject([{ id, status: 'accepted' }])
})

test('everything can be marked at once, or what came up to a time', async () => {
  const ids = await put('barbara', 4500)
  const [, , seen] = (await get('barbara', '?limit=3')).json()
  const some = await post('barbara', ':read-all', { up_to: seen.created_at })
  expect([some.statusCode, some.json()]).toEqual([200, { read: 4498 }])
  expect(idsOf((await get('barbara', '?unread=true')).json())).toEqual(ids.slice(0, 2))

  await put('grace', 1)
  expect((await post('barbara', ':read-all')).json()).toEqual({ read: 2 })
  expect((await post('barbara', ':read-all')).json()).toEqual({ read: 0 })
  expect([await unread('barbara'), await unread('grace')]).toEqual([0, 1])
  expect((await post('barbara', ':read-all', { upto: seen.created_at })).statusCode).toBe(400)
})

test('two devices that mark everything at once mark each once', async () => {
  await put('hedy', 300)
  const both = await Promise.all([post('hedy', ':read-all'), post('hedy', ':read-all')])
  expect(both.reduce((sum, each) => sum + each.json().read, 0)).toBe(300)
})
