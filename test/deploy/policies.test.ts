import { randomUUID } from 'node:crypto'
import { glob, readFile } from 'node:fs/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { User } from '../../src/domains/prework/items.ts'
import { ask } from '../../src/jobs/define.ts'
import { registry } from '../../src/jobs/index.ts'
import { expireUpload } from '../../src/jobs/prework/expire-upload.ts'
import { removeMediaObjects } from '../../src/jobs/prework/remove-media-objects.ts'
import { openBucket } from '../../src/shared/open-bucket.ts'
import { startTables } from '../domains/prework/tables.ts'
import { grace, problemIn, startPrework, type Call, type Prework } from '../ingress/http/prework/people.ts'
import { mediaUrl, open, send, settle } from '../ingress/http/prework/uploading.ts'
import { dev } from './account.ts'
import { jsonError, standBetween, xmlError, type Between, type Passing } from './between.ts'
import { allows, rightsFor, rightsOf, type Right } from './rights.ts'

/**
 * The product between guards that know the policies of the template: whatever a process is not allowed to do is refused as AWS
 * refuses it, and what it was allowed and never did is found at the end.
 */
const rights = { web: rightsOf('WebPolicy', dev), worker: rightsOf('WorkerPolicy', dev) }
type Role = keyof typeof rights

let role: Role = 'web'
const used: Record<Role, Set<Right>> = { web: new Set(), worker: new Set() }
const refused: string[] = []
const called = new Set<string>()

let guards: Between[]
let prework: Prework
let ada: User
beforeAll(async () => {
  const tables = await startTables()
  const dynamodb = await standBetween(tables.endpoint, (passing) => {
    const right = missing(passing)
    if (right === undefined) return undefined
    return jsonError('AccessDeniedException', `${role} is not authorized to perform: ${right}`)
  })
  const s3 = await standBetween(
    () => prework.buckets.endpoint,
    (passing) => (missing(passing) ? xmlError(403, 'AccessDenied', 'Access Denied') : undefined),
    // Who may not list a bucket is not told that something is not there.
    (passing, status) =>
      status === 404 && !mayList(passing) ? xmlError(403, 'AccessDenied', 'Access Denied') : undefined,
  )
  guards = [dynamodb, s3]
  prework = await startPrework({
    tables,
    env: { AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint, AWS_ENDPOINT_URL_S3: s3.endpoint },
  })
  ada = (await prework.person('user')).user
})
afterAll(async () => {
  await prework[Symbol.asyncDispose]()
  for (const guard of guards) await guard.stop()
})
beforeEach(() => {
  role = 'web'
})

function missing(passing: Passing): string | undefined {
  for (const wanted of rightsFor(passing)) {
    const right = rights[role].find((each) => allows(each, wanted))
    if (!right) {
      const told = `${wanted.action} on ${wanted.resource}`
      refused.push(`${role}: ${told}`)
      return told
    }
    used[role].add(right)
  }
  return undefined
}

const mayList = ({ url }: Passing): boolean => {
  const [, bucket = ''] = url.split(/[/?]/)
  const wanted = { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` }
  return rights[role].some((right) => allows(right, wanted))
}

/** Runs jobs, as workers do, until these files have settled. */
async function asWorker<Result>(work: () => Promise<Result>): Promise<Result> {
  role = 'worker'
  try {
    return await work()
  } finally {
    role = 'web'
  }
}

async function noted<Answer extends { statusCode: number; body: string }>(
  { method = 'GET', url }: Call,
  answered: Promise<Answer>,
): Promise<Answer> {
  const answer = await answered
  if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`)
  called.add(`${method} ${url.split('?')[0]}`)
  return answer
}
const withKey = (call: Call) => noted(call, prework.withKey(call))
const as = (who: User, call: Call) => noted(call, prework.as(who, call))

