import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bearer } from '../web.ts'
import { issuedBy, startLockin, type Lockin } from './people.ts'

let lockin: Lockin
beforeAll(async () => {
  lockin = await startLockin()
})
afterAll(() => lockin[Symbol.asyncDispose]())

const me = (person: string) => lockin.as(person, { url: '/api/me' })
const change = (person: string, payload: object) =>
  lockin.as(person, { method: 'PATCH', url: '/api/me', payload })

/** Calls with claims of one's own. */
const withClaims = async (claims: Record<string, unknown>) =>
  lockin.web.app.inject({
    url: '/lockin/api/me',
    headers: bearer(await lockin.web.issuer.cognito(claims, issuedBy(lockin.web))),
  })

test('tells who calls and what they are in', async () => {
  const first = await lockin.group('ada', { name: 'First' })
  const second = await lockin.group('grace', { name: 'Second', admins: ['ada'] })
  await lockin.group('grace', { name: 'Not hers' })

  const answer = await me('ada')

  expect(answer.statusCode).toBe(200)
  const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  const membership = { status: 'active', override_period_target_minutes: null, created_at: at }
  expect(answer.json()).toEqual({
    id: await lockin.id('ada'),
    email: 'ada@example.org',
    display_name: 'Ada',
    avatar_url: null,
    created_at: at,
    updated_at: at,
    memberships: [
      { ...membership, group_id: second, name: 'Second', role: 'admin' },
      { ...membership, group_id: first, name: 'First', role: 'owner' },
    ],
  })
  expect(answer.headers['cache-control']).toBe('no-store')
})

test('an access token, which knows no address, and an ID token of the same sign-in are one person', async () => {
  const sub = randomUUID()
  const access = { sub, token_use: 'access', client_id: 'lockin-client', username: 'ada', aud: undefined }
  const id = {
    sub,
    aud: 'lockin-client',
    email: `${sub}@example.org`,
    email_verified: 'true',
    name: 'Augusta',
  }

  const first = (await withClaims(access)).json()
  const second = (await withClaims(id)).json()
  const third = (await withClaims(access)).json()

  expect(first).toMatchObject({ email: null, display_name: null, memberships: [] })
  expect(second).toMatchObject({ id: first.id, email: id.email })
  expect(third).toEqual(second)
})

test('an address that is not verified is not told as theirs', async () => {
  const claims = { sub: randomUUID(), aud: 'lockin-client', email: 'ada@example.org', email_verified: false }
  const answer = (await withClaims(claims)).json()
  expect(answer.email).toBeNull()
  expect(answer.id).not.toBe(await lockin.id('ada'))
})

test('a token of another client is nobody’s', async () => {
  const answer = await withClaims({ sub: randomUUID(), aud: 'iep-client' })
  expect(answer.statusCode).toBe(401)
  expect(answer.json()).toEqual({ detail: expect.any(String) })
})

test('a name is changed, kept when it is the same, and taken away', async () => {
  const before = (await me('linus')).json()

  const changed = await change('linus', { display_name: '  Linus B. ' })

  expect(changed.statusCode).toBe(200)
  expect(changed.json()).toEqual({
    ...before,
    display_name: 'Linus B.',
    updated_at: changed.json().updated_at,
  })
  expect(changed.json().updated_at > before.updated_at).toBe(true)
  expect((await change('linus', { display_name: 'Linus B.' })).json()).toEqual(changed.json())
  expect((await change('linus', { display_name: null })).json().display_name).toBeNull()
  // Nobody's sign-in brings it back.
  expect((await me('linus')).json().display_name).toBeNull()
})

test.for([
  [{}, /^Nothing to change: send at least one of display_name, avatar_url/],
  [{ display_name: 'x'.repeat(81) }, /^display_name: must have at most 80/],
  [{ display_name: 'a\u0000b' }, /not text/],
  [{ display_name: 7 }, /^display_name: must be text/],
  [{ email: 'linus@example.org' }, /^Unknown field: email/],
  [{ id: randomUUID() }, /^Unknown field: id/],
  [{ avatar_url: 'https://example.org/ada.png' }, /^avatar_url: is not the address of a picture of yours/],
  [
    { avatar_url: `/lockin/avatars/${randomUUID()}.webp` },
    /^avatar_url: is not the address of a picture of yours/,
  ],
  [{ avatar_url: 7 }, /^avatar_url: must be the address of a picture/],
  [{ avatar_url: 'x'.repeat(10_000) }, /^avatar_url: is not the address/],
] as const)('%j is refused', async ([payload, detail]) => {
  const before = (await me('grace')).json()
  const answer = await change('grace', payload)
  expect([answer.statusCode, answer.json().detail]).toEqual([400, expect.stringMatching(detail)])
  expect((await me('grace')).json()).toEqual(before)
})

test('a picture of one’s own that is ready is set; one that is not, or is another’s, is not', async () => {
  const avatar = async (person: string, state: 'uploading' | 'ready') => {
    const { id } = await lockin.sql
      .insertInto('lockin.avatars')
      .values({ profile_id: await lockin.id(person), state })
      .returning('id')
      .executeTakeFirstOrThrow()
    return `/lockin/avatars/${id}.webp`
  }
  const [mine, early, hers] = [
    await avatar('ada', 'ready'),
    await avatar('ada', 'uploading'),
    await avatar('grace', 'ready'),
  ]

  expect((await change('ada', { avatar_url: mine })).json().avatar_url).toBe(mine)
  const refused = await change('ada', { avatar_url: early, display_name: 'Countess' })
  expect([refused.statusCode, refused.json().code]).toEqual([409, 'avatar-not-ready'])
  expect((await change('ada', { avatar_url: hers })).statusCode).toBe(400)
  // All of a change or nothing.
  expect((await me('ada')).json()).toMatchObject({ avatar_url: mine, display_name: 'Ada' })

  expect((await change('ada', { avatar_url: null })).json().avatar_url).toBeNull()
  // The one before is removed by a job, promised together with the change.
  const jobs = await lockin.sql
    .selectFrom('millrace.jobs')
    .select('data')
    .where('name', '=', 'lockin.drop-avatars')
    .execute()
  expect(jobs).toEqual([{ data: { profileId: await lockin.id('ada') } }])
})
