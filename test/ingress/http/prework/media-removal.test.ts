import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readAudit } from '../../../../src/domains/prework/audit.ts'
import type { User } from '../../../../src/domains/prework/items.ts'
import { findMedia } from '../../../../src/domains/prework/media/media.ts'
import { uploadOf } from '../../../../src/domains/prework/media/places.ts'
import { findSubmission, type Submission } from '../../../../src/domains/prework/submissions/submission.ts'
import { problemIn, server, startPrework, statusesOf, type Prework } from './people.ts'
import { completed, jobsOf, open, send, settle } from './uploading.ts'

let prework: Prework
let ada: User
beforeAll(async () => {
  prework = await startPrework()
})
afterAll(() => prework[Symbol.asyncDispose]())
beforeEach(async () => {
  ada = (await prework.person('user')).user
})

const remove = (who: User, mediaId: string) =>
  prework.as(who, { method: 'DELETE', url: `/api/media/${mediaId}` })
const trailOf = async (entityId: string) =>
  (await readAudit(prework.store, server, { entityId }, { limit: 100, after: undefined })).items
const keysOf = async (mediaId: string) =>
  (await Promise.all((['uploads', 'documents', 'thumbnails'] as const).map(prework.buckets.keys)))
    .flat()
    .filter((key) => key.includes(mediaId))

/** A submission of somebody with these files, which say that they are in it. */
async function submission(
  who: User,
  status: Submission['status'],
  mediaFiles: string[],
): Promise<Submission> {
  const now = new Date().toISOString()
  const made: Submission = {
    submissionId: randomUUID(),
    userId: who.userId,
    status,
    title: 'Notes on the engine',
    priority: 'medium',
    customFields: {},
    mediaFiles,
    version: 3,
    createdAt: now,
    createdBy: who.userId,
    updatedAt: now,
    updatedBy: who.userId,
  }
  await prework.store.documents.putMany(prework.store.tables.submissions, [{ ...made }])
  return made
}

