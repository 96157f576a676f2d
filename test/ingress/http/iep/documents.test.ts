import { sql } from 'kysely'
import { expect, test } from 'vitest'
import {
  ada,
  arrive,
  called,
  english,
  grace,
  read,
  readAll,
  tell,
  verified,
} from '../../../domains/iep/stored.ts'
import { startFamily, type Family } from './family.ts'

const startWithChild = async (): Promise<{ family: Family; childId: string; url: string }> => {
  const family = await startFamily({ env: { IEP_BUCKET: 'iep-documents' } })
  const childId = await family.child(ada)
  return { family, childId, url: `/profile/children/${childId}/documents` }
}
const spanish = {
  summary: 'Linus lee con apoyo.',
  summaryPages: [1, 2],
  sections: [
    { key: 'goals', title: 'Metas', content: 'Leer 20 palabras.', found: true, pages: [2] },
    {
      key: 'services',
      title: 'Metas',
      content: 'El documento no tiene esta sección.',
      found: false,
      pages: [],
    },
  ],
}
const nothingSpent = { calls: 0, repeated: 0, pages: 0, promptTokens: 0, completionTokens: 0, costUsd: 0 }

test('without a document there is a sentence', async () => {
  const { family, url } = await startWithChild()
  await using _ = family
  const answer = await family.as(ada, { url })
  expect(answer.statusCode).toBe(200)
  expect(answer.body).toBe('{"documents":[],"message":"No document found for this child"}')
  expect(answer.headers.etag).toBeUndefined()
})

test('a document that has just arrived has its place, and nothing more', async () => {
  const { family, url, childId } = await startWithChild()
  await using _ = family
  const iepId = await arrive(family.sql, { userId: ada, childId })
  const waiting = { state: 'waiting' }
  expect((await family.as(ada, { url })).json()).toEqual({
    iepId,
    childId,
    documentUrl: `s3://iep-documents/${ada}/${childId}/${iepId}/plan.pdf`,
    status: 'PROCESSING',
    summaries: {},
    sections: {},
    summaryPages: {},
    sectionPages: {},
    verification: {},
    languages: { en: waiting, es: waiting, zh: waiting, vi: waiting },
    usage: { ...nothingSpent, steps: [] },
    createdAt: expect.any(Number),
    updatedAt: expect.any(Number),
  })
})

