import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { examine } from '../../../src/domains/iep/arrivals/examination.ts'
import { ask } from '../../../src/jobs/define.ts'
import { receiveDocument } from '../../../src/jobs/iep/receive-document.ts'
import { openTools } from '../../../src/jobs/tools.ts'
import type { Bucket } from '../../../src/shared/bucket.ts'
import { createFamily, type Family } from './family.ts'
import { programOf } from './pdf.ts'

let family: Family

beforeEach(async () => {
  family = await createFamily()
})
afterEach(() => family[Symbol.asyncDispose]())

const broken = Buffer.from('%PDF-1.7\nthis is where it ends')
const photo = Buffer.from('ffd8ffe000104a46494600010100000100010000ffdb', 'hex')

test('a healthy PDF becomes the child’s document, and reading it is asked for', async () => {
  const { iepId, job } = await family.upload(programOf('Ada', 3))

  expect(job).toMatchObject({
    state: 'completed',
    owner: `iep:${family.userId}`,
    result: { outcome: 'arrived' },
  })
  expect(await family.documents()).toEqual([
    {
      iep_id: iepId,
      active: true,
      revision: 1,
      status: 'PROCESSING',
      page_count: 3,
      waiting_for: null,
      problem_code: null,
      problem_message: null,
    },
  ])
  expect(new Set(await waiting())).toEqual(
    new Set([
      { name: 'iep.remove-objects', iepId },
      { name: 'iep.read-document', iepId, revision: 1 },
    ]),
  )
})

test('without consent it waits, and nothing follows but that its upload goes', async () => {
  await family.consent(false)

  const { iepId } = await family.upload(programOf('Ada', 1))

  expect(await family.document(iepId)).toMatchObject({ status: 'PROCESSING', waiting_for: 'consent' })
  expect(await waiting()).toEqual([{ name: 'iep.remove-objects', iepId }])
})

test('the same news twice are one look; a new writing is looked at again and changes nothing if the bytes are the same', async () => {
  const upload = await family.open()
  await family.put(upload.key, programOf('Ada', 2))
  const first = await family.tell(upload, 'a writing')

  const again = await family.world.asking.accept.now(
    ask(receiveDocument, { ...placeOf(upload.iepId), writing: 'a writing' }),
    'trace',
  )
  const rewritten = await family.tell(upload, 'another writing')

  expect(again).toMatchObject({ id: first.id, decision: 'stands' })
  expect(rewritten).toMatchObject({ id: first.id, round: 2, result: { outcome: 'repeated' } })
  expect(await family.documents()).toMatchObject([{ iep_id: upload.iepId, revision: 1 }])
})

test('the next document takes the place of the first in one transaction, and the old objects go', async () => {
  const first = await family.upload(programOf('Ada', 2))
  const second = await family.upload(programOf('Ada', 4))

  expect(await family.documents()).toMatchObject([{ iep_id: second.iepId, active: true, page_count: 4 }])
  expect(await waiting()).toContainEqual({ name: 'iep.remove-objects', iepId: first.iepId })
  await family.settleAll()
  expect(await family.keys()).toEqual(await family.files())
})

test('the same bytes again are answered from what exists; only the new object goes', async () => {
  const first = await family.upload(programOf('Ada', 2))
  const again = await family.upload(programOf('Ada', 2))

  expect(again.job.result).toEqual({ outcome: 'repeated' })
  expect(await family.documents()).toMatchObject([{ iep_id: first.iepId, revision: 1 }])
  await family.settleAll()
  expect(await family.keys()).toEqual(await family.files())
})

test('the same bytes again try once more what had failed', async () => {
  const first = await family.upload(programOf('Ada', 2))
  await family.world.database.sql
    .updateTable('iep.documents')
    .set({ status: 'OCR_FAILED', problem_code: 'reading-failed', problem_message: 'It could not be read.' })
    .execute()
  await sql`update millrace.jobs set state = 'failed' where name = 'iep.read-document'`.execute(
    family.world.database.sql,
  )

  await family.upload(programOf('Ada', 2))

  expect(await family.document(first.iepId)).toMatchObject({ status: 'PROCESSING', problem_code: null })
  expect(await waiting()).toContainEqual({ name: 'iep.read-document', iepId: first.iepId, revision: 1 })
})

