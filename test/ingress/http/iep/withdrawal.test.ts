import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask } from '../../../../src/jobs/define.ts'
import { readDocument } from '../../../../src/jobs/iep/read-document.ts'
import { summariseDocument } from '../../../../src/jobs/iep/summarise-document.ts'
import { translateDocument } from '../../../../src/jobs/iep/translate-document.ts'
import { sleep } from '../../../../src/shared/time.ts'
import { programOf } from '../../../jobs/iep/pdf.ts'
import { startParent, type Parent } from './parent.ts'

let parent: Parent

beforeEach(async () => {
  parent = await startParent()
})
afterEach(() => parent[Symbol.asyncDispose]())

const ready = { en: 'ready', es: 'ready', vi: 'ready', zh: 'ready' }
const refOf = (iepId: string) => ({ iepId, userId: parent.family.userId, revision: 1 })
const callsOf = (iepId: string) => parent.family.calls(iepId)
/** What really came to the provider. */
const sent = () => parent.family.mistral.calls().length
const begun = async (iepId: string, step: string) =>
  (await callsOf(iepId)).filter((call) => call.step === step).length
const pagesOf = async (iepId: string) =>
  (await sql`select from iep.pages where iep_id = ${iepId}`.execute(parent.family.world.database.sql)).rows
    .length
const jobsCalled = async (job: string) =>
  (await parent.family.jobs()).filter(({ name }) => name === job).map(({ state }) => state)

/** Runs the chain up to a step that is about to begin. */
async function upTo(step: string): Promise<void> {
  const { world } = parent.family
  for (;;) {
    const open = await sql<{ id: string; name: string }>`
      select id, name from millrace.jobs where state in ('waiting', 'delayed') order by id`.execute(
      world.database.sql,
    )
    const next = open.rows.find(({ name }) => name !== step)
    if (!next) return
    await world.finish(next.id)
  }
}

/** What the provider was asked for, when all of it was answered and nothing twice. */
async function expectReadOnce(iepId: string, pages: number): Promise<void> {
  const reading = (await callsOf(iepId)).filter(({ step }) => step === 'read')
  expect(reading.every(({ outcome }) => outcome === 'answered')).toBe(true)
  expect(reading.reduce((sum, call) => sum + Number(call.pages), 0)).toBe(pages)
}

test('consent that is taken back while pages are read: no further call begins, and given again it goes on from there', async () => {
  const { family } = parent
  const { iepId } = await family.upload(programOf('Ada', 80))
  family.mistral.settings.change({ millisecondsPerCall: 2000 })
  const reading = family.world.work(ask(readDocument, refOf(iepId)))
  await expect.poll(() => begun(iepId, 'read')).toBeGreaterThan(0)

  await parent.consent(false)

  const before = await begun(iepId, 'read')
  expect(before).toBeLessThan(8)
  expect(await parent.progress()).toMatchObject({ step: 'waiting for consent', waitingFor: 'consent' })
  expect(await reading).toMatchObject({ state: 'completed', attempts: 1, result: { waitingFor: 'consent' } })
  expect(await begun(iepId, 'read')).toBe(before)
  expect(sent()).toBe(before)
  expect(await pagesOf(iepId)).toBe(10 * before)
  expect(await parent.progress()).toMatchObject({ step: 'waiting for consent' })

  family.mistral.settings.reset()
  await parent.consent(true)
  expect(await parent.progress()).toMatchObject({ step: 'reading' })
  await family.settleAll()

  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSED', waiting_for: null })
  expect(await family.states(iepId)).toEqual(ready)
  await expectReadOnce(iepId, 80)
})

