import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signIn } from '../../../src/domains/lockin/profiles.ts'
import { createWorld, type World } from '../../support/world.ts'

/** For slow machines. */
const patience = { timeout: 20_000 }

let world: World
beforeAll(async () => {
  world = await createWorld({ env: { DATABASE_POOL: '20' } })
})
afterAll(() => world[Symbol.asyncDispose]())

interface Said {
  subject?: string
  email?: string
  emailVerified?: boolean
  claims?: Record<string, unknown>
}

const enter = ({ subject = randomUUID(), email, emailVerified = true, claims = {} }: Said) =>
  signIn(world.database.sql, { subject, email, emailVerified, claims })

const profile = (id: string) =>
  world.database.sql.selectFrom('lockin.profiles').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const newAddress = () => `ada-${randomUUID()}@example.org`

const countOf = async (table: 'profiles' | 'auth_identities'): Promise<number> => {
  const { rows } = await sql<{
    n: number
  }>`select count(*) as n from ${sql.table(`lockin.${table}`)}`.execute(world.database.sql)
  return rows[0]?.n ?? 0
}

test('fifty first requests of one person at once make one profile', async () => {
  const before = [await countOf('profiles'), await countOf('auth_identities')]
  const who = { subject: randomUUID(), email: newAddress(), claims: { name: 'Ada' } }

  const ids = await Promise.all(Array.from({ length: 50 }, () => enter(who)))

  expect(new Set(ids).size).toBe(1)
  expect([await countOf('profiles'), await countOf('auth_identities')]).toEqual(before.map((n) => n + 1))
})

test('without any address it is one profile as well', async () => {
  const before = await countOf('profiles')
  const subject = randomUUID()

  const ids = await Promise.all(Array.from({ length: 50 }, () => enter({ subject })))

  expect(new Set(ids).size).toBe(1)
  expect(await countOf('profiles')).toBe(before + 1)
})

test('two ways of signing in with one verified address are one profile, also at once and however it is written', async () => {
  for (let round = 0; round < 5; round += 1) {
    const email = newAddress()
    const ways = [
      { subject: randomUUID(), email },
      { subject: randomUUID(), email: email.toUpperCase() },
    ]

    const ids = await Promise.all(ways.flatMap((way) => Array.from({ length: 5 }, () => enter(way))))

    expect(new Set(ids).size).toBe(1)
  }
})

test('the second waits for the first, and makes the profile itself should the first come to nothing', async () => {
  const email = newAddress()
  const first = { held: Promise.withResolvers<void>(), inserted: Promise.withResolvers<void>() }
  const rolledBack = world.database
    .transaction(async (tx) => {
      await signIn(tx, { subject: randomUUID(), email, emailVerified: true, claims: {} })
      first.inserted.resolve()
      await first.held.promise
      throw new Error('it comes to nothing')
    })
    .catch((error: Error) => error.message)
  await first.inserted.promise
  const second = enter({ email })
  await untilSomebodyWaits()
  first.held.resolve()

  expect(await rolledBack).toBe('it comes to nothing')
  expect((await profile(await second)).email).toBe(email)
})

test('an address nobody has verified links nothing and is not kept', async () => {
  const email = newAddress()
  const owner = await enter({ email })

  const stranger = await enter({ email, emailVerified: false })

  expect(stranger).not.toBe(owner)
  expect((await profile(stranger)).email).toBeNull()
  // And the other way round: whoever came first with an unverified one has not taken it.
  const other = newAddress()
  const early = await enter({ email: other, emailVerified: false })
  const rightful = await enter({ email: other })
  expect(rightful).not.toBe(early)
  expect((await profile(rightful)).email).toBe(other)
})

test('a verified address that comes later is filled in, once', async () => {
  const subject = randomUUID()
  const email = newAddress()
  const id = await enter({ subject })
  expect((await profile(id)).email).toBeNull()

  const ids = await Promise.all(Array.from({ length: 10 }, () => enter({ subject, email })))

  expect(new Set(ids)).toEqual(new Set([id]))
  expect((await profile(id)).email).toBe(email)
  // The address a profile has stays: another one the same person proves later may be anybody's next week.
  await enter({ subject, email: newAddress() })
  expect((await profile(id)).email).toBe(email)
  const { updated_at } = await profile(id)
  await enter({ subject, email })
  expect((await profile(id)).updated_at).toEqual(updated_at)
})

