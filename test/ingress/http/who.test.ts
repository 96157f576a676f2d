import { generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ada, bearer, grace, startWeb, withKey, type Web } from './web.ts'

const self = (web: Web, headers: Record<string, string>) =>
  web.app.inject({ url: `/anki/users/${ada.id}`, headers })

test('an ID token and an access token both open the door, each for its client', async () => {
  await using web = await startWeb()
  const { cognito } = web.issuer

  const good = [
    await cognito({ sub: ada.id }),
    await cognito({ sub: ada.id, aud: ['other', 'anki-client'] }),
    await cognito({ sub: ada.id, token_use: 'access', client_id: 'anki-client', aud: 'nobody' }),
  ]
  for (const token of good) expect((await self(web, bearer(token))).statusCode).toBe(200)
})

test('nothing else does', async () => {
  await using web = await startWeb()
  const { cognito, google, url } = web.issuer
  const { privateKey: stranger } = await generateKeyPair('RS256')
  const symmetric = await new SignJWT({ token_use: 'id', aud: 'anki-client', sub: ada.id })
    .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
    .setIssuer(`${url}/anki`)
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode('a secret that is long enough for this'))
  const [, payload = ''] = (await cognito({ sub: ada.id })).split('.')
  const header = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  const bad = {
    expired: await cognito({ sub: ada.id }, { expires: -60 }),
    'good for ever': await cognito({ sub: ada.id }, { expires: 'never' }),
    'not valid yet': await cognito({ sub: ada.id }, { notBefore: 60 }),
    'for another client': await cognito({ sub: ada.id, aud: 'iep-client' }),
    'an access token for another client': await cognito({
      sub: ada.id,
      token_use: 'access',
      client_id: 'iep-client',
    }),
    'an access token that only says aud': await cognito({
      sub: ada.id,
      token_use: 'access',
      aud: 'anki-client',
    }),
    'a refresh token': await cognito({ sub: ada.id, token_use: 'refresh' }),
    'without a use': await cognito({ sub: ada.id, token_use: undefined }),
    'without a subject': await cognito({}),
    'with a subject that is no text': await cognito({ sub: { $ne: 1 } as unknown as string }),
    "another product's": await cognito({ sub: ada.id }, { issuer: `${url}/iep` }),
    "google's": await google({ sub: ada.id }),
    'a stranger, who claims our issuer': await cognito({ sub: ada.id }, { key: stranger }),
    'of an unknown key': await cognito({ sub: ada.id }, { kid: 'key-9' }),
    'of no key': await cognito({ sub: ada.id }, { kid: '' }),
    'of an unknown issuer': await cognito({ sub: ada.id }, { issuer: 'https://evil.example' }),
    'signed with a shared secret': symmetric,
    unsigned: `${header({ alg: 'none', kid: 'key-1' })}.${payload}.`,
    'cut off': `${header({ alg: 'RS256', kid: 'key-1' })}.${payload}`,
    'no token at all': 'abc.def.ghi',
    'with a body that is no JSON': `${header({ alg: 'RS256' })}.bm90IGpzb24.c2ln`,
    'with a header that is a list': `${header([])}.${payload}.c2ln`,
  }
  for (const [what, token] of Object.entries(bad)) {
    const answer = await self(web, bearer(token))
    expect(answer.statusCode, what).toBe(401)
    expect(answer.headers['www-authenticate'], what).toMatch(/^Bearer realm="anki", error="invalid_token"/)
    expect(answer.json().error.code, what).toBe('unauthenticated')
  }
})

test('what a token has proven to one product is no proof to another of the same pool', async () => {
  await using web = await startWeb()
  const { url } = web.issuer
  await using shared = await startWeb({
    env: { ANKI_ISSUER: `${url}/anki`, LOCKIN_ISSUER: `${url}/anki` },
  })
  const headers = bearer(await web.issuer.cognito({ sub: ada.id }))

  for (let turn = 0; turn < 2; turn += 1) {
    expect((await self(shared, headers)).statusCode).toBe(200)
    expect((await shared.app.inject({ url: '/lockin/api/me', headers })).statusCode).toBe(401)
  }
})

test('without any credentials the answer says what is needed', async () => {
  await using web = await startWeb()
  for (const headers of [
    {},
    { authorization: '' },
    { authorization: 'Basic YTpi' },
    { authorization: 'Bearer one two' },
    { 'x-millrace-key': '' },
  ]) {
    const answer = await self(web, headers)
    expect(answer.statusCode).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="anki"')
  }
})

test('several server keys are valid at once, each for its product', async () => {
  await using web = await startWeb({ env: { ANKI_KEYS: 'the-old-key-of-anki-1,the-new-key-of-anki-2' } })

  for (const key of ['the-old-key-of-anki-1', 'the-new-key-of-anki-2'])
    expect((await self(web, { 'x-millrace-key': key })).statusCode).toBe(200)
  for (const key of [
    'the-old-key-of-anki-',
    'the-old-key-of-anki-1,the-new-key-of-anki-2',
    withKey('rundi')['x-millrace-key'],
  ])
    expect((await self(web, { 'x-millrace-key': key })).statusCode).toBe(401)
})