test('consent that comes back before the step has noticed: it goes on, and no second one beside it', async () => {
  const { family } = parent
  const { iepId } = await family.upload(programOf('Ada', 80))
  family.mistral.settings.change({ millisecondsPerCall: 1500 })
  const reading = family.world.work(ask(readDocument, refOf(iepId)))
  await expect.poll(() => begun(iepId, 'read')).toBeGreaterThan(0)

  await parent.consent(false)
  await parent.consent(true)

  expect(await parent.progress()).toMatchObject({ step: 'reading' })
  expect(await jobsCalled('iep.read-document')).toEqual(['active'])
  expect(await reading).toMatchObject({ state: 'completed', attempts: 1, round: 1, result: { pages: 80 } })
  family.mistral.settings.reset()
  await family.settleAll()
  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSED', waiting_for: null })
  await expectReadOnce(iepId, 80)
})

test('consent that comes back while the step waits for its last answers: it goes on with what is missing', async () => {
  const { family } = parent
  const { iepId } = await family.upload(programOf('Ada', 80))
  family.mistral.settings.change({ millisecondsPerCall: 1500 })
  family.mistral.dials.set({ does: 'slow', path: '/v1/ocr', containing: '"pages":[0,', milliseconds: 6000 })
  const reading = family.world.work(ask(readDocument, refOf(iepId)))
  await expect.poll(() => begun(iepId, 'read')).toBe(4)
  await parent.consent(false)
  await expect.poll(() => pagesOf(iepId)).toBe(30)
  // By now the others have been told that they may not ask.
  await sleep(500)
  expect(await jobsCalled('iep.read-document')).toEqual(['active'])
  expect(await begun(iepId, 'read')).toBe(4)

  await parent.consent(true)

  expect(await reading).toMatchObject({ state: 'completed', attempts: 1, round: 1, result: { pages: 80 } })
  await expectReadOnce(iepId, 80)
  expect(await family.document(iepId)).toMatchObject({ status: 'OCR_COMPLETED', waiting_for: null })
})

test('consent that is taken back while the summary is written: what was wrong with it is not sent back any more', async () => {
  const { family } = parent
  const { iepId } = await family.upload(programOf('Ada', 2))
  await upTo('iep.summarise-document')
  family.mistral.settings.change({ millisecondsPerCall: 2000 })
  family.mistral.dials.set({ does: 'invent-number', path: '/v1/chat' })
  const before = sent()
  const writing = family.world.work(ask(summariseDocument, refOf(iepId)))
  await expect.poll(() => begun(iepId, 'summarise')).toBe(1)

  await parent.consent(false)

  expect(await parent.progress()).toMatchObject({ step: 'waiting for consent' })
  expect(await writing).toMatchObject({ state: 'completed', attempts: 1, result: { waitingFor: 'consent' } })
  expect(sent()).toBe(before + 1)
  expect((await parent.progress()).languages).toMatchObject({ en: 'waiting' })

  family.mistral.settings.reset()
  await parent.consent(true)
  await family.settleAll()
  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSED', waiting_for: null })
  // The first answer is remembered; only its faults are sent.
  expect((await callsOf(iepId)).filter(({ step }) => step === 'summarise')).toMatchObject([
    { outcome: 'answered' },
    { outcome: 'answered' },
  ])
})

test('consent that is taken back while three languages are written: the good ones stay, the others wait', async () => {
  const { family } = parent
  const { iepId } = await family.upload(programOf('Ada', 2))
  await upTo('iep.translate-document')
  family.mistral.settings.change({ millisecondsPerCall: 2000 })
  family.mistral.dials.set({ does: 'wrong-language', containing: 'Vietnamese' })
  const before = sent()
  const writing = (['es', 'zh', 'vi'] as const).map((language) =>
    family.world.work(ask(translateDocument, { ...refOf(iepId), language })),
  )
  await expect.poll(() => begun(iepId, 'translate')).toBe(3)

  await parent.consent(false)

  const [, , vietnamese] = await Promise.all(writing)
  expect(vietnamese).toMatchObject({ attempts: 1, result: { waitingFor: 'consent' } })
  expect(sent()).toBe(before + 3)
  expect(await parent.progress()).toMatchObject({
    step: 'waiting for consent',
    languages: { en: 'ready', es: 'ready', zh: 'ready', vi: 'waiting' },
  })

  family.mistral.settings.reset()
  await parent.consent(true)
  await family.settleAll()
  expect(await family.states(iepId)).toEqual(ready)
  expect(await parent.progress()).toMatchObject({ step: 'done' })
  expect((await callsOf(iepId)).filter(({ step }) => step === 'translate')).toHaveLength(4)
})