test('web may do what its routes for users, profiles and the audit log do', async () => {
  const made = await withKey({
    method: 'POST',
    url: '/api/users',
    payload: { ...grace(), role: 'manager' },
    headers: { 'idempotency-key': randomUUID() },
  })
  const { user, profile } = made.json<{ user: User; profile: { profileId: string; userId: string } }>()
  // An address moves: one item goes, one comes.
  await withKey({
    method: 'PUT',
    url: '/api/users',
    payload: { userId: user.userId, email: `grace-${randomUUID()}@example.org` },
  })
  await withKey({ method: 'PUT', url: `/api/users/${user.userId}`, payload: { username: 'hopper' } })
  await withKey({ url: `/api/users?id=${user.userId}` })
  await withKey({ url: `/api/users/${user.userId}` })
  await withKey({ url: `/api/users?email=${encodeURIComponent(ada.email)}` })
  await withKey({ url: '/api/users?role=manager' })
  await withKey({ url: '/api/users' })

  await withKey({
    method: 'PUT',
    url: '/api/profiles',
    payload: { profileId: profile.profileId, jobTitle: 'Admiral' },
  })
  await withKey({ method: 'PUT', url: `/api/profiles/${profile.profileId}`, payload: { department: 'Navy' } })
  await withKey({ url: `/api/profiles?userId=${user.userId}` })
  await withKey({ url: `/api/profiles/${profile.profileId}` })
  await withKey({ url: `/api/profiles?managerId=${user.userId}` })
  const linus: User = {
    ...ada,
    userId: randomUUID(),
    email: 'linus@example.org',
    emailKey: 'linus@example.org',
  }
  delete (linus as Partial<User>).profileId
  await prework.store.documents.putMany(prework.store.tables.users, [{ ...linus }])
  const { firstName, lastName, jobTitle, department } = grace()
  await withKey({
    method: 'POST',
    url: '/api/profiles',
    payload: { userId: linus.userId, managerId: user.userId, firstName, lastName, jobTitle, department },
  })

  await withKey({ url: `/api/audit?userId=server` })
  await withKey({ url: `/api/audit?entityId=${user.userId}` })
  await withKey({ method: 'DELETE', url: `/api/users?id=${user.userId}` })
  const other = (await prework.person('user')).user
  await withKey({ method: 'DELETE', url: `/api/users/${other.userId}` })
  await as(ada, { url: `/api/users/${ada.userId}` })
  expect(refused).toEqual([])
})

test('web may open uploads and sign what they are sent with, workers look at them, and both remove them', async () => {
  const picture = await sharp({ create: { width: 40, height: 30, channels: 3, background: 'teal' } })
    .jpeg()
    .toBuffer()
  await withKey({
    url: mediaUrl({ fileName: 'ada.jpg', contentType: 'image/jpeg', userId: ada.userId }),
    headers: { 'idempotency-key': randomUUID() },
  })
  const photo = await open(prework, ada)
  const letter = await open(prework, ada, { fileName: 'a.txt', contentType: 'text/plain', method: 'put' })
  const spoilt = await open(prework, ada)
  for (const [opened, bytes] of [
    [photo, picture],
    [letter, Buffer.from('dear Grace')],
    [spoilt, Buffer.from('not a picture')],
  ] as const) {
    expect((await send(prework, opened, bytes)).status).toBeLessThan(300)
    await asWorker(() => settle(prework, opened.media.mediaId))
  }
  const { mediaId } = photo.media
  for (const each of [mediaId, letter.media.mediaId]) {
    const asked = { action: 'download', mediaId: each }
    const saved = await as(ada, { method: 'POST', url: '/api/media', payload: asked })
    expect((await fetch(saved.json<{ url: string }>().url)).status).toBe(200)
  }
  await as(ada, { url: `/api/media/${mediaId}` })
  await as(ada, { method: 'POST', url: '/api/media', payload: { action: 'metadata', mediaId } })
  const shown = await as(ada, {
    method: 'POST',
    url: '/api/media',
    payload: { action: 'thumbnail', mediaId },
  })
  const { small } = shown.json<{ thumbnails: { small: { url: string } } }>().thumbnails
  expect((await fetch(small.url)).status).toBe(200)

  const { submission } = (
    await as(ada, {
      method: 'POST',
      url: '/api/submissions',
      payload: { title: 'Engine', mediaFiles: [mediaId] },
    })
  ).json<{ submission: { submissionId: string } }>()
  const url = `/api/submissions/${submission.submissionId}`
  const taken = { title: 'Another', mediaFiles: [mediaId] }
  const refusal = await prework.as(ada, { method: 'POST', url: '/api/submissions', payload: taken })
  expect(problemIn(refusal)).toEqual([400, 'invalid-field', 'mediaFiles'])
  await as(ada, { url: `${url}/media` })
  await as(ada, { url: `/api/users/${ada.userId}/media` })
  await as(ada, { method: 'PUT', url, payload: { mediaFiles: [letter.media.mediaId] } })
  await as(ada, { method: 'DELETE', url: `/api/media/${letter.media.mediaId}` })
  await as(ada, { method: 'DELETE', url: `/api/media?mediaId=${mediaId}` })
  await asWorker(() => settle(prework, mediaId, letter.media.mediaId))
  for (const bucket of ['uploads', 'documents', 'thumbnails'] as const)
    expect(await prework.buckets.keys(bucket)).toEqual([])
  expect(refused).toEqual([])
})

