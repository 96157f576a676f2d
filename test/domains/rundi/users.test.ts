import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ensureUser, findUnchanged, type SignIn } from '../../../src/domains/rundi/users.ts'
import { createWorld, type World } from '../../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => sql`truncate rundi.users cascade`.execute(world.database.sql))

const ada: SignIn = {
  provider: 'google',
  provider_id: '1',
  email: 'ada@example.org',
  name: 'Ada',
  avatar: 'https://example.org/ada.png',
}
const grace: SignIn = { provider: 'google', provider_id: '2', email: 'grace@example.org', name: 'Grace' }

const proven = { vouched: true }
const unproven = { vouched: false }
const signIn = (who: SignIn, proof = proven) => world.database.transaction((tx) => ensureUser(tx, who, proof))

describe('an identity nobody knows', () => {
  test('with an address nobody has becomes a user', async () => {
    const { user, created } = await signIn(ada)

    expect(created).toBe(true)
    expect(user).toEqual({
      ...ada,
      id: expect.any(String),
      created_at: user.created_at,
      updated_at: user.created_at,
    })
    expect(user.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  test('needs neither a name nor an avatar', async () => {
    const { user } = await signIn({ provider: 'google', provider_id: '1', email: 'ada@example.org' })

    expect(user).toMatchObject({ name: null, avatar: null })
  })

  // What the user who has the address proved of it, and what the one who comes proves.
  test.each([
    { stored: proven, comes: proven, becomes: 'linked' },
    { stored: proven, comes: unproven, becomes: 'email-in-use' },
    { stored: unproven, comes: proven, becomes: 'email-in-use' },
    { stored: unproven, comes: unproven, becomes: 'email-in-use' },
  ])('with a known address: stored $stored, comes $comes: $becomes', async ({ stored, comes, becomes }) => {
    const first = await signIn(ada, stored)

    const outcome = await signIn({ ...ada, provider: 'github', email: 'ADA@Example.org' }, comes).then(
      ({ user, created }) => (user.id === first.user.id && !created ? 'linked' : 'another user'),
      codeOf,
    )

    expect(outcome).toBe(becomes)
    expect(await count()).toEqual({ users: 1, identities: becomes === 'linked' ? 2 : 1 })
  })

  test('is refused in words that say nothing of the other account', async () => {
    await signIn(ada)

    const refused = signIn({ ...grace, email: ada.email }, unproven)

    await expect(refused).rejects.toMatchObject({
      code: 'email-in-use',
      message: expect.not.stringMatching(/ada|exists|account|another/i) as string,
    })
  })
})

describe('an identity that was linked', () => {
  test('is found without its address, and is shown as itself', async () => {
    const first = await signIn(ada)
    await signIn({ ...ada, provider: 'github', provider_id: '77' })

    const { user, created } = await signIn(
      { ...ada, provider: 'github', provider_id: '77', email: 'ada@example.com' },
      unproven,
    )

    expect(created).toBe(false)
    expect(user).toMatchObject({
      id: first.user.id,
      provider: 'github',
      provider_id: '77',
      email: 'ada@example.com',
    })
  })
})

describe('a user who signs in again', () => {
  test('with the same data gets the same answer, and updated_at stays', async () => {
    const { user } = await signIn(ada)

    expect(await signIn(ada)).toEqual({ user, created: false })
    expect(await findUnchanged(world.database.sql, ada, proven)).toEqual(user)
  })

  test.each([
    { change: { name: 'Countess' }, shows: { name: 'Countess' } },
    { change: { name: null }, shows: { name: null } },
    { change: { avatar: null }, shows: { avatar: null } },
    { change: { email: 'Ada@Example.org' }, shows: { email: 'Ada@Example.org' } },
    { change: { email: 'ada@example.com' }, shows: { email: 'ada@example.com' } },
  ])('with $change is updated, and updated_at moves', async ({ change, shows }) => {
    const first = await signIn(ada)
    expect(await findUnchanged(world.database.sql, { ...ada, ...change }, proven)).toBeUndefined()

    const { user, created } = await signIn({ ...ada, ...change })

    expect(created).toBe(false)
    expect(user).toEqual({ ...first.user, ...shows, updated_at: user.updated_at })
    expect(await moved()).toBe(true)
  })

  test('without name and avatar keeps those there are', async () => {
    const { user } = await signIn(ada)
    const { name: _name, avatar: _avatar, ...bare } = ada

    expect(await signIn(bare)).toEqual({ user, created: false })
    expect(await findUnchanged(world.database.sql, bare, proven)).toEqual(user)
  })

  test('with proof of an address that had none is a change', async () => {
    await signIn(ada, unproven)
    expect(await findUnchanged(world.database.sql, ada, unproven)).toBeDefined()
    expect(await findUnchanged(world.database.sql, ada, proven)).toBeUndefined()

    await signIn(ada, proven)

    expect(await verified()).toBe(true)
  })

  test.each([
    { first: proven, next: unproven, email: 'ada@example.org', verified: true },
    { first: proven, next: unproven, email: 'ADA@example.org', verified: true },
    { first: proven, next: unproven, email: 'ada@example.com', verified: false },
    { first: proven, next: proven, email: 'ada@example.com', verified: true },
    { first: unproven, next: unproven, email: 'ada@example.com', verified: false },
  ])(
    'first $first, next $next with $email: verified is $verified',
    async ({ first, next, email, verified: expected }) => {
      await signIn(ada, first)

      await signIn({ ...ada, email }, next)

      expect(await verified()).toBe(expected)
    },
  )

  test("cannot take somebody else's address, in whatever letters, even with proof", async () => {
    await signIn(ada)
    await signIn(grace)

    await expect(signIn({ ...grace, email: 'ADA@example.org' })).rejects.toMatchObject({
      code: 'email-in-use',
    })
    expect(await findUnchanged(world.database.sql, grace, proven)).toBeDefined()
  })

  test('who claimed an address without proof gains nothing when its owner comes', async () => {
    await signIn(grace, proven)
    await signIn({ ...grace, email: ada.email }, unproven)

    await expect(signIn(ada, proven)).rejects.toMatchObject({ code: 'email-in-use' })
    expect(await count()).toEqual({ users: 1, identities: 1 })
  })
})

test('who is not known is not found unchanged', async () => {
  expect(await findUnchanged(world.database.sql, ada, proven)).toBeUndefined()
})

describe('at the same moment', () => {
  const fifty = Array.from({ length: 50 }, (_, index) => index)

  test('fifty sign-ins of one identity are one user, created once', async () => {
    const outcomes = await Promise.all(fifty.map(() => signIn(ada)))

    expect(outcomes.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(outcomes.map(({ user }) => user.id)).size).toBe(1)
    expect(await count()).toEqual({ users: 1, identities: 1 })
  })

  test('fifty identities with one proven address are one user with fifty identities', async () => {
    const outcomes = await Promise.all(fifty.map((index) => signIn({ ...ada, provider_id: `${index}` })))

    expect(outcomes.filter(({ created }) => created)).toHaveLength(1)
    expect(await count()).toEqual({ users: 1, identities: 50 })
  })

  test('fifty identities with one unproven address are one user; the others are refused', async () => {
    const outcomes = await Promise.all(
      fifty.map((index) =>
        signIn(
          { ...ada, provider_id: `${index}`, email: index % 2 ? 'ada@example.org' : 'ADA@EXAMPLE.ORG' },
          unproven,
        ).then(() => 'created', codeOf),
      ),
    )

    expect(Object.groupBy(outcomes, String)).toEqual({
      created: [expect.anything()],
      'email-in-use': Array(49).fill('email-in-use'),
    })
    expect(await count()).toEqual({ users: 1, identities: 1 })
  })

  test("users who want each other's address are both told no, and nobody waits in a circle", async () => {
    await signIn(ada)
    await signIn(grace)

    for (let turn = 0; turn < 20; turn += 1) {
      const outcomes = await Promise.all([
        signIn({ ...ada, email: grace.email }).catch(codeOf),
        signIn({ ...grace, email: ada.email }).catch(codeOf),
      ])
      expect(outcomes).toEqual(['email-in-use', 'email-in-use'])
    }
  })

  test('identities of one user with different new addresses end with one of them', async () => {
    await signIn(ada)
    await signIn({ ...ada, provider: 'github' })

    for (let turn = 0; turn < 20; turn += 1) {
      await Promise.all([
        signIn({ ...ada, email: `a${turn}@example.org` }),
        signIn({ ...ada, provider: 'github', email: `b${turn}@example.org` }),
      ])
    }

    expect(await count()).toEqual({ users: 1, identities: 2 })
  })

  test('an address one user leaves and others want is never given twice, and no error is unknown', async () => {
    const crowd = fifty.slice(0, 8).map((index): SignIn => ({
      provider: 'google',
      provider_id: `${index}`,
      email: `${index}@example.org`,
    }))
    for (const who of crowd) await signIn(who)

    // Everybody takes addresses from the same small pool again and again.
    const outcomes = await Promise.all(
      fifty.flatMap((turn) =>
        crowd.map((who, index) =>
          signIn({ ...who, email: `${(index * 3 + turn) % 10}@example.org` }).then(() => 'done', codeOf),
        ),
      ),
    )

    expect(new Set(outcomes)).toEqual(new Set(['done', 'email-in-use']))
    expect(await count()).toEqual({ users: 8, identities: 8 })
  })
})

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error
}

async function count(): Promise<{ users: number; identities: number } | undefined> {
  const found = await sql<{ users: number; identities: number }>`
    select (select count(*)::int from rundi.users) as users, (select count(*)::int from rundi.identities) as identities`.execute(
    world.database.sql,
  )
  return found.rows[0]
}

async function verified(): Promise<boolean | undefined> {
  const found = await sql<{ email_verified: boolean }>`select email_verified from rundi.users`.execute(
    world.database.sql,
  )
  return found.rows[0]?.email_verified
}

async function moved(): Promise<boolean | undefined> {
  const found = await sql<{
    moved: boolean
  }>`select updated_at > created_at as moved from rundi.users`.execute(world.database.sql)
  return found.rows[0]?.moved
}