test('a finished document is told as its clients know it, with pages, checks and costs beside', async () => {
  const { family, url, childId } = await startWithChild()
  await using _ = family
  const iepId = await arrive(family.sql, { userId: ada, childId })
  await read(family.sql, iepId, 3)
  await readAll(family.sql, iepId)
  await tell(family.sql, iepId, 'en', { state: 'ready', content: english })
  await tell(family.sql, iepId, 'es', { state: 'ready', content: spanish })
  await tell(family.sql, iepId, 'zh', { state: 'failed', message: 'The translation failed.' })
  await tell(family.sql, iepId, 'vi', { state: 'working' })
  await called(family.sql, iepId, { step: 'read', pages: 3, cost: 3000, question: '0-2', outcome: null })
  await called(family.sql, iepId, { step: 'read', pages: 3, cost: 3000, question: '0-2' })
  await called(family.sql, iepId, { step: 'summarise', language: 'en', tokens: [900, 100], cost: 1250 })
  await called(family.sql, iepId, { step: 'summarise', language: 'en', outcome: 'throttled' })
  await sql`update iep.documents set status = 'PROCESSED', processed_at = now() where iep_id = ${iepId}`.execute(
    family.sql,
  )

  const document = (await family.as(ada, { url })).json()
  const page = (index: number) => ({
    index,
    markdown: `# Page ${index + 1}`,
    images: [],
    dimensions: { dpi: 200, height: 2200, width: 1700 },
  })
  const read1 = { calls: 2, repeated: 1, promptTokens: 0, completionTokens: 0 }
  const told = { calls: 1, repeated: 0, promptTokens: 900, completionTokens: 100 }
  const expected = {
    iepId,
    childId,
    documentUrl: expect.stringMatching(/^s3:/),
    status: 'PROCESSED',
    summaries: { en: 'Linus reads with support.', es: 'Linus lee con apoyo.' },
    sections: {
      en: { Goals: 'Read 20 words.', Services: 'The document does not have this section.' },
      es: { Metas: 'Leer 20 palabras.', 'Metas (2)': 'El documento no tiene esta sección.' },
    },
    summaryPages: { en: [1, 2], es: [1, 2] },
    sectionPages: { en: { Goals: [2], Services: [] }, es: { Metas: [2], 'Metas (2)': [] } },
    verification: { en: verified, es: verified },
    languages: {
      en: { state: 'ready' },
      es: { state: 'ready' },
      zh: { state: 'failed', message: 'The translation failed.' },
      vi: { state: 'working' },
    },
    usage: {
      calls: 3,
      repeated: 1,
      pages: 6,
      promptTokens: 900,
      completionTokens: 100,
      costUsd: 0.00725,
      steps: [
        { step: 'read', language: null, ...read1, pages: 6, costUsd: 0.006 },
        { step: 'summarise', language: 'en', ...told, pages: 0, costUsd: 0.00125 },
      ],
    },
    ocrData: {
      pages: [page(0), page(1), page(2)],
      model: 'mistral-ocr-4-1',
      usage: { pages_processed: 3, document_size_bytes: 1234 },
      success: true,
    },
    ocrCompletedAt: '2026-03-01T10:00:00.500Z',
    createdAt: expect.any(Number),
    updatedAt: expect.any(Number),
  }
  expect(document).toEqual(expected)

  const { ocrData: _ocr, ...without } = expected
  expect((await family.as(ada, { url: `${url}?include_ocr=false` })).json()).toEqual(without)
  expect((await family.as(ada, { url: `${url}?include_ocr=true` })).json()).toEqual(expected)
  const wrong = await family.as(ada, { url: `${url}?include_ocr=maybe` })
  expect(wrong.statusCode).toBe(400)
  expect(wrong.json()).toEqual({ message: 'include_ocr must be true or false' })
})

test('pages are shown as soon as they are read, and not called complete before they are', async () => {
  const { family, url, childId } = await startWithChild()
  await using _ = family
  const iepId = await arrive(family.sql, { userId: ada, childId })
  await read(family.sql, iepId, 2)
  const document = (await family.as(ada, { url })).json()
  expect(document.ocrData).toMatchObject({ success: false, usage: { pages_processed: 2 } })
  expect(document).not.toHaveProperty('ocrCompletedAt')
})

test('a document that failed says why, and no language is promised any longer', async () => {
  const { family, url, childId } = await startWithChild()
  await using _ = family
  const problem = { code: 'encrypted', message: 'The file is protected with a password.' }
  await arrive(family.sql, { userId: ada, childId, status: 'FAILED', pageCount: null, problem })
  const document = (await family.as(ada, { url })).json()
  expect(document).toMatchObject({ status: 'FAILED', problem })
  const failed = { state: 'failed' }
  expect(document.languages).toEqual({ en: failed, es: failed, zh: failed, vi: failed })
})

test('a newer file that was refused is told beside the document that stays', async () => {
  const { family, url, childId } = await startWithChild()
  await using _ = family
  const iepId = await arrive(family.sql, { userId: ada, childId, ago: 10, status: 'PROCESSED' })
  const problem = { code: 'not-a-pdf', message: 'This is a photo, not a PDF.' }
  const refused = { userId: ada, childId, active: false, status: 'FAILED', pageCount: null, problem }
  await arrive(family.sql, { ...refused, ago: 20, fileName: 'before.pdf' })
  expect((await family.as(ada, { url })).json()).not.toHaveProperty('rejectedUpload')
  await arrive(family.sql, { ...refused, ago: 8, fileName: 'older.pdf' })
  const newest = await arrive(family.sql, { ...refused, ago: 5, fileName: 'photo.pdf' })

  const document = (await family.as(ada, { url })).json()
  expect(document).toMatchObject({ iepId, status: 'PROCESSED' })
  expect(document.rejectedUpload).toEqual({
    iepId: newest,
    fileName: 'photo.pdf',
    message: 'This is a photo, not a PDF.',
    at: expect.any(Number),
  })
  expect(document).not.toHaveProperty('problem')
})

