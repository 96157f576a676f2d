import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { ensureProfile } from '../../../src/domains/iep/profiles.ts'
import { ask } from '../../../src/jobs/define.ts'
import { createProfile } from '../../../src/jobs/iep/create-profile.ts'
import { createWorld, type World } from '../../support/world.ts'

const profiles = async (world: World) =>
  (
    await sql<{ user_id: string; city: string | null; consent_given: boolean }>`
      select user_id, city, consent_given from iep.profiles`.execute(world.database.sql)
  ).rows

test('who signs up gets a profile that agrees to nothing', async () => {
  await using world = await createWorld()

  const row = await world.work(ask(createProfile, { userId: 'grace' }))

  expect(row).toMatchObject({ state: 'completed', owner: 'iep:grace', result: { profile: true } })
  expect(await profiles(world)).toEqual([{ user_id: 'grace', city: null, consent_given: false }])
})

test('twice is once', async () => {
  await using world = await createWorld()
  const first = await world.work(ask(createProfile, { userId: 'grace' }))

  const again = await world.asking.accept.now(ask(createProfile, { userId: 'grace' }), 'trace')

  expect(again).toMatchObject({ id: first.id, decision: 'stands' })
  expect(await profiles(world)).toHaveLength(1)
})

test('a parent who was quicker than the event loses nothing', async () => {
  await using world = await createWorld()
  await world.database.transaction((tx) => ensureProfile(tx, 'grace'))
  await sql`update iep.profiles set city = 'Boston', consent_given = true`.execute(world.database.sql)

  const row = await world.work(ask(createProfile, { userId: 'grace' }))

  expect(row.state).toBe('completed')
  expect(await profiles(world)).toEqual([{ user_id: 'grace', city: 'Boston', consent_given: true }])
})

test('the event and the first call at once make one profile', async () => {
  await using world = await createWorld()

  await Promise.all([
    world.work(ask(createProfile, { userId: 'grace' })),
    ...Array.from({ length: 5 }, () => world.database.transaction((tx) => ensureProfile(tx, 'grace'))),
  ])

  expect(await profiles(world)).toHaveLength(1)
})
