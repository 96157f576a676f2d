import { hash, randomUUID } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readAudit } from '../../../../src/domains/prework/audit.ts'
import type { User } from '../../../../src/domains/prework/items.ts'
import { findMedia } from '../../../../src/domains/prework/media/media.ts'
import { fileOf, uploadOf } from '../../../../src/domains/prework/media/places.ts'
import { BYTES_AT_MOST } from '../../../../src/domains/prework/media/types.ts'
import { ask as jobOf } from '../../../../src/jobs/define.ts'
import { expireUpload } from '../../../../src/jobs/prework/expire-upload.ts'
import { problemIn, server, startPrework, statusesOf, type Prework } from './people.ts'
import { completed, hear, jobsOf, mediaUrl, open, send, settle, type Opened } from './uploading.ts'

let prework: Prework
let ada: User
beforeAll(async () => {
  prework = await startPrework()
})
afterAll(() => prework[Symbol.asyncDispose]())
beforeEach(async () => {
  ada = (await prework.person('user')).user
})

const picture = { fileName: 'ada.jpg', contentType: 'image/jpeg' }
const ask = (who: User, query: Record<string, string | number>, headers: Record<string, string> = {}) =>
  prework.as(who, { url: mediaUrl(query), headers })
const about = (who: User, action: string, mediaId: string) =>
  prework.as(who, { method: 'POST', url: '/api/media', payload: { action, mediaId } })
const trailOf = async (entityId: string) =>
  (await readAudit(prework.store, server, { entityId }, { limit: 100, after: undefined })).items
interface Thumbnails {
  thumbnails: Record<'small' | 'large', { url: string; width: number; height: number }>
}
const countOf = async (who: User) =>
  (await prework.as(who, { url: `/api/users/${who.userId}/media` })).json<{ media: unknown[] }>().media.length