describe('DELETE', () => {
  test('removes file, thumbnails and row, with one entry, both ways of saying which', async () => {
    const [one, other] = [await completed(prework, ada), await completed(prework, ada)]
    const answers = [
      await remove(ada, one.mediaId),
      await prework.as(ada, { method: 'DELETE', url: `/api/media?mediaId=${other.mediaId.toUpperCase()}` }),
    ]
    expect(answers.map(({ statusCode, body }) => [statusCode, body])).toEqual([
      [204, ''],
      [204, ''],
    ])

    for (const { mediaId } of [one, other]) {
      expect(await findMedia(prework.store, mediaId)).toBeUndefined()
      expect((await prework.as(ada, { url: `/api/media/${mediaId}` })).statusCode).toBe(404)
      expect((await remove(ada, mediaId)).statusCode).toBe(404)
      expect(await trailOf(mediaId)).toMatchObject([
        {
          userId: ada.userId,
          action: 'delete',
          before: { fileName: 'ada.jpg', uploadStatus: 'completed' },
          after: { fileName: null, uploadStatus: null, file: null },
        },
      ])
      expect((await jobsOf(prework, mediaId)).map(({ job, minutes }) => [job, minutes])).toEqual([
        ['prework.remove-media-objects later', 1],
        ['prework.remove-media-objects now', 0],
      ])
      expect(await keysOf(mediaId)).toHaveLength(3)
      await settle(prework, mediaId)
      expect(await keysOf(mediaId)).toEqual([])
    }
  })

  test('is for the owner, administrators and servers', async () => {
    const { mediaId } = await completed(prework, ada)
    const { user: linus } = await prework.person('supervisor')
    const { user: auditor } = await prework.person('auditor')
    const own = await completed(prework, auditor)
    const { user: stranger } = await prework.person('manager')

    expect(problemIn(await remove(linus, mediaId))).toEqual([403, 'forbidden'])
    expect(problemIn(await remove(auditor, mediaId))).toEqual([403, 'forbidden'])
    expect(problemIn(await remove(auditor, own.mediaId))).toEqual([403, 'forbidden'])
    expect(problemIn(await remove(stranger, mediaId))).toEqual([404, 'not-found'])
    // Who is refused has not even made a promise.
    expect(await jobsOf(prework, mediaId)).toEqual([])
    expect(await findMedia(prework.store, mediaId)).toBeDefined()

    const { user: grace } = await prework.person('administrator')
    const next = await completed(prework, ada)
    expect((await remove(grace, mediaId)).statusCode).toBe(204)
    const url = `/api/media?mediaId=${next.mediaId}`
    expect((await prework.withKey({ method: 'DELETE', url })).statusCode).toBe(204)
    expect(await trailOf(next.mediaId)).toMatchObject([{ userId: 'server', action: 'delete' }])
  })

  test('says which field is wrong', async () => {
    const call = (query: string) => prework.as(ada, { method: 'DELETE', url: `/api/media${query}` })
    expect(problemIn(await call(''))).toEqual([400, 'missing-field', 'mediaId'])
    expect(problemIn(await call('?mediaId=x'))).toEqual([400, 'invalid-field', 'mediaId'])
    expect(problemIn(await call(`?mediaId=${randomUUID()}&force=yes`))).toEqual([
      400,
      'unknown-field',
      'force',
    ])
  })

  test('of many at once is one: one entry, and who came too late is told that it is gone', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { mediaId } = await completed(prework, ada)
      const answers = await Promise.all(Array.from({ length: 3 }, () => remove(ada, mediaId)))

      expect(statusesOf(answers)).toEqual([204, 404, 404])
      expect(await trailOf(mediaId)).toHaveLength(1)
    }
  })

  test('takes a file from its open submission, with an entry for each', async () => {
    for (const status of ['draft', 'requires_changes'] as const) {
      const [mediaId, other] = [randomUUID(), randomUUID()]
      const { submissionId } = await submission(ada, status, [other, mediaId])
      await completed(prework, ada, { mediaId, submissionId })

      expect((await remove(ada, mediaId)).statusCode).toBe(204)
      expect(await findSubmission(prework.store, submissionId)).toMatchObject({
        mediaFiles: [other],
        version: 4,
        updatedBy: ada.userId,
        status,
      })
      expect(await trailOf(submissionId)).toMatchObject([
        { action: 'update', before: { mediaFiles: [other, mediaId] }, after: { mediaFiles: [other] } },
      ])
      expect(await trailOf(mediaId)).toMatchObject([{ action: 'delete', before: { submissionId } }])
    }
  })

  test('leaves what belongs to a submission that was handed in', async () => {
    const { user: grace } = await prework.person('administrator')
    for (const status of ['submitted', 'rejected'] as const) {
      const mediaId = randomUUID()
      const { submissionId } = await submission(ada, status, [mediaId])
      await completed(prework, ada, { mediaId, submissionId })

      for (const who of [ada, grace])
        expect(problemIn(await remove(who, mediaId))).toEqual([409, 'media-attached'])
      expect(await findMedia(prework.store, mediaId)).toMatchObject({ submissionId, version: 2 })
      expect(await findSubmission(prework.store, submissionId)).toMatchObject({ version: 3 })
      expect(await jobsOf(prework, mediaId)).toEqual([])
      expect(await trailOf(mediaId)).toEqual([])
    }
  })

  test('of an upload that is open: what arrives after that does not stay, and nothing comes back', async () => {
    const opened = await open(prework, ada)
    const { mediaId } = opened.media
    expect((await remove(ada, mediaId)).statusCode).toBe(204)
    await settle(prework, mediaId)
    expect((await send(prework, opened, Buffer.from('x'))).status).toBe(204)
    expect(await keysOf(mediaId)).toEqual([uploadOf(opened.media)])

    await settle(prework, mediaId)
    expect(await keysOf(mediaId)).toEqual([])
    expect(await findMedia(prework.store, mediaId)).toBeUndefined()
    expect((await trailOf(mediaId)).map(({ action }) => action)).toEqual(['delete', 'create'])
  })
})

