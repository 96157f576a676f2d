import { afterAll, beforeAll, expect, test } from 'vitest'
import { basic, startWeb, withKey } from '../web.ts'
import { startLockin, type Lockin } from './people.ts'

let lockin: Lockin
beforeAll(async () => {
  lockin = await startLockin()
})
afterAll(() => lockin[Symbol.asyncDispose]())

const url = '/lockin/api/maintenance/archive-expired-groups'
const meantTo = { 'x-millrace-operator': 'yes' }
const post = (headers: Record<string, string> = {}, remoteAddress = '127.0.0.1') =>
  lockin.web.app.inject({ method: 'POST', url, headers, remoteAddress })
const jobs = async () =>
  (await lockin.sql.selectFrom('millrace.jobs').select('id').execute()).map(({ id }) => id)
const ended = () =>
  lockin.group('ada', {
    start_at: new Date(Date.now() - 7_200_000),
    end_at: new Date(Date.now() - 3_600_000),
  })

test('an operator asks for it without any token, and hears what came of it', async () => {
  const group = await ended()
  const headers = { ...basic('grace'), ...meantTo, 'idempotency-key': 'archive, please' }

  const asked = await post(headers)
  expect(asked.statusCode).toBe(202)
  expect(asked.json()).toMatchObject({ name: 'lockin.archive-expired-groups', state: 'waiting' })
  expect(asked.headers.location).toBe(`/jobs/${asked.json().id}`)
  await lockin.web.world.finish(asked.json().id)
  const waited = await post({ ...headers, prefer: 'wait=5' })

  expect(waited.statusCode).toBe(200)
  expect(waited.json()).toEqual({ archived: 1, activated: 0, more: true })
  const { status } = await lockin.sql
    .selectFrom('lockin.groups')
    .select('status')
    .where('id', '=', group)
    .executeTakeFirstOrThrow()
  expect(status).toBe('archived')
})

test('a server of LockIN may ask as well, each time anew', async () => {
  const before = await jobs()
  const first = await post(withKey('lockin'))
  expect(first.statusCode).toBe(202)
  await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(first.json().createdAt) + 1)
  expect((await post(withKey('lockin'))).json().id).not.toBe(first.json().id)
  expect(await jobs()).toHaveLength(before.length + 2)
})

test('nobody else may: not a user, not a viewer, no stranger and no other product', async () => {
  const before = await jobs()
  const refused = async (headers: Record<string, string>) => {
    const answer = await post(headers)
    return [answer.statusCode, Object.keys(answer.json()), String(answer.headers['www-authenticate'] ?? '')]
  }

  expect(await refused(await lockin.token('ada'))).toEqual([403, ['detail'], ''])
  // A token speaks for a user, whatever comes beside it.
  expect(await refused({ ...(await lockin.token('ada')), ...withKey('lockin') })).toEqual([
    403,
    ['detail'],
    '',
  ])
  expect(await refused({ ...basic('linus'), ...meantTo })).toEqual([403, ['detail'], ''])
  expect(await refused({})).toEqual([401, ['detail'], expect.stringMatching(/^Bearer /)])
  expect(await refused(withKey('anki'))).toEqual([401, ['detail'], expect.stringMatching(/^Bearer /)])
  const wrong = `Basic ${Buffer.from('grace:guess').toString('base64')}`
  expect(await refused({ authorization: wrong, ...meantTo })).toEqual([
    401,
    ['detail'],
    expect.stringMatching(/^Basic /),
  ])
  expect(await jobs()).toEqual(before)
})

test('a foreign page in an operator’s browser starts nothing', async () => {
  const before = await jobs()
  expect((await post(basic('grace'))).statusCode).toBe(403)
  expect((await post({ ...basic('grace'), 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403)
  expect(await jobs()).toEqual(before)
})

test('an operator’s password opens nothing else of LockIN', async () => {
  const answer = await lockin.web.app.inject({
    url: '/lockin/api/me',
    headers: { ...basic('grace'), ...meantTo },
  })
  expect(answer.statusCode).toBe(401)
})

test('guessing passwords here is slowed down', async () => {
  const guess = (password: string) =>
    post(
      { authorization: `Basic ${Buffer.from(`grace:${password}`).toString('base64')}`, ...meantTo },
      '192.0.2.9',
    )
  for (let turn = 0; turn < 10; turn += 1) expect((await guess(`guess ${turn}`)).statusCode).toBe(401)
  expect((await guess('grace-password-1')).statusCode).toBe(429)
})

test('without operators only servers may ask', async () => {
  await using web = await startWeb({ env: { OPERATORS: '' } })
  const ask = (headers: Record<string, string>) => web.app.inject({ method: 'POST', url, headers })

  expect((await ask({ ...basic('grace'), ...meantTo })).statusCode).toBe(401)
  expect((await ask(withKey('lockin'))).statusCode).toBe(202)
})
