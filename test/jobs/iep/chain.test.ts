import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { settleArrival } from '../../../src/domains/iep/arrivals.ts'
import type { DocumentRef } from '../../../src/domains/iep/document.ts'
import { ask } from '../../../src/jobs/define.ts'
import { nextSteps } from '../../../src/jobs/iep/next-steps.ts'
import { summariseDocument } from '../../../src/jobs/iep/summarise-document.ts'
import { translateDocument } from '../../../src/jobs/iep/translate-document.ts'
import { createFamily, type Family } from './family.ts'
import { programOf } from './pdf.ts'

let family: Family

beforeEach(async () => {
  family = await createFamily()
})
afterEach(() => family[Symbol.asyncDispose]())

const refOf = (iepId: string) => ({ iepId, userId: family.userId, revision: 1 })
const run = (text: string) => sql.raw(text).execute(family.world.database.sql)
const ready = { en: 'ready', es: 'ready', vi: 'ready', zh: 'ready' }

/** What whoever gives consent or wants another try asks for, and all that follows. */
async function goOn(iepId: string): Promise<void> {
  for (const wish of await nextSteps(family.world.database.sql, refOf(iepId)))
    await family.world.asking.accept.now(wish, 'trace')
  await family.settleAll()
}

/** Runs the chain up to a step that is about to begin. */
async function upTo(step: string): Promise<void> {
  for (;;) {
    const open = await sql<{ id: string; name: string }>`
      select id, name from millrace.jobs where state in ('waiting', 'delayed') order by id`.execute(
      family.world.database.sql,
    )
    const next = open.rows.find(({ name }) => name !== step)
    if (!next) return
    await family.world.finish(next.id)
  }
}

test('from a file to four languages, each step once, each followed by the next', async () => {
  const { iepId } = await family.upload(programOf('Ada', 3))

  await family.settleAll()

  expect(await family.document(iepId)).toMatchObject({
    status: 'PROCESSED',
    problem_code: null,
    waiting_for: null,
  })
  expect(await family.states(iepId)).toEqual(ready)
  const jobs = await family.jobs()
  const steps = jobs.map(({ name }) => name).filter((name) => name !== 'iep.remove-objects')
  expect(steps).toEqual([
    'iep.receive-document',
    'iep.read-document',
    'iep.redact-document',
    'iep.summarise-document',
    ...Array.from({ length: 3 }, () => 'iep.translate-document'),
  ])
  expect(jobs.every(({ state }) => state === 'completed')).toBe(true)
  const versions = await sql<{
    language: string
    verification: object
    prompt_version: string
    model: string
  }>`
    select language, verification, prompt_version, model from iep.language_versions`.execute(
    family.world.database.sql,
  )
  for (const version of versions.rows) {
    expect(version.verification).toMatchObject({ checked: expect.any(Number) as number })
    expect(version.prompt_version).not.toBe('')
    expect(version.model).not.toBe('')
  }
  const metrics = await family.world.metrics.registry.metrics()
  expect(metrics).toContain('millrace_iep_documents_total{outcome="arrived"} 1')
  expect(metrics).toContain('millrace_iep_documents_total{outcome="processed"} 1')
  expect(metrics).toMatch(/millrace_iep_values_total\{language="en",outcome="verified"\} \d/)
})

test('the ledger and the metrics hold nothing of what a document says', async () => {
  await family.upload(programOf('Adalbert', 2))
  await family.settleAll()

  const kept = await sql`
    select to_jsonb(j) as job, (select jsonb_agg(to_jsonb(e)) from millrace.job_events e where e.job = j.id) as history
    from millrace.jobs j`.execute(family.world.database.sql)
  const told = JSON.stringify(kept.rows) + (await family.world.metrics.registry.metrics())
  expect(told).not.toMatch(/Adalbert|Byron|words per minute|555-0142|plan\.pdf/)
})

