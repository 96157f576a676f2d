import { randomUUID } from 'node:crypto'
import { sql as statement } from 'kysely'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ask } from '../../../../src/jobs/define.ts'
import { prepareAvatar } from '../../../../src/jobs/lockin/prepare-avatar.ts'
import { basic, withKey } from '../web.ts'
import { middleOf, portrait, startGallery, type Gallery } from './gallery.ts'
import { startLockin, type Lockin } from './people.ts'

let gallery: Gallery
let person: string
let people = 0

beforeAll(async () => {
  gallery = await startGallery()
})
afterAll(() => gallery[Symbol.asyncDispose]())
beforeEach(() => {
  person = `ada-${(people += 1)}`
})

const uploadUrl = '/api/profiles/avatar/upload-url'
const open = (payload: object, headers: Record<string, string> = {}) =>
  gallery.lockin.as(person, { method: 'POST', url: uploadUrl, payload, headers })
const seen = (avatarUrl: string, method: 'GET' | 'HEAD' = 'GET') =>
  gallery.lockin.web.app.inject({ method, url: avatarUrl })
const states = async () => {
  const { rows } = await statement<{ id: string; state: string; dropped: boolean }>`
    select id, state, dropped_at is not null as dropped from lockin.avatars
    where profile_id = ${await gallery.lockin.id(person)} order by created_at`.execute(gallery.lockin.sql)
  return rows
}

test('a picture goes from the form to the page: uploaded, made square, told to be ready, and shown to everybody', async () => {
  const opened = await gallery.open(person)
  expect(opened).toMatchObject({ expires_in: 900, avatar_url: `/lockin/avatars/${opened.avatar_id}.webp` })
  expect(await gallery.avatar(person, opened.avatar_id)).toEqual({
    avatar_id: opened.avatar_id,
    avatar_url: opened.avatar_url,
    state: 'uploading',
    problem: null,
  })
  expect((await seen(opened.avatar_url)).statusCode).toBe(404)

  expect((await gallery.post(opened, await portrait('#c83232'))).status).toBe(204)
  expect(await gallery.hear()).toEqual(['lockin.prepare-avatar entered'])
  await gallery.settle()

  expect(await gallery.avatar(person, opened.avatar_id)).toMatchObject({ state: 'ready', problem: null })
  const redirect = await seen(opened.avatar_url)
  expect(redirect.statusCode).toBe(302)
  expect(redirect.headers['cache-control']).toBe('public, max-age=60')
  const picture = await fetch(redirect.headers.location as string)
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/webp'])
  expect(picture.headers.get('cache-control')).toBe('private, max-age=3600')
  const bytes = Buffer.from(await picture.arrayBuffer())
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 512, height: 512 })
  expect((await sharp(bytes).metadata()).exif).toBeUndefined()
  expect((await middleOf(bytes))[0]).toBeGreaterThan(180)
  expect((await gallery.keys()).filter((key) => key.includes(opened.avatar_id))).toEqual([
    await gallery.keyOf(person, opened.avatar_id, 'picture.webp'),
  ])
})

test('the form takes one type, at most five megabytes, at its own key', async () => {
  const opened = await gallery.open(person, 'image/png')
  const small = Buffer.from('x')

  const answers = [
    await gallery.post(opened, Buffer.alloc(5 * 2 ** 20 + 1)),
    await gallery.post(opened, Buffer.alloc(0)),
    await gallery.post(opened, small, { 'Content-Type': 'text/html' }),
    await gallery.post(opened, small, { key: await gallery.keyOf('grace', randomUUID()) }),
    await gallery.post(opened, small, { key: await gallery.keyOf(person, opened.avatar_id, 'picture.webp') }),
  ]

  expect(answers.map(({ status }) => status)).toEqual([400, 400, 403, 403, 403])
  expect((await gallery.keys()).filter((key) => key.includes(opened.avatar_id))).toEqual([])
})

test('what is no picture is refused with a code and a sentence, and nothing of it stays', async () => {
  const texts = [
    ['not-an-image', Buffer.from('Dear Grace, this is no picture.')],
    ['unsupported', Buffer.from('00000018667479706865696300000000686569636d696631', 'hex')],
    ['damaged', (await portrait('#c83232')).subarray(0, 700)],
  ] as const
  for (const [code, bytes] of texts) {
    const { avatar, avatar_id, avatar_url } = await gallery.upload(person, bytes)

    expect(avatar).toMatchObject({ state: 'refused', problem: { code } })
    expect(avatar.problem?.message).toMatch(/^(This|Pictures) .*\.$/)
    expect((await seen(avatar_url)).statusCode).toBe(404)
    expect((await gallery.keys()).filter((key) => key.includes(avatar_id))).toEqual([])
  }
})

