import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { createServer } from '../../../src/ingress/server.ts'
import { readOnly } from '../../support/read-only.ts'
import { adas } from './outages.ts'
import { ada, basic, startWeb, withKey } from './web.ts'

test('ready means that Postgres answers; Redis is told but not needed', async () => {
  await using web = await startWeb({ ownPostgres: true })
  expect((await web.app.inject({ url: '/readyz' })).json()).toEqual({
    ready: true,
    postgres: true,
    redis: true,
  })

  await web.world.redisServer.stop()
  while (web.world.asking.redis.status === 'ready') await new Promise((resolve) => setTimeout(resolve, 10))
  const withoutRedis = await web.app.inject({ url: '/readyz' })
  expect(withoutRedis.statusCode).toBe(200)
  expect(withoutRedis.json()).toMatchObject({ ready: true, redis: false })
  expect((await adas(web)).statusCode).toBe(202)

  await web.world.postgresServer?.stop()
  expect((await web.app.inject({ url: '/readyz' })).statusCode).toBe(503)
  expect((await web.app.inject({ url: '/livez' })).statusCode).toBe(200)
})

test('with Postgres away everything that needs it says when to come back', async () => {
  await using web = await startWeb({ ownPostgres: true, light: true })
  const { id, statusUrl }: { id: string; statusUrl: string } = (await adas(web)).json()
  await web.world.postgresServer?.stop()

  const signIn = { provider: 'google', provider_id: '1', email: 'ada@example.org' }
  const answers = await Promise.all([
    adas(web),
    adas(web, { prefer: 'wait=5' }),
    adas(web, { 'idempotency-key': 'one' }),
    web.app.inject({ url: `/jobs/${id}`, headers: withKey('anki') }),
    web.app.inject({ url: `/jobs/${id}?wait=5`, headers: withKey('anki') }),
    web.app.inject({ url: statusUrl }),
    web.app.inject({ url: `/jobs/${id}/events`, headers: withKey('anki') }),
    web.app.inject({ method: 'DELETE', url: `/jobs/${id}`, headers: withKey('anki') }),
    web.app.inject({
      method: 'POST',
      url: '/rundi/auth/ensure-user',
      headers: withKey('rundi'),
      payload: signIn,
    }),
    web.app.inject({ url: `/operators/jobs/${id}`, headers: basic('linus') }),
  ])
  expect(answers.map((answer) => answer.statusCode)).toEqual(answers.map(() => 503))
  for (const answer of answers) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  await web.world.postgresServer?.restart()
  expect(Object.keys(answers[8]?.json<object>() ?? {})).toEqual(['detail'])
})

test('a Postgres that takes no writes is as good as away, and nothing is left of that once it does', async () => {
  await using web = await startWeb({ light: true })
  await readOnly(web.world.databaseUrl, true)
  const group = { method: 'POST', url: '/rundi/auth/ensure-user', headers: withKey('rundi') } as const
  const payload = { provider: 'google', provider_id: '1', email: 'ada@example.org' }

  const refused = [await adas(web), await adas(web), await web.app.inject({ ...group, payload })]
  expect(refused.map(({ statusCode }) => statusCode)).toEqual([503, 503, 503])
  for (const answer of refused) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  const ready = await web.app.inject({ url: '/readyz' })
  expect([ready.statusCode, ready.json()]).toEqual([503, { ready: false, postgres: false, redis: true }])

  await readOnly(web.world.databaseUrl, false)
  await expect.poll(async () => (await web.app.inject({ url: '/readyz' })).statusCode).toBe(200)
  expect((await adas(web)).statusCode).toBe(202)
})

test('what needs a row that is locked for too long says when to come back', async () => {
  await using web = await startWeb()
  const { sql: db } = web.world.database
  expect((await adas(web)).statusCode).toBe(202)
  await web.world.database.transaction(async (tx) => {
    await sql`select from millrace.jobs for update`.execute(tx)
    const held = adas(web)
    const waiting = async () =>
      (
        await sql<{ pid: number }>`select pid from pg_stat_activity
          where wait_event_type = 'Lock' and datname = current_database()`.execute(db)
      ).rows
    await expect.poll(waiting).toHaveLength(1)
    // As Postgres does by itself after fifteen seconds.
    for (const { pid } of await waiting()) await sql`select pg_cancel_backend(${pid})`.execute(db)
    const { statusCode, headers } = await held
    expect([statusCode, Number(headers['retry-after']) > 0]).toEqual([503, true])
  })
})

test('a server that is about to stop takes no more requests, whatever they ask', async () => {
  await using web = await startWeb()
  const { config, log, metrics, asking } = web.world
  const stopping = new AbortController()
  const app = createServer({
    config,
    log,
    metrics,
    asking,
    watch: web.watch,
    running: () => undefined,
    stopping: stopping.signal,
  })
  expect((await app.inject({ url: '/readyz' })).statusCode).toBe(200)

  stopping.abort()
  const requests = [
    { url: '/readyz' },
    { url: `/anki/users/${ada.id}`, headers: withKey('anki') },
    { method: 'POST', url: '/anki/users', headers: withKey('anki'), payload: ada.body },
  ] as const
  for (const request of requests) {
    const { statusCode, headers } = await app.inject(request)
    expect([request.url, statusCode, headers.connection]).toEqual([request.url, 503, 'close'])
  }
  await app.close()
})

