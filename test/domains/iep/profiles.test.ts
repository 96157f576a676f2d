import { expect, test } from 'vitest'
import {
  changeProfile,
  endWaitForConsent,
  ensureProfile,
  findProfile,
  holdProfile,
  waitingForConsent,
} from '../../../src/domains/iep/profiles.ts'
import { addChild } from '../../../src/domains/iep/children.ts'
import { createWorld } from '../../support/world.ts'
import { ada, arrive, grace } from './stored.ts'

test('making sure of a profile makes one, and leaves one that is there alone', async () => {
  await using world = await createWorld()
  const { database } = world
  expect(await findProfile(database.sql, ada)).toBeUndefined()

  await Promise.all(Array.from({ length: 6 }, () => database.transaction((tx) => ensureProfile(tx, ada))))
  const made = await findProfile(database.sql, ada)
  await database.transaction((tx) => changeProfile(tx, ada, { city: 'Boston', consentGiven: true }))
  await database.transaction((tx) => ensureProfile(tx, ada))

  const changed = await findProfile(database.sql, ada)
  expect(changed).toEqual({ ...made, city: 'Boston', consentGiven: true, updatedAt: expect.any(Number) })
  expect(changed?.updatedAt).toBeGreaterThan(made?.updatedAt ?? Infinity)
})

test('who holds a profile is alone with it', async () => {
  await using world = await createWorld()
  const { database } = world
  await database.transaction((tx) => ensureProfile(tx, ada))
  const order: string[] = []
  const held = Promise.withResolvers<void>()
  const first = database.transaction(async (tx) => {
    await holdProfile(tx, ada)
    held.resolve()
    await new Promise((resolve) => setTimeout(resolve, 200))
    order.push('first')
  })
  await held.promise
  await database.transaction(async (tx) => {
    await holdProfile(tx, ada)
    order.push('second')
  })
  await first
  expect(order).toEqual(['first', 'second'])
})

test('only what is left out stays; null clears', async () => {
  await using world = await createWorld()
  const { database } = world
  const change = (changes: Parameters<typeof changeProfile>[2]) =>
    database.transaction(async (tx) => {
      await holdProfile(tx, ada)
      await changeProfile(tx, ada, changes)
    })
  await change({ phone: '617', primaryLanguage: 'zh', secondaryLanguage: 'vi', city: 'Boston' })
  await change({ phone: null, primaryLanguage: null })
  expect(await findProfile(database.sql, ada)).toMatchObject({
    phone: '',
    primaryLanguage: '',
    secondaryLanguage: 'vi',
    city: 'Boston',
    consentGiven: false,
  })
})

test('what waits for a parent’s consent is found, and only that is let go', async () => {
  await using world = await createWorld()
  const { database } = world
  const childOf = (userId: string) =>
    database.transaction(async (tx) => {
      await holdProfile(tx, userId)
      return (await addChild(tx, userId, { name: 'Linus', schoolCity: 'Boston' })).childId
    })
  const waits = { waitingFor: 'consent' } as const
  const iepId = await arrive(database.sql, { userId: ada, childId: await childOf(ada), ...waits })
  await arrive(database.sql, { userId: ada, childId: await childOf(ada) })
  const theirs = await arrive(database.sql, { userId: grace, childId: await childOf(grace), ...waits })

  expect(await waitingForConsent(database.sql, ada)).toEqual([{ iepId, userId: ada, revision: 1 }])
  await database.transaction((tx) => endWaitForConsent(tx, ada))
  expect(await waitingForConsent(database.sql, ada)).toEqual([])
  expect(await waitingForConsent(database.sql, grace)).toEqual([
    { iepId: theirs, userId: grace, revision: 1 },
  ])
})