describe('opening an upload', () => {
  test('makes it known from then on, promises to clear it away, and says so in the log', async () => {
    const answer = await ask(ada, picture)
    const opened = answer.json<Opened>()
    const { mediaId } = opened.media

    expect([answer.statusCode, answer.headers['cache-control']]).toEqual([200, 'no-store'])
    expect(opened.media).toEqual({
      mediaId,
      userId: ada.userId,
      submissionId: null,
      fileName: 'ada.jpg',
      contentType: 'image/jpeg',
      uploadStatus: 'uploading',
      problem: null,
      bytes: null,
      sha256: null,
      width: null,
      height: null,
      version: 1,
      createdAt: expect.any(String),
      createdBy: ada.userId,
      updatedAt: expect.any(String),
      updatedBy: ada.userId,
    })
    expect(opened.expiresIn).toBeLessThanOrEqual(3600)
    expect(opened.expiresIn).toBeGreaterThan(3500)
    const stored = await findMedia(prework.store, mediaId)
    expect(Date.parse(stored?.uploadUntil ?? '') - Date.now()).toBeGreaterThan(3500_000)
    expect(await jobsOf(prework, mediaId)).toEqual([
      {
        job: 'prework.expire-upload',
        state: 'waiting',
        data: { userId: ada.userId, mediaId },
        minutes: 70,
      },
    ])
    expect(await trailOf(mediaId)).toMatchObject([
      {
        userId: ada.userId,
        entityType: 'media',
        action: 'create',
        before: { fileName: null, uploadStatus: null },
        after: { fileName: 'ada.jpg', uploadStatus: 'uploading', userId: ada.userId },
      },
    ])
  })

  test('gives a form that S3 takes one type and at most 50 MB with, at its own key', async () => {
    const opened = await open(prework, ada, { contentType: 'image/png', fileName: 'ada.png' })
    const small = Buffer.from('x')
    const elsewhere = { key: uploadOf({ userId: randomUUID(), mediaId: randomUUID() }) }

    const answers = [
      await send(prework, opened, Buffer.alloc(BYTES_AT_MOST + 1)),
      await send(prework, opened, Buffer.alloc(0)),
      await send(prework, opened, small, { 'Content-Type': 'image/jpeg' }),
      await send(prework, opened, small, elsewhere),
      await send(prework, opened, small, { key: fileOf(opened.media, 'ad'.repeat(32)) }),
    ]

    expect(answers.map(({ status }) => status)).toEqual([400, 400, 403, 403, 403])
    expect(await prework.buckets.keys('uploads')).not.toContain(uploadOf(opened.media))
    expect((await send(prework, opened, small)).status).toBe(204)
    expect(await prework.buckets.bytes('uploads', uploadOf(opened.media))).toEqual(small)
  })

  test('gives old clients an address that S3 takes one type at', async () => {
    const opened = await open(prework, ada, { ...picture, method: 'put' })
    expect(opened.upload).toEqual({
      method: 'PUT',
      url: expect.stringContaining('X-Amz-Signature'),
      headers: { 'content-type': 'image/jpeg' },
    })
    const bytes = Buffer.from('x')

    expect((await send(prework, opened, bytes, { 'content-type': 'text/html' })).status).toBe(403)
    expect((await send(prework, opened, bytes)).status).toBe(200)
    expect(await prework.buckets.bytes('uploads', uploadOf(opened.media))).toEqual(bytes)
  })

  test('sends documents to the bucket of documents', async () => {
    const opened = await open(prework, ada, { fileName: 'notes', contentType: 'text/plain' })
    expect(opened.media.fileName).toBe('notes.txt')
    expect((await send(prework, opened, Buffer.from('Dear Grace'))).status).toBe(204)
    expect(await prework.buckets.keys('documents')).toContain(uploadOf(opened.media))
    expect(await prework.buckets.keys('uploads')).not.toContain(uploadOf(opened.media))
  })

  const wrong: [Record<string, string | number>, unknown[]][] = [
    [{ contentType: 'image/jpeg' }, ['missing-field', 'fileName']],
    [{ ...picture, fileName: ' ' }, ['invalid-field', 'fileName']],
    [{ fileName: 'ada.jpg' }, ['missing-field', 'contentType']],
    [{ ...picture, contentType: 'image/svg+xml' }, ['invalid-field', 'contentType']],
    [{ ...picture, contentType: 'IMAGE/JPEG' }, ['invalid-field', 'contentType']],
    [{ ...picture, contentType: 'constructor' }, ['invalid-field', 'contentType']],
    [{ ...picture, method: 'PUT' }, ['invalid-field', 'method']],
    [{ ...picture, size: BYTES_AT_MOST + 1 }, ['invalid-field', 'size']],
    [{ ...picture, size: 0 }, ['invalid-field', 'size']],
    [{ ...picture, size: '1.5' }, ['invalid-field', 'size']],
    [{ ...picture, size: 'large' }, ['invalid-field', 'size']],
    [{ ...picture, userId: 'server' }, ['invalid-field', 'userId']],
    [{ ...picture, key: 'uploads/x' }, ['unknown-field', 'key']],
    [{ ...picture, action: 'upload' }, ['unknown-field', 'action']],
  ]
  test.for(wrong)('refuses %j', async ([query, problem]) => {
    expect(problemIn(await ask(ada, query))).toEqual([400, ...problem])
    expect(await countOf(ada)).toBe(0)
  })

  test('refuses a name that is said twice or is too long, and takes a file that is as large as may be', async () => {
    const twice = `${mediaUrl(picture)}&fileName=grace.jpg`
    expect(problemIn(await prework.as(ada, { url: twice }))).toEqual([400, 'invalid-field', 'fileName'])
    const long = await ask(ada, { ...picture, fileName: 'x'.repeat(1001) })
    expect(problemIn(long)).toEqual([400, 'invalid-field', 'fileName'])
    expect((await ask(ada, { ...picture, size: BYTES_AT_MOST })).statusCode).toBe(200)
  })

  test('is not done by asking for headers alone', async () => {
    const answer = await prework.as(ada, { method: 'HEAD', url: mediaUrl(picture) })
    expect(answer.statusCode).toBe(405)
    expect(await countOf(ada)).toBe(0)
  })

  test('for another is for administrators and servers, and servers say for whom', async () => {
    const { user: grace } = await prework.person('administrator')
    const { user: linus } = await prework.person('supervisor')
    const { user: gone } = await prework.person('user')
    await prework.withKey({ method: 'DELETE', url: `/api/users/${gone.userId}` })
    const forAda = { ...picture, userId: ada.userId.toUpperCase() }

    expect((await ask(grace, forAda)).json()).toMatchObject({
      media: { userId: ada.userId, createdBy: grace.userId },
    })
    const byServer = await prework.withKey({ url: mediaUrl(forAda) })
    expect(byServer.json()).toMatchObject({ media: { userId: ada.userId, createdBy: 'server' } })
    expect(problemIn(await prework.withKey({ url: mediaUrl(picture) }))).toEqual([
      400,
      'missing-field',
      'userId',
    ])
    expect(problemIn(await ask(linus, forAda))).toEqual([403, 'forbidden'])
    expect(problemIn(await ask(ada, { ...picture, userId: linus.userId }))).toEqual([404, 'not-found'])
    expect(problemIn(await ask(ada, { ...picture, userId: randomUUID() }))).toEqual([404, 'not-found'])
    expect(problemIn(await ask(grace, { ...picture, userId: randomUUID() }))).toEqual([404, 'not-found'])
    expect(problemIn(await ask(grace, { ...picture, userId: gone.userId }))).toEqual([
      409,
      'not-in-this-state',
      'userId',
    ])
    const { user: auditor } = await prework.person('auditor')
    expect(problemIn(await ask(auditor, picture))).toEqual([403, 'forbidden'])
    expect(await countOf(ada)).toBe(2)
  })
})

