import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { User } from '../../../src/domains/rundi/users.ts'
import { ask } from '../../../src/jobs/define.ts'
import { ensureUser } from '../../../src/jobs/rundi/ensure-user.ts'
import { createWorld, type World } from '../../support/world.ts'

const ada = {
  provider: 'google',
  provider_id: '110169484474386276334',
  email: 'ada@example.org',
  name: 'Ada',
  avatar: 'https://example.org/ada.png',
  vouched: true,
}

let world: World

beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world[Symbol.asyncDispose]())

test('a new user is created, and the result is the answer the web app waits for', async () => {
  const row = await world.work(ask(ensureUser, ada))

  const { user, created } = row.result as { user: User; created: boolean }
  expect(row).toMatchObject({ state: 'completed', owner: `rundi:${ada.provider_id}` })
  expect(created).toBe(true)
  expect(new Set(Object.keys(user))).toEqual(
    new Set(['id', 'email', 'name', 'avatar', 'provider', 'provider_id', 'created_at', 'updated_at']),
  )
  expect(user).toMatchObject({
    email: ada.email,
    name: 'Ada',
    avatar: ada.avatar,
    provider: 'google',
    provider_id: ada.provider_id,
  })
})

test('twice is once: the second round finds the same user, unchanged', async () => {
  const first = await world.work(ask(ensureUser, ada))
  const second = await world.work(ask(ensureUser, ada))

  expect(second).toMatchObject({ id: first.id, round: 2, state: 'completed' })
  expect(second.result).toEqual({ ...(first.result as object), created: false })
})

test('fifty askings at once are one user and, while it has not run, one promise', async () => {
  const entered = await Promise.all(
    Array.from({ length: 50 }, () => world.asking.accept.now(ask(ensureUser, ada), 'trace')),
  )
  expect(new Set(entered.map(({ id }) => id)).size).toBe(1)

  await world.finish(entered[0]?.id ?? '')

  const users = await sql`select 1 from rundi.users`.execute(world.database.sql)
  expect(users.rows).toHaveLength(1)
})

test('fifty identities that claim one address without proof at once are one user and forty-nine refusals', async () => {
  const rows = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      world.work(ask(ensureUser, { ...ada, provider_id: `${index}`, vouched: false })),
    ),
  )

  const outcomes = rows.map(
    ({ state, attempts, error }) => `${state} after ${attempts}: ${error?.code ?? 'well'}`,
  )
  expect(Object.groupBy(outcomes, String)).toEqual({
    'completed after 1: well': [expect.anything()],
    'failed after 1: email-in-use': Array(49).fill(expect.anything()),
  })
})

test("somebody else's address ends the job at the first attempt with a stable code and no word about them", async () => {
  await world.work(ask(ensureUser, ada))

  const row = await world.work(ask(ensureUser, { ...ada, provider: 'github', vouched: false }))

  expect(row).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'email-in-use' } })
  expect(row.error?.message).not.toMatch(/ada|google|exist/i)
})

test('a refused sign-in is decided anew when asked again', async () => {
  await world.work(ask(ensureUser, ada))
  await world.work(ask(ensureUser, { ...ada, provider: 'github', vouched: false }))

  const row = await world.work(ask(ensureUser, { ...ada, provider: 'github', vouched: true }))

  expect(row).toMatchObject({ state: 'completed', round: 2, result: { created: false } })
})

test('a failing commit leaves no user', async () => {
  await sql
    .raw(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
       create constraint trigger refuse after insert on rundi.identities
         deferrable initially deferred for each row execute function refuse()`,
    )
    .execute(world.database.sql)

  const row = await world.work(ask(ensureUser, ada))

  expect(row).toMatchObject({ state: 'failed', attempts: 5 })
  const users = await sql`select 1 from rundi.users`.execute(world.database.sql)
  expect(users.rows).toEqual([])
})
