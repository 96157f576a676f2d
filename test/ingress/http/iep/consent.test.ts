import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { ada, arrive, grace, read, readAll, tell, english } from '../../../domains/iep/stored.ts'
import { startFamily, type Family } from './family.ts'

const jobs = async (family: Family) =>
  (
    await sql<{ name: string; key: string; state: string; owner: string }>`
      select name, key, state, owner from millrace.jobs order by name, key`.execute(family.sql)
  ).rows
const consent = (family: Family, consentGiven: boolean) =>
  family.as(ada, { method: 'PUT', url: '/profile', payload: { consentGiven } })
const waitingFor = async (family: Family, iepId: string) =>
  (
    await sql<{
      waiting_for: string | null
    }>`select waiting_for from iep.documents where iep_id = ${iepId}`.execute(family.sql)
  ).rows[0]?.waiting_for

test('consent starts what waited for it, each where it stands, and nobody else’s', async () => {
  await using family = await startFamily()
  const [first, second] = [await family.child(ada), await family.child(ada)]
  const fresh = await arrive(family.sql, { userId: ada, childId: first, waitingFor: 'consent' })
  const halfway = await arrive(family.sql, { userId: ada, childId: second, waitingFor: 'consent' })
  await read(family.sql, halfway, 3)
  await readAll(family.sql, halfway)
  const others = await arrive(family.sql, {
    userId: grace,
    childId: await family.child(grace),
    waitingFor: 'consent',
  })

  expect((await consent(family, false)).statusCode).toBe(200)
  expect(await jobs(family)).toEqual([])
  expect((await consent(family, true)).statusCode).toBe(200)

  expect(await jobs(family)).toEqual([
    { name: 'iep.read-document', key: `${fresh} 1`, state: 'waiting', owner: `iep:${ada}` },
    { name: 'iep.summarise-document', key: `${halfway} 1`, state: 'waiting', owner: `iep:${ada}` },
  ])
  expect(await waitingFor(family, fresh)).toBeNull()
  expect(await waitingFor(family, others)).toBe('consent')
  await consent(family, true)
  expect((await jobs(family)).length).toBe(2)
})

test('consent that is not written starts nothing', async () => {
  await using family = await startFamily()
  const childId = await family.child(ada)
  const iepId = await arrive(family.sql, { userId: ada, childId, waitingFor: 'consent' })
  const refused = await family.as(ada, {
    method: 'PUT',
    url: '/profile',
    payload: { consentGiven: true, children: [] },
  })
  expect(refused.statusCode).toBe(400)
  expect(await jobs(family)).toEqual([])
  expect(await waitingFor(family, iepId)).toBe('consent')
})

test('what failed is tried again, and only that', async () => {
  await using family = await startFamily()
  const childId = await family.child(ada)
  await consent(family, true)
  const again = () =>
    family.as(ada, { method: 'POST', url: `/profile/children/${childId}/documents:reprocess` })
  expect((await again()).statusCode).toBe(404)
  expect((await again()).json()).toEqual({ message: 'No document found for this child' })

  const iepId = await arrive(family.sql, { userId: ada, childId })
  const nothing = await again()
  expect(nothing.statusCode).toBe(200)
  expect(nothing.json()).toEqual({
    message: 'Nothing has failed, so there is nothing to process again',
    iepId,
  })
  expect(await jobs(family)).toEqual([])

  await read(family.sql, iepId, 3)
  await readAll(family.sql, iepId)
  await tell(family.sql, iepId, 'en', { state: 'ready', content: english })
  await tell(family.sql, iepId, 'es', { state: 'ready', content: english })
  await tell(family.sql, iepId, 'zh', { state: 'failed', message: 'The translation failed.' })
  await tell(family.sql, iepId, 'vi', { state: 'failed', message: 'The translation failed.' })
  await sql`update iep.documents set status = 'PROCESSED' where iep_id = ${iepId}`.execute(family.sql)

  const begun = await again()
  expect(begun.statusCode).toBe(202)
  expect(begun.json()).toEqual({ message: 'Processing started again', iepId })
  expect((await jobs(family)).map(({ name, key }) => [name, key])).toEqual([
    ['iep.translate-document', expect.stringContaining('vi')],
    ['iep.translate-document', expect.stringContaining('zh')],
  ])
  const document = (await family.as(ada, { url: `/profile/children/${childId}/documents` })).json()
  expect(document.status).toBe('PROCESSED')
  expect(document.languages).toEqual({
    en: { state: 'ready' },
    es: { state: 'ready' },
    zh: { state: 'waiting' },
    vi: { state: 'waiting' },
  })
  expect((await again()).statusCode).toBe(200)
})

test('a document that could not be read begins again, and without consent it waits', async () => {
  await using family = await startFamily()
  const childId = await family.child(ada)
  const url = `/profile/children/${childId}/documents`
  const problem = { code: 'unreadable', message: 'The pages could not be read.' }
  const iepId = await arrive(family.sql, { userId: ada, childId, status: 'OCR_FAILED', problem })
  expect((await family.as(ada, { url })).json()).toMatchObject({ status: 'OCR_FAILED', problem })

  const waiting = await family.as(ada, { method: 'POST', url: `${url}:reprocess` })
  expect(waiting.statusCode).toBe(202)
  expect(waiting.json()).toEqual({
    message: 'Processing will start again once consent is given',
    iepId,
    waitingFor: 'consent',
  })
  expect(await jobs(family)).toEqual([])
  const document = (await family.as(ada, { url })).json()
  expect(document).toMatchObject({ status: 'PROCESSING', waitingFor: 'consent' })
  expect(document).not.toHaveProperty('problem')
  await consent(family, true)
  expect((await jobs(family)).map(({ name }) => name)).toEqual(['iep.read-document'])
})

test('a file that was refused cannot be tried again', async () => {
  await using family = await startFamily()
  const childId = await family.child(ada)
  const problem = { code: 'encrypted', message: 'The file is protected with a password.' }
  await arrive(family.sql, { userId: ada, childId, status: 'FAILED', pageCount: null, problem })
  const refused = await family.as(ada, {
    method: 'POST',
    url: `/profile/children/${childId}/documents:reprocess`,
  })
  expect(refused.statusCode).toBe(409)
  expect(refused.json()).toEqual({
    message:
      'The file is protected with a password. It cannot be processed again; please upload another file.',
  })
  const document = (await family.as(ada, { url: `/profile/children/${childId}/documents` })).json()
  expect(document).toMatchObject({ status: 'FAILED', problem, summaries: {}, sections: {} })
})