test('workers may forget an upload that was never sent', async () => {
  const { media } = await open(prework, ada)
  const { userId, mediaId } = media
  await asWorker(async () => {
    const { world } = prework.web
    expect(await world.work(ask(expireUpload, { userId, mediaId }))).toMatchObject({
      state: 'completed',
      result: { outcome: 'expired' },
    })
    const later = ask(removeMediaObjects, { userId, mediaId, when: 'later' })
    expect((await world.work(later)).state).toBe('completed')
  })
  expect(refused).toEqual([])
})

test('web may do what its routes for submissions do', async () => {
  const supervisor = (await prework.person('supervisor')).user
  const draft = async () =>
    (await as(ada, { method: 'POST', url: '/api/submissions', payload: { title: 'Engine' } })).json<{
      submission: { submissionId: string; version: number }
    }>().submission
  const [kept, dropped] = [await draft(), await draft()]
  const url = `/api/submissions/${kept.submissionId}`
  await as(ada, { url })
  await as(ada, { url: '/api/submissions' })
  await as(supervisor, { url: '/api/submissions?status=draft' })
  await as(ada, { method: 'POST', url: `${url}:submit` })
  // By who they are, and by whom they manage.
  const manager = (await prework.person('manager')).user
  const profileId = ada.profileId ?? ''
  await withKey({
    method: 'PUT',
    url: `/api/profiles/${profileId}`,
    payload: { managerId: manager.userId },
  })
  const taking = { decision: 'under_review', version: kept.version + 1 }
  await as(manager, { method: 'POST', url: `${url}:review`, payload: taking })
  const approving = { decision: 'approved', version: kept.version + 2 }
  await as(manager, { method: 'POST', url: `${url}:review`, payload: approving })
  await as(ada, { method: 'DELETE', url: `/api/submissions/${dropped.submissionId}` })
  expect(refused).toEqual([])
})

test('no route of Pre-Work was left out', () => {
  const { paths = {} } = prework.web.app.swagger() as { paths?: Record<string, Record<string, unknown>> }
  const routes = Object.entries(paths)
    .filter(([path]) => path.startsWith('/prework/'))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => [method.toUpperCase(), path] as const))
    .filter(([method]) => method !== 'HEAD')
  expect(routes.length).toBeGreaterThan(25)
  const left = routes.filter(([method, path]) => {
    const pattern = new RegExp(`^${method} ${path.replace('/prework', '').replaceAll(/\{\w+\}/g, '[^/:]+')}$`)
    return ![...called].some((each) => pattern.test(each))
  })
  expect(left).toEqual([])
})

test('no policy allows what its process does not do', () => {
  const idle = (Object.keys(rights) as Role[]).flatMap((each) =>
    rights[each]
      .filter((right) => !used[each].has(right))
      .map(({ action, resource }) => `${each}: ${action} on ${resource}`),
  )
  expect(idle).toEqual([])
})

test('web cannot read what was just uploaded, nor write what is kept, nor know what is there', async () => {
  refused.length = 0
  const uploads = openBucket(prework.web.world.config.aws, 'pre-work-media-uploads-dev')
  const key = `media/${ada.userId}/x`
  await expect(uploads.head(`uploads/${ada.userId}/x`)).rejects.toThrow()
  const address = await uploads.presignPut({ key, contentType: 'text/plain', seconds: 60 })
  const answer = await fetch(address, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'x' })
  expect(answer.status).toBe(403)
  await expect(uploads.remove(key)).rejects.toThrow('Access Denied')
  uploads.close()
  expect(refused.map((line) => line.split(' on ')[0])).toEqual([
    'web: s3:GetObject',
    'web: s3:PutObject',
    'web: s3:DeleteObject',
  ])
})

/** No job of Pre-Work is light: web runs such ones itself. */
test('web runs no job of Pre-Work', () => {
  const jobs = [...registry.values()].filter(({ name }) => name.startsWith('prework.'))
  expect(jobs.length).toBeGreaterThan(2)
  expect(jobs.filter(({ light }) => light)).toEqual([])
})

test('events may do what the one file that talks to queues asks of them', async () => {
  const files: string[] = []
  for await (const file of glob('src/**/*.ts'))
    if ((await readFile(file, 'utf8')).includes("'@aws-sdk/client-sqs'")) files.push(file)
  expect(files).toEqual(['src/ingress/sqs.ts'])
  const source = await readFile('src/ingress/sqs.ts', 'utf8')
  const sent = new Set(
    [...source.matchAll(/new (\w+?)(?:Batch)?Command\(/g)].map(([, name]) => `sqs:${name}`),
  )
  expect(new Set(rightsOf('EventsPolicy', dev).map(({ action }) => action))).toEqual(sent)
  expect(rightsOf('EventsPolicy', dev).map(({ resource }) => resource.split(':').at(-1))).toEqual(
    Array(sent.size).fill('pre-work-events-dev'),
  )
})