describe('an Idempotency-Key', () => {
  test('opens one upload, for one at a time and for many at once', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(ada, picture, headers)))
    answers.push(await ask(ada, picture, headers))

    expect(statusesOf(answers)).toEqual(Array(7).fill(200))
    const opened = answers.map((answer) => answer.json<Opened>())
    const [{ media }] = opened as [Opened]
    expect(new Set(opened.map((each) => each.media.mediaId))).toEqual(new Set([media.mediaId]))
    expect(await countOf(ada)).toBe(1)
    expect(await trailOf(media.mediaId)).toHaveLength(1)
    expect(await jobsOf(prework, media.mediaId)).toHaveLength(1)
    expect((await send(prework, opened[6] as Opened, Buffer.from('x'))).status).toBe(204)
  })

  test('is for one request: another name, type or owner is refused, and others have keys of their own', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const { user: grace } = await prework.person('administrator')
    const first = await ask(grace, picture, headers)
    const others = [
      await ask(grace, { ...picture, fileName: 'grace.jpg' }, headers),
      await ask(grace, { ...picture, contentType: 'image/png' }, headers),
      await ask(grace, { ...picture, userId: ada.userId }, headers),
      await ask(grace, { ...picture, method: 'put' }, headers),
    ]
    for (const other of others)
      expect(problemIn(other)).toEqual([422, 'idempotency-key-reused', 'Idempotency-Key'])
    const strangers = await ask(ada, picture, headers)

    expect(first.statusCode).toBe(200)
    expect(strangers.json<Opened>().media.mediaId).not.toBe(first.json<Opened>().media.mediaId)
    expect(problemIn(await ask(ada, picture, { 'idempotency-key': '' }))[1]).toBe('invalid-idempotency-key')
  })

  test('tells what was opened when there is nothing to upload any more', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const { media } = (await ask(ada, picture, headers)).json<Opened>()
    const stored = await findMedia(prework.store, media.mediaId)
    const later = { ...stored, uploadStatus: 'failed', problem: 'damaged' }
    await prework.store.documents.putMany(prework.store.tables.media, [later])

    expect((await ask(ada, picture, headers)).json()).toMatchObject({
      media: { mediaId: media.mediaId, uploadStatus: 'failed', problem: { code: 'damaged' } },
      upload: null,
      expiresIn: 0,
    })
  })

  test('opens nothing any more once its upload was removed', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const { media } = (await ask(ada, picture, headers)).json<Opened>()
    await prework.as(ada, { method: 'DELETE', url: `/api/media/${media.mediaId}` })
    await settle(prework, media.mediaId)
    const promised = async () => (await jobsOf(prework, media.mediaId)).map(({ job, state }) => [job, state])
    const before = await promised()

    expect(problemIn(await ask(ada, picture, headers))).toEqual([410, 'gone'])
    expect(problemIn(await ask(ada, picture, headers))).toEqual([410, 'gone'])
    expect((await ask(ada, { ...picture, method: 'put' }, headers)).statusCode).toBe(422)
    expect(await countOf(ada)).toBe(0)
    expect(problemIn(await about(ada, 'metadata', media.mediaId))).toEqual([404, 'not-found'])
    expect(await promised()).toEqual(before)
    expect((await trailOf(media.mediaId)).map(({ action }) => action)).toEqual(['delete', 'create'])
  })

  test('opens nothing any more once its upload has expired', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const { media } = (await ask(ada, picture, headers)).json<Opened>()
    const { userId, mediaId } = media
    const { world } = prework.web
    expect((await world.work(jobOf(expireUpload, { userId, mediaId }))).state).toBe('completed')

    expect(problemIn(await ask(ada, picture, headers))).toEqual([410, 'gone'])
    expect(await countOf(ada)).toBe(0)
  })

  test('does not begin the hour anew: what could not be written and is tried again ends with the promise there is', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const first = (await ask(ada, picture, headers)).json<Opened>()
    const { mediaId } = first.media
    const until = (await findMedia(prework.store, mediaId))?.uploadUntil ?? ''
    const { documents, tables } = prework.store
    await documents.transact([{ Delete: { TableName: tables.media, Key: { mediaId } } }])
    const { database } = prework.web.world
    await database.run(
      {
        name: 'test.asked-long-ago',
        text: `update millrace.jobs set asked_at = asked_at - interval '50 minutes'
        where name = 'prework.expire-upload' and key = $1`,
      },
      [mediaId],
    )

    const again = (await ask(ada, picture, headers)).json<Opened>()
    expect(again.media).toMatchObject({ mediaId, version: 1 })
    expect(again.expiresIn).toBeLessThanOrEqual(600)
    const then = (await findMedia(prework.store, mediaId))?.uploadUntil ?? ''
    expect(Math.abs(Date.parse(until) - Date.parse(then) - 50 * 60_000)).toBeLessThan(30_000)
  })
})

