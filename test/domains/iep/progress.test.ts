import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { addChild } from '../../../src/domains/iep/children.ts'
import { holdProfile } from '../../../src/domains/iep/profiles.ts'
import { isSettled, progressOf, type Progress } from '../../../src/domains/iep/progress.ts'
import type { Sql } from '../../../src/shared/database.ts'
import { createWorld, type World } from '../../support/world.ts'
import { ada, arrive, called, english, grace, read, tell } from './stored.ts'

const childOf = (world: World, userId: string) =>
  world.database.transaction(async (tx) => {
    await holdProfile(tx, userId)
    return (await addChild(tx, userId, { name: 'Linus', schoolCity: 'Boston' })).childId
  })
const progressFor = async (db: Sql, childId: string): Promise<Progress & { settled: boolean }> => {
  const progress = (await progressOf(db, [childId])).get(childId)
  if (!progress) throw new Error('There is no such child.')
  return { ...progress, settled: isSettled(progress) }
}
/** A document that was read in `reading` seconds and done `afterwards` seconds later. */
async function processed(
  world: World,
  pageCount: number,
  reading: number,
  afterwards: number,
): Promise<void> {
  const db = world.database.sql
  const userId = `parent-${Math.random()}`
  const iepId = await arrive(db, { userId, childId: await childOf(world, userId), pageCount, ago: 600 })
  await called(db, iepId, { step: 'read', pages: pageCount })
  await sql`update iep.documents d set status = 'PROCESSED',
      ocr_completed_at = m.started_at + ${reading} * interval '1 second',
      processed_at = m.started_at + ${reading + afterwards} * interval '1 second'
    from iep.model_calls m where m.iep_id = d.iep_id and d.iep_id = ${iepId}`.execute(db)
}

test('the place in line counts what others asked for earlier, until work begins', async () => {
  await using world = await createWorld()
  const db = world.database.sql
  const [mine, myOther] = [await childOf(world, ada), await childOf(world, ada)]
  const iepId = await arrive(db, { userId: ada, childId: mine, ago: 10 })
  await arrive(db, { userId: ada, childId: myOther, ago: 20 })
  const theirs = async (arrived: object) =>
    arrive(db, { userId: grace, childId: await childOf(world, grace), ago: 15, ...arrived })
  await theirs({})
  await theirs({ status: 'OCR_COMPLETED' })
  await theirs({ status: 'PROCESSED' })
  await theirs({ status: 'FAILED' })
  await theirs({ waitingFor: 'consent' })
  await theirs({ ago: 5 })

  expect(await progressFor(db, mine)).toMatchObject({ step: 'waiting in line', placeInLine: 2 })
  await called(db, iepId, { step: 'read', outcome: null })
  expect(await progressFor(db, mine)).toMatchObject({ step: 'reading', placeInLine: 0 })
})

test('expected seconds come from the median of what others took', async () => {
  await using world = await createWorld()
  const db = world.database.sql
  const childId = await childOf(world, ada)
  const iepId = await arrive(db, { userId: ada, childId, pageCount: 10 })
  expect((await progressFor(db, childId)).expectedSeconds).toBeNull()

  await processed(world, 10, 20, 30)
  await processed(world, 5, 15, 40)
  await processed(world, 1, 900, 9000)
  expect((await progressFor(db, childId)).expectedSeconds).toBe(10 * 3 + 40)

  await read(db, iepId, 6)
  expect((await progressFor(db, childId)).expectedSeconds).toBe(4 * 3 + 40)
  await sql`update iep.documents set status = 'OCR_COMPLETED', ocr_completed_at = now() - interval '15.5 seconds'
    where iep_id = ${iepId}`.execute(db)
  const left = (await progressFor(db, childId)).expectedSeconds
  expect(left).toBeGreaterThanOrEqual(20)
  expect(left).toBeLessThanOrEqual(25)
  await sql`update iep.documents set ocr_completed_at = now() - interval '1 day' where iep_id = ${iepId}`.execute(
    db,
  )
  expect((await progressFor(db, childId)).expectedSeconds).toBe(1)
  await sql`update iep.documents set waiting_for = 'consent' where iep_id = ${iepId}`.execute(db)
  expect(await progressFor(db, childId)).toMatchObject({ expectedSeconds: null, waitingFor: 'consent' })
  await sql`update iep.documents set waiting_for = null, status = 'FAILED' where iep_id = ${iepId}`.execute(
    db,
  )
  expect(await progressFor(db, childId)).toMatchObject({
    expectedSeconds: null,
    step: 'failed',
    settled: true,
  })
})