test('without consent nothing is paid; once it is given everything follows', async () => {
  await family.consent(false)
  const { iepId } = await family.upload(programOf('Ada', 2))
  await family.settleAll()
  expect(await family.calls(iepId)).toEqual([])

  await family.consent(true)
  await goOn(iepId)

  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSED', waiting_for: null })
  expect(await family.states(iepId)).toEqual(ready)
})

test('while a language is waited for the document is not processed, whatever becomes of the last one', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  await upTo('iep.translate-document')
  expect(await family.states(iepId)).toEqual({ en: 'ready', es: 'waiting', vi: 'waiting', zh: 'waiting' })

  for (const language of ['es', 'zh'] as const) {
    await family.world.work(ask(translateDocument, { ...refOf(iepId), language }))
    expect(await family.document(iepId)).toMatchObject({ status: 'OCR_COMPLETED' })
  }
  family.mistral.dials.set({ does: 'fail', path: '/v1/chat', times: 100 })
  await family.world.work(ask(translateDocument, { ...refOf(iepId), language: 'vi' }))

  expect(await family.states(iepId)).toEqual({ ...ready, vi: 'failed' })
  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSED' })
})

test('a language that fails leaves the others readable, and is retried alone', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  await upTo('iep.translate-document')
  family.mistral.dials.set({ does: 'fail', path: '/v1/chat', containing: 'Vietnamese', times: 100 })
  await family.settleAll()

  expect(await family.states(iepId)).toEqual({ ...ready, vi: 'failed' })
  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSED', problem_code: null })
  const failed = await sql<{ problem_message: string }>`
    select problem_message from iep.language_versions where language = 'vi'`.execute(
    family.world.database.sql,
  )
  expect(failed.rows[0]?.problem_message).toContain('Vietnamese')

  family.mistral.dials.clear()
  const before = (await family.calls(iepId)).filter(({ language }) => language !== 'vi')
  await goOn(iepId)

  expect(await family.states(iepId)).toEqual(ready)
  expect((await family.calls(iepId)).filter(({ language }) => language !== 'vi')).toEqual(before)
})

test('when nothing of a document can be summarised it is FAILED, with a sentence; asked again only that is done', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  family.mistral.dials.set({ does: 'fail', path: '/v1/chat', times: 100 })
  await family.settleAll()

  expect(await family.document(iepId)).toMatchObject({
    status: 'FAILED',
    problem_code: 'summary-failed',
    problem_message: expect.stringContaining('could not write its summary') as string,
  })
  expect(await family.states(iepId)).toEqual({ en: 'failed' })

  family.mistral.dials.clear()
  const read = (await family.calls(iepId)).filter(({ step }) => step === 'read')
  await goOn(iepId)

  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSED', problem_code: null })
  expect((await family.calls(iepId)).filter(({ step }) => step === 'read')).toEqual(read)
})

test('answers that were of no use are not given again: asked once more, the model thinks anew', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  await upTo('iep.summarise-document')
  family.mistral.dials.set({ does: 'null', fields: ['sections'], path: '/v1/chat', times: 3 })
  await family.settleAll()
  expect(await family.document(iepId)).toMatchObject({ status: 'FAILED' })

  family.mistral.dials.clear()
  await goOn(iepId)

  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSED', problem_code: null })
})

test.each([
  { step: 'iep.read-document', path: '/v1/ocr' },
  { step: 'iep.summarise-document', path: '/v1/chat' },
  { step: 'iep.translate-document', path: '/v1/chat' },
])(
  'a document deleted in the middle of $step leaves no ghost, and nothing follows',
  async ({ step, path }) => {
    const { iepId } = await family.upload(programOf('Ada', 2))
    await upTo(step)
    const paid = (await family.calls(iepId)).length
    family.mistral.dials.set({ does: 'slow', path, milliseconds: 1500, times: 100 })

    const going = family.settleAll()
    await expect.poll(async () => (await family.calls(iepId)).length).toBeGreaterThan(paid)
    await run('delete from iep.documents')
    await going

    for (const table of ['documents', 'pages', 'language_versions'])
      expect((await sql.raw(`select 1 from iep.${table}`).execute(family.world.database.sql)).rows).toEqual(
        [],
      )
    expect(
      (await sql`select 1 from iep.model_calls where answer is not null`.execute(family.world.database.sql))
        .rows,
    ).toEqual([])
    const jobs = await family.jobs()
    expect(jobs.every(({ state }) => state === 'completed')).toBe(true)
    expect(jobs.filter(({ name }) => name === step).map(({ result }) => result)).toContainEqual({
      gone: true,
    })
  },
)