describe('what is known of a file', () => {
  test('is told both ways, and says why it failed', async () => {
    const { mediaId, ...media } = await completed(prework, ada)
    const told = {
      mediaId,
      userId: ada.userId,
      submissionId: null,
      fileName: 'ada.jpg',
      contentType: 'image/jpeg',
      uploadStatus: 'completed',
      problem: null,
      bytes: 14,
      sha256: media.file?.sha256,
      width: 1600,
      height: 1600,
      version: 2,
    }
    const answers = [
      await about(ada, 'metadata', mediaId),
      await about(ada, 'metadata', mediaId.toUpperCase()),
      await prework.as(ada, { url: `/api/media/${mediaId}` }),
    ]
    for (const answer of answers) {
      expect([answer.statusCode, answer.json()]).toMatchObject([200, { media: told }])
      expect(answer.body).not.toMatch(/uploadUntil|thumbnails|"file"|media\/[0-9a-f]/)
    }

    const failed = await completed(prework, ada, { uploadStatus: 'failed', problem: 'too-many-pixels' })
    expect((await about(ada, 'metadata', failed.mediaId)).json()).toMatchObject({
      media: { uploadStatus: 'failed', problem: { code: 'too-many-pixels', message: /smaller one\.$/ } },
    })
  })

  test('is not there for whoever may not see its owner, and nothing tells it from what is not there', async () => {
    const { user: linus } = await prework.person('user')
    const { mediaId } = await completed(prework, linus)
    const { user: stranger } = await prework.person('manager')
    for (const who of [ada, stranger])
      for (const action of ['metadata', 'download', 'thumbnail']) {
        const [there, none] = [await about(who, action, mediaId), await about(who, action, randomUUID())]
        expect([there.statusCode, there.json().error.message]).toEqual([404, 'There is no such file.'])
        expect(none.json().error.message).toBe(there.json().error.message)
      }
    for (const id of [mediaId, randomUUID()]) {
      expect((await prework.as(ada, { url: `/api/media/${id}` })).statusCode).toBe(404)
      expect((await prework.as(ada, { method: 'DELETE', url: `/api/media/${id}` })).statusCode).toBe(404)
    }
    expect((await prework.as(ada, { url: '/api/media/x' })).statusCode).toBe(404)
    expect(await findMedia(prework.store, mediaId)).toBeDefined()
  })

  const wrong: [object, unknown[]][] = [
    [{ action: 'metadata' }, ['missing-field', 'mediaId']],
    [{ mediaId: randomUUID() }, ['missing-field', 'action']],
    [{ action: 'delete', mediaId: randomUUID() }, ['invalid-field', 'action']],
    [{ action: 'metadata', mediaId: '../x' }, ['invalid-field', 'mediaId']],
    [{ action: 'metadata', mediaId: randomUUID(), key: 'x' }, ['unknown-field', 'key']],
  ]
  test.for(wrong)('is not told to %j', async ([payload, problem]) => {
    const answer = await prework.as(ada, { method: 'POST', url: '/api/media', payload })
    expect(problemIn(answer)).toEqual([400, ...problem])
  })
})

