import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFamily, type Family } from './family.ts'
import { programOf } from './pdf.ts'

let family: Family

beforeEach(async () => {
  family = await createFamily()
})
afterEach(() => family[Symbol.asyncDispose]())

const bytes = programOf('Ada', 2)
const ready = { en: 'ready', es: 'ready', vi: 'ready', zh: 'ready' }

/** A document that is there in all languages but Vietnamese, which failed for good. */
async function withoutVietnamese() {
  const { dials } = family.mistral
  dials.set({ does: 'fail', path: '/v1/chat', containing: 'Vietnamese', times: 100 })
  const upload = await family.upload(bytes)
  await family.settleAll()
  dials.clear()
  expect(await family.states(upload.iepId)).toEqual({ ...ready, vi: 'failed' })
  return upload
}

const paidForOthers = async (iepId: string) =>
  (await family.calls(iepId)).filter(({ language }) => language !== 'vi')

test('the same bytes again try a language that had failed, and nothing that is ready is paid for twice', async () => {
  const { iepId } = await withoutVietnamese()
  const paid = await paidForOthers(iepId)

  const again = await family.upload(bytes)
  expect(await family.states(iepId)).toEqual({ ...ready, vi: 'waiting' })
  await family.settleAll()

  expect(again.job.result).toEqual({ outcome: 'repeated' })
  expect(await family.states(iepId)).toEqual(ready)
  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSED', revision: 1 })
  expect(await paidForOthers(iepId)).toEqual(paid)
})

test('so do the same bytes at the address they came to before', async () => {
  const { iepId, key } = await withoutVietnamese()

  await family.put(key, bytes)
  const told = await family.tell({ iepId })
  await family.settleAll()

  expect(told.result).toEqual({ outcome: 'repeated' })
  expect(await family.states(iepId)).toEqual(ready)
})

test('without consent what had failed waits for it', async () => {
  const { iepId } = await withoutVietnamese()
  const paid = await family.calls(iepId)
  await family.consent(false)

  await family.upload(bytes)
  await family.settleAll()

  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSED', waiting_for: 'consent' })
  expect(await family.states(iepId)).toEqual({ ...ready, vi: 'waiting' })
  expect(await family.calls(iepId)).toEqual(paid)
})

test('where nothing has failed the same bytes ask for nothing', async () => {
  const { iepId } = await family.upload(bytes)
  await family.settleAll()
  const paid = await family.calls(iepId)

  await family.upload(bytes)
  await family.settleAll()

  expect(await family.states(iepId)).toEqual(ready)
  expect(await family.calls(iepId)).toEqual(paid)
})
