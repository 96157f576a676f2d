import { test } from 'vitest'
import { createWorld, type World } from '../../support/world.ts'
import type { TestProcess } from '../../support/processes.ts'
import { ada, withKey } from './web.ts'

const start = (world: World, env: Record<string, string> = {}): TestProcess =>
  world.start('src/ingress/main.ts', [], { LOG_LEVEL: 'info', ...env })

async function addressOf(web: TestProcess): Promise<string> {
  await web.says('"msg":"listens"')
  const line = linesOf(web).find((each) => each['msg'] === 'listens')
  return `http://127.0.0.1:${String(line?.['port'])}`
}

const linesOf = (web: TestProcess): Record<string, unknown>[] =>
  web
    .output()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

const initiate = (address: string, prefer: string) =>
  fetch(`${address}/anki/users`, {
    method: 'POST',
    headers: { ...withKey('anki'), 'content-type': 'application/json', prefer },
    body: JSON.stringify(ada.body),
  })

test.concurrent('the web process runs light jobs when nobody else does, and leaves when told to', async ({
  expect,
}) => {
  await using world = await createWorld()
  const web = start(world, { OPERATORS: '' })
  const address = await addressOf(web)
  await web.says('"msg":"ready"')
  expect(web.output()).toContain('no operators are configured')

  const answer = await initiate(address, 'wait=30')
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({ profile: true, collection: true, ready: true })

  web.signal('SIGTERM')
  expect(await web.exited, web.output()).toBe(0)
})

test.concurrent('it listens before Postgres is there, and works once it is', async ({ expect }) => {
  await using world = await createWorld({ ownPostgres: true })
  await world.postgresServer?.stop()
  const web = start(world)
  const address = await addressOf(web)
  expect((await fetch(`${address}/livez`)).status).toBe(200)
  expect((await fetch(`${address}/readyz`)).status).toBe(503)
  expect((await initiate(address, 'wait=1')).status).toBe(503)

  await world.postgresServer?.restart()
  await web.says('"msg":"ready"')
  expect((await fetch(`${address}/readyz`)).status).toBe(200)
  expect((await initiate(address, 'wait=30')).status).toBe(200)
})

test.concurrent('a signal while it waits for Postgres ends it', async ({ expect }) => {
  await using world = await createWorld({ env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' } })
  const web = start(world)
  await web.says('Postgres is away')
  web.signal('SIGTERM')
  expect(await web.exited, web.output()).toBe(0)
})

test.concurrent('on a signal it answers who waits and lets nobody hang', async ({ expect }) => {
  await using world = await createWorld()
  const web = start(world)
  const address = await addressOf(web)
  const receipt = (await (await initiate(address, 'wait=0')).json()) as { id: string; statusUrl: string }
  const waiting = fetch(`${address}/jobs/${receipt.id}?wait=30`, { headers: withKey('anki') })
  const stream = await fetch(`${address}${receipt.statusUrl.replace('?', '/events?')}`)
  // What was sent before this is in hand by now.
  expect((await fetch(`${address}/livez`)).status).toBe(200)

  web.signal('SIGTERM')
  expect(((await (await waiting).json()) as { id: string }).id).toBe(receipt.id)
  expect(await stream.text()).toContain('event: waiting')
  expect(await web.exited, web.output()).toBe(0)
})

test.concurrent('the log says what happened to each request, and nothing about anybody', async ({
  expect,
}) => {
  await using world = await createWorld()
  const web = start(world)
  const address = await addressOf(web)
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const { statusUrl } = (await (await initiate(address, 'wait=0')).json()) as { statusUrl: string }
  await fetch(`${address}${statusUrl}`, { headers: { traceparent } })
  await fetch(`${address}/nothing?sig=secret&email=${ada.body.email}`)
  await fetch(`${address}/anki/users/${ada.id}`, { headers: { authorization: 'Bearer not.a.token' } })
  await fetch(`${address}/jobs/%ff?sig=secret`)
  web.signal('SIGTERM')
  await web.exited

  const requests = linesOf(web).filter((line) => line['msg'] === 'request')
  expect(requests.map((line) => [line['method'], line['route'], line['status'], line['problem']])).toEqual([
    ['POST', '/anki/users', 202, undefined],
    ['GET', '/jobs/:id', 200, undefined],
    ['GET', 'unknown', 404, 'not-found'],
    ['GET', '/anki/users/:id', 401, 'unauthenticated'],
    ['GET', 'unknown', 400, 'invalid-url'],
  ])
  expect(requests[1]?.['trace']).toBe('4bf92f3577b34da6a3ce929d0e0e4736')
  const sig = statusUrl.split('sig=')[1] as string
  for (const secret of [
    sig,
    'secret',
    ada.body.email,
    ada.id,
    'not.a.token',
    withKey('anki')['x-millrace-key'],
  ])
    expect(web.output()).not.toContain(secret)
})