test('a refused file is the child’s document, with a sentence, when there is no other; its object goes', async () => {
  const { iepId, job } = await family.upload(broken)

  expect(job).toMatchObject({ state: 'completed', result: { outcome: 'refused' } })
  expect(await family.document(iepId)).toMatchObject({
    active: true,
    status: 'FAILED',
    page_count: null,
    problem_code: 'damaged',
    problem_message: expect.stringContaining('damaged') as string,
  })
  await family.settleAll()
  expect(await family.keys()).toEqual([])
  expect(await family.documents()).toHaveLength(1)
})

test('a refused file beside a good one harms nothing, and goes with the next arrival', async () => {
  const good = await family.upload(programOf('Ada', 2))
  const bad = await family.upload(photo)

  expect(await family.documents()).toMatchObject([
    { iep_id: good.iepId, active: true, status: 'PROCESSING' },
    { iep_id: bad.iepId, active: false, status: 'FAILED', problem_code: 'photo' },
  ])
  const next = await family.upload(programOf('Ada', 3))

  expect(await family.documents()).toMatchObject([{ iep_id: next.iepId, active: true }])
})

test('of news out of order the newest upload wins', async () => {
  const older = await family.open()
  const newer = await family.open()
  await family.put(older.key, programOf('Ada', 2))
  await family.put(newer.key, programOf('Ada', 3))

  await family.tell(newer)
  const late = await family.tell(older)

  expect(late.result).toEqual({ outcome: 'outdated' })
  expect(await family.documents()).toMatchObject([{ iep_id: newer.iepId, active: true }])
  await family.settleAll()
  expect(await family.keys()).toEqual(await family.files())
})

test('a good file whose news come after those of a newer bad one is the document all the same', async () => {
  const good = await family.open()
  const bad = await family.open()
  await family.put(good.key, programOf('Ada', 2))
  await family.put(bad.key, broken)

  await family.tell(bad)
  await family.tell(good)

  expect(await family.documents()).toMatchObject([
    { iep_id: good.iepId, active: true, status: 'PROCESSING' },
    { iep_id: bad.iepId, active: false, status: 'FAILED' },
  ])
})

test('the same bytes as a newer upload keep an older one from taking the place', async () => {
  const first = await family.upload(programOf('Ada', 2))
  const between = await family.open()
  await family.upload(programOf('Ada', 2))
  await family.put(between.key, programOf('Ada', 3))

  const late = await family.tell(between)

  expect(late.result).toEqual({ outcome: 'outdated' })
  expect(await family.documents()).toMatchObject([{ iep_id: first.iepId }])
})

test('other bytes at the key of a document are another revision, about which nothing is known', async () => {
  const { iepId, key } = await family.upload(programOf('Ada', 2))
  await storePage(iepId)
  await family.put(key, programOf('Ada', 5))

  await family.tell({ iepId })

  expect(await family.documents()).toMatchObject([{ iep_id: iepId, revision: 2, page_count: 5 }])
  expect(await pagesOf(iepId)).toBe(0)
  expect(await waiting()).toContainEqual({ name: 'iep.read-document', iepId, revision: 2 })
})

test('bad bytes over a document that nobody has read yet take nothing away', async () => {
  const { iepId, key } = await family.upload(programOf('Ada', 2))
  await family.put(key, broken)

  await family.tell({ iepId })

  const byActive = (await family.documents()).toSorted((a, b) => Number(a.active) - Number(b.active))
  expect(byActive).toMatchObject([
    { active: false, status: 'FAILED', problem_code: 'damaged' },
    { iep_id: iepId, active: true, revision: 1, status: 'PROCESSING', page_count: 2 },
  ])
})

test('bad bytes over a document that was read take nothing away', async () => {
  const { iepId, key } = await family.upload(programOf('Ada', 2))
  await storePage(iepId)
  await family.world.database.sql
    .updateTable('iep.documents')
    .set({ status: 'OCR_COMPLETED', ocr_completed_at: new Date() })
    .execute()
  await family.put(key, broken)

  const told = await family.tell({ iepId })

  expect(told.result).toEqual({ outcome: 'refused' })
  expect(await family.document(iepId)).toMatchObject({ revision: 1, status: 'OCR_COMPLETED', page_count: 2 })
  expect(await pagesOf(iepId)).toBe(1)
})

