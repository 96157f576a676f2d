import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { User } from '../../../../src/domains/prework/items.ts'
import { findMedia } from '../../../../src/domains/prework/media/media.ts'
import { startTables } from '../../../domains/prework/tables.ts'
import { startTrouble, type Trouble } from '../../../shared/dynamodb/trouble.ts'
import { problemIn, startPrework, type Prework } from './people.ts'
import { completed, jobsOf, mediaUrl, settle } from './uploading.ts'

let prework: Prework
let trouble: Trouble
let ada: User
beforeAll(async () => {
  const tables = await startTables()
  trouble = await startTrouble(tables.endpoint)
  prework = await startPrework({
    tables,
    env: { AWS_ENDPOINT_URL_DYNAMODB: trouble.endpoint },
    proxyPostgres: true,
  })
})
afterAll(async () => {
  await prework[Symbol.asyncDispose]()
  await trouble.close()
})
beforeEach(async () => {
  ada = (await prework.person('user')).user
  await prework.as(ada, { url: `/api/users/${ada.userId}` })
})

const picture = mediaUrl({ fileName: 'ada.jpg', contentType: 'image/jpeg' })
const open = (headers: Record<string, string> = {}) => prework.as(ada, { url: picture, headers })
const remove = (mediaId: string) => prework.as(ada, { method: 'DELETE', url: `/api/media/${mediaId}` })
const proxy = () => prework.web.world.proxy!
const rowsOf = ({ userId }: User) =>
  prework.store.documents.query({
    table: prework.store.tables.media,
    index: 'UserIdIndex',
    partition: { name: 'userId', value: userId },
    limit: 10,
  })

/** Postgres is not to be reached when this is asked for: neither at once, nor when it is tried once more. */
const cutOff = (asked: string) =>
  Promise.all([proxy().cutAt(asked, 'before'), proxy().cutAt(asked, 'before')])

test('without the promise to clear it away no upload is opened, and no file removed', async () => {
  const media = await completed(prework, ada)
  const cut = cutOff('prework.expire-upload')
  const opened = await open()
  await cut
  expect(problemIn(opened)).toEqual([503, 'unavailable'])
  expect(Number(opened.headers['retry-after'])).toBeGreaterThan(0)

  const again = cutOff('prework.remove-media-objects')
  expect(problemIn(await remove(media.mediaId))).toEqual([503, 'unavailable'])
  await again
  expect((await rowsOf(ada)).items).toEqual([media])
})

test('an upload whose row could not be written is promised to be cleared away, and opened by the next try', async () => {
  const headers = { 'idempotency-key': randomUUID() }
  trouble.on('TransactWriteItems', { status: 400, type: 'ValidationException', more: {} })
  expect(problemIn(await open(headers))).toEqual([500, 'internal'])
  expect((await rowsOf(ada)).items).toEqual([])

  const again = (await open(headers)).json<{ media: { mediaId: string } }>()
  expect(await jobsOf(prework, again.media.mediaId)).toMatchObject([{ job: 'prework.expire-upload' }])
  trouble.on('TransactWriteItems', 'lose the answer')
  const lost = await open({ 'idempotency-key': randomUUID() })
  expect([lost.statusCode, (await rowsOf(ada)).items.length]).toEqual([200, 2])
})

test('a file whose row could not be removed keeps its objects, though their removal was promised', async () => {
  const media = await completed(prework, ada)
  trouble.on('TransactWriteItems', { status: 400, type: 'ValidationException', more: {} })
  expect(problemIn(await remove(media.mediaId))).toEqual([500, 'internal'])

  expect(await jobsOf(prework, media.mediaId)).toMatchObject([{ job: 'prework.remove-media-objects later' }])
  await settle(prework, media.mediaId)
  expect(await findMedia(prework.store, media.mediaId)).toEqual(media)
  expect(await prework.buckets.keys('uploads')).toContain(media.file?.key)
  expect((await remove(media.mediaId)).statusCode).toBe(204)
  await settle(prework, media.mediaId)
  expect(await prework.buckets.keys('uploads')).not.toContain(media.file?.key)
})

test('a file that is removed is removed, also when its objects could not be asked to go at once', async () => {
  const media = await completed(prework, ada)
  const cut = cutOff(`${media.mediaId}/now`)
  const removed = await remove(media.mediaId)
  await cut

  expect(removed.statusCode).toBe(204)
  expect(await jobsOf(prework, media.mediaId)).toMatchObject([{ job: 'prework.remove-media-objects later' }])
  await settle(prework, media.mediaId)
  expect(await prework.buckets.keys('uploads')).not.toContain(media.file?.key)
})
