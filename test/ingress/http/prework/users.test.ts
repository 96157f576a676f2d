import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { User } from '../../../../src/domains/prework/items.ts'
import { grace, problemIn, startPrework, statusesOf, theOneMade, type Prework } from './people.ts'

interface Told {
  user: Record<string, unknown> & { userId: string; profileId: string; version: number; email: string }
  profile: Record<string, unknown> & { profileId: string }
}

let prework: Prework
let ada: User
beforeAll(async () => {
  prework = await startPrework()
  ada = (await prework.person('administrator')).user
})
afterAll(() => prework[Symbol.asyncDispose]())

const make = (payload: object, headers = {}) =>
  prework.as(ada, { method: 'POST', url: '/api/users', payload, headers })
const made = async (payload: object = grace()) => (await make(payload)).json<Told>()
const get = (url: string, who = ada) => prework.as(who, { url })
const put = (payload: object, who = ada) => prework.as(who, { method: 'PUT', url: '/api/users', payload })
const stored = (userId: string) => prework.store.documents.get('pre-work-users-dev', { userId })
const trailOf = async (entityId: string) =>
  (await get(`/api/audit?entityId=${entityId}`)).json<{ entries: { action: string }[] }>().entries

describe('a user', () => {
  test('is made with a profile, and told as the guide has it', async () => {
    const body = { ...grace(), phone: '  +1 555 0100 ' }
    const answer = await make(body)
    const { user, profile } = answer.json<Told>()

    expect(answer.statusCode).toBe(201)
    expect(answer.headers.location).toBe(`/prework/api/users/${user.userId}`)
    expect(user).toEqual({
      userId: expect.any(String),
      email: body.email,
      username: 'grace',
      role: 'user',
      isActive: true,
      profileId: profile.profileId,
      deactivatedAt: null,
      version: 1,
      createdAt: expect.any(String),
      createdBy: ada.userId,
      updatedAt: user['createdAt'],
      updatedBy: ada.userId,
    })
    expect(profile).toMatchObject({
      userId: user.userId,
      firstName: 'Grace',
      lastName: 'Hopper',
      jobTitle: 'Programmer',
      department: 'Compilers',
      phone: '+1 555 0100',
      managerId: null,
      version: 1,
    })
  })

  test('is found by id, in the path or the query, and by address in any case', async () => {
    const { user } = await made()
    const same = { user }
    expect((await get(`/api/users/${user.userId}`)).json()).toEqual(same)
    expect((await get(`/api/users?id=${user.userId.toUpperCase()}`)).json()).toEqual(same)
    expect((await get(`/api/users?email=${user.email.toUpperCase()}`)).json()).toEqual(same)
  })

  test('who is not there is not found, whatever the id looks like', async () => {
    const { user } = await made()
    const urls = [
      `/api/users/${randomUUID()}`,
      `/api/users?id=${randomUUID()}`,
      '/api/users?email=nobody@example.org',
      '/api/users/ada',
      // These lie in the table, and are no users.
      `/api/users/${encodeURIComponent(`email#${user.email}`)}`,
      `/api/users/${encodeURIComponent(`sub#subject-of-${ada.userId}`)}`,
    ]
    for (const url of urls) expect(problemIn(await get(url))).toEqual([404, 'not-found'])
    expect(problemIn(await get(`/api/users?id=email%23${user.email}`))).toEqual([400, 'invalid-field', 'id'])
  })

  test.for([
    ['a field that is not known', { ...grace(), userId: randomUUID() }, [400, 'unknown-field', 'userId']],
    ['being active from the start', { ...grace(), isActive: true }, [400, 'unknown-field', 'isActive']],
    ['no address', { ...grace(), email: undefined }, [400, 'missing-field', 'email']],
    ['what is no address', { ...grace(), email: 'email#ada' }, [400, 'invalid-field', 'email']],
    ['a role that is none', { ...grace(), role: 'king' }, [400, 'invalid-field', 'role']],
    ['a blank name', { ...grace(), firstName: ' ' }, [400, 'invalid-field', 'firstName']],
    ['a manager who is nobody', { ...grace(), managerId: randomUUID() }, [400, 'invalid-field', 'managerId']],
  ])('is not made with %s', async ([, body, problem]) => {
    const answer = await make(body as object)
    expect(problemIn(answer)).toEqual(problem)
  })

  test('is led by somebody who may lead, and not by themselves', async () => {
    const [user, manager, gone] = [
      (await prework.person('user')).user,
      (await prework.person('manager')).user,
      (await prework.person('manager')).user,
    ]
    await prework.as(ada, { method: 'DELETE', url: `/api/users/${gone.userId}` })
    const statuses = []
    for (const { userId: managerId } of [user, gone, manager])
      statuses.push((await make({ ...grace(), managerId })).statusCode)
    expect(statuses).toEqual([400, 400, 201])

    const own = { profileId: manager.profileId, managerId: manager.userId }
    const answer = await prework.as(ada, { method: 'PUT', url: '/api/profiles', payload: own })
    expect(problemIn(answer)).toEqual([400, 'invalid-field', 'managerId'])
  })

  test('is changed in what is said, and nothing else', async () => {
    const { user } = await made()
    const answer = await put({ userId: user.userId, username: 'amazing grace', role: 'manager' })

    expect(answer.json()).toEqual({
      user: {
        ...user,
        username: 'amazing grace',
        role: 'manager',
        version: 2,
        updatedAt: expect.any(String),
      },
    })
    const path = { method: 'PUT', url: `/api/users/${user.userId}`, payload: { username: 'grace' } } as const
    expect((await prework.as(ada, path)).json<Told>().user.version).toBe(3)
  })

  test('who is told to be as they are is left alone', async () => {
    const { user } = await made()
    const answer = await put({ userId: user.userId, username: 'grace', role: 'user', isActive: true })
    expect(answer.json()).toEqual({ user })
    expect(await trailOf(user.userId)).toHaveLength(1)
  })

  test.for([
    ['nothing', {}, [400, 'nothing-to-change']],
    ['a version alone', { version: 1 }, [400, 'nothing-to-change']],
    ['a profile of another', { profileId: randomUUID() }, [400, 'unknown-field', 'profileId']],
    ['who made them', { createdBy: randomUUID() }, [400, 'unknown-field', 'createdBy']],
    ['null for an address', { email: null }, [400, 'invalid-field', 'email']],
    ['half a version', { username: 'grace', version: 1.5 }, [400, 'invalid-field', 'version']],
  ])('is not changed by %s', async ([, changes, problem]) => {
    const { user } = await made()
    expect(problemIn(await put({ userId: user.userId, ...(changes as object) }))).toEqual(problem)
    expect((await get(`/api/users/${user.userId}`)).json()).toEqual({ user })
  })

  test('is deactivated and stays, keeps the address, and comes back', async () => {
    const { user } = await made()
    const remove = { method: 'DELETE', url: `/api/users?id=${user.userId}` } as const
    const gone = (await prework.as(ada, remove)).json<Told>().user
    const again = (await prework.as(ada, remove)).json<Told>().user

    expect(gone).toMatchObject({ isActive: false, deactivatedAt: expect.any(String), version: 2 })
    expect(again).toEqual(gone)
    expect(problemIn(await make({ ...grace(), email: user.email }))).toEqual([409, 'email-taken', 'email'])
    expect(await stored(user.userId)).not.toHaveProperty('active')

    const back = (await put({ userId: user.userId, isActive: true })).json<Told>().user
    expect(back).toMatchObject({ isActive: true, deactivatedAt: null, version: 3 })
    expect((await trailOf(user.userId)).map(({ action }) => action)).toEqual([
      'reactivate',
      'deactivate',
      'create',
    ])
  })
})

