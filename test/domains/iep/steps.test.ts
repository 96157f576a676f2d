import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { holdChild } from '../../../src/domains/iep/children.ts'
import { DocumentGone } from '../../../src/domains/iep/document.ts'
import {
  beginStep,
  finishReading,
  holdDocument,
  missingSteps,
  noteProblem,
} from '../../../src/domains/iep/steps.ts'
import { beginVersion, failVersion, processedWhenComplete } from '../../../src/domains/iep/versions.ts'
import { createWorld, type World } from '../../support/world.ts'

let world: World
const document = { iepId: randomUUID(), userId: 'grace', revision: 1 }

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

beforeEach(async () => {
  await run('truncate iep.profiles cascade')
  await run(`insert into iep.profiles (user_id, consent_given) values ('grace', true), ('linus', true)`)
  const childId = randomUUID()
  await run(
    `insert into iep.children (child_id, user_id, name, school_city) values ('${childId}', 'grace', 'Ada', 'Boston')`,
  )
  await run(`
    insert into iep.documents (iep_id, child_id, user_id, object_key, file_name, active, sha256, byte_size, page_count)
    values ('${document.iepId}', '${childId}', 'grace', 'key', 'plan.pdf', true, '\\x00', 1, 2)`)
})

const run = (text: string) => sql.raw(text).execute(world.database.sql)
const change = (set: string) => run(`update iep.documents set ${set}`)
const missing = async (ref = document) =>
  (await missingSteps(world.database.sql, ref)).map((one) => ('language' in one ? one.language : one.step))
const row = async () =>
  (
    await sql<{
      status: string
      waiting_for: string | null
      problem_code: string | null
      processed_at: Date | null
    }>`
      select status, waiting_for, problem_code, processed_at from iep.documents`.execute(world.database.sql)
  ).rows[0]
const version = (language: string, state: string) =>
  run(`insert into iep.language_versions (iep_id, language, state, content)
    values ('${document.iepId}', '${language}', '${state}', ${state === 'ready' ? `'{}'` : 'null'})`)

test('what is missing follows from what is there, step by step', async () => {
  expect(await missing()).toEqual(['read'])
  await change('ocr_completed_at = now()')
  expect(await missing()).toEqual(['redact'])
  await change('redacted_at = now()')
  expect(await missing()).toEqual(['summarise'])
  await version('en', 'working')
  expect(await missing()).toEqual(['summarise'])
  await run(`update iep.language_versions set state = 'ready', content = '{}'`)
  expect(await missing()).toEqual(['es', 'zh', 'vi'])
  await version('es', 'ready')
  await version('zh', 'failed')
  await version('vi', 'working')
  expect(await missing()).toEqual(['zh', 'vi'])
})

test.each([
  ['without consent', `update iep.profiles set consent_given = false where user_id = 'grace'`],
  ['when it was refused', `update iep.documents set status = 'FAILED', page_count = null`],
  ['when another took its place', `update iep.documents set status = 'FAILED', active = false`],
  ['when it is gone', 'delete from iep.documents'],
  ['when other bytes took the place of its own', 'update iep.documents set revision = 2'],
])('nothing is missing %s', async (_when, statement) => {
  await run(statement)

  expect(await missing()).toEqual([])
})

test('nothing is missing of somebody else’s document', async () => {
  expect(await missing({ ...document, userId: 'linus' })).toEqual([])
})

test.each([{ userId: 'linus' }, { revision: 2 }, { iepId: randomUUID() }])(
  'a document is held only by who names it exactly: not with %o',
  async (other) => {
    const holding = world.database.transaction((tx) => holdDocument(tx, { ...document, ...other }))

    await expect(holding).rejects.toBeInstanceOf(DocumentGone)
  },
)

test('whoever holds a document says whether it waits for consent', async () => {
  await run(`update iep.profiles set consent_given = false`)
  await world.database.transaction((tx) => holdDocument(tx, document))
  expect(await row()).toMatchObject({ waiting_for: 'consent' })

  await run(`update iep.profiles set consent_given = true`)
  const { consent } = await world.database.transaction((tx) => holdDocument(tx, document))
  expect(consent).toBe(true)
  expect(await row()).toMatchObject({ waiting_for: null })
})

test('consent cannot be taken back while a document is held', async () => {
  const order: string[] = []
  let takingBack: Promise<unknown> | undefined
  await world.database.transaction(async (tx) => {
    await holdDocument(tx, document)
    takingBack = run(`update iep.profiles set consent_given = false where user_id = 'grace'`).then(() =>
      order.push('taken back'),
    )
    await expect.poll(somebodyWaits).toBe(true)
    order.push('held')
  })
  await takingBack

  expect(order).toEqual(['held', 'taken back'])
})