test('what arrives after its place was given up is removed', async () => {
  const upload = await family.open()
  await family.put(upload.key, programOf('Ada', 2))
  await sql`delete from iep.uploads`.execute(family.world.database.sql)

  const told = await family.tell(upload)
  await family.settleAll()

  expect(told.result).toEqual({ outcome: 'gone' })
  expect(await family.keys()).toEqual([])
  expect(await family.documents()).toEqual([])
})

test('news of an object that is gone again leave the place open until its hour is over', async () => {
  const upload = await family.open()

  expect((await family.tell(upload)).result).toEqual({ outcome: 'absent' })
  expect(await openPlaces()).toBe(1)
  await sql`update iep.uploads set expires_at = now() - interval '1 second'`.execute(
    family.world.database.sql,
  )
  await family.tell(upload)

  expect(await openPlaces()).toBe(0)
})

test('a file above the limit is refused without being kept anywhere', async () => {
  const { iepId } = await family.upload(Buffer.alloc(50 * 2 ** 20 + 1, ' '))

  expect(await family.document(iepId)).toMatchObject({ status: 'FAILED', problem_code: 'too-large' })
  await family.settleAll()
  expect(await family.keys()).toEqual([])
})

test('nothing of a file stays on the disk, whatever became of it', async () => {
  const scratch = path.join(family.world.directory, 'scratch')
  await mkdir(scratch)
  vi.stubEnv('TMPDIR', scratch)
  for (const bytes of [programOf('Ada', 2), broken, Buffer.alloc(50 * 2 ** 20 + 1, ' ')])
    await family.upload(bytes)
  expect(await readdir(scratch)).toEqual([])

  const { iepId, key } = await family.open()
  await family.put(key, programOf('Ada', 3))
  const opened = openTools(family.world.config)
  const stopping = new AbortController()
  const examining = examine(placeOf(iepId), {
    db: family.world.database.sql,
    bucket: opened.tools.iepBucket as Bucket,
    signal: stopping.signal,
  })
  await expect.poll(() => readdir(scratch), { interval: 1 }).toHaveLength(1)
  stopping.abort(new Error('enough'))

  await expect(examining).rejects.toThrow()
  expect(await readdir(scratch)).toEqual([])
  vi.unstubAllEnvs()
  await opened.close()
})

test('two arrivals for one child at once leave one document', async () => {
  const [one, other] = [await family.open(), await family.open()]
  await family.put(one.key, programOf('Ada', 2))
  await family.put(other.key, programOf('Ada', 3))

  await Promise.all([family.tell(other), family.tell(one)])

  expect(await family.documents()).toMatchObject([{ iep_id: other.iepId, active: true, page_count: 3 }])
})

test('no name of a file is in a job, its result or its history', async () => {
  await family.upload(programOf('Ada', 1))
  await family.upload(broken)

  const kept = await sql`
    select j.data, j.result, j.error, j.key, e.detail
    from millrace.jobs j join millrace.job_events e on e.job = j.id`.execute(family.world.database.sql)
  expect(JSON.stringify(kept.rows)).not.toMatch(/plan|\.pdf|Ada/i)
})

const placeOf = (iepId: string) => ({ userId: family.userId, childId: family.childId, iepId })

/** The jobs that are still to run, each with the ids it was asked for with that a test looks at. */
async function waiting(): Promise<unknown[]> {
  const jobs = (await family.jobs()).filter(({ state }) => state === 'waiting')
  return jobs.map(({ name, data: { iepId, revision } }) =>
    revision === undefined ? { name, iepId } : { name, iepId, revision },
  )
}

async function storePage(iepId: string): Promise<void> {
  await sql`
    insert into iep.pages (iep_id, index, markdown, dimensions, model)
    values (${iepId}, 0, 'A page.', '{}', 'reader')`.execute(family.world.database.sql)
}

async function pagesOf(iepId: string): Promise<number> {
  const found = await sql`select 1 from iep.pages where iep_id = ${iepId}`.execute(family.world.database.sql)
  return found.rows.length
}

async function openPlaces(): Promise<number> {
  return (await sql`select 1 from iep.uploads`.execute(family.world.database.sql)).rows.length
}
