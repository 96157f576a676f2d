import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DocumentGone } from '../../../src/domains/iep/document.ts'
import { redactMissingPages } from '../../../src/domains/iep/redacting.ts'
import { ask, type Tools } from '../../../src/jobs/define.ts'
import { nextSteps } from '../../../src/jobs/iep/next-steps.ts'
import { readDocument } from '../../../src/jobs/iep/read-document.ts'
import { redactDocument } from '../../../src/jobs/iep/redact-document.ts'
import { openTools } from '../../../src/jobs/tools.ts'
import { createFamily, type Family } from './family.ts'
import { programOf } from './pdf.ts'

let family: Family

beforeEach(async () => {
  family = await createFamily()
})
afterEach(() => family[Symbol.asyncDispose]())

const refOf = (iepId: string, revision = 1) => ({ iepId, userId: family.userId, revision })
const run = (text: string) => sql.raw(text).execute(family.world.database.sql)
const pagesOf = async (iepId: string) =>
  (
    await sql<{
      index: number
      markdown: string
      redacted: string | null
      hidden: Record<string, number> | null
    }>`
      select index, markdown, redacted, hidden from iep.pages where iep_id = ${iepId} order by index`.execute(
      family.world.database.sql,
    )
  ).rows
const followers = async (iepId: string) =>
  (await nextSteps(family.world.database.sql, refOf(iepId))).map(({ job }) => job.name)

test('reading stores every page and says so; redacting follows', async () => {
  const { iepId } = await family.upload(programOf('Ada', 23))

  const row = await family.world.work(ask(readDocument, refOf(iepId)))

  expect(row).toMatchObject({
    state: 'completed',
    owner: `iep:${family.userId}`,
    step: expect.stringMatching(/^read \d+ of 23 pages$/) as string,
    result: { pages: 23 },
  })
  expect(await family.document(iepId)).toMatchObject({ status: 'OCR_COMPLETED' })
  const pages = await pagesOf(iepId)
  expect(pages.map(({ index }) => index)).toEqual(Array.from({ length: 23 }, (_, index) => index))
  expect(pages[0]?.markdown).toContain('45 words per minute')
  // Side by side, in whatever order they are called.
  expect((await family.calls(iepId)).map(({ pages }) => Number(pages)).toSorted((a, b) => b - a)).toEqual([
    10, 10, 3,
  ])
  expect(await family.jobs()).toContainEqual(
    expect.objectContaining({ name: 'iep.redact-document', state: 'waiting', data: refOf(iepId) }),
  )
})

test('a range that fails costs itself alone: the next attempt asks for its pages only', async () => {
  const { iepId } = await family.upload(programOf('Ada', 55))
  family.mistral.dials.set({ does: 'fail', path: '/v1/ocr', containing: '"pages":[20,' })
  const { id } = await family.world.asking.accept.now(ask(readDocument, refOf(iepId)), 'trace')
  const { runner } = await family.world.running()

  await runner.take({ id, ticket: 1 })

  expect(await family.world.see(id)).toMatchObject({ state: 'delayed', error: { code: 'model-unavailable' } })
  expect(await pagesOf(iepId)).toHaveLength(45)
  expect(await family.world.finish(id)).toMatchObject({ state: 'completed', attempts: 2 })
  expect(await pagesOf(iepId)).toHaveLength(55)
  const calls = await family.calls(iepId)
  expect(calls.filter(({ outcome }) => outcome === 'failed')).toHaveLength(1)
  const answered = calls.filter(({ outcome }) => outcome === 'answered').map(({ pages }) => pages)
  expect(answered.toSorted((a, b) => Number(a) - Number(b))).toEqual([5, 10, 10, 10, 10, 10])
})

test('a reader that is away altogether is left alone after four ranges', async () => {
  const { iepId } = await family.upload(programOf('Ada', 100))
  family.mistral.dials.set({ does: 'fail', path: '/v1/ocr', times: 100 })
  const { id } = await family.world.asking.accept.now(ask(readDocument, refOf(iepId)), 'trace')
  const { runner } = await family.world.running()

  await runner.take({ id, ticket: 1 })

  const calls = await family.calls(iepId)
  expect(calls.length).toBeGreaterThanOrEqual(4)
  expect(calls.length).toBeLessThan(8)
})

