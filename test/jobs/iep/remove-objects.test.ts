import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask } from '../../../src/jobs/define.ts'
import { removeObjects } from '../../../src/jobs/iep/remove-objects.ts'
import { createWorld } from '../../support/world.ts'
import { createFamily, type Family } from './family.ts'
import { programOf } from './pdf.ts'

let family: Family

beforeEach(async () => {
  family = await createFamily()
})
afterEach(() => family[Symbol.asyncDispose]())

test('all objects of a document that is gone are removed, and none of its neighbours', async () => {
  const iepId = randomUUID()
  const { userId, childId } = family
  const others = [`${userId}/${childId}/${randomUUID()}/plan.pdf`, `${userId}/${childId}-2/plan.pdf`]
  for (const key of [
    `${userId}/${childId}/${iepId}/plan.pdf`,
    `${userId}/${childId}/${iepId}/scan.pdf`,
    ...others,
  ])
    await family.put(key, Buffer.from('old'))

  const row = await family.world.work(ask(removeObjects, { userId, childId, iepId }))

  expect(row).toMatchObject({ state: 'completed', owner: `iep:${userId}`, result: { removed: 2 } })
  expect(await family.keys()).toEqual(others.toSorted())
})

test('of a child everything goes but what is in use: an open place, and a document that was not refused', async () => {
  const { userId, childId } = family
  await family.consent(false)
  await family.upload(programOf('Ada', 2))
  await family.settleAll()
  const refused = await family.upload(Buffer.from('no PDF'))
  const open = await family.open()
  for (const key of [
    open.key,
    refused.key,
    `${userId}/${childId}/${randomUUID()}/plan.pdf`,
    `${userId}/${childId}/stray`,
  ])
    await family.put(key, Buffer.from('bytes'))

  const row = await family.world.work(ask(removeObjects, { userId, childId }))

  expect(row).toMatchObject({ state: 'completed', result: { removed: 3 } })
  expect(await family.keys()).toEqual([...(await family.files()), open.key].toSorted())
})

test('a document that is in use is spared by its own name, too', async () => {
  await family.consent(false)
  const { iepId } = await family.upload(programOf('Ada', 2))
  await family.settleAll()

  const row = await family.world.work(
    ask(removeObjects, { userId: family.userId, childId: family.childId, iepId }),
  )

  expect(row).toMatchObject({ result: { removed: 0 } })
  expect(await family.keys()).toEqual(await family.files())
})

test('it ends only when the objects are gone: while S3 refuses it is tried again', async () => {
  const { userId, childId } = family
  const iepId = randomUUID()
  await family.put(`${userId}/${childId}/${iepId}/plan.pdf`, Buffer.from('old'))
  await using elsewhere = await createWorld({
    env: {
      ...family.world.env,
      DATABASE_URL: family.world.databaseUrl,
      AWS_SECRET_ACCESS_KEY: 'a-wrong-one',
    },
  })
  const { id } = await elsewhere.asking.accept.now(ask(removeObjects, { userId, childId, iepId }), 'trace')
  const { runner } = await elsewhere.running()
  await runner.take({ id, ticket: 1 })

  expect(await family.world.see(id)).toMatchObject({ state: 'delayed', attempts: 1, result: null })
  expect(await family.world.finish(id)).toMatchObject({ state: 'completed', result: { removed: 1 } })
  expect(await family.keys()).toEqual([])
})

test('without a bucket it waits and says which setting is missing', async () => {
  await using bare = await createWorld()
  const { id } = await bare.asking.accept.now(
    ask(removeObjects, { userId: 'grace', childId: randomUUID() }),
    'trace',
  )
  const { runner } = await bare.running()
  await runner.take({ id, ticket: 1 })

  expect(await bare.see(id)).toMatchObject({
    state: 'delayed',
    error: { code: 'not-configured', message: 'IEP_BUCKET is not set for this worker.' },
  })
})

test('asked while it runs, it runs once more', async () => {
  const { userId, childId, world } = family
  const wish = ask(removeObjects, { userId, childId })
  const { id } = await world.asking.accept.now(wish, 'trace')
  await sql`update millrace.jobs set state = 'active' where id = ${id}`.execute(world.database.sql)

  const again = await world.asking.accept.now(wish, 'trace')

  expect(again).toMatchObject({ id, decision: 'asked again' })
})