test('with a token and a key, the token is who calls', async () => {
  await using web = await startWeb()
  const graces = bearer(await web.issuer.cognito({ sub: grace.id }))
  expect((await self(web, { ...graces, ...withKey('anki') })).statusCode).toBe(404)
  expect((await self(web, { ...bearer('nonsense'), ...withKey('anki') })).statusCode).toBe(401)
})

test('the public key of the local Cognito is refused outside the local stack', async () => {
  await using web = await startWeb({ env: { MILLRACE_LOCAL: '0' } })
  const token = await web.issuer.cognito({ sub: ada.id }, { kid: 'CognitoLocal' })
  const answer = await self(web, bearer(token))
  expect(answer.statusCode).toBe(401)
  expect(web.issuer.fetched()).toBe(0)
})

test('both names of Google are Google', async () => {
  await using web = await startWeb({ light: true })
  const token = await web.issuer.google(
    { sub: '1', email: 'ada@example.org' },
    { issuer: 'accounts.google.com' },
  )
  const payload = { provider: 'google', provider_id: '1', email: 'ada@example.org' }
  const answer = await web.app.inject({
    method: 'POST',
    url: '/rundi/auth/ensure-user',
    headers: bearer(token),
    payload,
  })
  expect(answer.statusCode).toBe(201)
})

test('keys are fetched once, and go on serving while the issuer is away', async () => {
  await using web = await startWeb()
  expect((await self(web, bearer(await web.issuer.cognito({ sub: ada.id })))).statusCode).toBe(200)
  web.issuer.away(true)
  expect((await self(web, bearer(await web.issuer.cognito({ sub: ada.id, again: true })))).statusCode).toBe(
    200,
  )
  expect(web.issuer.fetched()).toBe(1)
})

test('an issuer whose keys cannot be had makes it 503, not 401', async () => {
  await using web = await startWeb()
  web.issuer.away(true)
  const token = await web.issuer.cognito({ sub: ada.id })
  const answer = await self(web, bearer(token))
  expect(answer.statusCode).toBe(503)
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  web.issuer.away(false)
  expect((await self(web, bearer(token))).statusCode).toBe(200)
})

/** Only the clock of this process moves; timers and the stores go on as they are. */
const later = (seconds: number): void => void vi.setSystemTime(Date.now() + seconds * 1000)

describe('as time goes by', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
  afterEach(() => void vi.useRealTimers())

  test('a token that was good is not good for longer than it says', async () => {
    await using web = await startWeb()
    const headers = bearer(await web.issuer.cognito({ sub: ada.id }, { expires: 20 }))
    expect((await self(web, headers)).statusCode).toBe(200)
    later(30)
    expect((await self(web, headers)).statusCode).toBe(401)
  })

  test('a new key of the issuer is fetched when a token names it', async () => {
    await using web = await startWeb()
    expect((await self(web, bearer(await web.issuer.cognito({ sub: ada.id })))).statusCode).toBe(200)
    await web.issuer.rotate()
    later(31)
    expect((await self(web, bearer(await web.issuer.cognito({ sub: ada.id })))).statusCode).toBe(200)
    expect(web.issuer.fetched()).toBe(2)
    // Names of keys that were never there are not fetched for again and again.
    for (const kid of ['key-7', 'key-8', 'key-9'])
      expect((await self(web, bearer(await web.issuer.cognito({ sub: ada.id }, { kid })))).statusCode).toBe(
        401,
      )
    expect(web.issuer.fetched()).toBe(2)
  })

  test('the last good keys serve for a day and no longer', async () => {
    await using web = await startWeb()
    expect((await self(web, bearer(await web.issuer.cognito({ sub: ada.id })))).statusCode).toBe(200)
    web.issuer.away(true)
    later(23 * 3600)
    expect((await self(web, bearer(await web.issuer.cognito({ sub: ada.id })))).statusCode).toBe(200)
    later(2 * 3600)
    expect((await self(web, bearer(await web.issuer.cognito({ sub: ada.id })))).statusCode).toBe(503)
  })

  test('a status link is good for a week', async () => {
    await using web = await startWeb()
    const asked = await web.app.inject({
      method: 'POST',
      url: '/anki/users',
      headers: withKey('anki'),
      payload: ada.body,
    })
    const { statusUrl } = asked.json()
    later(6.9 * 24 * 3600)
    expect((await web.app.inject({ url: statusUrl })).statusCode).toBe(200)
    later(0.2 * 24 * 3600)
    expect((await web.app.inject({ url: statusUrl })).statusCode).toBe(401)
  })
})
