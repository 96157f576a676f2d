import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { User } from '../../../../src/domains/prework/items.ts'
import { grace, problemIn, startPrework, type Call, type Prework } from './people.ts'

type Entry = Record<string, unknown> & { logId: string; action: string }
interface Trail {
  entries: Entry[]
  nextCursor: string | null
}

let prework: Prework
let ada: User
beforeAll(async () => {
  prework = await startPrework()
  ada = (await prework.person('administrator')).user
})
afterAll(() => prework[Symbol.asyncDispose]())

const trail = async (query: string) => (await prework.as(ada, { url: `/api/audit?${query}` })).json<Trail>()
const make = async (payload = grace()) => {
  const answer = await prework.as(ada, { method: 'POST', url: '/api/users', payload })
  return answer.json<{ user: User; profile: { profileId: string } }>()
}

describe('the log', () => {
  test('tells who did what from where, and what became of what', async () => {
    const { user, profile } = await make()
    const changing = await prework.as(ada, {
      method: 'PUT',
      url: `/api/users/${user.userId}`,
      payload: { role: 'manager', username: 'hopper' },
      headers: { 'user-agent': 'Pre-Work/1.0 (test)' },
    })
    await prework.as(ada, {
      method: 'PUT',
      url: '/api/profiles',
      payload: { profileId: profile.profileId, phone: '+1 555 0100' },
    })

    const { entries } = await trail(`entityId=${user.userId}`)
    const [changed, created] = entries
    expect(entries).toHaveLength(2)
    expect(changed).toEqual({
      logId: expect.any(String),
      at: expect.any(String),
      userId: ada.userId,
      entityType: 'user',
      entityId: user.userId,
      action: 'update',
      before: { role: 'user', username: 'grace' },
      after: { role: 'manager', username: 'hopper' },
      ip: '127.0.0.1',
      userAgent: 'Pre-Work/1.0 (test)',
      requestId: changing.headers['x-request-id'],
    })
    expect(created).toMatchObject({
      action: 'create',
      before: { email: null, username: null, role: null, isActive: null },
      after: { email: user.email, username: 'grace', role: 'user', isActive: true },
    })
    const about = await trail(`entityId=${profile.profileId}`)
    expect(about.entries).toMatchObject([
      { action: 'update', before: { phone: null }, after: { phone: '+1 555 0100' } },
      { action: 'create', after: { firstName: 'Grace', lastName: 'Hopper' } },
    ])
  })

  test('has one entry for each change, and none for what was refused', async () => {
    const { user } = await make()
    const change = (payload: object): Promise<unknown> =>
      prework.as(ada, { method: 'PUT', url: `/api/users/${user.userId}`, payload })
    await change({ email: ada.email })
    await change({ username: 'hopper', version: 9 })
    await change({ username: 'grace' })
    await change({ username: 'hopper', version: 1 })

    const { entries } = await trail(`entityId=${user.userId}`)
    expect(entries.map(({ action }) => action)).toEqual(['update', 'create'])
  })

  test('is read by who did it, the newest first, page by page, each entry once', async () => {
    const { user: linus } = await prework.person('administrator')
    const url = `/api/users/${linus.userId}`
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const username of names) await prework.as(linus, { method: 'PUT', url, payload: { username } })

    const entries: Entry[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: Trail = await trail(`userId=${linus.userId}&limit=2${cursor && `&cursor=${cursor}`}`)
      entries.push(...page.entries)
      cursor = page.nextCursor
    }
    expect(entries.map(({ action, after }) => [action, after])).toEqual([
      ...names.toReversed().map((username) => ['update', { username }]),
      ['link-sign-in', {}],
    ])
    expect(new Set(entries.map(({ logId }) => logId)).size).toBe(6)
  })

  test('says that it was a server, and of whose address', async () => {
    const payload = grace()
    const made = await prework.withKey({ method: 'POST', url: '/api/users', payload })
    const { user } = made.json<{ user: User }>()
    const byServer = await trail('userId=server&limit=2')
    expect(byServer.entries.map(({ requestId }) => requestId)).toEqual([
      made.headers['x-request-id'],
      made.headers['x-request-id'],
    ])
    expect(JSON.stringify(await trail(`entityId=${user.userId}`))).toContain('"userId":"server"')
  })

  test.for([
    ['', 'userId'],
    ['entityId=ada', 'entityId'],
    ['userId=somebody', 'userId'],
    ['userId=server&entityId=3f0c2a9e-5b1d-4e7a-9c68-2d41b7a0e5f1', 'userId'],
  ])('is not asked for with "%s"', async ([query, field]) => {
    const answer = await prework.as(ada, { url: `/api/audit?${query}` })
    expect(problemIn(answer)).toEqual([400, 'invalid-field', field])
  })

  test('cannot be written, changed or emptied by anybody', async () => {
    const { user } = await make()
    const before = await trail(`entityId=${user.userId}`)
    const [entry] = before.entries
    const methods = ['POST', 'PUT', 'DELETE'] as const
    const calls: Call[] = methods.map((method) => ({ method, url: '/api/audit', payload: { ...entry } }))
    for (const call of calls) {
      for (const answer of [await prework.as(ada, call), await prework.withKey(call)])
        expect(problemIn(answer)).toEqual([405, 'method-not-allowed'])
    }
    expect((await prework.as(ada, { method: 'DELETE', url: `/api/audit/${entry?.logId}` })).statusCode).toBe(
      404,
    )
    expect(await trail(`entityId=${user.userId}`)).toEqual(before)
  })
})