test('other bytes in the middle of a step: the old step ends in peace, and the new bytes are read from the start', async () => {
  const { iepId, key } = await family.upload(programOf('Ada', 2))
  await upTo('iep.summarise-document')
  const bytes = programOf('Ada', 4)
  await family.put(key, bytes)
  family.mistral.dials.set({ does: 'slow', path: '/v1/chat', milliseconds: 1500 })
  const going = family.settleAll()
  await expect
    .poll(async () => (await family.calls(iepId)).some(({ step }) => step === 'summarise'))
    .toBe(true)

  const { userId, childId, world } = family
  const sha256 = createHash('sha256').update(bytes).digest()
  await world.database.transaction(async (tx) => {
    const verdict = { pages: 4, key }
    const file = { found: 'file' as const, sha256, bytes: bytes.length, etag: 'looked-at', verdict }
    const { proceed } = await settleArrival(tx, { userId, childId, iepId }, file)
    await world.asking.accept.in(tx, await nextSteps(tx, proceed as DocumentRef), 'trace')
  })
  await going
  await family.settleAll()

  expect(await family.document(iepId)).toMatchObject({ revision: 2, page_count: 4, status: 'PROCESSED' })
  expect(await family.states(iepId)).toEqual(ready)
  const summaries = (await family.jobs()).filter(({ name }) => name === 'iep.summarise-document')
  expect(summaries.map(({ result }) => result)).toEqual([
    { gone: true },
    expect.objectContaining({ checked: expect.any(Number) as number }),
  ])
})

test('a step whose end was not written down is done again without being paid again', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  await upTo('iep.summarise-document')
  await run(`
    create sequence once;
    create function refuse_once() returns trigger language plpgsql as $$ begin
      if nextval('once') = 1 then raise exception 'no'; end if; return new; end $$;
    create trigger refuse_once before insert or update on iep.language_versions for each row when (new.state = 'ready')
      execute function refuse_once()`)
  family.mistral.dials.set({ does: 'invent-number', path: '/v1/chat' })

  const row = await family.world.work(ask(summariseDocument, refOf(iepId)))

  expect(row).toMatchObject({ state: 'completed', attempts: 2 })
  // The question, and once what was wrong with the answer.
  const asked = (await family.calls(iepId)).filter(({ step }) => step === 'summarise')
  expect(asked).toHaveLength(2)
})

test('languages that end at the same moment make the document processed once', async () => {
  const { iepId } = await family.upload(programOf('Ada', 2))
  await upTo('iep.translate-document')

  await Promise.all(
    (['es', 'zh', 'vi'] as const).map((language) =>
      family.world.work(ask(translateDocument, { ...refOf(iepId), language })),
    ),
  )

  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSED' })
  expect(await family.world.metrics.registry.metrics()).toContain(
    'millrace_iep_documents_total{outcome="processed"} 1',
  )
})

test('a second document in the middle of the first takes its place, and only its own objects stay', async () => {
  const first = await family.upload(programOf('Ada', 2))
  await upTo('iep.summarise-document')
  const second = await family.upload(programOf('Ada', 3))
  await family.settleAll()

  expect(await family.documents()).toMatchObject([{ iep_id: second.iepId, status: 'PROCESSED' }])
  expect(await family.keys()).toEqual(await family.files())
  expect((await family.calls(first.iepId)).every(({ step }) => step === 'read')).toBe(true)
})
