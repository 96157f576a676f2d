import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findActive, findDocument } from '../../../src/domains/iep/documents.ts'
import { progressOf } from '../../../src/domains/iep/progress.ts'
import { openTools } from '../../../src/jobs/tools.ts'
import { createFamily, type Family } from './family.ts'
import { programOf } from './pdf.ts'

let family: Family

beforeEach(async () => {
  family = await createFamily({ consent: false })
})
afterEach(() => family[Symbol.asyncDispose]())

const good = programOf('Ada', 2)
const photo = Buffer.from('ffd8ffe000104a46494600010100000100010000ffdb', 'hex')
const run = (text: string) => sql.raw(text).execute(family.world.database.sql)

/** What a parent is shown. */
const shown = async () =>
  (await findDocument(family.world.database.sql, family.childId, { withPages: false })) ?? expect.fail()

/** The digest of what a parent would download, and what is in the bucket beside it. */
async function stored(): Promise<{ sha256: string; others: string[] }> {
  const { key } = (await findActive(family.world.database.sql, family.childId)) ?? expect.fail()
  const { tools, close } = openTools(family.world.config)
  const file = path.join(family.world.directory, 'downloaded')
  await tools.iepBucket?.download(key, file, { maxBytes: 1e6 })
  await close()
  const others = (await family.keys()).filter((each) => each !== key)
  return { sha256: digestOf(await readFile(file)), others }
}
const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** A document whose upload has been cleared away, as it is when all has been said. */
async function settled(bytes = good) {
  const upload = await family.upload(bytes)
  await family.settleAll()
  return upload
}

async function putAgain(upload: { iepId: string; key: string }, bytes: Buffer) {
  await family.put(upload.key, bytes)
  return family.tell(upload)
}

test.each(['PROCESSING', 'OCR_COMPLETED', 'PROCESSED'])(
  'a bad file at the used address of a document that is %s is told beside it, and goes; the good one stays',
  async (status) => {
    const upload = await settled()
    await run(`update iep.documents set status = '${status}', waiting_for = null,
      ocr_completed_at = case when '${status}' <> 'PROCESSING' then now() end`)

    const told = await putAgain(upload, photo)
    await family.settleAll()

    expect(told.result).toEqual({ outcome: 'refused' })
    const rejected = {
      iepId: upload.iepId,
      fileName: 'plan.pdf',
      message: expect.stringContaining('picture') as string,
    }
    expect(await shown()).toMatchObject({ iepId: upload.iepId, status, rejected })
    const progress = await progressOf(family.world.database.sql, [family.childId])
    expect(progress.get(family.childId)).toMatchObject({ rejectedUpload: rejected })
    expect(await stored()).toEqual({ sha256: digestOf(good), others: [] })
  },
)

test('the good file uploaded once more after a bad one at its address is still there to download', async () => {
  const upload = await settled()
  await putAgain(upload, photo)
  await family.settleAll()

  const again = await settled()

  expect(again.job.result).toEqual({ outcome: 'repeated' })
  expect(await shown()).toMatchObject({ iepId: upload.iepId, rejected: null })
  expect(await stored()).toEqual({ sha256: digestOf(good), others: [] })
})

test('of bad files at a used address the last is told, and each only once', async () => {
  const upload = await settled()
  await putAgain(upload, photo)
  await family.settleAll()

  await putAgain(upload, Buffer.from('%PDF-1.7\nthis is where it ends'))
  await family.settleAll()

  expect((await shown()).rejected).toMatchObject({ message: expect.stringContaining('damaged') as string })
  expect(await family.documents()).toHaveLength(2)
})

test('a bad file at a used address is told, also after another upload was refused', async () => {
  const upload = await settled()
  await settled(Buffer.from('%PDF-1.7\nthis is where it ends'))

  await putAgain(upload, photo)
  await family.settleAll()

  expect((await shown()).rejected).toMatchObject({ iepId: upload.iepId })
  expect(await stored()).toEqual({ sha256: digestOf(good), others: [] })
})

test('the good file at its used address once more takes back that a bad one was told, and nothing else', async () => {
  const upload = await settled()
  await putAgain(upload, photo)
  await family.settleAll()

  const told = await putAgain(upload, good)
  await family.settleAll()

  expect(told.result).toEqual({ outcome: 'repeated' })
  expect(await shown()).toMatchObject({ rejected: null })
  expect(await family.documents()).toMatchObject([{ iep_id: upload.iepId, revision: 1 }])
  expect(await stored()).toEqual({ sha256: digestOf(good), others: [] })
})

test('another good file at a used address is another revision, whose file alone is kept', async () => {
  const upload = await settled()
  const other = programOf('Ada', 4)

  await putAgain(upload, other)
  await family.settleAll()
  expect(await family.documents()).toMatchObject([{ iep_id: upload.iepId, revision: 2, page_count: 4 }])
  expect(await stored()).toEqual({ sha256: digestOf(other), others: [] })

  await putAgain(upload, good)
  await family.settleAll()
  expect(await family.documents()).toMatchObject([{ iep_id: upload.iepId, revision: 3, page_count: 2 }])
  expect(await stored()).toEqual({ sha256: digestOf(good), others: [] })
})

test('a good file at the address of a refused one is the document', async () => {
  const upload = await settled(photo)

  await putAgain(upload, good)
  await family.settleAll()

  expect(await family.documents()).toMatchObject([{ iep_id: upload.iepId, revision: 2, page_count: 2 }])
  expect(await stored()).toEqual({ sha256: digestOf(good), others: [] })
})

test('what comes to an address before its first file was cleared away is spared until it was looked at', async () => {
  for (const [first, next] of [
    [good, programOf('Ada', 4)],
    [photo, good],
  ] as const) {
    const upload = await family.upload(first)
    await family.put(upload.key, next)
    await family.settleAll()
    expect(await family.keys()).toContain(upload.key)

    const told = await family.tell(upload)
    await family.settleAll()

    expect(told.result).toEqual({ outcome: 'arrived' })
    expect(await stored()).toEqual({ sha256: digestOf(next), others: [] })
  }
})

test('while nothing can be written down the copy waits, and is the file once it can', async () => {
  const upload = await family.open()
  await family.put(upload.key, good)
  await run(`
    create sequence once;
    create function refuse_once() returns trigger language plpgsql as $$ begin
      if nextval('once') = 1 then raise exception 'no'; end if; return new; end $$;
    create trigger refuse_once before insert on iep.documents for each row execute function refuse_once()`)

  const told = await family.tell(upload)
  await family.settleAll()

  expect(told).toMatchObject({ attempts: 2, result: { outcome: 'arrived' } })
  expect(await stored()).toEqual({ sha256: digestOf(good), others: [] })
})

test('a copy that was made for an upload of which nothing came goes when its hour is over', async () => {
  const upload = await family.open()
  const folder = upload.key.slice(0, -'plan.pdf'.length)
  await family.put(`${folder}1-${'0'.repeat(32)}/plan.pdf`, good)
  await run(`update iep.uploads set expires_at = now() - interval '1 second'`)

  const told = await family.tell(upload)
  await family.settleAll()

  expect(told.result).toEqual({ outcome: 'absent' })
  expect(await family.keys()).toEqual([])
})

test('a document whose file is still at the address it was uploaded to keeps it', async () => {
  const upload = await settled()
  const [file = ''] = await family.files()
  await run(`update iep.documents set object_key = '${upload.key}'`)

  const told = await putAgain(upload, good)
  await family.settleAll()

  expect(told.result).toEqual({ outcome: 'repeated' })
  expect(await family.keys()).toEqual([upload.key])
  expect(file).not.toBe(upload.key)
})
