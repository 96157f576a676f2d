import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ask } from '../../../src/jobs/define.ts'
import { keepRejected } from '../../../src/jobs/ledger/messages.ts'
import { effectTables, testJobs, walkSteps } from '../../support/jobs.ts'
import { ada, basic, startWeb, withKey, type Web } from './web.ts'

const meantTo = { 'x-millrace-operator': 'yes' }
const initiate = async (web: Web): Promise<{ id: string }> =>
  (
    await web.app.inject({ method: 'POST', url: '/anki/users', headers: withKey('anki'), payload: ada.body })
  ).json()

test('without operators there is no console', async () => {
  await using web = await startWeb({ env: { OPERATORS: '' } })
  for (const url of ['/operators', '/operators/queues', '/operators/messages'])
    expect((await web.app.inject({ url, headers: basic('grace') })).statusCode).toBe(404)
})

test('only operators get in, and guessing is slowed down', async () => {
  await using web = await startWeb()
  const url = '/operators/messages'
  const asked = await web.app.inject({ url })
  expect(asked.statusCode).toBe(401)
  expect(asked.headers['www-authenticate']).toMatch(/^Basic /)
  expect((await web.app.inject({ url, headers: withKey('anki') })).statusCode).toBe(401)
  expect((await web.app.inject({ url, headers: basic('linus') })).statusCode).toBe(200)

  const guess = (password: string) => ({
    authorization: `Basic ${Buffer.from(`grace:${password}`).toString('base64')}`,
  })
  for (let turn = 0; turn < 10; turn += 1)
    expect((await web.app.inject({ url, headers: guess(`guess ${turn}`) })).statusCode).toBe(401)
  const slowed = await web.app.inject({ url, headers: basic('grace') })
  expect(slowed.statusCode).toBe(429)
  expect(Number(slowed.headers['retry-after'])).toBeGreaterThan(0)
  expect(
    (await web.app.inject({ url, headers: basic('grace'), remoteAddress: '192.0.2.7' })).statusCode,
  ).toBe(200)
})

test('the board shows queues and tickets, and changes nothing', async () => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  expect((await web.app.inject({ url: '/operators/queues' })).statusCode).toBe(401)

  const headers = { ...basic('grace'), ...meantTo }
  const page = await web.app.inject({ url: '/operators/queues', headers })
  expect(page.statusCode).toBe(200)
  expect(page.body).toContain('<base href="/operators/queues/"')
  const quick = await web.app.inject({
    url: '/operators/queues/api/queues?activeQueue=quick&status=latest',
    headers,
  })
  expect(quick.statusCode).toBe(200)
  expect(quick.body).not.toContain(ada.body.email)
  const removal = await web.app.inject({
    method: 'PUT',
    url: `/operators/queues/api/queues/quick/${id}-1/clean`,
    headers,
  })
  expect(removal.statusCode).toBe(405)
  const pause = await web.app.inject({
    method: 'PUT',
    url: '/operators/queues/api/queues/quick/pause',
    headers,
  })
  expect(pause.statusCode).toBe(405)
})

test('an operator sees a whole job, and who did what to it', async () => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  const url = `/operators/jobs/${id}`

  const cancelled = await web.app.inject({
    method: 'POST',
    url: `${url}:cancel`,
    headers: { ...basic('grace'), ...meantTo },
  })
  expect(cancelled.statusCode).toBe(202)
  await web.world.finish(id)
  const redriven = await web.app.inject({
    method: 'POST',
    url: `${url}:redrive`,
    headers: { ...basic('grace'), 'sec-fetch-site': 'same-origin' },
  })
  expect(redriven.json().state).toBe('waiting')
  const wrong = await web.app.inject({
    method: 'POST',
    url: `${url}:undo`,
    headers: { ...basic('grace'), ...meantTo },
  })
  expect(wrong.statusCode).toBe(409)

  const { job, history } = (await web.app.inject({ url, headers: basic('linus') })).json()
  expect(job).toMatchObject({
    id,
    owner: `anki:${ada.id}`,
    queue: 'quick',
    round: 2,
    trace: expect.stringMatching(/^[0-9a-f]{32}$/),
  })
  expect(
    history
      .filter((entry: { actor: string | null }) => entry.actor)
      .map((entry: { kind: string; actor: string }) => [entry.kind, entry.actor]),
  ).toEqual([
    ['cancel asked', 'operator:grace'],
    ['reopened', 'operator:grace'],
  ])
})

test('an undo that was stuck can be run again', async () => {
  await using web = await startWeb({ jobs: testJobs, setup: effectTables })
  const { directory } = web.world
  const row = await web.world.work(ask(walkSteps, { key: 'ada', directory, ends: 'for good', undoFails: 5 }))
  expect(row.undo).toBe('stuck')

  const asked = await web.app.inject({
    method: 'POST',
    url: `/operators/jobs/${row.id}:undo`,
    headers: { ...basic('grace'), ...meantTo },
  })
  expect(asked.statusCode).toBe(202)
  expect(asked.json().state).toBe('failed')
  expect((await web.world.finish(row.id)).undo).toBe('done')
  expect(await readdir(directory)).not.toContain('made')
})

test('viewers change nothing, and neither does a foreign page in an operator’s browser', async () => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  const cancel = (headers: Record<string, string>) =>
    web.app.inject({ method: 'POST', url: `/operators/jobs/${id}:cancel`, headers })

  expect((await cancel({ ...basic('linus'), ...meantTo })).statusCode).toBe(403)
  expect((await cancel(basic('grace'))).statusCode).toBe(403)
  for (const site of ['cross-site', 'same-site', 'none'])
    expect((await cancel({ ...basic('grace'), 'sec-fetch-site': site })).statusCode).toBe(403)
  expect((await cancel({})).statusCode).toBe(401)
  expect((await web.world.see(id)).state).toBe('waiting')
  const nobody = '00000000-0000-4000-8000-000000000000'
  const missing = await web.app.inject({
    method: 'POST',
    url: `/operators/jobs/${nobody}:cancel`,
    headers: { ...basic('grace'), ...meantTo },
  })
  expect(missing.statusCode).toBe(404)
})

test('messages that could not be read are listed, and shown one by one', async () => {
  await using web = await startWeb()
  const id = '018f3b1e-0000-7000-8000-000000000001'
  await keepRejected(web.world.database.run, [
    { id, source: 'queue', messageId: 'm-1', reason: 'not JSON', body: '<what?>' },
  ])

  const { messages } = (await web.app.inject({ url: '/operators/messages', headers: basic('linus') })).json()
  expect(messages).toMatchObject([{ id, reason: 'not JSON' }])
  const one = await web.app.inject({ url: `/operators/messages/${id}`, headers: basic('linus') })
  expect(one.json()).toMatchObject({ reason: 'not JSON', body: '<what?>' })
})

test('where a collection is, operators alone are told', async () => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  await web.world.finish(id)
  const seen = await web.app.inject({ url: `/operators/anki/users/${ada.id}`, headers: basic('linus') })
  expect(seen.json()).toEqual({
    profile: true,
    collection: true,
    ready: true,
    path: path.join(web.world.directory, 'collections', ada.id),
  })
})

test('with Redis away the raw view of the queues says when to come back', async () => {
  await using web = await startWeb()
  await web.world.redisServer.stop()
  const seen = await web.app.inject({ url: '/operators/queues/api/queues', headers: basic('linus') })
  expect([seen.statusCode, Number(seen.headers['retry-after'])]).toEqual([503, 2])
  expect(seen.json().error.code).toBe('unavailable')
})