test('metrics of all processes are for this machine, and for operators', async () => {
  await using web = await startWeb({ light: true })
  await adas(web)
  const outside = { url: '/metrics', remoteAddress: '192.0.2.1' }

  const here = await web.app.inject({ url: '/metrics' })
  expect(here.statusCode).toBe(200)
  expect(here.headers['content-type']).toContain('text/plain')
  expect(here.body).toContain('millrace_queue_depth{queue="quick",state="waiting",process="web"')
  expect(here.body).toMatch(
    /millrace_http_request_duration_seconds_count\{method="POST",route="\/anki\/users",status="202",process="web",instance="[0-9a-f]{8}"\} 1/,
  )
  expect((await web.app.inject(outside)).statusCode).toBe(401)
  expect(
    (await web.app.inject({ url: '/metrics', headers: { 'x-forwarded-for': '127.0.0.1' } })).statusCode,
  ).toBe(401)
  expect((await web.app.inject({ ...outside, headers: basic('linus') })).statusCode).toBe(200)
})

test('the document describes the routes, and its page is there', async () => {
  await using web = await startWeb()
  const document = (await web.app.inject({ url: '/openapi.json' })).json()
  expect(document.openapi).toBe('3.1.0')
  expect(Object.keys(document.paths).sort()).toEqual(
    [
      '/anki/users',
      '/anki/users/{id}',
      '/iep/profile',
      '/iep/profile/children',
      '/iep/profile/children/{childId}/documents',
      '/iep/profile/children/{childId}/documents/progress',
      '/iep/profile/children/{childId}/documents/progress/events',
      '/iep/profile/children/{childId}/documents:reprocess',
      '/iep/signed-url-knowledge',
      '/jobs/{id}',
      '/jobs/{id}/events',
      '/livez',
      '/lockin/api/groups',
      '/lockin/api/groups/{id}',
      '/lockin/api/groups/{id}/members',
      '/lockin/api/groups/{id}/members/{userId}',
      '/lockin/api/groups/{id}/progress/current',
      '/lockin/api/groups/{id}:clone',
      '/lockin/api/groups/{id}:invite',
      '/lockin/api/invites/{id}:accept',
      '/lockin/api/invites/{id}:decline',
      '/lockin/api/invites/{id}:withdraw',
      '/lockin/api/maintenance/archive-expired-groups',
      '/lockin/api/me',
      '/lockin/api/notifications',
      '/lockin/api/notifications/events',
      '/lockin/api/notifications/unread-count',
      '/lockin/api/notifications/{id}:read',
      '/lockin/api/notifications:read-all',
      '/lockin/api/profiles/avatar/upload-url',
      '/lockin/api/profiles/avatar/{avatarId}',
      '/lockin/api/sessions',
      '/lockin/api/sessions/{id}',
      '/lockin/api/sessions/{id}/logs',
      '/lockin/api/sessions/{id}/logs/{logId}',
      '/lockin/api/sessions/{id}/participants',
      '/lockin/api/sessions/{id}:cancel',
      '/lockin/api/sessions/{id}:join',
      '/lockin/api/sessions/{id}:leave',
      '/lockin/api/sessions/{id}:pause',
      '/lockin/api/sessions/{id}:resume',
      '/lockin/api/sessions/{id}:start',
      '/lockin/api/sessions/{id}:stop',
      '/lockin/avatars/{avatarId}.webp',
      '/metrics',
      '/operators/anki/users/{id}',
      '/operators/jobs/{id}',
      '/operators/jobs/{id}:cancel',
      '/operators/jobs/{id}:redrive',
      '/operators/jobs/{id}:undo',
      '/operators/messages',
      '/operators/messages/{id}',
      '/prework/api/audit',
      '/prework/api/media',
      '/prework/api/media/{id}',
      '/prework/api/profiles',
      '/prework/api/profiles/{id}',
      '/prework/api/submissions',
      '/prework/api/submissions/{id}',
      '/prework/api/submissions/{id}/media',
      '/prework/api/submissions/{id}:review',
      '/prework/api/submissions/{id}:submit',
      '/prework/api/users',
      '/prework/api/users/{id}',
      '/prework/api/users/{id}/media',
      '/rundi/auth/ensure-user',
      '/readyz',
    ].sort(),
  )
  const body = document.paths['/anki/users'].post.requestBody.content['application/json'].schema
  expect(body.required).toEqual(['cognito_user_id', 'username', 'email'])
  expect((await web.app.inject({ url: '/docs/' })).body).toContain('swagger')
})