test('a picture goes from the form to its thumbnails, and is saved as what it is', async () => {
  const opened = await open(prework, ada)
  const { mediaId } = opened.media
  const bytes = await sharp({ create: { width: 640, height: 320, channels: 3, background: '#c83232' } })
    .png()
    .toBuffer()
  prework.buckets.hear()
  expect((await send(prework, opened, bytes)).status).toBe(204)
  expect(await hear(prework)).toEqual(['prework.process-media entered'])
  await settle(prework, mediaId)

  expect((await about(ada, 'metadata', mediaId)).json()).toMatchObject({
    media: {
      uploadStatus: 'completed',
      contentType: 'image/png',
      fileName: 'ada.png',
      bytes: bytes.length,
      sha256: hash('sha256', bytes),
      width: 640,
      height: 320,
      updatedBy: 'server',
    },
  })
  const saved = await fetch((await about(ada, 'download', mediaId)).json<{ url: string }>().url)
  expect(await sharp(await saved.bytes()).metadata()).toMatchObject({ format: 'png', width: 640 })
  const { thumbnails } = (await about(ada, 'thumbnail', mediaId)).json<Thumbnails>()
  for (const { url, width, height } of [thumbnails.small, thumbnails.large])
    expect(await sharp(await (await fetch(url)).bytes()).metadata()).toMatchObject({
      format: 'webp',
      width,
      height,
    })
  expect((await trailOf(mediaId)).map(({ action }) => action)).toEqual(['complete', 'create'])
})

describe('a download', () => {
  test('comes as an attachment, under its name, as what it is', async () => {
    const bytes = Buffer.from('what Ada wrote')
    const fileName = 'Überraschung, “für” Ada’s.pdf'
    const kept = { contentType: 'application/pdf' as const, fileName }
    const { mediaId } = await completed(prework, ada, kept, bytes)

    const answer = await about(ada, 'download', mediaId)
    const told = answer.json<{ url: string; fileName: string }>()
    expect([answer.statusCode, answer.headers['cache-control'], told]).toEqual([
      200,
      'no-store',
      {
        url: expect.any(String),
        fileName: 'Überraschung_ _für_ Ada_s.pdf',
        contentType: 'application/pdf',
        expiresIn: 900,
      },
    ])
    const saved = await fetch(told.url)
    expect([saved.status, saved.headers.get('content-type')]).toEqual([200, 'application/pdf'])
    expect(saved.headers.get('content-disposition')).toBe(
      `attachment; filename="Uberraschung_ _fur_ Ada_s.pdf"; filename*=UTF-8''${encodeURIComponent(told.fileName)}`,
    )
    expect(Buffer.from(await saved.arrayBuffer())).toEqual(bytes)
    expect((await fetch(told.url.replace('.pdf', '.exe'))).status).toBe(403)
  })

  test('of a picture that was of another type than its name says ends in what it is', async () => {
    const { mediaId } = await completed(prework, ada, { contentType: 'image/png', fileName: 'ada.jpg' })

    expect((await about(ada, 'download', mediaId)).json()).toMatchObject({ fileName: 'ada.png' })
    expect((await about(ada, 'metadata', mediaId)).json()).toMatchObject({ media: { fileName: 'ada.png' } })
  })

  test('and thumbnails are there when it is completed, and only of pictures', async () => {
    const { media: waiting } = await open(prework, ada)
    const text = await open(prework, ada, { fileName: 'notes.txt', contentType: 'text/plain' })
    const failed = await completed(prework, ada, { uploadStatus: 'failed', problem: 'damaged' })
    const film = await completed(prework, ada, { contentType: 'video/mp4' })
    const { mediaId } = await completed(prework, ada)
    const refusals: [string, string, string][] = [
      ['download', waiting.mediaId, 'media-not-ready'],
      ['thumbnail', waiting.mediaId, 'media-not-ready'],
      ['download', failed.mediaId, 'media-failed'],
      ['thumbnail', failed.mediaId, 'media-failed'],
      ['thumbnail', film.mediaId, 'no-thumbnails'],
      ['thumbnail', text.media.mediaId, 'no-thumbnails'],
    ]
    for (const [action, id, code] of refusals)
      expect(problemIn(await about(ada, action, id))).toEqual([409, code])

    const answer = await about(ada, 'thumbnail', mediaId)
    const { thumbnails } = answer.json<Thumbnails>()
    expect(answer.json()).toEqual({
      thumbnails: {
        small: { url: expect.any(String), width: 300, height: 300 },
        large: { url: expect.any(String), width: 1200, height: 1200 },
      },
      expiresIn: 900,
    })
    for (const { url } of [thumbnails.small, thumbnails.large]) {
      const shown = await fetch(url)
      expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/webp'])
      expect(shown.headers.get('content-disposition')).toBeNull()
    }
  })
})
