import { randomUUID } from 'node:crypto'
import { test } from 'vitest'
import { ask } from '../../../src/jobs/define.ts'
import { doNothing, effectTables, letGo, reached, testJobs, walkSteps } from '../../support/jobs.ts'
import { ada, bearer, grace, startWeb, withKey, type Web } from './web.ts'

const initiate = async (web: Web): Promise<{ id: string; statusUrl: string }> =>
  (
    await web.app.inject({ method: 'POST', url: '/anki/users', headers: withKey('anki'), payload: ada.body })
  ).json()

test.concurrent('only the owner and the servers of the product see a job; for anybody else there is none', async ({
  expect,
}) => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  const { cognito, google } = web.issuer

  const owner = await web.app.inject({ url: `/jobs/${id}`, headers: bearer(await cognito({ sub: ada.id })) })
  expect(owner.statusCode).toBe(200)
  expect((await web.app.inject({ url: `/jobs/${id}`, headers: withKey('anki') })).statusCode).toBe(200)

  const strangers = [
    bearer(await cognito({ sub: grace.id })),
    bearer(await google({ sub: ada.id })),
    bearer(await cognito({ sub: ada.id, aud: 'iep-client' }, { issuer: `${web.issuer.url}/iep` })),
    withKey('rundi'),
  ]
  for (const headers of strangers) {
    const foreign = await web.app.inject({ url: `/jobs/${id}`, headers })
    const missing = await web.app.inject({ url: `/jobs/${randomUUID()}`, headers })
    expect(foreign.statusCode).toBe(404)
    expect({ ...foreign.json().error, requestId: '' }).toEqual({ ...missing.json().error, requestId: '' })
    for (const [method, url] of [
      ['DELETE', `/jobs/${id}`],
      ['GET', `/jobs/${id}/events`],
      ['GET', `/jobs/${id}?wait=1`],
    ] as const)
      expect((await web.app.inject({ method, url, headers })).statusCode).toBe(404)
  }
  expect((await web.app.inject({ url: `/jobs/${id}` })).statusCode).toBe(401)
  expect((await web.app.inject({ method: 'DELETE', url: `/jobs/${id}` })).statusCode).toBe(401)
})

test.concurrent('a waiting reader is answered when the job settles', async ({ expect }) => {
  await using web = await startWeb()
  const { id } = await initiate(web)

  const reading = web.app.inject({ url: `/jobs/${id}?wait=30`, headers: withKey('anki') })
  await web.world.finish(id)
  expect((await reading).json()).toMatchObject({ state: 'completed', attempt: 1, progress: { percent: 100 } })
})

test.concurrent('a waiting reader is answered with Redis away, too', async ({ expect }) => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  await web.world.redisServer.stop()

  const reading = web.app.inject({ url: `/jobs/${id}?wait=30`, headers: withKey('anki') })
  await web.world.finish(id)
  expect((await reading).json().state).toBe('completed')
})

test.concurrent('when the time is over the answer is the receipt as it stands', async ({ expect }) => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  const answer = await web.app.inject({ url: `/jobs/${id}?wait=1`, headers: withKey('anki') })
  expect(answer.json().state).toBe('waiting')
})

test.concurrent('an ETag holds until something changes', async ({ expect }) => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  const headers = withKey('anki')

  const first = await web.app.inject({ url: `/jobs/${id}`, headers })
  const etag = String(first.headers.etag)
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const same = await web.app.inject({ url: `/jobs/${id}`, headers: { ...headers, 'if-none-match': known } })
    expect(same.statusCode).toBe(304)
    expect(same.body).toBe('')
    expect(same.headers.etag).toBe(etag)
  }
  // What was not sent has no length; inject would not tell.
  const head = { method: 'HEAD', headers: { ...headers, 'if-none-match': etag } }
  const bare = await fetch(`${await web.url()}/jobs/${id}`, head)
  expect([bare.status, bare.headers.get('etag'), bare.headers.get('content-length')]).toEqual([
    304,
    etag,
    null,
  ])
  const waited = await web.app.inject({
    url: `/jobs/${id}?wait=1`,
    headers: { ...headers, 'if-none-match': etag },
  })
  expect(waited.statusCode).toBe(304)

  await web.world.finish(id)
  const changed = await web.app.inject({ url: `/jobs/${id}`, headers: { ...headers, 'if-none-match': etag } })
  expect(changed.statusCode).toBe(200)
  expect(changed.headers.etag).not.toBe(etag)
})

