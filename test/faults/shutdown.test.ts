import { readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ask } from '../../src/jobs/define.ts'
import { registry as allJobs } from '../../src/jobs/index.ts'
import { history } from '../../src/jobs/ledger/read.ts'
import { openRunning } from '../../src/jobs/open.ts'
import { leavesWithin } from '../../src/shared/lifecycle.ts'
import { seconds } from '../../src/shared/time.ts'
import { effectTables, reached, testJobs, walkSteps } from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'

const trace = 'e'.repeat(32)

test('a job that does not listen goes back unspent too: the process has the time to stop that it takes', async () => {
  await using world = await createWorld({ jobs: testJobs, setup: effectTables })
  const worker = world.start('test/support/worker.ts', [], { LOG_LEVEL: 'info', SHUTDOWN_GRACE_SECONDS: '1' })
  const { id } = await world.asking.accept.now(
    ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'made', deaf: true }),
    trace,
  )
  await reached(world.directory, 'made')
  const began = performance.now()
  worker.signal('SIGTERM')
  await worker.exited

  expect(performance.now() - began).toBeLessThan(leavesWithin(seconds(1)))
  const kinds = (await history(world.database.run, id, 0)).map((entry) => entry.kind)
  expect(kinds.at(-1), worker.output()).toBe('handed back')
  expect(await world.see(id)).toMatchObject({ state: 'waiting', attempts: 0 })
  expect(worker.output()).toContain('"msg":"stopped"')
  expect(worker.output()).not.toContain('closing took too long')
  expect(await validLeases(world), 'the lease was given back').toEqual([])
})

test.each([['src/ingress/main.ts'], ['src/workers/main.ts', 'quick']])(
  '%s that is stopped while it begins its lease gives the lease back',
  async (file, ...args) => {
    await using world = await createWorld()
    const process = world.start(file, args, { LOG_LEVEL: 'info' })
    await world.database.transaction(async (tx) => {
      await sql`lock table millrace.leases in access exclusive mode`.execute(tx)
      await expect
        .poll(async () => (await sql`select 1 from pg_locks where not granted`.execute(tx)).rows.length)
        .toBeGreaterThan(0)
      process.signal('SIGTERM')
      await process.says('"msg":"stopping"')
    })

    expect(await process.exited, process.output()).toBe(0)
    expect(process.output()).toContain('"msg":"stopped"')
    for (const sign of ['leaving at once', 'could not', '"msg":"ready"'])
      expect(process.output()).not.toContain(sign)
    expect(await validLeases(world)).toEqual([])
  },
)

/** Sends its process the signal as soon as that listens to it. */
const atOnce =
  "process.on('newListener', (name) => name === 'SIGTERM' && setImmediate(() => process.kill(process.pid, name)))"

test.each(['src/ingress/main.ts', 'src/workers/main.ts', 'src/workers/clock.ts', 'src/ingress/events.ts'])(
  '%s that is stopped in the middle of its start leaves nothing open',
  async (file) => {
    await using world = await createWorld()
    const process = world.start(file, [], {
      LOG_LEVEL: 'info',
      EVENTS_QUEUE_URL: 'http://127.0.0.1:1/queue',
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(atOnce)}`,
    })

    expect(await process.exited, process.output()).toBe(0)
    expect(process.output()).toContain('"msg":"stopped"')
    expect(process.output()).not.toContain('leaving at once')
    expect(await validLeases(world)).toEqual([])
  },
)

test('an outage of Postgres at the start opens nothing twice', async () => {
  await using world = await createWorld({ ownPostgres: true })
  const opened: string[] = []
  const lifecycle = {
    ...world.lifecycle,
    onStop: (name: string, close: () => Promise<void> | void) => {
      opened.push(name)
      world.lifecycle.onStop(name, close)
    },
  }
  await world.postgresServer?.stop()
  const tries = Promise.withResolvers<void>()
  const log = Object.assign(Object.create(world.log) as typeof world.log, { warn: () => tries.resolve() })
  const opening = openRunning({ ...world, log, lifecycle, process: 'test' }, world.asking, allJobs)
  await Promise.race([tries.promise, opening])
  await world.postgresServer?.restart()

  expect((await opening)?.lease.worker()).toEqual(expect.any(String))
  expect(opened).toEqual(['tools', 'the lease’s connection', 'lease'])
})

test('the compose file gives a process the time to stop that it may take', () => {
  const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
    services: Record<string, { stop_grace_period?: string; environment?: Record<string, unknown> }>
  }
  const { stop_grace_period: given = '', environment = {} } = services['worker'] ?? {}
  const grace = seconds(Number(environment['SHUTDOWN_GRACE_SECONDS']))
  expect(given).toMatch(/^\d+s$/)
  expect(seconds(Number.parseInt(given, 10))).toBeGreaterThan(leavesWithin(grace))
})

const validLeases = async ({ database }: World): Promise<unknown[]> =>
  (await sql`select worker from millrace.leases where valid_until > now()`.execute(database.sql)).rows