test('an address that another profile has by then stays there', async () => {
  const subject = randomUUID()
  const email = newAddress()
  const early = await enter({ subject })
  const owner = await enter({ email })

  expect(await enter({ subject, email })).toBe(early)

  expect([(await profile(early)).email, (await profile(owner)).email]).toEqual([null, email])
})

test('of two profiles that learn one address at once, the first has it and both are let in', async () => {
  const email = newAddress()
  const [one, two] = [randomUUID(), randomUUID()]
  const ids = [await enter({ subject: one }), await enter({ subject: two })]
  const learned = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const first = world.database.transaction(async (tx) => {
    const id = await signIn(tx, { subject: one, email, emailVerified: true, claims: {} })
    learned.resolve()
    await release.promise
    return id
  })
  await learned.promise
  const second = enter({ subject: two, email })
  await untilSomebodyWaits()
  release.resolve()

  expect([await first, await second]).toEqual(ids)

  expect([(await profile(ids[0]!)).email, (await profile(ids[1]!)).email]).toEqual([email, null])
})

test('of two addresses one person brings at once, the first stays', async () => {
  const subject = randomUUID()
  const [first, second] = [newAddress(), newAddress()]
  const id = await enter({ subject })
  const learned = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const one = world.database.transaction(async (tx) => {
    await signIn(tx, { subject, email: first, emailVerified: true, claims: {} })
    learned.resolve()
    await release.promise
  })
  await learned.promise
  const other = enter({ subject, email: second })
  await untilSomebodyWaits()
  release.resolve()
  await one

  expect(await other).toBe(id)
  expect((await profile(id)).email).toBe(first)
})

test.for([
  ['has no @', 'ada.example.org'],
  ['is nothing but an @', '@'],
  ['is too long', `${'a'.repeat(250)}@example.org`],
  ['holds a NUL', 'ada\0@example.org'],
  ['is broken text', 'ada\ud800@example.org'],
  ['holds blanks', 'ada lovelace@example.org'],
  ['is empty', ''],
] as const)('an address that %s is as none', async ([, email]) => {
  const id = await enter({ email })
  expect((await profile(id)).email).toBeNull()
})

test('the longest address there is fits', async () => {
  const email = `${'a'.repeat(254 - 12)}@example.org`
  expect((await profile(await enter({ email }))).email).toBe(email)
})

test.for([
  [{ name: 'Ada Lovelace' }, 'Ada Lovelace'],
  [{ name: '  ', preferred_username: 'ada' }, 'ada'],
  [{ name: 'Ada\0\nLovelace\u0007' }, 'Ada Lovelace'],
  [{ name: '🧮'.repeat(100) }, '🧮'.repeat(80)],
  [{ name: `${'a'.repeat(79)} b` }, 'a'.repeat(79)],
  [{ name: 'Ada\ud800' }, 'Ada\ufffd'],
  [{ name: 7, preferred_username: ['ada'] }, null],
  [{}, null],
] as const)('the claims %j name somebody %s', async ([claims, name]) => {
  expect((await profile(await enter({ claims }))).display_name).toBe(name)
})

test('a known person is found by one look at two indexes, without a lock and without a write', async () => {
  const who = { subject: randomUUID(), email: newAddress() }
  const id = await enter(who)
  await world.database.transaction(async (tx) => {
    // Only one that writes nothing passes.
    await sql`set transaction read only`.execute(tx)
    expect(await signIn(tx, { ...who, emailVerified: true, claims: {} })).toBe(id)
    const { rows } = await sql<{ n: number }>`
      select count(*) as n from pg_locks where pid = pg_backend_pid() and locktype in ('advisory', 'tuple')`.execute(
      tx,
    )
    expect(rows).toEqual([{ n: 0 }])
  })
})

/** Another connection waits for a row or a key at this moment. */
async function untilSomebodyWaits(): Promise<void> {
  await expect
    .poll(async () => {
      const { rows } = await sql<{ n: number }>`
        select count(*) as n from pg_locks l join pg_stat_activity a using (pid)
        where not l.granted and a.datname = current_database()`.execute(world.database.sql)
      return rows[0]?.n
    }, patience)
    .toBe(1)
}
