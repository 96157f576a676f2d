import { expect, test } from 'vitest'
import { bearer, startWeb, withKey, type Web } from './web.ts'

const adaSignsIn = {
  provider: 'google',
  provider_id: '1001',
  email: 'ada@example.org',
  name: 'Ada',
  avatar: 'https://example.org/ada.png',
}
const google = { sub: '1001', email: 'ada@example.org' }

const ensure = (web: Web, payload: object, headers: Record<string, string>) =>
  web.app.inject({ method: 'POST', url: '/rundi/auth/ensure-user', headers, payload })

test('fifty first sign-ins at once make one user, told to one of them as new', async () => {
  await using web = await startWeb({ light: true })
  const headers = bearer(await web.issuer.google(google))

  const answers = await Promise.all(Array.from({ length: 50 }, () => ensure(web, adaSignsIn, headers)))

  const statuses = answers.map((answer) => answer.statusCode).sort((a, b) => a - b)
  expect(statuses).toEqual([...Array<number>(49).fill(200), 201])
  expect(new Set(answers.map((answer) => answer.body)).size).toBe(1)
  expect(answers[0]?.json()).toMatchObject({ ...adaSignsIn, id: expect.stringMatching(/^[0-9a-f-]{36}$/) })
})

test('the same sign-in again changes nothing and asks for nothing', async () => {
  await using web = await startWeb({ light: true })
  const first = await ensure(web, adaSignsIn, withKey('rundi'))
  expect(first.statusCode).toBe(201)

  const again = await ensure(web, adaSignsIn, withKey('rundi'))
  expect(again.statusCode).toBe(200)
  expect(again.json()).toEqual(first.json())
  const renamed = await ensure(web, { ...adaSignsIn, name: 'Ada L.' }, withKey('rundi'))
  expect(renamed.statusCode).toBe(200)
  expect(renamed.json()).toMatchObject({
    id: first.json().id,
    name: 'Ada L.',
    created_at: first.json().created_at,
  })
})

test('a missing field is named in exactly these words', async () => {
  await using web = await startWeb()
  const { email: _, ...withoutEmail } = adaSignsIn

  const missing = await ensure(web, withoutEmail, withKey('rundi'))
  expect(missing.statusCode).toBe(400)
  expect(missing.body).toBe('{"detail":"Missing required field: email"}')
  const wrong = await ensure(web, { ...adaSignsIn, email: 7 }, withKey('rundi'))
  expect(wrong.statusCode).toBe(400)
  expect(wrong.json().detail).toContain('email')
  const nothing = await ensure(web, [], withKey('rundi'))
  expect(nothing.statusCode).toBe(400)
  expect(Object.keys(nothing.json())).toEqual(['detail'])
})

test('a token must be the one of this sign-in', async () => {
  await using web = await startWeb({ light: true })
  const headers = bearer(await web.issuer.google(google))

  for (const foreign of [{ provider_id: '1002' }, { email: 'grace@example.org' }, { provider: 'github' }]) {
    const answer = await ensure(web, { ...adaSignsIn, ...foreign }, headers)
    expect(answer.statusCode).toBe(403)
    expect(Object.keys(answer.json())).toEqual(['detail'])
  }
  expect((await ensure(web, adaSignsIn, {})).statusCode).toBe(401)
  const shouted = await ensure(web, { ...adaSignsIn, email: 'ADA@example.org' }, headers)
  expect(shouted.statusCode).toBe(201)
})

test('an address that belongs to somebody else is refused with a code, unless both proved it', async () => {
  await using web = await startWeb({ light: true, env: { RUNDI_TRUSTED_PROVIDERS: 'github' } })
  const unproven = await ensure(
    web,
    { ...adaSignsIn, provider: 'gitlab', provider_id: 'ada' },
    withKey('rundi'),
  )
  expect(unproven.statusCode).toBe(201)

  const other = await ensure(web, adaSignsIn, bearer(await web.issuer.google(google)))
  expect(other.statusCode).toBe(409)
  expect(other.json()).toEqual({ detail: expect.any(String), code: 'email-in-use' })

  const grace = { provider: 'google', provider_id: '2001', email: 'grace@example.org', name: 'Grace' }
  const proven = await ensure(
    web,
    grace,
    bearer(await web.issuer.google({ sub: '2001', email: 'grace@example.org' })),
  )
  expect(proven.statusCode).toBe(201)
  const untrusted = await ensure(web, { ...grace, provider: 'gitlab' }, withKey('rundi'))
  expect(untrusted.statusCode).toBe(409)
  const linked = await ensure(web, { ...grace, provider: 'github' }, withKey('rundi'))
  expect(linked.statusCode).toBe(200)
  expect(linked.json().id).toBe(proven.json().id)
})

test('an unverified address at Google proves nothing', async () => {
  await using web = await startWeb({ light: true })
  const verified = await ensure(web, adaSignsIn, bearer(await web.issuer.google(google)))
  expect(verified.statusCode).toBe(201)

  const unverified = await web.issuer.google({ sub: '1009', email: 'ada@example.org', email_verified: false })
  const answer = await ensure(web, { ...adaSignsIn, provider_id: '1009' }, bearer(unverified))
  expect(answer.statusCode).toBe(409)
})

test('a key that came with one sign-in does not come with another, even one that changes nothing', async () => {
  await using web = await startWeb({ light: true })
  const graceSignsIn = { ...adaSignsIn, provider_id: '1002', email: 'grace@example.org', name: 'Grace' }
  expect((await ensure(web, graceSignsIn, withKey('rundi'))).statusCode).toBe(201)
  const once = { ...withKey('rundi'), 'idempotency-key': 'one' }
  expect((await ensure(web, adaSignsIn, once)).statusCode).toBe(201)

  expect((await ensure(web, graceSignsIn, once)).statusCode).toBe(422)
  expect((await ensure(web, graceSignsIn, { ...once, 'idempotency-key': '' })).statusCode).toBe(400)
  expect((await ensure(web, adaSignsIn, once)).statusCode).toBe(200)
})

test('a worker that has the job keeps the web process from running it', async () => {
  await using web = await startWeb()
  await web.world.running()
  // Nobody claims it here: the web process has no lease of its own.
  const asking = ensure(web, adaSignsIn, { ...withKey('rundi'), 'idempotency-key': 'first' })
  let id = ''
  while (id === '') {
    const [row] = await web.world.database.run<{ id: string }>(
      { name: 'test.any', text: 'select id from millrace.jobs' },
      [],
    )
    id = row?.id ?? ''
  }
  await web.world.finish(id)
  expect((await asking).statusCode).toBe(201)
})