test('who asks again is told when nothing has changed, and only then', async () => {
  const { family, url, childId } = await startWithChild()
  await using _ = family
  const { sql: db } = family
  const iepId = await arrive(db, { userId: ada, childId, ago: 1 })
  const seen = new Set<string>()
  const stillKnown = async (): Promise<boolean> => {
    const etag = String((await family.as(ada, { url })).headers.etag)
    expect(etag).toMatch(/^W\/"[0-9a-f]{32}"$/)
    const isNew = !seen.has(etag)
    seen.add(etag)
    const again = await family.as(ada, { url, headers: { 'if-none-match': `"x", ${etag}` } })
    expect(again.statusCode).toBe(304)
    expect(again.body).toBe('')
    expect(again.headers.etag).toBe(etag)
    return !isNew
  }
  expect(await stillKnown()).toBe(false)
  expect(await stillKnown()).toBe(true)

  const changes: (() => Promise<unknown>)[] = [
    () => read(db, iepId, 1),
    () => sql`update iep.pages set markdown = 'other' where iep_id = ${iepId}`.execute(db),
    () => readAll(db, iepId),
    () => tell(db, iepId, 'en', { state: 'working' }),
    () => tell(db, iepId, 'en', { state: 'ready', content: english }),
    () => sql`update iep.language_versions set content = content || '{"summary":"Other."}'`.execute(db),
    () => called(db, iepId, { step: 'read', outcome: null }),
    () => sql`update iep.model_calls set ended_at = now(), outcome = 'answered', cost = 7`.execute(db),
    () => sql`update iep.documents set problem_message = 'x' where iep_id = ${iepId}`.execute(db),
    () => arrive(db, { userId: ada, childId, active: false, status: 'FAILED', pageCount: null }),
  ]
  for (const change of changes) {
    await change()
    expect(await stillKnown(), String(change)).toBe(false)
  }
})

test("nobody sees, deletes or processes the documents of somebody else's child", async () => {
  const { family } = await startWithChild()
  await using _ = family
  const theirs = await family.child(grace)
  const iepId = await arrive(family.sql, { userId: grace, childId: theirs })
  const strange = [theirs, '00000000-0000-4000-8000-000000000000', 'no-id', '..%2f..', '%00', 'x'.repeat(100)]
  for (const childId of strange)
    for (const [method, suffix] of [
      ['GET', ''],
      ['GET', '?include_ocr=false'],
      ['DELETE', ''],
      ['GET', '/progress'],
      ['GET', '/progress/events'],
      ['POST', ':reprocess'],
    ] as const) {
      const answer = await family.as(ada, { method, url: `/profile/children/${childId}/documents${suffix}` })
      expect(answer.statusCode, `${method} ${childId}${suffix}`).toBe(403)
      expect(answer.json()).toEqual({ message: 'You may not do this: the id is not one of yours.' })
    }
  const seen = await family.as(grace, { url: `/profile/children/${theirs.toUpperCase()}/documents` })
  expect(seen.json()).toMatchObject({ iepId, childId: theirs })
})

test('what is not there is told in the same shape', async () => {
  const { family, url } = await startWithChild()
  await using _ = family
  const nowhere = await family.as(ada, { url: '/profile/nowhere' })
  expect(nowhere.statusCode).toBe(404)
  expect(Object.keys(nowhere.json())).toEqual(['message'])
  const notPossible = await family.as(ada, { method: 'PUT', url, payload: {} })
  expect(notPossible.statusCode).toBe(405)
  expect(Object.keys(notPossible.json())).toEqual(['message'])
})
