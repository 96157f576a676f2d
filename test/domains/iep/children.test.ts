import { expect, test } from 'vitest'
import {
  addChild,
  findAdded,
  holdChild,
  NotTheirs,
  replaceChildren,
  theirChild,
  TooManyChildren,
} from '../../../src/domains/iep/children.ts'
import { findProfile, holdProfile } from '../../../src/domains/iep/profiles.ts'
import { createWorld, type World } from '../../support/world.ts'
import { ada, arrive, grace } from './stored.ts'

const child = (name: string) => ({ name, schoolCity: 'Boston' })
const add = (world: World, userId: string, name = 'Linus') =>
  world.database.transaction(async (tx) => {
    await holdProfile(tx, userId)
    return addChild(tx, userId, child(name))
  })
const replace = (world: World, userId: string, given: Parameters<typeof replaceChildren>[2]) =>
  world.database.transaction(async (tx) => {
    await holdProfile(tx, userId)
    await replaceChildren(tx, userId, given)
  })
const namesOf = async (world: World, userId: string) =>
  (await findProfile(world.database.sql, userId))?.children.map(({ name }) => name)

test('a child is its parent’s, and nobody else’s', async () => {
  await using world = await createWorld()
  const { sql } = world.database
  const { childId } = await add(world, ada)
  expect(await theirChild(sql, ada, childId)).toBe(childId)
  expect(await theirChild(sql, ada, childId.toUpperCase())).toBe(childId)
  const strange = ['00000000-0000-4000-8000-000000000000', '', 'no-id', `${childId} `, `{${childId}}`, '\0']
  for (const id of strange) await expect(theirChild(sql, ada, id), id).rejects.toThrow(NotTheirs)
  await expect(theirChild(sql, grace, childId)).rejects.toThrow(NotTheirs)
  await expect(world.database.transaction((tx) => holdChild(tx, grace, childId))).rejects.toThrow(NotTheirs)
})

test('there is room for twenty, however they come', async () => {
  await using world = await createWorld()
  await replace(
    world,
    ada,
    Array.from({ length: 18 }, (_, index) => child(`Kid ${index}`)),
  )
  const more = await Promise.allSettled(Array.from({ length: 5 }, () => add(world, ada)))
  expect(more.filter(({ status }) => status === 'fulfilled').length).toBe(2)
  await expect(add(world, ada)).rejects.toThrow(TooManyChildren)
  expect((await namesOf(world, ada))?.length).toBe(20)
  await add(world, grace)
})

test('a list is taken whole or not at all', async () => {
  await using world = await createWorld()
  const [linus, alan] = [await add(world, ada, 'Linus'), await add(world, ada, 'Alan')]
  const theirs = await add(world, grace)
  await arrive(world.database.sql, { userId: ada, childId: alan.childId })

  const tooBold = [{ ...child('New') }, { ...child('Mine'), childId: theirs.childId }]
  await expect(replace(world, ada, tooBold)).rejects.toThrow(NotTheirs)
  const withoutAlan = [{ ...child('Renamed'), childId: linus.childId }]
  await expect(replace(world, ada, withoutAlan)).rejects.toMatchObject({ childId: alan.childId })
  expect(await namesOf(world, ada)).toEqual(['Linus', 'Alan'])

  const withoutLinus = [{ ...child('Alan T.'), childId: alan.childId }, child('Ada'), child('Grace')]
  await replace(world, ada, withoutLinus)
  expect(await namesOf(world, ada)).toEqual(['Alan T.', 'Ada', 'Grace'])
  expect(await namesOf(world, grace)).toEqual(['Linus'])
})

test('a child that was added is found again as it was told', async () => {
  await using world = await createWorld()
  const { sql } = world.database
  const added = await add(world, ada)
  expect(await findAdded(sql, ada, added.childId)).toEqual(added)
  expect(await findAdded(sql, grace, added.childId)).toBeUndefined()
  await replace(world, ada, [])
  expect(await findAdded(sql, ada, added.childId)).toBeUndefined()
})