describe('lists', () => {
  test('tell page by page what somebody has uploaded', async () => {
    const mine = await Promise.all(Array.from({ length: 5 }, () => completed(prework, ada)))
    const { user: grace } = await prework.person('user')
    await completed(prework, grace)
    const url = `/api/users/${ada.userId}/media`
    const seen: string[] = []
    let cursor: string | null = ''
    const pages: number[] = []
    while (cursor !== null) {
      const next = cursor === '' ? '' : `&cursor=${cursor}`
      const answer = await prework.as(ada, { url: `${url}?limit=2${next}` })
      expect(answer.statusCode).toBe(200)
      const page = answer.json<{ media: { mediaId: string }[]; nextCursor: string | null }>()
      seen.push(...page.media.map(({ mediaId }) => mediaId))
      pages.push(page.media.length)
      cursor = page.nextCursor
    }
    expect(pages).toEqual([2, 2, 1])
    expect(seen.sort()).toEqual(mine.map(({ mediaId }) => mediaId).sort())
  })

  test('tell what is attached to a submission', async () => {
    const mediaId = randomUUID()
    const { submissionId } = await submission(ada, 'draft', [mediaId])
    await completed(prework, ada, { mediaId, submissionId })
    await completed(prework, ada)

    const answer = await prework.as(ada, { url: `/api/submissions/${submissionId}/media` })
    expect([answer.statusCode, answer.json()]).toMatchObject([
      200,
      { media: [{ mediaId, submissionId }], nextCursor: null },
    ])
    expect(answer.json().media).toHaveLength(1)
  })

  test('are for whoever may see the owner, and a cursor is good for its list alone', async () => {
    const { user: grace } = await prework.person('user')
    const made = await Promise.all([completed(prework, grace), completed(prework, grace)])
    const { submissionId } = await submission(grace, 'draft', [])
    const list = (who: User, of: string) => prework.as(who, { url: `/api/${of}/media` })
    const { nextCursor } = (
      await prework.as(grace, { url: `/api/users/${grace.userId}/media?limit=1` })
    ).json<{ nextCursor: string }>()

    expect(made).toHaveLength(2)
    for (const of of [`users/${grace.userId}`, `submissions/${submissionId}`]) {
      expect(problemIn(await list(ada, of))).toEqual([404, 'not-found'])
      const [kind] = of.split('/')
      expect((await list(ada, of)).json().error.message).toBe(
        (await list(ada, `${kind}/${randomUUID()}`)).json().error.message,
      )
      expect((await list((await prework.person('auditor')).user, of)).statusCode).toBe(200)
      expect((await list(grace, of)).statusCode).toBe(200)
    }
    const { user: linus } = await prework.person('supervisor')
    const elsewhere = [
      `/api/users/${ada.userId}/media`,
      `/api/users/${linus.userId}/media`,
      `/api/submissions/${submissionId}/media`,
    ]
    for (const url of elsewhere)
      expect(problemIn(await prework.as(linus, { url: `${url}?cursor=${nextCursor}` }))).toEqual([
        400,
        'invalid-cursor',
        'cursor',
      ])
    expect(problemIn(await prework.as(linus, { url: `${elsewhere[0]}?limit=101` }))).toEqual([
      400,
      'invalid-field',
      'limit',
    ])
    expect(problemIn(await prework.as(linus, { url: `${elsewhere[0]}?status=failed` }))).toEqual([
      400,
      'unknown-field',
      'status',
    ])
    expect((await prework.as(linus, { url: '/api/users/x/media' })).statusCode).toBe(404)
  })
})
