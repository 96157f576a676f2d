import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { ada, arrive, grace } from '../../../domains/iep/stored.ts'
import { startDocuments, startFamily, type Family } from './family.ts'

const sign = (family: Family, userId: string, payload: object, headers: Record<string, string> = {}) =>
  family.as(userId, { method: 'POST', url: '/signed-url-knowledge', payload, headers })
const upload = (childId: string, changes: object = {}) => ({
  fileName: 'plan 2026.pdf',
  fileType: 'application/pdf',
  operation: 'upload',
  childId,
  ...changes,
})
const opened = async (family: Family) =>
  (
    await sql<{ iep_id: string; object_key: string; minutes: number }>`
      select iep_id, object_key, extract(epoch from expires_at - created_at)::int / 60 as minutes
      from iep.uploads order by created_at`.execute(family.sql)
  ).rows
const startBoth = async () => {
  const documents = await startDocuments()
  const family = await startFamily({ env: documents.env })
  return {
    documents,
    family,
    [Symbol.asyncDispose]: async () => {
      await family[Symbol.asyncDispose]()
      await documents[Symbol.asyncDispose]()
    },
  }
}
const form = (fields: Record<string, string>, body: Blob): FormData => {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.append(name, value)
  data.append('file', body, 'plan.pdf')
  return data
}
const pdf = new Blob(['%PDF-1.7 a plan'], { type: 'application/pdf' })

test('a parent gets a place to upload to, and both ways to fill it work', async () => {
  await using both = await startBoth()
  const { family, documents } = both
  const childId = await family.child(ada)

  const answer = await sign(family, ada, upload(childId))
  expect(answer.statusCode).toBe(200)
  expect(answer.headers['cache-control']).toBe('no-store')
  const { signedUrl, iepId, documentUrl, upload: post } = answer.json()
  const key = `${ada}/${childId}/${iepId}/plan 2026.pdf`
  expect(documentUrl).toBe(`s3://${documents.bucket}/${key}`)
  expect(await opened(family)).toEqual([{ iep_id: iepId, object_key: key, minutes: 60 }])

  const wrongType = await fetch(signedUrl, {
    method: 'PUT',
    body: 'x',
    headers: { 'content-type': 'image/png' },
  })
  expect(wrongType.status).toBe(403)
  const headers = { 'content-type': 'application/pdf' }
  expect((await fetch(signedUrl, { method: 'PUT', body: pdf, headers })).status).toBe(200)
  expect(await documents.keys()).toEqual([key])

  const posted = await fetch(post.url, { method: 'POST', body: form(post.fields, pdf) })
  expect(posted.ok).toBe(true)
  const elsewhere = await fetch(post.url, {
    method: 'POST',
    body: form({ ...post.fields, key: 'other.pdf' }, pdf),
  })
  expect(elsewhere.status).toBe(403)
  expect(await documents.keys()).toEqual([key])
})

test('a name cannot lead anywhere, and only PDFs are taken', async () => {
  await using both = await startBoth()
  const { family } = both
  const childId = await family.child(ada)
  const named = await sign(
    family,
    ada,
    upload(childId.toUpperCase(), { fileName: '../../%2e/x/Löwe&Co.PDF' }),
  )
  expect(named.json().documentUrl).toMatch(new RegExp(`/${ada}/${childId}/[0-9a-f-]{36}/Löwe_Co\\.pdf$`))

  const refused: [object, string][] = [
    [upload(childId, { fileType: 'image/png' }), 'Only PDF documents can be uploaded.'],
    [upload(childId, { fileType: 'application/msword' }), 'Only PDF documents can be uploaded.'],
    [upload(childId, { operation: 'delete' }), 'operation must be upload or download'],
    [upload(childId, { operation: undefined }), 'operation must be upload or download'],
    [upload(childId, { fileName: undefined }), 'Missing required field: fileName'],
    [upload(childId, { fileName: ' ' }), 'fileName must not be blank'],
    [upload(childId, { fileType: undefined }), 'Missing required field: fileType'],
    [upload(childId, { childId: undefined }), 'Missing required field: childId'],
    [upload(childId, { childId: 7 }), 'childId must be text'],
    [upload(childId, { key: 'other' }), 'Unknown field: key'],
  ]
  for (const [payload, message] of refused) {
    const answer = await sign(family, ada, payload)
    expect(answer.statusCode, message).toBe(400)
    expect(answer.json()).toEqual({ message })
  }
  expect((await opened(family)).length).toBe(1)
})

