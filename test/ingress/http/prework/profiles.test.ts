import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { User } from '../../../../src/domains/prework/items.ts'
import { problemIn, startPrework, statusesOf, theOneMade, type Prework } from './people.ts'

interface Told {
  profile: Record<string, unknown> & { profileId: string; version: number }
}

let prework: Prework
let ada: User
beforeAll(async () => {
  prework = await startPrework()
  ada = (await prework.person('administrator')).user
})
afterAll(() => prework[Symbol.asyncDispose]())

const get = (url: string, who = ada) => prework.as(who, { url })
const put = (payload: object) => prework.as(ada, { method: 'PUT', url: '/api/profiles', payload })
const post = (payload: object, headers = {}) =>
  prework.as(ada, { method: 'POST', url: '/api/profiles', payload, headers })
const linus = {
  firstName: 'Linus',
  lastName: 'Torvalds',
  jobTitle: 'Maintainer',
  department: 'Kernels',
}

/** Somebody who came into the table by another way, and has no profile. */
async function withoutProfile(): Promise<User> {
  const { user, profile } = await prework.person('user')
  const { profileId: _none, ...rest } = user
  const { users, profiles } = prework.store.tables
  await prework.store.documents.transact([
    { Put: { TableName: users, Item: rest } },
    { Delete: { TableName: profiles, Key: { profileId: profile.profileId } } },
  ])
  return rest
}