describe('an address', () => {
  test('belongs to one user, however many ask at once and however it is written', async () => {
    const body = grace()
    const accents = [body.email, body.email.toUpperCase(), ` ${body.email} `, body.email.replace('g', 'G')]
    const answers = await Promise.all([...accents, ...accents].map((email) => make({ ...body, email })))

    expect(statusesOf(answers)).toEqual([201, ...Array<number>(7).fill(409)])
    for (const answer of answers.filter(({ statusCode }) => statusCode === 409))
      expect(problemIn(answer)).toEqual([409, 'email-taken', 'email'])
    const { user } = theOneMade(answers).json<Told>()
    expect((await get(`/api/users?email=${body.email}`)).json()).toEqual({ user })
  })

  test('written with another accent is the same address', async () => {
    const name = `gracé-${randomUUID()}`
    const composed = `${name}@example.org`.normalize('NFC')
    expect((await make({ ...grace(), email: composed })).statusCode).toBe(201)
    expect((await make({ ...grace(), email: composed.normalize('NFD') })).statusCode).toBe(409)
  })

  test('that is given up is free, and the new one is taken', async () => {
    const [before, after] = [grace().email, grace().email]
    const { user } = await made({ ...grace(), email: before })
    expect((await put({ userId: user.userId, email: after })).statusCode).toBe(200)

    expect((await get(`/api/users?email=${before}`)).statusCode).toBe(404)
    expect((await get(`/api/users?email=${after}`)).json<Told>().user.userId).toBe(user.userId)
    expect((await make({ ...grace(), email: after })).statusCode).toBe(409)
    expect((await make({ ...grace(), email: before })).statusCode).toBe(201)
    expect(problemIn(await put({ userId: user.userId, email: before }))).toEqual([
      409,
      'email-taken',
      'email',
    ])
  })

  test('may change its case and stay whose it is', async () => {
    const { user } = await made()
    const changed = await put({ userId: user.userId, email: user.email.toUpperCase() })
    expect(changed.json<Told>().user.email).toBe(user.email.toUpperCase())
    expect((await make({ ...grace(), email: user.email })).statusCode).toBe(409)
  })

  test.for(Array.from({ length: 5 }, (_, n) => [n]))(
    'that one user changes to and another is made with is one’s in the end (%i)',
    async () => {
      const { user } = await made()
      const { email } = grace()
      const [changing, making] = await Promise.all([
        put({ userId: user.userId, email }),
        make({ ...grace(), email }),
      ])

      expect(statusesOf([changing, making])).toContain(409)
      const owner = (await get(`/api/users?email=${email}`)).json<Told>().user
      const winner = changing.statusCode === 200 ? user.userId : making.json<Told>().user.userId
      expect(owner.userId).toBe(winner)
      // Who lost has the address they had.
      const left = changing.statusCode === 200 ? 404 : 200
      expect((await get(`/api/users?email=${user.email}`)).statusCode).toBe(left)
    },
  )

  test('cannot be swapped into two hands', async () => {
    const [one, other] = [await made(), await made()]
    const answers = await Promise.all([
      put({ userId: one.user.userId, email: other.user.email }),
      put({ userId: other.user.userId, email: one.user.email }),
    ])
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([409, 409])
  })
})