test('only types that are read here can be uploaded', async () => {
  const wrong: [object, string][] = [
    [
      { content_type: 'image/svg+xml' },
      'content_type: must be one of image/jpeg, image/png, image/webp, image/gif',
    ],
    [
      { content_type: 'image/heic' },
      'content_type: must be one of image/jpeg, image/png, image/webp, image/gif',
    ],
    [{ content_type: null }, 'content_type: must be one of image/jpeg, image/png, image/webp, image/gif'],
    [{}, 'Missing required field: content_type'],
    [{ content_type: 'image/png', key: 'avatars/x' }, 'Unknown field: key'],
  ]
  for (const [payload, detail] of wrong) {
    const answer = await open(payload)
    expect([answer.statusCode, answer.json()]).toEqual([400, { detail }])
  }
  expect(await states()).toEqual([])
})

test('a repeated wish with its Idempotency-Key gets the same place', async () => {
  const headers = { 'idempotency-key': randomUUID() }
  const payload = { content_type: 'image/jpeg' }
  const [first, again] = [await open(payload, headers), await open(payload, headers)]
  const other = await open({ content_type: 'image/png' }, headers)

  expect(again.json().avatar_id).toBe(first.json().avatar_id)
  const { location } = again.headers
  expect(location).toBe(`/lockin/api/profiles/avatar/${first.json().avatar_id}`)
  expect((await gallery.lockin.as(person, { url: location?.replace('/lockin', '') ?? '' })).statusCode).toBe(
    200,
  )
  expect(other.statusCode).toBe(422)
  expect(await states()).toHaveLength(1)
})

test('a form that was used up is not followed by others with the same Idempotency-Key', async () => {
  const headers = { 'idempotency-key': randomUUID() }
  const payload = { content_type: 'image/jpeg' }
  const { avatar_id } = (await open(payload, headers)).json()
  await gallery.lockin.sql
    .updateTable('lockin.avatars')
    .set({ created_at: new Date(Date.now() - 16 * 60_000) })
    .where('id', '=', avatar_id)
    .execute()

  const again = [await open(payload, headers), await open(payload, headers)]
  expect(again.map(({ statusCode }) => statusCode)).toEqual([410, 410])
  expect(await states()).toHaveLength(1)
  expect((await open(payload)).statusCode).toBe(201)
})

test('twenty uploads are open for a person, and the oldest makes room for the next, also for many at once', async () => {
  const first = await gallery.open(person)
  await gallery.put(await gallery.keyOf(person, first.avatar_id), Buffer.from('x'))
  const other = await gallery.open('grace-with-one')
  const answers = await Promise.all(Array.from({ length: 24 }, () => open({ content_type: 'image/jpeg' })))
  expect(answers.every(({ statusCode }) => statusCode === 201)).toBe(true)

  const mine = await states()
  expect(mine.filter(({ dropped }) => !dropped)).toHaveLength(20)
  expect(mine.slice(0, 5).map(({ dropped }) => dropped)).toEqual(Array(5).fill(true))
  expect(mine[0]?.id).toBe(first.avatar_id)
  expect(
    (await gallery.lockin.as(person, { url: `/api/profiles/avatar/${first.avatar_id}` })).statusCode,
  ).toBe(404)
  await gallery.settle()
  expect((await gallery.keys()).filter((key) => key.includes(first.avatar_id))).toEqual([])
  expect(await gallery.avatar('grace-with-one', other.avatar_id)).toMatchObject({ state: 'uploading' })
})

test('whether a picture is ready is for its person alone to know', async () => {
  const { avatar_id } = await gallery.open(person)
  const strange = [avatar_id, randomUUID(), `${avatar_id.slice(0, -1)}g`, 'x', '%00']

  for (const id of strange) {
    const answer = await gallery.lockin.as('grace', { url: `/api/profiles/avatar/${id}` })
    expect([404, 400]).toContain(answer.statusCode)
  }
  expect((await gallery.lockin.as('grace', { url: `/api/profiles/avatar/${avatar_id}` })).json()).toEqual({
    detail: 'There is no such picture.',
  })
  expect(
    (await gallery.lockin.as(person, { url: `/api/profiles/avatar/${avatar_id.toUpperCase()}` })).statusCode,
  ).toBe(200)
})

test('nobody uploads without being signed in, and servers and operators have no picture', async () => {
  const { app } = gallery.lockin.web
  const call = (headers: Record<string, string>) =>
    app.inject({
      method: 'POST',
      url: `/lockin${uploadUrl}`,
      payload: { content_type: 'image/png' },
      headers,
    })

  expect((await call({})).statusCode).toBe(401)
  expect((await call(withKey('lockin'))).statusCode).toBe(403)
  expect((await call(withKey('anki'))).statusCode).toBe(401)
  expect((await call(basic('grace'))).statusCode).toBe(401)
})

