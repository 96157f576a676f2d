import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask } from '../../../src/jobs/define.ts'
import { expireRecords } from '../../../src/jobs/iep/expire-records.ts'
import { createFamily, type Family } from './family.ts'
import { programOf } from './pdf.ts'

let family: Family
let slots = 0

beforeEach(async () => {
  family = await createFamily({ consent: false })
})
afterEach(() => family[Symbol.asyncDispose]())

const expire = () =>
  family.world.work(ask(expireRecords, { slot: new Date(Date.UTC(2026, 0, 1, (slots += 1))).toISOString() }))
const run = (text: string) => sql.raw(text).execute(family.world.database.sql)

test('while nothing has outlived its time nothing goes', async () => {
  await family.open()
  await family.upload(programOf('Ada', 2))
  await run(`update iep.profiles set expires_at = now() + interval '1 hour'`)
  await run(`update iep.documents set expires_at = now() + interval '1 hour'`)

  const row = await expire()
  await family.settleAll()

  expect(row).toMatchObject({ state: 'completed', result: { profiles: 0, documents: 0, uploads: 0 } })
  expect(await family.keys()).toEqual(await family.files())
})

test('a document whose time is over goes with its object', async () => {
  await family.upload(programOf('Ada', 2))
  await run(`update iep.documents set expires_at = now() - interval '1 second'`)

  const row = await expire()
  await family.settleAll()

  expect(row.result).toEqual({ profiles: 0, documents: 1, uploads: 0 })
  expect(await family.documents()).toEqual([])
  expect(await family.keys()).toEqual([])
})

test('a profile whose time is over goes with children, documents and objects; others stay', async () => {
  const { upload } = family
  await upload(programOf('Ada', 2))
  const linus = randomUUID()
  await run(`insert into iep.profiles (user_id) values ('${linus}')`)
  await run(
    `update iep.profiles set expires_at = now() - interval '1 second' where user_id = '${family.userId}'`,
  )

  const row = await expire()
  await family.settleAll()

  expect(row.result).toEqual({ profiles: 1, documents: 0, uploads: 0 })
  expect(await family.keys()).toEqual([])
  const left = await sql<{ user_id: string }>`select user_id from iep.profiles`.execute(
    family.world.database.sql,
  )
  expect(left.rows).toEqual([{ user_id: linus }])
  expect((await sql`select 1 from iep.children`.execute(family.world.database.sql)).rows).toEqual([])
})

test('a place that was never filled is closed after its hour', async () => {
  await family.open()
  await run(`update iep.uploads set expires_at = now() - interval '1 second'`)

  const row = await expire()
  await family.settleAll()

  expect(row.result).toEqual({ profiles: 0, documents: 0, uploads: 1 })
  expect((await sql`select 1 from iep.uploads`.execute(family.world.database.sql)).rows).toEqual([])
})

test('a file of which nobody ever heard is found when its hour is over', async () => {
  const { iepId, key } = await family.open()
  await family.put(key, programOf('Ada', 2))
  await run(`update iep.uploads set expires_at = now() - interval '1 second'`)

  await expire()
  await family.settleAll()

  expect(await family.documents()).toMatchObject([{ iep_id: iepId, active: true, page_count: 2 }])
  expect(await family.keys()).toEqual(await family.files())
})