test.concurrent('with an ETag a waiting reader hears of any change, not only of the last', async ({
  expect,
}) => {
  await using web = await startWeb({
    jobs: testJobs,
    setup: effectTables,
    env: { IEP_KEYS: 'iep-test-key-0123456789' },
  })
  const { directory, asking } = web.world
  const { id } = await asking.accept.now(
    ask(walkSteps, { key: 'ada', directory, waitAt: 'made' }),
    'f'.repeat(32),
  )
  await own(web, id)
  const headers = bearer(await web.issuer.cognito({ sub: ada.id }))
  const first = await web.app.inject({ url: `/jobs/${id}`, headers })

  const reading = web.app.inject({
    url: `/jobs/${id}?wait=30`,
    headers: { ...headers, 'if-none-match': String(first.headers.etag) },
  })
  const finishing = web.world.finish(id)
  await reached(directory, 'made')
  expect((await reading).json().state).toBe('active')
  await letGo(directory)
  await finishing
})

test.concurrent('who is told to wait longer than anybody may, or not understandably, is treated kindly', async ({
  expect,
}) => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  await web.world.finish(id)
  const headers = withKey('anki')
  expect((await web.app.inject({ url: `/jobs/${id}?wait=99999`, headers })).statusCode).toBe(200)
  for (const wait of ['-1', 'soon', '1e400', '1.5']) {
    const answer = await web.app.inject({ url: `/jobs/${id}?wait=${wait}`, headers })
    expect(answer.statusCode).toBe(400)
    expect(answer.json().error.field).toBe('wait')
  }
})

test.concurrent('a status link opens one job for looking, until somebody changes a letter of it', async ({
  expect,
}) => {
  await using web = await startWeb()
  const { id, statusUrl } = await initiate(web)
  const other = (
    await web.app.inject({
      method: 'POST',
      url: '/anki/users',
      headers: withKey('anki'),
      payload: grace.body,
    })
  ).json()

  const seen = await web.app.inject({ url: statusUrl })
  expect(seen.statusCode).toBe(200)
  expect(seen.json()).toMatchObject({ id, state: 'waiting' })
  expect(seen.json()).not.toHaveProperty('statusUrl')
  expect(seen.headers['access-control-allow-origin']).toBe('*')
  const head = await web.app.inject({ method: 'HEAD', url: statusUrl })
  expect([head.statusCode, head.headers.etag]).toEqual([200, seen.headers.etag])
  const known = await web.app.inject({
    url: statusUrl,
    headers: { 'if-none-match': String(seen.headers.etag) },
  })
  expect(known.statusCode).toBe(304)

  const [, sig = ''] = statusUrl.split('sig=')
  const flipped = (at: number) => sig.slice(0, at) + (sig[at] === 'A' ? 'B' : 'A') + sig.slice(at + 1)
  const tampered = [
    flipped(sig.length - 1),
    flipped(sig.length - 20),
    sig.replace(/^\d+/, '2'),
    sig.replace(/\.\d+\./, '.9999999999.'),
    '',
    sig.slice(1),
  ]
  for (const wrong of tampered)
    expect((await web.app.inject({ url: `/jobs/${id}?sig=${wrong}` })).statusCode).toBe(401)
  expect((await web.app.inject({ url: `/jobs/${other.id}?sig=${sig}` })).statusCode).toBe(401)
  expect((await web.app.inject({ method: 'DELETE', url: statusUrl })).statusCode).toBe(401)
  expect((await web.world.see(id)).state).toBe('waiting')
})

