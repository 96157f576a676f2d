import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { bullId, intoBundles, ticketsIn } from '../../src/jobs/bundle.ts'
import { ask } from '../../src/jobs/define.ts'
import { cancel } from '../../src/jobs/ledger/steer.ts'
import { sweepOnce } from '../../src/workers/sweep.ts'
import { effectTables, leaveMark, letGo, reached, stepsOf, testJobs } from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'

const trace = 'e'.repeat(32)
const patience = { timeout: 90_000, interval: 50 }
const CROWD = 200
const crowded = () => createWorld({ jobs: testJobs, setup: effectTables })

test('a few tickets travel alone, a crowd of light ones in bundles, delayed and heavy ones never', () => {
  const ticket = (index: number, more = {}) => ({
    id: `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    ticket: 1,
    queue: 'quick',
    delay: 0,
    light: true,
    ...more,
  })
  const light = Array.from({ length: 60 }, (_, index) => ticket(index))
  const others = [ticket(60, { delay: 10 }), ticket(61, { light: false })]

  expect(intoBundles(light.slice(0, 3))).toEqual({ alone: light.slice(0, 3), bundles: [] })
  const { alone, bundles } = intoBundles([...light, ...others])
  expect(alone).toEqual(others)
  expect(bundles.flatMap(({ tickets }) => tickets)).toEqual(light.map(bullId))

  const sizes = (count: number): number[] =>
    intoBundles(Array.from({ length: count }, (_, index) => ticket(index))).bundles.map(
      ({ tickets }) => tickets.length,
    )
  expect([4, 50, 60, 130, 201, 500].map(sizes)).toEqual([
    [2, 2],
    [25, 25],
    [20, 20, 20],
    [33, 33, 33, 31],
    [41, 41, 41, 41, 37],
    Array.from({ length: 10 }, () => 50),
  ])
})

test('a job in Redis that is none of ours carries no tickets', () => {
  expect(ticketsIn({ id: 'bundle-1', data: { tickets: ['nonsense', 7, null] } })).toEqual([])
  expect(ticketsIn({ id: 'somebody-else', data: 'text' })).toEqual([])
})

test.concurrent('every job of a bundle is claimed, run once and settled by itself; nothing of the bundle is left', async ({
  expect,
}) => {
  await using world = await crowded()
  await sweeping(world)
  await crowd(world)
  const queue = world.asking.dispatcher.queue('quick')
  await expect.poll(() => waiting(world), patience).toBe(CROWD)
  expect(await queue.getWaitingCount()).toBeLessThan(CROWD / 2)
  await letGo(world.directory)

  world.start('test/support/worker.ts')
  await expect.poll(() => unsettled(world), patience).toBe(0)

  expect(await marks(world)).toBe(CROWD)
  const tries = await sql<{ attempts: number; ticket: number }>`
    select distinct attempts, ticket from millrace.jobs`.execute(world.database.sql)
  expect(tries.rows).toEqual([{ attempts: 1, ticket: 1 }])
  await expect.poll(() => world.asking.redis.exists('millrace:quick:bundled'), patience).toBe(0)
})

test.concurrent('what comes while the way to Redis rests after a crowd is delivered before the dispatcher closes', async ({
  expect,
}) => {
  await using world = await crowded()
  const { dispatcher, redis } = world.asking
  await expect.poll(() => redis.status).toBe('ready')
  const ticket = (index: number) => ({
    id: `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    ticket: 1,
    queue: 'quick',
    delay: 0,
    light: true,
  })

  dispatcher.dispatch(...Array.from({ length: CROWD }, (_, index) => ticket(index)))
  await expect.poll(() => waiting(world), patience).toBe(CROWD)
  dispatcher.dispatch(ticket(CROWD))
  await dispatcher.close()

  expect(await waiting(world)).toBe(CROWD + 1)
})