test('a document whose last answers were under way when consent was taken back is done, and waits for nothing', async () => {
  const { family } = parent
  const { iepId } = await family.upload(programOf('Ada', 2))
  await upTo('iep.translate-document')
  family.mistral.settings.change({ millisecondsPerCall: 2000 })
  const writing = (['es', 'zh', 'vi'] as const).map((language) =>
    family.world.work(ask(translateDocument, { ...refOf(iepId), language })),
  )
  await expect.poll(() => begun(iepId, 'translate')).toBe(3)

  await parent.consent(false)
  expect(await parent.progress()).toMatchObject({ step: 'waiting for consent' })
  await Promise.all(writing)

  const done = await parent.progress()
  expect(done).toMatchObject({ step: 'done', languages: ready })
  expect(done).not.toHaveProperty('waitingFor')
  await parent.consent(false)
  expect(await parent.progress()).toMatchObject({ step: 'done' })
})

test('consent that comes back while the step is about to settle waits for nothing', async () => {
  const { family } = parent
  const { iepId } = await family.upload(programOf('Ada', 20))
  family.mistral.settings.change({ millisecondsPerCall: 2000 })
  const reading = family.world.work(ask(readDocument, refOf(iepId)))
  await expect.poll(() => begun(iepId, 'read')).toBe(2)
  await parent.consent(false)

  // As whoever settles it does.
  await family.world.database.transaction(async (tx) => {
    await sql`select from millrace.jobs where name = 'iep.read-document' for update`.execute(tx)
    await parent.consent(true)
  })

  expect(await reading).toMatchObject({ state: 'completed', attempts: 1, round: 1, result: { pages: 20 } })
  expect(await jobsCalled('iep.redact-document')).toEqual(['waiting'])
})

test('a document deleted after its parent took consent back leaves no ghost, and giving it again starts nothing', async () => {
  const { family } = parent
  const { iepId } = await family.upload(programOf('Ada', 80))
  family.mistral.settings.change({ millisecondsPerCall: 2000 })
  const reading = family.world.work(ask(readDocument, refOf(iepId)))
  await expect.poll(() => begun(iepId, 'read')).toBeGreaterThan(0)

  await parent.consent(false)
  const before = await begun(iepId, 'read')
  await parent.deleteDocuments()
  await reading
  await parent.consent(true)
  await family.settleAll()

  expect(await family.documents()).toEqual([])
  expect(await pagesOf(iepId)).toBe(0)
  expect(await begun(iepId, 'read')).toBe(before)
  expect(await parent.progress()).toMatchObject({ step: 'no document' })
})

test('a parent who cannot decide: whatever is said when, the document is done in the end and no page read twice', async () => {
  const { family } = parent
  const { iepId } = await family.upload(programOf('Ada', 60))
  family.mistral.settings.change({ millisecondsPerCall: 60 })
  let decided = false
  const working = (async () => {
    while (!decided) {
      await family.settleAll()
      await sleep(5)
    }
  })()
  for (let turn = 0; turn < 25; turn += 1) {
    await parent.consent(false)
    await sleep(Math.random() * 80)
    await parent.consent(true)
    await sleep(Math.random() * 80)
  }
  decided = true
  await working
  await family.settleAll()

  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSED', waiting_for: null })
  expect(await family.states(iepId)).toEqual(ready)
  await expectReadOnce(iepId, 60)
})