describe('changes at once', () => {
  test('of one version: one is made, the other is told', async () => {
    const { user } = await made()
    const answers = await Promise.all(
      ['Grace', 'Hopper'].map((username) => put({ userId: user.userId, username, version: 1 })),
    )
    expect(statusesOf(answers)).toEqual([200, 409])
    const refused = answers.find(({ statusCode }) => statusCode === 409)
    expect(refused && problemIn(refused)).toEqual([409, 'changed-meanwhile', 'version'])
    expect(await trailOf(user.userId)).toHaveLength(2)
  })

  test('of whatever is there are all made, one after another', async () => {
    const { user } = await made()
    const changes = [
      { username: 'amazing' },
      { role: 'manager' },
      { email: grace().email },
      { username: 'grace h.' },
      { isActive: false },
    ]
    const answers = await Promise.all(changes.map((change) => put({ userId: user.userId, ...change })))

    expect(answers.map(({ statusCode }) => statusCode)).toEqual(changes.map(() => 200))
    const now = (await get(`/api/users/${user.userId}`)).json<Told>().user
    expect(now).toMatchObject({ role: 'manager', isActive: false, email: changes[2]?.email, version: 6 })
    expect(await trailOf(user.userId)).toHaveLength(6)
  })

  test('of an old version are refused even if they would change nothing', async () => {
    const { user } = await made()
    await put({ userId: user.userId, username: 'hopper' })
    const answer = await put({ userId: user.userId, username: 'hopper', version: 1 })
    expect(problemIn(answer)).toEqual([409, 'changed-meanwhile', 'version'])
  })
})

describe('deactivating a version', () => {
  test.for(['by the guide', 'by its address'])('is done to that one alone, %s', async (way) => {
    const { user } = await made()
    await put({ userId: user.userId, username: 'hopper' })
    const url = (version: string) =>
      way === 'by the guide'
        ? `/api/users?id=${user.userId}&version=${version}`
        : `/api/users/${user.userId}?version=${version}`
    const deactivate = (version: string) => prework.as(ada, { method: 'DELETE', url: url(version) })

    expect(problemIn(await deactivate('1'))).toEqual([409, 'changed-meanwhile', 'version'])
    for (const wrong of ['', '0', '1.5', 'two'])
      expect(problemIn(await deactivate(wrong))).toEqual([400, 'invalid-field', 'version'])
    expect((await get(`/api/users/${user.userId}`)).json<Told>().user['isActive']).toBe(true)
    expect((await deactivate('2')).json<Told>().user).toMatchObject({ isActive: false, version: 3 })
  })
})

