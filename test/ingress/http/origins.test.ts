import { expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../../src/shared/config.ts'
import { ada, startWeb, withKey, type Web } from './web.ts'

const app = 'https://app.example.org'
const preflight = (web: Web, url: string, origin: string) =>
  web.app.inject({
    method: 'OPTIONS',
    url,
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, content-type',
    },
  })

test('pages of a named origin may call the products and watch jobs', async () => {
  await using web = await startWeb({ env: { WEB_ORIGINS: `https://other.example.org, ${app}` } })

  const may = await preflight(web, '/anki/users', app)
  expect(may.statusCode).toBe(204)
  expect(may.headers).toMatchObject({
    'access-control-allow-origin': app,
    'access-control-allow-headers': 'authorization, content-type',
    'access-control-max-age': '600',
    vary: expect.stringMatching(/origin/i),
  })
  expect(may.headers['access-control-allow-methods']).toContain('DELETE')
  expect(may.headers).not.toHaveProperty('access-control-allow-credentials')

  const asked = await web.app.inject({
    method: 'POST',
    url: '/anki/users',
    headers: { ...withKey('anki'), origin: app },
    payload: ada.body,
  })
  const seen = await web.app.inject({
    url: `/jobs/${asked.json().id}`,
    headers: { ...withKey('anki'), origin: app },
  })
  const refused = await web.app.inject({ method: 'POST', url: '/anki/users', headers: { origin: app } })
  expect([asked.statusCode, seen.statusCode, refused.statusCode]).toEqual([202, 200, 401])
  for (const answer of [asked, seen, refused]) {
    expect(answer.headers['access-control-allow-origin']).toBe(app)
    expect(answer.headers['access-control-expose-headers']).toContain('location')
    expect(answer.headers.vary).toMatch(/origin/i)
  }
})

test('pages of other origins may not, and operators have no guests', async () => {
  await using web = await startWeb({ env: { WEB_ORIGINS: app } })
  for (const [url, origin] of [
    ['/anki/users', 'https://app.example.org.evil.example'],
    ['/anki/users', 'null'],
    ['/operators/messages', app],
    ['/livez', app],
    ['/anki/users?sig=1', 'https://anywhere.example'],
    ['/operators/messages?sig=1', 'https://anywhere.example'],
  ] as const) {
    const answer = await preflight(web, url, origin)
    expect(answer.headers, url).not.toHaveProperty('access-control-allow-origin')
  }
  await using unnamed = await startWeb()
  expect((await preflight(unnamed, '/anki/users', app)).statusCode).toBe(405)
})

test('a status link is followed from anywhere, and so is its refusal', async () => {
  await using web = await startWeb()
  const { statusUrl } = (
    await web.app.inject({ method: 'POST', url: '/anki/users', headers: withKey('anki'), payload: ada.body })
  ).json()
  const origin = 'https://anywhere.example'
  expect((await preflight(web, statusUrl, origin)).headers['access-control-allow-origin']).toBe('*')
  const good = await web.app.inject({ url: statusUrl, headers: { origin } })
  const bad = await web.app.inject({ url: `${statusUrl}x`, headers: { origin } })
  expect([good.statusCode, bad.statusCode]).toEqual([200, 401])
  for (const answer of [good, bad]) expect(answer.headers['access-control-allow-origin']).toBe('*')
  expect(good.headers['access-control-expose-headers']).toContain('etag')
})

test('what is no origin is a fault of the configuration', () => {
  const env = { DATABASE_URL: 'postgres://x', REDIS_URL: '/x' }
  for (const WEB_ORIGINS of ['app.example.org', `${app}/`, `${app}/path`, '*'])
    expect(() => readConfig({ ...env, WEB_ORIGINS }), WEB_ORIGINS).toThrow(ConfigError)
  expect(readConfig({ ...env, WEB_ORIGINS: `${app},http://localhost:3001` }).http.origins).toHaveLength(2)
})