test('one at a time holds a child', async () => {
  const order: string[] = []
  const childId = (
    await sql<{ id: string }>`select child_id as id from iep.children`.execute(world.database.sql)
  ).rows[0]?.id as string
  let other: Promise<unknown> | undefined
  await world.database.transaction(async (tx) => {
    await holdChild(tx, 'grace', childId)
    other = world.database
      .transaction((its) => holdChild(its, 'grace', childId))
      .then(() => order.push('other'))
    await expect.poll(somebodyWaits).toBe(true)
    order.push('one')
  })
  await other

  expect(order).toEqual(['one', 'other'])
})

test('what an old step found is not noted of a newer file', async () => {
  const { sql: db } = world.database
  await change('revision = 2')
  await noteProblem(db, document, 'unreadable')
  expect((await row())?.problem_code).toBeNull()

  await noteProblem(db, { ...document, revision: 2 }, 'unreadable')
  expect((await row())?.problem_code).toBe('unreadable')
})

test('one at a time holds a document', async () => {
  const order: string[] = []
  let other: Promise<unknown> | undefined
  await world.database.transaction(async (tx) => {
    await holdDocument(tx, document)
    other = world.database.transaction((its) => holdDocument(its, document)).then(() => order.push('other'))
    await expect.poll(somebodyWaits).toBe(true)
    order.push('one')
  })
  await other

  expect(order).toEqual(['one', 'other'])
})

test.each([
  ['OCR_FAILED', 'null', 'PROCESSING'],
  ['FAILED', 'now()', 'OCR_COMPLETED'],
  ['PROCESSING', 'now()', 'OCR_COMPLETED'],
  ['PROCESSED', 'now()', 'PROCESSED'],
])('a step that begins makes of %s (read: %s) %s', async (before, read, after) => {
  await change(
    `status = '${before}', ocr_completed_at = ${read}, problem_code = 'a-problem', problem_message = 'No.'`,
  )

  const begun = await world.database.transaction((tx) => beginStep(tx, document))

  expect(begun).toBe(true)
  expect(await row()).toMatchObject({ status: after, problem_code: null })
})

test('a step that may not begin writes nothing', async () => {
  await run('update iep.profiles set consent_given = false')
  await change(`status = 'OCR_FAILED', problem_code = 'a-problem'`)

  const begun = await world.database.transaction((tx) => beginStep(tx, document))

  expect(begun).toBe(false)
  expect(await row()).toMatchObject({ status: 'OCR_FAILED', problem_code: 'a-problem', waiting_for: null })
})

test('reading is not finished while a page is missing', async () => {
  await run(
    `insert into iep.pages (iep_id, index, markdown, dimensions, model) values ('${document.iepId}', 1, 'x', '{}', 'm')`,
  )

  await expect(world.database.transaction((tx) => finishReading(tx, document))).rejects.toThrow(
    'Not every page',
  )
  expect(await row()).toMatchObject({ status: 'PROCESSING' })
})

test.each([
  [['ready', 'ready', 'ready', 'ready'], true],
  [['ready', 'ready', 'failed', 'ready'], true],
  [['ready', 'ready', 'working', 'failed'], false],
  [['ready', 'waiting', 'ready', 'ready'], false],
  [['failed', 'failed', 'failed', 'failed'], false],
])(
  'with English, Spanish, Chinese, Vietnamese %j the document is processed: %s',
  async (states, processed) => {
    for (const [index, language] of ['en', 'es', 'zh', 'vi'].entries())
      await version(language, states[index] ?? '')

    const now = await world.database.transaction((tx) => processedWhenComplete(tx, document))

    expect(now).toBe(processed)
    expect((await row())?.status).toBe(processed ? 'PROCESSED' : 'PROCESSING')
    expect(await world.database.transaction((tx) => processedWhenComplete(tx, document))).toBe(false)
  },
)

test('a language that is ready stays ready, whoever begins or fails it once more', async () => {
  await version('es', 'ready')

  await world.database.transaction(async (tx) => {
    await beginVersion(tx, document, 'es')
    await failVersion(tx, document, 'es', 'No.')
  })

  const found = await sql`select state, problem_message from iep.language_versions`.execute(
    world.database.sql,
  )
  expect(found.rows).toEqual([{ state: 'ready', problem_message: null }])
})

async function somebodyWaits(): Promise<boolean> {
  const waiting = await sql`
    select 1 from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where not l.granted and a.datname = current_database()`.execute(world.database.sql)
  return waiting.rows.length > 0
}
