import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { startProcess } from '../support/processes.ts'
import { createWorld } from '../support/world.ts'

const web = ['src/ingress/main.ts']
const events = ['src/ingress/events.ts']
const worker = ['src/workers/main.ts', 'quick']
const clock = ['src/workers/clock.ts']
const queue = { EVENTS_QUEUE_URL: 'http://127.0.0.1:1/queue', AWS_REGION: 'us-east-1' }

const run = async ([file = '', ...args]: string[], env: Record<string, string>) => {
  const child = startProcess(file, args, env)
  const code = await child.exited
  return { code, lines: child.output().trimEnd().split('\n') }
}
const withLevel = (lines: string[], level: number): Record<string, unknown>[] =>
  lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line['level'] === level)

test.concurrent.each([web, worker, clock])(
  '%s says what is wrong with its configuration, a line for each fault',
  async (...program) => {
    const { code, lines } = await run(program, { DATABASE_URL: 'nonsense', PORT: '70000' })
    expect(code).toBe(1)
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['DATABASE_URL', 'REDIS_URL', 'PORT'])
  },
)

test.concurrent('events names its queue together with what else is missing', async () => {
  const { code, lines } = await run(events, {})
  expect(code).toBe(1)
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['DATABASE_URL', 'REDIS_URL', 'EVENTS_QUEUE_URL'])
})

test.concurrent('a worker names the queues it does not know together with what else is wrong', async () => {
  const { code, lines } = await run(['src/workers/main.ts', 'quick', 'slow'], { REDIS_URL: '/redis' })
  expect(code).toBe(1)
  expect(lines).toEqual([
    expect.stringMatching(/^There is no queue called slow; there are /),
    expect.stringMatching(/^DATABASE_URL is missing/),
  ])
})

test.concurrent.each([web, worker, clock, events])(
  '%s ends with one line when the database lacks our tables',
  async (...program) => {
    await using world = await createWorld()
    const name = `empty_${randomUUID().replaceAll('-', '')}`
    await command(`create database ${name}`)
    const url = new URL(world.databaseUrl)
    url.pathname = name
    const settings = { ...world.env, ...queue, DATABASE_URL: url.href, LOG_LEVEL: 'info' }
    const { code, lines } = await run(program, settings)
    await command(`drop database ${name} with (force)`)

    expect(code, lines.join('\n')).toBe(1)
    const fatal = withLevel(lines, 60)
    expect(fatal.map((line) => line['msg'])).toEqual([expect.stringMatching(/DATABASE_URL.*migrate/)])
    expect(fatal[0]).not.toHaveProperty('err')
  },
)

test.concurrent.each([web, worker, clock, events])(
  '%s says which port is taken, and at which host',
  async (...program) => {
    await using world = await createWorld()
    await using neighbour = createServer().listen(0, '127.0.0.1')
    await once(neighbour, 'listening')
    const { port } = neighbour.address() as AddressInfo
    const taken = { ...world.env, ...queue, PORT: String(port), HEALTH_PORT: String(port), LOG_LEVEL: 'info' }
    const { code, lines } = await run(program, taken)

    expect(code, lines.join('\n')).toBe(1)
    const fatal = withLevel(lines, 60)
    expect(fatal).toEqual([expect.objectContaining({ host: '127.0.0.1', port, code: 'EADDRINUSE' })])
    expect(fatal[0]).not.toHaveProperty('err')
  },
)

test.concurrent.each([web, worker])('%s says that its host is none of this machine', async (...program) => {
  await using world = await createWorld()
  const elsewhere = { ...world.env, HOST: '192.0.2.1', LOG_LEVEL: 'info' }
  const { code, lines } = await run(program, elsewhere)

  expect(code, lines.join('\n')).toBe(1)
  expect(withLevel(lines, 60)).toEqual([
    expect.objectContaining({ host: '192.0.2.1', port: 0, code: 'EADDRNOTAVAIL' }),
  ])
})

async function command(text: string): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('postgresUrl') })
  await admin.connect()
  await admin.query(text)
  await admin.end()
}