describe('a request that comes twice', () => {
  const key = () => ({ 'idempotency-key': randomUUID() })

  test('makes one user, also at the same time', async () => {
    const [body, headers] = [grace(), key()]
    const answers = await Promise.all(Array.from({ length: 4 }, () => make(body, headers)))
    const later = await make(body, headers)

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201, 201])
    expect(new Set([...answers, later].map((answer) => answer.body)).size).toBe(1)
    expect(await trailOf(later.json<Told>().user.userId)).toHaveLength(1)
  })

  test('with another body is refused', async () => {
    const [body, headers] = [grace(), key()]
    await make(body, headers)
    const other = await make({ ...body, username: 'hopper' }, headers)
    expect(problemIn(other)).toEqual([422, 'idempotency-key-reused', 'Idempotency-Key'])
  })

  test('from another person is another request', async () => {
    const { user: linus } = await prework.person('administrator')
    const headers = key()
    const call = { method: 'POST', url: '/api/users', headers } as const
    const one = await prework.as(ada, { ...call, payload: grace() })
    const other = await prework.as(linus, { ...call, payload: grace() })
    expect([one.statusCode, other.statusCode]).toEqual([201, 201])
  })
})

describe('lists', () => {
  const listed = async (query: string) => {
    const users: string[] = []
    let cursor: string | null = ''
    let pages = 0
    while (cursor !== null) {
      const page: { users: { userId: string }[]; nextCursor: string | null } = (
        await get(`/api/users?limit=7${query}${cursor && `&cursor=${cursor}`}`)
      ).json()
      expect(page.users.length).toBeLessThanOrEqual(7)
      users.push(...page.users.map(({ userId }) => userId))
      cursor = page.nextCursor
      pages += 1
    }
    return { users, pages }
  }

  test('hold everybody of them once, page by page, and nothing else that lies in the table', async () => {
    const people = await Promise.all(Array.from({ length: 16 }, () => prework.person('auditor')))
    const [gone, ...rest] = people.map(({ user }) => user.userId) as [string, ...string[]]
    await prework.as(ada, { method: 'DELETE', url: `/api/users/${gone}` })

    const auditors = await listed('&role=auditor')
    expect(auditors.users.sort()).toEqual([gone, ...rest].sort())
    expect(auditors.pages).toBe(3)
    const active = await listed('')
    expect(new Set(active.users).size).toBe(active.users.length)
    expect(active.users).toEqual(expect.arrayContaining(rest))
    expect(active.users).not.toContain(gone)
  })

  test('are read on with cursors of their own only', async () => {
    await Promise.all(Array.from({ length: 3 }, () => prework.person('supervisor')))
    const { nextCursor } = (await get('/api/users?role=supervisor&limit=1')).json<{ nextCursor: string }>()
    expect((await get(`/api/users?role=supervisor&cursor=${nextCursor}`)).statusCode).toBe(200)

    const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const urls = [
      `/api/users?role=administrator&cursor=${nextCursor}`,
      `/api/users?cursor=${nextCursor}`,
      `/api/profiles?managerId=${ada.userId}&cursor=${nextCursor}`,
      `/api/audit?userId=${ada.userId}&cursor=${nextCursor}`,
      `/api/users?role=supervisor&cursor=${nextCursor}A`,
      `/api/users?role=supervisor&cursor=${nextCursor.slice(0, -2)}`,
      `/api/users?role=supervisor&cursor=${made({ role: 'administrator', userId: ada.userId })}`,
      '/api/users?role=supervisor&cursor=',
    ]
    for (const url of urls) expect(problemIn(await get(url))).toEqual([400, 'invalid-cursor', 'cursor'])
  })

  test.for([
    ['/api/users?limit=0', [400, 'invalid-field', 'limit']],
    ['/api/users?limit=101', [400, 'invalid-field', 'limit']],
    ['/api/users?rol=user', [400, 'unknown-field', 'rol']],
    ['/api/users?role=king', [400, 'invalid-field', 'role']],
    ['/api/users?role=user&email=ada@example.org', [400, 'invalid-field', 'id']],
  ] as const)('are not asked for with %s', async ([url, problem]) => {
    expect(problemIn(await get(url))).toEqual(problem)
  })
})