test.concurrent('tickets in bundles keep their place in line, however long they wait', async ({ expect }) => {
  await using world = await crowded()
  const sweep = await sweeping(world)
  await crowd(world)
  await expect.poll(() => waiting(world), patience).toBe(CROWD)
  await sql`update millrace.jobs set run_at = now() - interval '1 hour'`.execute(world.database.sql)

  for (let times = 0; times < 3; times += 1) await sweep()
  expect(await tickets(world)).toEqual([1])

  // A bundle that got lost is noticed, though Redis still says that its tickets were in it.
  const [bundle] = await world.asking.dispatcher.queue('quick').getWaiting()
  await bundle?.remove()
  await sweep()
  expect(await tickets(world)).toEqual([1, 2])
})

test.concurrent('a worker killed with bundles in hand: what it ran is taken over, what it had not begun is carried again', async ({
  expect,
}) => {
  await using world = await crowded()
  await crowd(world)
  await expect.poll(() => waiting(world), patience).toBe(CROWD)
  const victim = world.start('test/support/worker.ts')
  await reached(world.directory, 'began', 10)
  const begun = (await stepsOf(world.directory)).length
  victim.signal('SIGKILL')
  await victim.exited
  expect(begun).toBeLessThan(CROWD)

  await letGo(world.directory)
  world.start('test/support/worker.ts')
  await expect.poll(() => unsettled(world), patience).toBe(0)

  expect(await marks(world)).toBe(CROWD)
})

test.concurrent('a worker told to stop finishes what it began and gives the rest of its bundles back', async ({
  expect,
}) => {
  await using world = await crowded()
  await crowd(world)
  await expect.poll(() => waiting(world), patience).toBe(CROWD)
  const leaving = world.start('test/support/worker.ts')
  await reached(world.directory, 'began', 10)
  leaving.signal('SIGTERM')
  await letGo(world.directory)
  expect(await leaving.exited).toBe(0)
  const done = await marks(world)
  expect(done).toBeLessThan(CROWD)

  world.start('test/support/worker.ts')
  await expect.poll(() => unsettled(world), patience).toBe(0)
  expect(await marks(world)).toBe(CROWD)
  const tries = await sql<{ attempts: number }>`select distinct attempts from millrace.jobs`.execute(
    world.database.sql,
  )
  expect(tries.rows).toEqual([{ attempts: 1 }])
})

test.concurrent('a job cancelled while it waits in a bundle never runs; its neighbours do', async ({
  expect,
}) => {
  await using world = await crowded()
  const [first] = await crowd(world)
  await expect.poll(() => waiting(world), patience).toBe(CROWD)
  await cancel(world.database.run, first as string, 'Ada')
  await letGo(world.directory)

  world.start('test/support/worker.ts')
  await expect.poll(() => unsettled(world), patience).toBe(0)
  expect((await world.see(first as string)).state).toBe('cancelled')
  expect(await marks(world)).toBe(CROWD - 1)
})

/** Makes this world's Redis a known one, and goes on sweeping when told to. */
async function sweeping(world: World): Promise<() => Promise<void>> {
  const { lease } = await world.running()
  const sweep = () => sweepOnce({ ...world.asking, lease, metrics: world.metrics, log: world.log })
  await sweep()
  return sweep
}

const crowd = (world: World): Promise<string[]> =>
  Promise.all(
    Array.from({ length: CROWD }, async (_, index) => {
      const data = { key: `${index}`, directory: world.directory }
      return (await world.asking.accept.now(ask(leaveMark, data), trace)).id
    }),
  )

/** Tickets that wait in Redis, alone or in bundles. */
async function waiting(world: World): Promise<number> {
  const jobs = await world.asking.dispatcher.queue('quick').getWaiting()
  return jobs.reduce((sum, job) => sum + ticketsIn(job).length, 0)
}

const count = async (world: World, query: ReturnType<typeof sql<{ count: number }>>): Promise<number> =>
  (await query.execute(world.database.sql)).rows[0]?.count ?? -1
const marks = (world: World) =>
  count(world, sql<{ count: number }>`select count(*)::int as count from public.effects`)
const unsettled = (world: World) =>
  count(world, sql<{ count: number }>`select count(*)::int as count from millrace.live_jobs`)
const tickets = async (world: World): Promise<number[]> =>
  (
    await sql<{ ticket: number }>`select distinct ticket from millrace.jobs order by ticket`.execute(
      world.database.sql,
    )
  ).rows.map((row) => row.ticket)