test.concurrent('a status link stays the same for a round and goes on to open the next', async ({
  expect,
}) => {
  await using web = await startWeb()
  const { id, statusUrl } = await initiate(web)
  await web.world.finish(id)
  const owners = await web.app.inject({ url: `/jobs/${id}`, headers: withKey('anki') })
  expect(owners.json().statusUrl).toBe(statusUrl)

  const renamed = { ...ada.body, username: 'ada-lovelace' }
  const again = await web.app.inject({
    method: 'POST',
    url: '/anki/users',
    headers: withKey('anki'),
    payload: renamed,
  })
  expect(again.json()).toMatchObject({ id, state: 'waiting' })
  expect(again.json().statusUrl).not.toBe(statusUrl)
  expect((await web.app.inject({ url: statusUrl })).json().state).toBe('waiting')
})

test.concurrent('without a secret there are no links', async ({ expect }) => {
  await using web = await startWeb({ env: { STATUS_LINK_SECRET: '' } })
  const { id, statusUrl } = await initiate(web)
  expect(statusUrl).toBeUndefined()
  expect((await web.app.inject({ url: `/jobs/${id}?sig=1.9999999999.${'A'.repeat(43)}` })).statusCode).toBe(
    401,
  )
})

test.concurrent('cancelling: at once, on the way, and too late', async ({ expect }) => {
  await using web = await startWeb({ jobs: testJobs, setup: effectTables })
  const headers = bearer(await web.issuer.cognito({ sub: 'ada' }))
  const asked = await web.world.asking.accept.now(ask(doNothing, { key: 'ada' }), 'f'.repeat(32))

  const cancelled = await web.app.inject({ method: 'DELETE', url: `/jobs/${asked.id}`, headers })
  expect(cancelled.statusCode).toBe(200)
  expect(cancelled.json()).toMatchObject({ state: 'cancelled', error: { code: 'cancelled' } })
  const twice = await web.app.inject({ method: 'DELETE', url: `/jobs/${asked.id}`, headers })
  expect(twice.statusCode).toBe(200)

  const { id } = await initiate(web)
  const stopping = await web.app.inject({ method: 'DELETE', url: `/jobs/${id}`, headers: withKey('anki') })
  expect(stopping.statusCode).toBe(202)
  expect(stopping.json().state).toBe('active')
  await web.world.finish(id)
  expect((await web.app.inject({ url: `/jobs/${id}`, headers: withKey('anki') })).json().state).toBe(
    'cancelled',
  )

  await initiate(web)
  await web.world.finish(id)
  const late = await web.app.inject({ method: 'DELETE', url: `/jobs/${id}`, headers: withKey('anki') })
  expect(late.statusCode).toBe(409)
  expect(late.json().error.code).toBe('already-settled')
})

test.concurrent('a failed job says why, in words that were meant for the caller', async ({ expect }) => {
  await using web = await startWeb({ jobs: testJobs, setup: effectTables })
  const { directory } = web.world
  const row = await web.world.work(ask(walkSteps, { key: 'ada', directory, ends: 'for good' }))
  await own(web, row.id)

  const receipt = await web.app.inject({
    url: `/jobs/${row.id}`,
    headers: bearer(await web.issuer.cognito({ sub: ada.id })),
  })
  expect(receipt.json()).toMatchObject({
    state: 'failed',
    error: { code: 'no-use', message: 'trying again cannot help' },
  })
  expect(receipt.json()).not.toHaveProperty('result')
})

/** Gives a job of the tests to Ada, so that her token opens it. */
async function own(web: Web, id: string): Promise<void> {
  await web.world.database.run(
    { name: 'test.own', text: 'update millrace.jobs set owner = $2 where id = $1' },
    [id, `anki:${ada.id}`],
  )
}
