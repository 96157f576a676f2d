import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { addChild, holdChild, replaceChildren } from '../../../src/domains/iep/children.ts'
import { safeFileName } from '../../../src/domains/iep/file-name.ts'
import { holdProfile } from '../../../src/domains/iep/profiles.ts'
import { findUpload, openUpload } from '../../../src/domains/iep/uploads.ts'
import { createWorld, type World } from '../../support/world.ts'
import { ada } from './stored.ts'

const linus = { name: 'Linus', schoolCity: 'Boston' }
const childOf = (world: World, userId: string) =>
  world.database.transaction(async (tx) => {
    await holdProfile(tx, userId)
    return (await addChild(tx, userId, linus)).childId
  })

test('a file name is made safe, and stays readable', () => {
  const names: [string, string][] = [
    ['plan.pdf', 'plan.pdf'],
    ['Plan 2026 (final).PDF', 'Plan 2026 _final_.pdf'],
    ['plan', 'plan.pdf'],
    ['plan.docx', 'plan.docx.pdf'],
    ['C:\\Users\\Ada\\plan.pdf', 'plan.pdf'],
    ['../../../etc/passwd', 'passwd.pdf'],
    ['a/..', 'document.pdf'],
    ['.pdf', 'document.pdf'],
    ['..hidden..pdf', 'hidden.pdf'],
    ['   .  ', 'document.pdf'],
    ['kế hoạch 孩子.pdf', 'kế hoạch 孩子.pdf'],
    ['Cafe\u0301.pdf', 'Café.pdf'],
    ['a\u202Efdp.exe', 'a_fdp.exe.pdf'],
    ['a\r\nb?c=d&e#f%00+g.pdf', 'a_b_c_d_e_f_00_g.pdf'],
    ['"; rm -rf ~.pdf', '_ rm -rf _.pdf'],
    ['\u0301plan.pdf', 'plan.pdf'],
  ]
  for (const [given, safe] of names) expect(safeFileName(given), given).toBe(safe)

  const long = safeFileName(`${'𠀀'.repeat(150)}.pdf`)
  expect(Array.from(long).length).toBe(100)
  expect(long.isWellFormed()).toBe(true)
  expect(safeFileName(`${'a'.repeat(95)} b.pdf`)).toBe(`${'a'.repeat(95)}.pdf`)
  for (const [given] of names) expect(safeFileName(safeFileName(given))).toBe(safeFileName(given))
})

test('a place is open for an hour', async () => {
  await using world = await createWorld()
  const childId = await childOf(world, ada)
  const open = () =>
    world.database.transaction(async (tx) => {
      await holdChild(tx, ada, childId)
      return openUpload(tx, { userId: ada, childId, fileName: 'x/plan.pdf' })
    })
  const upload = await open()
  expect(upload.key).toBe(`${ada}/${childId}/${upload.iepId}/plan.pdf`)
  expect(await findUpload(world.database.sql, upload.iepId)).toEqual(upload)

  await sql`update iep.uploads set expires_at = expires_at - interval '59 minutes'`.execute(
    world.database.sql,
  )
  expect(await findUpload(world.database.sql, upload.iepId)).toEqual(upload)
  await sql`update iep.uploads set expires_at = expires_at - interval '2 minutes'`.execute(world.database.sql)
  expect(await findUpload(world.database.sql, upload.iepId)).toBeUndefined()
})

test('a child is not removed behind the back of somebody who is about to upload', async () => {
  await using world = await createWorld()
  const childId = await childOf(world, ada)
  const held = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const uploading = world.database.transaction(async (tx) => {
    await holdChild(tx, ada, childId)
    await openUpload(tx, { userId: ada, childId, fileName: 'plan.pdf' })
    held.resolve()
    await go.promise
  })
  await held.promise
  const removing = world.database.transaction(async (tx) => {
    await holdProfile(tx, ada)
    await replaceChildren(tx, ada, [])
  })
  const refused = expect(removing).rejects.toMatchObject({ name: 'ChildHasDocuments', childId })
  await waitsForALock(world)
  go.resolve()
  await uploading
  await refused
})

async function waitsForALock(world: World): Promise<void> {
  for (;;) {
    const waiting = await sql`select 1 from pg_locks where not granted`.execute(world.database.sql)
    if (waiting.rows.length > 0) return
  }
}