test('a place that waits for its file counts once the document before it is settled', async () => {
  await using world = await createWorld()
  const db = world.database.sql
  const childId = await childOf(world, ada)
  const iepId = await arrive(db, { userId: ada, childId, ago: 30 })
  const place = '00000000-0000-4000-8000-000000000001'
  await sql`
    insert into iep.uploads (iep_id, child_id, user_id, object_key, file_name, created_at, expires_at)
    values (${place}, ${childId}, ${ada}, 'key', 'plan.pdf', now() - interval '1 minute', now() + interval '59 minutes')`.execute(
    db,
  )
  const openedMinutesAgo = (minutes: number) =>
    sql`update iep.uploads set created_at = now() - ${minutes} * interval '1 minute'`.execute(db)

  expect((await progressFor(db, childId)).iepId).toBe(iepId)
  await sql`update iep.documents set status = 'PROCESSED' where iep_id = ${iepId}`.execute(db)
  for (const language of ['en', 'es', 'zh', 'vi'])
    await tell(db, iepId, language, { state: 'ready', content: english })
  expect(await progressFor(db, childId)).toMatchObject({
    iepId: place,
    step: 'waiting for the file',
    settled: false,
  })
  await openedMinutesAgo(16)
  expect(await progressFor(db, childId)).toMatchObject({ iepId, step: 'done', settled: true })
  await openedMinutesAgo(31)
  expect((await progressFor(db, childId)).iepId).toBe(iepId)
})

test('a language that is tried again is under way, though the document was processed before', async () => {
  await using world = await createWorld()
  const db = world.database.sql
  const childId = await childOf(world, ada)
  const iepId = await arrive(db, { userId: ada, childId, status: 'PROCESSED' })
  await called(db, iepId, { step: 'read' })
  await sql`update iep.documents set ocr_completed_at = now(), redacted_at = now() where iep_id = ${iepId}`.execute(
    db,
  )
  await read(db, iepId, 3)
  for (const language of ['en', 'es', 'vi'])
    await tell(db, iepId, language, { state: 'ready', content: english })
  await tell(db, iepId, 'zh', { state: 'working' })
  expect(await progressFor(db, childId)).toMatchObject({
    step: 'translating',
    percent: 90,
    status: 'PROCESSED',
    settled: false,
  })
  await tell(db, iepId, 'zh', { state: 'failed' })
  expect(await progressFor(db, childId)).toMatchObject({ step: 'done', percent: 100, settled: true })
})

test('a refused file is told beside the progress of the document that stays', async () => {
  await using world = await createWorld()
  const db = world.database.sql
  const childId = await childOf(world, ada)
  const iepId = await arrive(db, { userId: ada, childId, ago: 5 })
  const problem = { code: 'not-a-pdf', message: 'This is a photo.' }
  const refused = await arrive(db, {
    userId: ada,
    childId,
    active: false,
    status: 'FAILED',
    pageCount: null,
    problem,
  })
  expect(await progressFor(db, childId)).toMatchObject({
    iepId,
    rejectedUpload: { iepId: refused, fileName: 'plan.pdf', message: 'This is a photo.' },
  })
})

test('children that do not exist have no progress', async () => {
  await using world = await createWorld()
  const childId = await childOf(world, ada)
  const found = await progressOf(world.database.sql, [childId, '00000000-0000-4000-8000-000000000000'])
  expect([...found.keys()]).toEqual([childId])
  expect(await progressOf(world.database.sql, [])).toEqual(new Map())
})