test('a document the model cannot read ends in OCR_FAILED with a sentence, and nothing follows', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  family.mistral.dials.set({ does: 'fail', path: '/v1/ocr', status: 422, times: 20 })

  const row = await family.world.work(ask(readDocument, refOf(iepId)))

  expect(row).toMatchObject({ state: 'failed', attempts: 1, undo: 'done' })
  expect(await family.document(iepId)).toMatchObject({
    status: 'OCR_FAILED',
    problem_code: row.error?.code,
    problem_message: expect.stringContaining('could not read this document') as string,
  })
  expect((await family.jobs()).map(({ name }) => name)).not.toContain('iep.redact-document')
})

test('a reader that stays away fails the document when all attempts are spent; asked again it is read', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  family.mistral.dials.set({ does: 'fail', path: '/v1/ocr', times: 12 })

  const row = await family.world.work(ask(readDocument, refOf(iepId)))
  expect(row).toMatchObject({ state: 'failed', attempts: 12 })
  expect(await family.document(iepId)).toMatchObject({ status: 'OCR_FAILED', problem_code: 'reading-failed' })

  const [again] = await nextSteps(family.world.database.sql, refOf(iepId))
  expect(again?.job).toBe(readDocument)
  expect(await family.world.work(again as never)).toMatchObject({ state: 'completed' })
  expect(await family.document(iepId)).toMatchObject({ status: 'OCR_COMPLETED', problem_code: null })
})

test('a document that went away ends its step in peace, before it costs anything', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  await run('delete from iep.documents')

  const row = await family.world.work(ask(readDocument, refOf(iepId)))

  expect(row).toMatchObject({ state: 'completed', result: { gone: true } })
  expect(await family.calls(iepId)).toEqual([])
})

test('a step about older bytes ends in peace', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  await run('update iep.documents set revision = 2')

  expect(await family.world.work(ask(readDocument, refOf(iepId)))).toMatchObject({ result: { gone: true } })
  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSING' })
})

test('consent that is taken back stops the chain before the next call, and the document says what it waits for', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  await family.consent(false)

  const row = await family.world.work(ask(readDocument, refOf(iepId)))

  expect(row).toMatchObject({ state: 'completed', result: { waitingFor: 'consent' } })
  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSING', waiting_for: 'consent' })
  expect(await family.calls(iepId)).toEqual([])
  expect(await followers(iepId)).toEqual([])
  await family.consent(true)
  expect(await followers(iepId)).toEqual(['iep.read-document'])
})

test('consent that is taken back while a step runs lets it end, and nothing follows until it is given again', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  family.mistral.dials.set({ does: 'slow', path: '/v1/ocr', milliseconds: 1000 })

  const reading = family.world.work(ask(readDocument, refOf(iepId)))
  await expect.poll(async () => (await family.calls(iepId)).length).toBe(1)
  await family.consent(false)
  await reading

  expect(await family.document(iepId)).toMatchObject({ status: 'OCR_COMPLETED', waiting_for: 'consent' })
  expect((await family.jobs()).map(({ name }) => name)).not.toContain('iep.redact-document')
})

test('consent that is given while a step is about to wait for it is not missed: the step is tried again', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  await family.consent(false)
  const opened = openTools(family.world.config)
  const { signal } = new AbortController()
  const lent = {
    ...opened.tools,
    sql: family.world.database.sql,
    signal,
    nextSteps,
    progress: () => undefined,
  }
  const outcome = await readDocument.run(refOf(iepId), lent as unknown as Tools)
  await opened.close()

  await family.consent(true)

  const settling = family.world.database.transaction((tx) =>
    'write' in outcome ? outcome.write(tx) : expect.fail(),
  )
  await expect(settling).rejects.toMatchObject({ code: 'consent-given' })
  expect(await family.document(iepId)).toMatchObject({ waiting_for: null })
})