describe('a profile', () => {
  test('is found by user, by its own id, and by its path', async () => {
    const { user, profile } = await prework.person('user')
    const answers = await Promise.all([
      get(`/api/profiles?userId=${user.userId}`),
      get(`/api/profiles?profileId=${profile.profileId}`),
      get(`/api/profiles/${profile.profileId}`),
    ])
    for (const answer of answers)
      expect(answer.json<Told>().profile).toMatchObject({ ...profile, phone: null, managerId: null })
  })

  test('that is not there is not found', async () => {
    const someone = await withoutProfile()
    const urls = [
      `/api/profiles?userId=${randomUUID()}`,
      `/api/profiles?userId=${someone.userId}`,
      `/api/profiles?profileId=${randomUUID()}`,
      `/api/profiles/${randomUUID()}`,
      '/api/profiles/mine',
    ]
    for (const url of urls) expect(problemIn(await get(url))).toEqual([404, 'not-found'])
  })

  test.for([
    ['nothing', ''],
    ['two things', `?userId=${randomUUID()}&managerId=${randomUUID()}`],
  ])('is not asked for by %s', async ([, query]) => {
    expect(problemIn(await get(`/api/profiles${query}`))).toEqual([400, 'invalid-field', 'userId'])
  })

  test('is made for who has none, once', async () => {
    const user = await withoutProfile()
    const answer = await post({ userId: user.userId, ...linus, phone: '' })
    const { profile } = answer.json<Told>()

    expect(answer.statusCode).toBe(201)
    expect(profile).toMatchObject({ userId: user.userId, ...linus, phone: null, version: 1 })
    expect((await get(`/api/users/${user.userId}`)).json()).toMatchObject({
      user: { profileId: profile.profileId, version: user.version + 1, updatedBy: ada.userId },
    })
    expect(problemIn(await post({ userId: user.userId, ...linus }))).toEqual([
      409,
      'profile-exists',
      'userId',
    ])
    expect(problemIn(await post({ userId: randomUUID(), ...linus }))).toEqual([404, 'not-found'])
  })

  test('is one, however many are made at once, and while the user is changed', async () => {
    const user = await withoutProfile()
    const [, ...answers] = await Promise.all([
      prework.as(ada, { method: 'PUT', url: `/api/users/${user.userId}`, payload: { username: 'linus' } }),
      ...Array.from({ length: 6 }, () => post({ userId: user.userId, ...linus })),
    ])

    expect(statusesOf(answers)).toEqual([201, ...Array<number>(5).fill(409)])
    const { profile } = theOneMade(answers).json<Told>()
    expect((await get(`/api/profiles?userId=${user.userId}`)).json()).toEqual({ profile })
    expect((await get(`/api/users/${user.userId}`)).json()).toMatchObject({
      user: { username: 'linus', profileId: profile.profileId, version: user.version + 2 },
    })
  })

  test('that is asked for twice under one key is made once', async () => {
    const user = await withoutProfile()
    const headers = { 'idempotency-key': randomUUID() }
    const body = { userId: user.userId, ...linus }
    const answers = await Promise.all(Array.from({ length: 3 }, () => post(body, headers)))

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201])
    for (const answer of answers)
      expect(answer.headers.location).toBe(`/prework/api/profiles/${answer.json<Told>().profile.profileId}`)
    expect(new Set(answers.map((answer) => answer.body)).size).toBe(1)
    expect((await post({ ...body, firstName: 'Ada' }, headers)).statusCode).toBe(422)
  })

  test('is changed in what is said; null takes away what need not be there', async () => {
    const { profile } = await prework.person('user', { phone: '1' })
    const { user: manager } = await prework.person('manager')
    const { profileId } = profile
    await put({ profileId, managerId: manager.userId })
    const changed = await put({ profileId, jobTitle: 'Engineer', phone: null, managerId: null, version: 2 })

    expect(changed.json<Told>().profile).toMatchObject({
      jobTitle: 'Engineer',
      firstName: 'Ada',
      phone: null,
      managerId: null,
      version: 3,
      updatedBy: ada.userId,
    })
    const stored = await prework.store.documents.get(prework.store.tables.profiles, { profileId })
    expect(Object.keys(stored ?? {})).not.toEqual(expect.arrayContaining(['phone']))
    expect(stored).not.toHaveProperty('managerId')
  })

  test.for([
    ['nothing', {}, [400, 'nothing-to-change']],
    ['another user', { userId: randomUUID() }, [400, 'unknown-field', 'userId']],
    ['no name', { firstName: null }, [400, 'invalid-field', 'firstName']],
    ['an old version', { firstName: 'Grace', version: 7 }, [409, 'changed-meanwhile', 'version']],
  ])('is not changed by %s', async ([, changes, problem]) => {
    const { profile } = await prework.person('user')
    expect(problemIn(await put({ profileId: profile.profileId, ...(changes as object) }))).toEqual(problem)
  })

  test('that two change at once: of one version one is made, of whatever is there all', async () => {
    const { profile } = await prework.person('user')
    const { profileId } = profile
    const titles = ['one', 'two', 'three', 'four']
    const same = await Promise.all(titles.map((jobTitle) => put({ profileId, jobTitle, version: 1 })))
    expect(statusesOf(same)).toEqual([200, 409, 409, 409])

    const fields = [{ firstName: 'G' }, { lastName: 'H' }, { department: 'D' }, { phone: '2' }]
    const all = await Promise.all(fields.map((field) => put({ profileId, ...field })))
    expect(all.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200])
    expect((await get(`/api/profiles/${profileId}`)).json<Told>().profile).toMatchObject({
      ...Object.assign({}, ...fields),
      version: 6,
    })
  })
})

test('a team is everybody who is in it, page by page', async () => {
  const { user: manager } = await prework.person('manager')
  const { userId: managerId } = manager
  const team = await Promise.all(Array.from({ length: 5 }, () => prework.person('user', { managerId })))
  await prework.person('user')

  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const url = `/api/profiles?managerId=${managerId}&limit=2${cursor && `&cursor=${cursor}`}`
    const answer = await get(url, manager)
    const page: { profiles: { profileId: string }[]; nextCursor: string | null } = answer.json()
    seen.push(...page.profiles.map(({ profileId }) => profileId))
    cursor = page.nextCursor
  }
  expect(seen.sort()).toEqual(team.map(({ profile }) => profile.profileId).sort())
})