test('ten places are open for a child, and the oldest makes room for the next', async () => {
  await using both = await startBoth()
  const { family } = both
  const [childId, other] = [await family.child(ada), await family.child(ada)]
  await sign(family, ada, upload(other))
  const first = (await sign(family, ada, upload(childId))).json().iepId
  const answers = await Promise.all(Array.from({ length: 12 }, () => sign(family, ada, upload(childId))))
  expect(answers.every((answer) => answer.statusCode === 200)).toBe(true)

  const mine = (await opened(family)).filter((row) => row.object_key.includes(childId))
  expect(mine.length).toBe(10)
  expect(mine.map((row) => row.iep_id)).not.toContain(first)
  expect((await opened(family)).length).toBe(11)
})

test('a repeated wish with its Idempotency-Key gets the same place', async () => {
  await using both = await startBoth()
  const { family } = both
  const childId = await family.child(ada)
  const headers = { 'idempotency-key': 'once' }
  const [first, again] = [
    await sign(family, ada, upload(childId), headers),
    await sign(family, ada, upload(childId), headers),
  ]
  expect(again.json().iepId).toBe(first.json().iepId)
  expect((await opened(family)).length).toBe(1)
})

test('what is there can be downloaded, under its name', async () => {
  await using both = await startBoth()
  const { family, documents } = both
  const childId = await family.child(ada)
  const download = (changes: object = {}) => sign(family, ada, { operation: 'download', childId, ...changes })
  const none = await download()
  expect(none.statusCode).toBe(404)
  expect(none.json()).toEqual({ message: 'No document found for this child' })

  const iepId = await arrive(family.sql, { userId: ada, childId, fileName: 'Plan für Linus.pdf' })
  await documents.put(`${ada}/${childId}/${iepId}/Plan für Linus.pdf`)
  for (const wish of [{}, { iepId }, { iepId: iepId.toUpperCase() }, { fileName: 'x', fileType: 'y' }]) {
    const { signedUrl, ...rest } = (await download(wish)).json()
    expect(rest).toEqual({
      iepId,
      documentUrl: `s3://${documents.bucket}/${ada}/${childId}/${iepId}/Plan für Linus.pdf`,
    })
    const file = await fetch(signedUrl)
    expect(await file.text()).toBe('%PDF-1.7')
    expect(file.headers.get('content-disposition')).toContain(encodeURIComponent('Plan für Linus.pdf'))
  }
  const waiting = (await sign(family, ada, upload(childId))).json().iepId
  expect((await download({ iepId: waiting })).statusCode).toBe(404)
})

test('the file of a refused document is not there any more', async () => {
  await using both = await startBoth()
  const { family } = both
  const childId = await family.child(ada)
  await arrive(family.sql, { userId: ada, childId, status: 'FAILED', pageCount: null })
  expect((await sign(family, ada, { operation: 'download', childId })).statusCode).toBe(404)
})

test("nobody uploads for, or downloads from, somebody else's child", async () => {
  await using both = await startBoth()
  const { family } = both
  const [mine, theirs] = [await family.child(ada), await family.child(grace)]
  await arrive(family.sql, { userId: ada, childId: mine })
  const document = await arrive(family.sql, { userId: grace, childId: theirs })
  const place = (await sign(family, grace, upload(theirs))).json().iepId

  const strange = [theirs, '00000000-0000-4000-8000-000000000000', 'no-id', '', `${mine}/..`]
  const wishes = strange.flatMap((childId) => [
    upload(childId),
    upload(childId, { fileType: 'image/png' }),
    { operation: 'download', childId },
  ])
  wishes.push(
    ...[document, place, '00000000-0000-4000-8000-000000000000', 'no-id'].map((iepId) => ({
      operation: 'download',
      childId: mine,
      iepId,
    })),
  )
  for (const wish of wishes) {
    const answer = await sign(family, ada, wish)
    expect(answer.statusCode, JSON.stringify(wish)).toBe(403)
    expect(answer.json()).toEqual({ message: 'You may not do this: the id is not one of yours.' })
  }
  expect((await opened(family)).length).toBe(1)
})

test('without a bucket the rest works, and this says so', async () => {
  await using family = await startFamily()
  const childId = await family.child(ada)
  const answer = await sign(family, ada, upload(childId))
  expect(answer.statusCode).toBe(503)
  expect(answer.json()).toEqual({
    message: 'Documents cannot be uploaded or downloaded here at the moment.',
  })
  expect(answer.headers['retry-after']).toBe('60')
  expect(await opened(family)).toEqual([])
})