test('cancelled by its owner, the document says that it was stopped', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  const { id } = await family.world.asking.accept.now(ask(readDocument, refOf(iepId)), 'trace')
  await run(
    `update millrace.jobs set state = 'undoing', verdict = 'cancelled', undo = 'pending' where id = '${id}'`,
  )

  await family.world.finish(id)

  expect(await family.world.see(id)).toMatchObject({ state: 'cancelled' })
  expect(await family.document(iepId)).toMatchObject({ status: 'OCR_FAILED', problem_code: 'cancelled' })
})

test('a failure for good about a document that is gone leaves no ghost', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  family.mistral.dials.set({ does: 'fail', path: '/v1/ocr', times: 30 })
  const reading = family.world.work(ask(readDocument, refOf(iepId)))
  await expect.poll(async () => (await family.calls(iepId)).length).toBeGreaterThan(0)
  await run('delete from iep.documents')
  await reading

  expect(await family.documents()).toEqual([])
  expect(await pagesOf(iepId)).toEqual([])
})

test('redacting leaves what was read as it is, counts what it hid, and is done page by page', async () => {
  const { iepId } = await family.upload(programOf('Ada', 45))
  await family.world.work(ask(readDocument, refOf(iepId)))

  const row = await family.world.work(ask(redactDocument, refOf(iepId)))

  expect(row).toMatchObject({ state: 'completed', result: { pages: 45 } })
  const [first, ...rest] = await pagesOf(iepId)
  expect(first?.markdown).toContain('555-0142')
  expect(first?.redacted).not.toContain('555-0142')
  expect(first?.redacted).toContain('45 words per minute')
  expect(first?.hidden).toMatchObject({ phone: 1 })
  expect(rest.every(({ redacted }) => redacted !== null)).toBe(true)
  expect(await followers(iepId)).toEqual(['iep.summarise-document'])
})

test('redacting that fails sends nothing on: the document is FAILED, with a sentence', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  await family.world.work(ask(readDocument, refOf(iepId)))
  // What cannot be stored cannot be sent.
  await run(`alter table iep.pages add constraint refuse check (redacted is null)`)

  const row = await family.world.work(ask(redactDocument, refOf(iepId)))

  expect(row).toMatchObject({ state: 'failed', attempts: 12 })
  expect(await family.document(iepId)).toMatchObject({ status: 'FAILED', problem_code: 'redaction-failed' })
  expect((await family.jobs()).map(({ name }) => name)).not.toContain('iep.summarise-document')
  expect((await family.calls(iepId)).every(({ step }) => step === 'read')).toBe(true)
})

test('what was redacted of older bytes is never stored beside newer ones', async () => {
  const { database } = family.world
  const { iepId } = await family.upload(programOf('Ada', 2))
  await family.world.work(ask(readDocument, refOf(iepId)))
  const options = { db: database.sql, signal: new AbortController().signal, progress: () => undefined }

  let redacting: Promise<void> | undefined
  await database.transaction(async (tx) => {
    await sql`select from iep.documents where iep_id = ${iepId} for update`.execute(tx)
    redacting = redactMissingPages(refOf(iepId), options)
    redacting.catch(() => undefined)
    await expect.poll(somebodyWaits).toBe(true)
    await sql`update iep.documents set revision = 2`.execute(tx)
    await sql`update iep.pages set markdown = 'newer'`.execute(tx)
  })

  await expect(redacting).rejects.toBeInstanceOf(DocumentGone)
  expect((await pagesOf(iepId)).map(({ redacted }) => redacted)).toEqual([null, null])
})

test('redacting a document that went away stores nothing', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  await family.world.work(ask(readDocument, refOf(iepId)))
  await run('update iep.documents set revision = 2')

  expect(await family.world.work(ask(redactDocument, refOf(iepId)))).toMatchObject({ result: { gone: true } })
  expect((await pagesOf(iepId)).every(({ redacted }) => redacted === null)).toBe(true)
})

async function somebodyWaits(): Promise<boolean> {
  const waiting = await sql`
    select 1 from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where not l.granted and a.datname = current_database()`.execute(family.world.database.sql)
  return waiting.rows.length > 0
}
