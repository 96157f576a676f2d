import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { addChild } from '../../../src/domains/iep/children.ts'
import {
  documentsOf,
  findActive,
  findDocument,
  forgetDocuments,
  isOfChild,
  languageStates,
  takeBackFailures,
  versionOfDocument,
} from '../../../src/domains/iep/documents.ts'
import { holdProfile } from '../../../src/domains/iep/profiles.ts'
import { openUpload } from '../../../src/domains/iep/uploads.ts'
import { createWorld, type World } from '../../support/world.ts'
import { ada, arrive, called, english, read, tell } from './stored.ts'

const childOf = (world: World, userId = ada) =>
  world.database.transaction(async (tx) => {
    await holdProfile(tx, userId)
    return (await addChild(tx, userId, { name: 'Linus', schoolCity: 'Boston' })).childId
  })
const withPages = { withPages: true }

test('a child without a document has none, not even a version of one', async () => {
  await using world = await createWorld()
  const db = world.database.sql
  const childId = await childOf(world)
  await arrive(db, { userId: ada, childId, active: false, status: 'FAILED', pageCount: null })
  expect(await findDocument(db, childId, withPages)).toBeUndefined()
  expect(await versionOfDocument(db, childId)).toBeUndefined()
  expect(await findActive(db, childId)).toBeUndefined()
})

test('what was found out is told page by page and language by language', async () => {
  await using world = await createWorld()
  const db = world.database.sql
  const childId = await childOf(world)
  const iepId = await arrive(db, { userId: ada, childId, ago: 5 })
  await read(db, iepId, 12)
  await tell(db, iepId, 'en', { state: 'ready', content: english })
  await tell(db, iepId, 'zh', { state: 'failed', message: 'No.' })

  const found = await findDocument(db, childId, withPages)
  expect(found?.pages.map(({ index }) => index)).toEqual([...Array(12).keys()])
  expect(found?.versions).toHaveLength(2)
  expect(found?.versions.find(({ language }) => language === 'en')?.content).toEqual(english)
  expect(found?.updatedAt).toBeGreaterThan(found?.createdAt ?? Infinity)
  expect((await findDocument(db, childId, { withPages: false }))?.pages).toEqual([])
})

test('a call that was throttled is no repetition; one without an answer that is asked again is', async () => {
  await using world = await createWorld()
  const db = world.database.sql
  const childId = await childOf(world)
  const iepId = await arrive(db, { userId: ada, childId })
  const translate = { step: 'translate', language: 'es' }
  await called(db, iepId, { ...translate, outcome: 'throttled' })
  await called(db, iepId, { ...translate, outcome: null })
  await called(db, iepId, { ...translate, tokens: [10, 20], cost: 5 })
  await called(db, iepId, { ...translate, question: 'another', tokens: [1, 2], cost: 7 })
  expect((await findDocument(db, childId, withPages))?.usage).toEqual([
    {
      step: 'translate',
      language: 'es',
      calls: 3,
      repeated: 1,
      pages: 0,
      promptTokens: 11,
      completionTokens: 22,
      cost: 12,
    },
  ])
})

test('forgetting takes everything of the child, and nothing of another', async () => {
  await using world = await createWorld()
  const db = world.database.sql
  const [childId, other] = [await childOf(world), await childOf(world)]
  const active = await arrive(db, { userId: ada, childId })
  const refused = await arrive(db, { userId: ada, childId, active: false, status: 'FAILED', pageCount: null })
  const kept = await arrive(db, { userId: ada, childId: other })
  await called(db, active, { step: 'read' })
  await called(db, kept, { step: 'read' })
  const { iepId: place } = await world.database.transaction((tx) =>
    openUpload(tx, { userId: ada, childId, fileName: 'new.pdf' }),
  )
  expect((await documentsOf(db, childId)).map(({ iepId }) => iepId).sort()).toEqual([active, refused].sort())
  for (const iepId of [active, refused, place]) expect(await isOfChild(db, childId, iepId)).toBe(true)
  for (const iepId of [kept, 'no-id', '']) expect(await isOfChild(db, childId, iepId)).toBe(false)

  await world.database.transaction((tx) => forgetDocuments(tx, childId))
  for (const iepId of [active, refused, place]) expect(await isOfChild(db, childId, iepId)).toBe(false)
  expect((await findDocument(db, other, withPages))?.iepId).toBe(kept)
  const answers = await sql<{ kept: boolean }>`
    select answer is not null as kept from iep.model_calls order by iep_id = ${kept}`.execute(db)
  expect(answers.rows).toEqual([{ kept: false }, { kept: true }])
})

test('taking back failures touches only what failed', async () => {
  await using world = await createWorld()
  const db = world.database.sql
  const [childId, other] = [await childOf(world), await childOf(world)]
  const problem = { code: 'x', message: 'No.' }
  const iepId = await arrive(db, { userId: ada, childId, status: 'FAILED', problem })
  const untouched = await arrive(db, { userId: ada, childId: other, status: 'FAILED', problem })
  await tell(db, iepId, 'en', { state: 'failed', message: 'No.' })
  await tell(db, iepId, 'es', { state: 'ready', content: english })
  expect(await findActive(db, childId)).toMatchObject({ iepId, refused: null, failed: true })

  await world.database.transaction((tx) => takeBackFailures(tx, { iepId }))
  expect(await findActive(db, childId)).toMatchObject({ failed: false })
  const found = await findDocument(db, childId, withPages)
  expect(found).toMatchObject({ status: 'PROCESSING', problem: null })
  expect(found?.versions.map(({ language, state, message }) => [language, state, message]).sort()).toEqual([
    ['en', 'waiting', null],
    ['es', 'ready', null],
  ])
  expect((await findDocument(db, other, withPages))?.iepId).toBe(untouched)
  expect(await findActive(db, other)).toMatchObject({ failed: true })
})

test('a document that was refused is told from one that failed later', async () => {
  await using world = await createWorld()
  const db = world.database.sql
  const childId = await childOf(world)
  const problem = { code: 'encrypted', message: 'It is protected.' }
  await arrive(db, { userId: ada, childId, status: 'FAILED', pageCount: null, problem })
  expect(await findActive(db, childId)).toMatchObject({ refused: problem, failed: true })
})

test('no language is promised by a document that failed', () => {
  const versions = [
    { language: 'en', state: 'ready' },
    { language: 'es', state: 'working' },
  ] as const
  expect(languageStates('OCR_COMPLETED', [...versions])).toEqual({
    en: 'ready',
    es: 'working',
    zh: 'waiting',
    vi: 'waiting',
  })
  expect(languageStates('FAILED', [...versions])).toEqual({
    en: 'ready',
    es: 'failed',
    zh: 'failed',
    vi: 'failed',
  })
})
