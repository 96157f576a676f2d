import { sql } from 'kysely'
import { test } from 'vitest'
import { ask } from '../../src/jobs/define.ts'
import { history } from '../../src/jobs/ledger/read.ts'
import { effectTables, exists, letGo, reached, stepsOf, testJobs, walkSteps } from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'

const trace = 'c'.repeat(32)
const patience = { timeout: 90_000, interval: 50 }
const effects = async (world: World) =>
  (await sql<{ pid: number }>`select pid from public.effects`.execute(world.database.sql)).rows
const walking = () => createWorld({ jobs: testJobs, setup: effectTables })

for (const step of ['start', 'made', 'writing'] as const)
  test.concurrent(`a worker killed at the step "${step}" leaves a job that another finishes, and its effect happens once`, async ({
    expect,
  }) => {
    await using world = await walking()
    const { accept } = world.asking
    const first = world.start('test/support/worker.ts')
    const { id } = await accept.now(
      ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: step }),
      trace,
    )
    await reached(world.directory, step)

    first.signal('SIGKILL')
    await first.exited
    await letGo(world.directory)
    const second = world.start('test/support/worker.ts')
    await expect.poll(async () => (await world.see(id)).state, patience).toBe('completed')

    expect(await effects(world)).toEqual([{ pid: second.pid }])
    expect(await world.see(id)).toMatchObject({ attempts: 2 })
    const entries = await history(world.database.run, id, 0)
    expect(entries.map((entry) => entry.kind)).toContain('taken over')
  })

test.concurrent('work that kills its worker every time is given up when its attempts are spent, and undone', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept, database } = world.asking
  const { id } = await accept.now(
    ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'made' }),
    trace,
  )

  for (let crash = 1; crash <= 3; crash += 1) {
    const victim = world.start('test/support/worker.ts')
    await reached(world.directory, 'made', crash)
    victim.signal('SIGKILL')
    await victim.exited
    // Leases lapse by the Postgres clock; the test moves it instead of waiting.
    await sql`update millrace.leases set valid_until = now() - interval '1 second'`.execute(database.sql)
  }
  world.start('test/support/worker.ts')
  await expect.poll(async () => (await world.see(id)).state, patience).toBe('failed')

  expect(await world.see(id)).toMatchObject({ attempts: 3, undo: 'done', error: { code: 'worker-lost' } })
  expect(await exists(`${world.directory}/made`)).toBe(false)
  expect(await effects(world)).toEqual([])
})

test.concurrent('a worker stopped past its lease and woken again can no longer write; what it left is undone once more', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept, database } = world.asking
  const { id } = await accept.now(
    ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'made', deaf: true }),
    trace,
  )
  const sleeper = world.start('test/support/worker.ts')
  await reached(world.directory, 'made')

  sleeper.signal('SIGSTOP')
  world.start('test/support/worker.ts')
  await letGo(world.directory)
  await expect.poll(async () => (await world.see(id)).state, patience).toBe('completed')
  sleeper.signal('SIGCONT')
  await reached(world.directory, 'made', 2)
  await expect.poll(async () => (await history(database.run, id, 0)).at(-1)?.kind).toBe('settled')
  await sleeper.end()

  expect(await effects(world)).toHaveLength(1)
  expect((await effects(world))[0]?.pid).not.toBe(sleeper.pid)
  const settled = (await history(database.run, id, 0)).filter((entry) => entry.kind === 'settled')
  expect(settled).toHaveLength(1)
})

test.concurrent('a worker stopped in the middle of its transaction does not hold the row for ever', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept } = world.asking
  const { id } = await accept.now(
    ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'writing' }),
    trace,
  )
  const sleeper = world.start('test/support/worker.ts')
  await reached(world.directory, 'writing')

  sleeper.signal('SIGSTOP')
  await letGo(world.directory)
  const other = world.start('test/support/worker.ts')
  await expect.poll(async () => (await world.see(id)).state, patience).toBe('completed')
  sleeper.signal('SIGCONT')
  await sleeper.end()

  expect(await effects(world)).toEqual([{ pid: other.pid }])
})

test.concurrent('the first signal lets running jobs finish; what is still running after the grace time goes back unspent', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept } = world.asking
  const finishing = world.start('test/support/worker.ts')
  const { id } = await accept.now(
    ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'made' }),
    trace,
  )
  await reached(world.directory, 'made')
  finishing.signal('SIGTERM')
  await letGo(world.directory)
  expect(await finishing.exited).toBe(0)
  expect(await world.see(id)).toMatchObject({ state: 'completed', attempts: 1 })

  await using other = await walking()
  const hasty = other.start('test/support/worker.ts', [], { SHUTDOWN_GRACE_SECONDS: '1', LOG_LEVEL: 'info' })
  const { id: second } = await other.asking.accept.now(
    ask(walkSteps, { key: 'Grace', directory: other.directory, waitAt: 'made' }),
    trace,
  )
  await reached(other.directory, 'made')
  hasty.signal('SIGTERM')
  expect(await hasty.exited, hasty.output()).toBe(0)

  expect(await other.see(second)).toMatchObject({ state: 'waiting', attempts: 0 })
  expect(await stepsOf(other.directory)).toEqual(['start', 'made'])
})

test.concurrent('a second signal ends the process at once', async ({ expect }) => {
  await using world = await walking()
  const { accept } = world.asking
  const worker = world.start('test/support/worker.ts', [], { LOG_LEVEL: 'info' })
  await accept.now(
    ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'made', deaf: true }),
    trace,
  )
  await reached(world.directory, 'made')

  worker.signal('SIGTERM')
  await worker.says('stopping')
  await new Promise((resolve) => setTimeout(resolve, 600))
  worker.signal('SIGTERM')

  expect(await worker.exited).toBe(1)
  // It would leave with the same code when the grace time is over.
  expect(worker.output()).toContain('second SIGTERM')
})