test('the address of a picture is told nothing but pictures: anything else is not there, and nothing is kept of that', async () => {
  const { avatar_url } = await gallery.open(person)
  const addresses = [
    avatar_url,
    `/lockin/avatars/${randomUUID()}.webp`,
    `/lockin/avatars/${'-'.repeat(36)}.webp`,
    `/lockin/avatars/${'a'.repeat(36)}.webp`,
    `/lockin/avatars/${randomUUID()}.webp.png`,
    `/lockin/avatars/${randomUUID()}`,
    '/lockin/avatars/..%2f..%2fetc.webp',
    '/lockin/avatars/%00.webp',
  ]
  for (const url of addresses) {
    const answer = await seen(url)
    expect(answer.statusCode, url).toBe(404)
    expect(answer.json().detail, url).toMatch(/^There is no/)
    expect(answer.headers['cache-control'] ?? 'no-store').toBe('no-store')
  }
  expect((await gallery.lockin.web.app.inject({ method: 'DELETE', url: avatar_url })).statusCode).toBe(405)
})

test('a picture is shown whoever asks, with a token that is good for nothing as well, and HEAD tells where', async () => {
  const { avatar_url } = await gallery.upload(person, await portrait('#3232c8'))
  const { app } = gallery.lockin.web

  const withNonsense = await app.inject({ url: avatar_url, headers: { authorization: 'Bearer nonsense' } })
  const head = await seen(avatar_url, 'HEAD')

  expect([withNonsense.statusCode, head.statusCode, head.body]).toEqual([302, 302, ''])
  expect(
    (
      await seen(
        avatar_url.toUpperCase().replace('/LOCKIN/AVATARS', '/lockin/avatars').replace('WEBP', 'webp'),
      )
    ).statusCode,
  ).toBe(404)
})

test('a ready picture is set, shown with its person, and makes room for the next', async () => {
  const { lockin } = gallery
  const set = (avatar_url: string | null) =>
    lockin.as(person, { method: 'PATCH', url: '/api/me', payload: { avatar_url } })
  const [first, second] = [
    await gallery.upload(person, await portrait('#c83232')),
    await gallery.upload(person, await portrait('#3232c8')),
  ]

  expect((await set(first.avatar_url)).json()).toMatchObject({ avatar_url: first.avatar_url })
  expect((await set(second.avatar_url)).json()).toMatchObject({ avatar_url: second.avatar_url })
  expect((await seen(first.avatar_url)).statusCode, 'at once, before anything was removed').toBe(404)
  expect((await set(first.avatar_url)).statusCode, 'what was dropped does not come back').toBe(409)
  await gallery.settle()

  expect((await gallery.keys()).filter((key) => key.includes(first.avatar_id))).toEqual([])
  expect((await seen(second.avatar_url)).statusCode).toBe(302)
  expect((await set(null)).json()).toMatchObject({ avatar_url: null })
  await gallery.settle()
  expect((await gallery.keys()).filter((key) => key.includes(second.avatar_id))).toEqual([])
})

describe('without a bucket, and with three requests a minute for each', () => {
  let bare: Lockin
  beforeAll(async () => {
    bare = await startLockin({ env: { RATE_LIMIT_PER_MINUTE: '3' } })
  })
  afterAll(() => bare[Symbol.asyncDispose]())
  const look = (avatarId: string, remoteAddress: string) =>
    bare.web.app.inject({ url: `/lockin/avatars/${avatarId}.webp`, remoteAddress })
  const avatar = async (state: 'ready' | 'uploading') => {
    const values = { profile_id: await bare.id('ada'), state }
    return bare.sql.insertInto('lockin.avatars').values(values).returning('id').executeTakeFirstOrThrow()
  }

  test('no place is made and no picture shown, and it says so', async () => {
    const payload = { content_type: 'image/png' }
    const answer = await bare.as('ada', { method: 'POST', url: uploadUrl, payload })

    expect([answer.statusCode, answer.headers['retry-after'], answer.json()]).toEqual([
      503,
      '60',
      { detail: 'Pictures cannot be uploaded or shown here at the moment.' },
    ])
    expect((await statement`select from lockin.avatars`.execute(bare.sql)).rows).toEqual([])
    expect((await look((await avatar('ready')).id, '203.0.113.7')).statusCode).toBe(503)
  })

  test('a worker gives up after half an hour, and the person is told', async () => {
    const [{ id: avatarId }, profileId] = [await avatar('uploading'), await bare.id('ada')]
    const job = await bare.web.world.work(ask(prepareAvatar, { profileId, avatarId, writing: 'w' }))

    expect(job).toMatchObject({ state: 'failed', error: { code: 'not-configured' } })
    expect((await bare.as('ada', { url: `/api/profiles/avatar/${avatarId}` })).json()).toMatchObject({
      state: 'refused',
      problem: { code: 'could-not-prepare' },
    })
  })

  test('strangers who look at pictures are counted by their address, and take nothing from who is signed in', async () => {
    const statuses: number[] = []
    for (let times = 0; times < 4; times += 1)
      statuses.push((await look(randomUUID(), '203.0.113.9')).statusCode)

    expect(statuses).toEqual([404, 404, 404, 429])
    expect((await bare.as('ada', { url: `/api/profiles/avatar/${randomUUID()}` })).statusCode).toBe(404)
  })
})
