import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { User } from '../../../../src/domains/prework/items.ts'
import { startWeb, withKey } from '../web.ts'
import { claimsOf, grace, problemIn, startPrework, type Prework } from './people.ts'

let prework: Prework
beforeAll(async () => {
  prework = await startPrework()
})
afterAll(() => prework[Symbol.asyncDispose]())

const call = async (claims: object, url: string) =>
  prework.web.app.inject({ url: `/prework${url}`, headers: await prework.token(claims) })
const self = ({ userId }: User) => `/api/users/${userId}`
const linksOf = async ({ userId }: User) => {
  const trail = await prework.withKey({ url: `/api/audit?entityId=${userId}` })
  const { entries } = trail.json<{ entries: { action: string; userId: string }[] }>()
  return entries.filter(({ action }) => action === 'link-sign-in')
}

describe('whoever signs in', () => {
  test('with the verified address of a user is that user, written in any case', async () => {
    const { user } = await prework.person('user')
    const claims = { sub: randomUUID(), email: user.email.toUpperCase(), email_verified: 'true' }
    expect((await call(claims, self(user))).statusCode).toBe(200)
    expect(await linksOf(user)).toMatchObject([{ userId: user.userId }])
  })

  test('for the first time, ten times at once, is linked once', async () => {
    const { user } = await prework.person('user')
    const answers = await Promise.all(Array.from({ length: 10 }, () => call(claimsOf(user), self(user))))

    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array<number>(10).fill(200))
    expect(await linksOf(user)).toHaveLength(1)
  })

  test('stays who they are when the address changes, and with a token that has none', async () => {
    const { user } = await prework.person('user')
    await call(claimsOf(user), self(user))
    const payload = { email: grace().email }
    await prework.withKey({ method: 'PUT', url: self(user), payload })
    const { user: heir } = await prework.person('user', { email: user.email })

    expect((await call(claimsOf(user), self(user))).statusCode).toBe(200)
    expect((await call(claimsOf(user), self(heir))).statusCode).toBe(404)
    expect((await call({ sub: claimsOf(user).sub }, self(user))).statusCode).toBe(200)
    // Whoever comes with the address now is who has it now.
    expect((await call({ ...claimsOf(user), sub: randomUUID() }, self(heir))).statusCode).toBe(200)
  })

  test.for([
    ['has an address that nobody has', { email: 'nobody@example.org', email_verified: true }, 'not-a-user'],
    ['has no address', {}, 'not-a-user'],
    [
      'has an address beyond measure',
      { email: `${'a'.repeat(3000)}@b.org`, email_verified: true },
      'not-a-user',
    ],
  ] as const)('and %s is no user', async ([, claims, code]) => {
    const answer = await call({ sub: randomUUID(), ...claims }, '/api/users')
    expect(problemIn(answer)).toEqual([403, code])
  })

  test('with an address that is not verified is told so, and is not linked', async () => {
    const { user } = await prework.person('administrator')
    for (const email_verified of [false, 'false', undefined, 1]) {
      const answer = await call({ ...claimsOf(user), email_verified }, self(user))
      expect(problemIn(answer)).toEqual([403, 'email-not-verified'])
    }
    expect(await linksOf(user)).toEqual([])
  })

  test('and was deactivated may nothing any more, until that is taken back', async () => {
    const [{ user }, { user: late }] = [await prework.person('administrator'), await prework.person('user')]
    expect((await call(claimsOf(user), self(user))).statusCode).toBe(200)
    for (const each of [user, late]) await prework.withKey({ method: 'DELETE', url: self(each) })

    expect(problemIn(await call(claimsOf(user), self(user)))).toEqual([403, 'deactivated'])
    expect(problemIn(await call(claimsOf(late), self(late)))).toEqual([403, 'deactivated'])
    expect(await linksOf(late)).toEqual([])
    await prework.withKey({ method: 'PUT', url: self(user), payload: { isActive: true } })
    expect((await call(claimsOf(user), self(user))).statusCode).toBe(200)
  })

  test('has the role that they have now, not the one they had', async () => {
    const { user } = await prework.person('administrator')
    expect((await call(claimsOf(user), '/api/users')).statusCode).toBe(200)
    await prework.changeRole(user, 'user')
    expect(problemIn(await call(claimsOf(user), '/api/users'))).toEqual([403, 'forbidden'])
  })
})

test('a server makes the first administrator', async () => {
  const payload = { ...grace(), role: 'administrator' }
  const answer = await prework.withKey({ method: 'POST', url: '/api/users', payload })
  expect(answer.statusCode).toBe(201)
  expect(answer.json()).toMatchObject({ user: { role: 'administrator', createdBy: 'server' } })
})

test('without an environment of Pre-Work every route says so, to whoever may know', async () => {
  await using web = await startWeb()
  const urls = ['/users', '/profiles', '/audit', `/users/${randomUUID()}`, `/profiles/${randomUUID()}`]
  for (const url of urls) {
    const answer = await web.app.inject({ url: `/prework/api${url}`, headers: withKey('prework') })
    expect(problemIn(answer)).toEqual([503, 'unavailable'])
    expect((await web.app.inject({ url: `/prework/api${url}` })).statusCode).toBe(401)
  }
})
