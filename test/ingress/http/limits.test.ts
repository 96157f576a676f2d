import { expect, test } from 'vitest'
import { ada, bearer, grace, startWeb, withKey, type Web } from './web.ts'

const self = (web: Web, id: string, headers: Record<string, string>, remoteAddress = '192.0.2.1') =>
  web.app.inject({ url: `/anki/users/${id}`, headers, remoteAddress })

test('each caller has a limit of their own, and is told when to come back', async () => {
  await using web = await startWeb({ env: { RATE_LIMIT_PER_MINUTE: '3' } })
  const adas = bearer(await web.issuer.cognito({ sub: ada.id }))
  const graces = bearer(await web.issuer.cognito({ sub: grace.id }))

  for (let turn = 0; turn < 3; turn += 1) expect((await self(web, ada.id, adas)).statusCode).toBe(200)
  const refused = await self(web, ada.id, adas)
  expect(refused.statusCode).toBe(429)
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect(refused.json().error.code).toBe('too-many-requests')
  expect((await self(web, grace.id, graces)).statusCode).toBe(200)
  expect((await self(web, ada.id, withKey('anki'))).statusCode).toBe(200)
})

test('who proves nothing is limited by address, whatever they try', async () => {
  await using web = await startWeb({ env: { RATE_LIMIT_PER_MINUTE: '5' } })
  const tries = [
    { url: `/anki/users/${ada.id}`, headers: { 'x-millrace-key': 'a-guessed-key-0000' } },
    { url: `/anki/users/${ada.id}`, headers: bearer('a.guessed.token') },
    { url: '/nothing/here' },
    { method: 'PUT' as const, url: `/anki/users/${ada.id}` },
    { url: `/jobs/${ada.id}?sig=1.1.${'A'.repeat(43)}` },
  ]
  for (const tried of tries)
    expect((await web.app.inject({ ...tried, remoteAddress: '192.0.2.1' })).statusCode).toBeLessThan(429)
  for (const tried of tries)
    expect((await web.app.inject({ ...tried, remoteAddress: '192.0.2.1' })).statusCode).toBe(429)
  expect((await web.app.inject({ url: '/nothing', remoteAddress: '192.0.2.2' })).statusCode).toBe(404)
  expect((await web.app.inject({ url: '/livez', remoteAddress: '192.0.2.1' })).statusCode).toBe(200)
})

test('addresses are taken from a proxy only when there is said to be one, and only its own word', async () => {
  const limit = { RATE_LIMIT_PER_MINUTE: '1' }
  await using direct = await startWeb({ env: limit })
  const via = (web: Web, forwarded: string) =>
    web.app.inject({ url: '/nothing', headers: { 'x-forwarded-for': forwarded }, remoteAddress: '192.0.2.9' })
  expect((await via(direct, '198.51.100.1')).statusCode).toBe(404)
  expect((await via(direct, '198.51.100.2')).statusCode).toBe(429)

  await using behind = await startWeb({ env: { ...limit, TRUST_PROXY: '1' } })
  expect((await via(behind, '203.0.113.1, 198.51.100.1')).statusCode).toBe(404)
  expect((await via(behind, '203.0.113.2, 198.51.100.1')).statusCode).toBe(429)
  expect((await via(behind, '203.0.113.1, 198.51.100.2')).statusCode).toBe(404)
})
