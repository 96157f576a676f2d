import { expect, test } from 'vitest'
import { ada } from '../../../domains/iep/stored.ts'
import { startFamily, type Family } from './family.ts'

const profileOf = async (family: Family) => (await family.as(ada, { url: '/profile' })).json().profile
const add = (family: Family, headers: Record<string, string> = {}) =>
  family.as(ada, {
    method: 'POST',
    url: '/profile/children',
    payload: { name: 'Linus', schoolCity: 'Boston' },
    headers,
  })

test('a child that is added changes the profile, and says the same moment', async () => {
  await using family = await startFamily()
  const before = await profileOf(family)

  const added = (await add(family)).json()

  const after = await profileOf(family)
  expect(after.updatedAt).toBe(added.updatedAt)
  expect(after.updatedAt).toBeGreaterThan(before.updatedAt)
  expect(after.createdAt).toBe(before.createdAt)
})

test('a child that was added by an earlier request, or is not added, changes nothing', async () => {
  await using family = await startFamily()
  await add(family, { 'idempotency-key': 'linus' })
  const once = await profileOf(family)

  await add(family, { 'idempotency-key': 'linus' })
  expect(await profileOf(family)).toEqual(once)

  for (let more = 1; more < 20; more += 1) await add(family)
  const full = await profileOf(family)
  expect((await add(family)).statusCode).not.toBe(200)
  expect(await profileOf(family)).toEqual(full)
})
