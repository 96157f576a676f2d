import { mkdtemp, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis as Client } from 'ioredis'
import { sql } from 'kysely'
import { inject, test } from 'vitest'
import { startRedis } from '../../local/launch/redis.ts'
import { ask } from '../../src/jobs/define.ts'
import { redisPrefix } from '../../src/jobs/key-prefix.ts'
import { enter } from '../../src/jobs/ledger/enter.ts'
import { saveQueueSetting } from '../../src/jobs/ledger/settings.ts'
import { timeOrderedId } from '../../src/shared/ids.ts'
import { sleep } from '../../src/shared/time.ts'
import { sweepOnce } from '../../src/workers/sweep.ts'
import { doNothing, effectTables, letGo, reached, testJobs, walkSteps } from '../support/jobs.ts'
import { startProxy } from '../support/proxy.ts'
import { createWorld, type World } from '../support/world.ts'

const trace = 'd'.repeat(32)
const patience = { timeout: 90_000, interval: 50 }
const walking = () => createWorld({ jobs: testJobs, setup: effectTables })
const effects = async (world: World) =>
  (await sql<{ job: string }>`select job from public.effects`.execute(world.database.sql)).rows
const unsettled = async (world: World) =>
  (
    await sql<{
      count: number
    }>`select count(*)::int as count from millrace.jobs where state <> 'completed'`.execute(
      world.database.sql,
    )
  ).rows[0]?.count

/** Jobs that are due in the ledger, while Redis has every ticket and gives none out: only who asks the ledger runs them. */
async function keepWaiting(world: World, count: number): Promise<void> {
  const { accept, dispatcher } = world.asking
  const later = { delay: 600_000 }
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      accept.now(ask(doNothing, { key: `${index}` }, later), trace),
    ),
  )
  while ((await dispatcher.queue('quick').getDelayedCount()) < count) await sleep(20)
  await sql`update millrace.jobs set run_at = now() where name = 'millrace.do-nothing'`.execute(
    world.database.sql,
  )
}

test.concurrent('FLUSHALL with jobs running and waiting loses none and runs none twice', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept, redis } = world.asking
  world.start('test/support/worker.ts')
  const { id } = await accept.now(
    ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'made' }),
    trace,
  )
  await reached(world.directory, 'made')
  await keepWaiting(world, 200)

  await redis.flushall()
  await letGo(world.directory)
  await expect.poll(() => unsettled(world), patience).toBe(0)

  expect(await effects(world)).toEqual([{ job: 'Ada' }])
  expect(await world.see(id)).toMatchObject({ state: 'completed', attempts: 1 })
  const tries = await sql<{ attempts: number }>`select distinct attempts from millrace.jobs`.execute(
    world.database.sql,
  )
  expect(tries.rows).toEqual([{ attempts: 1 }])
})

test.concurrent('a Redis that restarts empty is filled again, and paused queues stay paused', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept, dispatcher, database } = world.asking
  await saveQueueSetting(database.run, { queue: 'media', paused: true, concurrency: null }, 'Grace')
  await dispatcher.queue('media').pause()
  world.start('test/support/worker.ts')
  const { id } = await accept.now(
    ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'made' }),
    trace,
  )
  await reached(world.directory, 'made')
  await keepWaiting(world, 50)

  await world.redisServer.restart()
  const entered = await Promise.all(
    Array.from({ length: 50 }, (_, index) => accept.now(ask(doNothing, { key: `late ${index}` }), trace)),
  )
  await letGo(world.directory)
  await expect.poll(() => unsettled(world), patience).toBe(0)

  expect(entered).toHaveLength(50)
  expect(await world.see(id)).toMatchObject({ state: 'completed', attempts: 1 })
  await expect.poll(() => dispatcher.queue('media').isPaused(), patience).toBe(true)
})

test.concurrent('a Redis that forgets while it is filled is not taken for one that was filled', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept, dispatcher, database, redis } = world.asking
  const { lease } = await world.running()
  const parts = { ...world.asking, lease, metrics: world.metrics, log: world.log }
  await saveQueueSetting(database.run, { queue: 'media', paused: true, concurrency: null }, 'Grace')
  const { id } = await accept.now(ask(doNothing, { key: 'Ada' }), trace)
  const forgetful = {
    ...dispatcher,
    deliver: async (...given: Parameters<typeof dispatcher.deliver>) => {
      await dispatcher.deliver(...given)
      await redis.flushall()
    },
  }

  await sweepOnce({ ...parts, dispatcher: forgetful })
  expect(await dispatcher.queue('media').isPaused()).toBe(false)
  await sweepOnce(parts)

  expect(await dispatcher.queue('media').isPaused()).toBe(true)
  expect(await dispatcher.queue('quick').getWaitingCount()).toBe(1)
  expect(await world.see(id)).toMatchObject({ state: 'waiting' })
})

test.concurrent('with Redis away askings are accepted all the same, and run when it is back', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept } = world.asking
  world.start('test/support/worker.ts')
  await world.redisServer.kill()

  const entered = await Promise.all(
    Array.from({ length: 50 }, (_, index) => accept.now(ask(doNothing, { key: `${index}` }), trace)),
  )
  expect(entered.map((each) => each.decision)).toEqual(Array(50).fill('entered'))
  await world.redisServer.restart()

  await expect.poll(() => unsettled(world), patience).toBe(0)
})

test.concurrent('a row that was committed but never dispatched is found by the sweep', async ({ expect }) => {
  await using world = await walking()
  const { database, accept } = world.asking
  const { lease } = await world.running()
  // The first sweep makes friends with this Redis; only then can a single ticket be unknown to it.
  await sweepOnce({ ...world.asking, lease, metrics: world.metrics, log: world.log })
  const { id } = await accept.now(ask(doNothing, { key: 'Ada' }), trace)
  await expect.poll(() => world.asking.dispatcher.queue('quick').getWaitingCount()).toBe(1)
  await world.asking.dispatcher.queue('quick').obliterate({ force: true })
  await sql`update millrace.jobs set run_at = now() - interval '4 seconds' where id = ${id}`.execute(
    database.sql,
  )

  await sweepOnce({ ...world.asking, lease, metrics: world.metrics, log: world.log })

  await expect.poll(() => world.asking.dispatcher.queue('quick').getWaitingCount()).toBe(1)
  expect(await world.see(id)).toMatchObject({ state: 'waiting', ticket: 2 })
})

test.concurrent('rows that merely wait their turn keep their ticket, however long they wait', async ({
  expect,
}) => {
  await using world = await walking()
  const { database, accept } = world.asking
  const { lease } = await world.running()
  await sweepOnce({ ...world.asking, lease, metrics: world.metrics, log: world.log })
  await Promise.all(
    Array.from({ length: 2500 }, (_, index) => accept.now(ask(doNothing, { key: `${index}` }), trace)),
  )
  await expect.poll(() => world.asking.dispatcher.queue('quick').getWaitingCount()).toBe(2500)
  await sql`update millrace.jobs set run_at = now() - interval '1 hour'`.execute(database.sql)

  for (let sweep = 0; sweep < 4; sweep += 1)
    await sweepOnce({ ...world.asking, lease, metrics: world.metrics, log: world.log })

  const tickets = await sql<{ ticket: number }>`select distinct ticket from millrace.jobs`.execute(
    database.sql,
  )
  expect(tickets.rows).toEqual([{ ticket: 1 }])
})

test.concurrent('a line that Redis dropped is stood in again by those who waited in it', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept, dispatcher, redis } = world.asking
  const { lease } = await world.running()
  const sweep = () => sweepOnce({ ...world.asking, lease, metrics: world.metrics, log: world.log })
  await sweep()
  const queue = dispatcher.queue('quick')
  const { id } = await accept.now(ask(doNothing, { key: 'Ada' }), trace)
  while ((await queue.getWaitingCount()) < 1) await sleep(20)
  // As if it had been a minute ago.
  await sql`update millrace.jobs set run_at = now() - interval '1 minute'`.execute(world.database.sql)
  await redis.hset(queue.toKey(`${id}-1`), 'timestamp', Date.now() - 60_000)
  await sweep()
  expect((await world.see(id)).ticket).toBe(1)

  await redis.del(queue.toKey('wait'))
  const later = await accept.now(ask(doNothing, { key: 'Grace' }), trace)
  while ((await queue.getWaitingCount()) < 1) await sleep(20)
  await sweep()

  expect((await world.see(id)).ticket).toBe(2)
  expect((await world.see(later.id)).ticket).toBe(1)
  await expect.poll(async () => (await queue.getWaiting()).map((job) => job.id)).toContain(`${id}-2`)
})

test.concurrent('an unknown Redis is filled though the ledger has jobs of a queue that only a newer version knows', async ({
  expect,
}) => {
  await using world = await walking()
  const { redis, dispatcher } = world.asking
  const { lease } = await world.running()
  const wish = { name: 'millrace.do-nothing', owner: null, data: { key: 'x' }, trace, attempts: 3 }
  const rest = { closes: false, delay: 0, again: 'never' as const, asides: [] }
  for (const [key, queue] of [
    ['0', 'newer'],
    ['1', 'quick'],
    ['2', 'media'],
  ] as const)
    await enter(world.database.run, [{ ...wish, ...rest, id: timeOrderedId(), key, queue }])

  await sweepOnce({ ...world.asking, lease, metrics: world.metrics, log: world.log })

  for (const name of ['quick', 'media'] as const)
    expect(await dispatcher.queue(name).getWaitingCount(), name).toBe(1)
  expect(await redis.get(`${redisPrefix}:marker`)).not.toContain('filling')
  const newer = await sql`select ticket from millrace.jobs where queue = 'newer'`.execute(world.database.sql)
  expect(newer.rows).toEqual([{ ticket: 1 }])
  // Nor does one of them take its neighbours along when it is carried.
  dispatcher.dispatch(
    { id: timeOrderedId(), ticket: 1, queue: 'newer', delay: 0 },
    { id: timeOrderedId(), ticket: 1, queue: 'quick', delay: 0 },
  )
  await expect.poll(() => dispatcher.queue('quick').getWaitingCount()).toBe(2)
})

test.concurrent('Redis holds ids and nothing of what a job is about', async ({ expect }) => {
  await using world = await walking()
  const { accept, redis } = world.asking
  world.start('test/support/worker.ts')
  const secret = 'ada@example.org'
  const ends = ['well', 'badly', 'for good'] as const
  for (const end of ends)
    await accept.now(
      ask(walkSteps, { key: `${secret} ${end}`, directory: world.directory, ends: end }),
      trace,
    )
  await expect
    .poll(
      async () =>
        (await sql`select from millrace.jobs where settled_at is null`.execute(world.database.sql)).rows
          .length,
      patience,
    )
    .toBe(0)

  const everything: string[] = []
  for (const key of await redis.keys('*')) {
    const type = await redis.type(key)
    everything.push(key)
    if (type === 'hash') everything.push(JSON.stringify(await redis.hgetall(key)))
    if (type === 'stream') everything.push(JSON.stringify(await redis.xrange(key, '-', '+')))
    if (type === 'string') everything.push((await redis.get(key)) ?? '')
  }
  expect(everything.length).toBeGreaterThan(10)
  expect(everything.join('\n')).not.toContain('ada@')
  expect(everything.join('\n')).not.toContain('badly')
  expect(everything.join('\n')).not.toContain('cannot help')
})

test.concurrent('a worker left on dead connections notices that it takes nothing and asks for a restart', async ({
  expect,
}) => {
  await using world = await walking()
  const redisWithPort = await startProxy(world.redisServer.url)
  const worker = world.start('test/support/worker.ts', [], {
    REDIS_URL: redisWithPort.url,
    TEST_PATIENCE: '3000',
    LOG_LEVEL: 'info',
    SHUTDOWN_GRACE_SECONDS: '1',
  })
  await worker.says('takes jobs')
  const warm = await world.asking.accept.now(ask(doNothing, { key: 'warm' }), trace)
  await expect.poll(async () => (await world.see(warm.id)).state, patience).toBe('completed')

  redisWithPort.silenceExisting()
  await world.asking.accept.now(ask(doNothing, { key: 'Ada' }), trace)

  expect(await worker.exited).toBe(1)
  expect(worker.output()).toContain('takes nothing while work waits')
  await redisWithPort.close()
})

test.concurrent('when Redis has handed over to another one, all follow it though their connections live on', async ({
  expect,
}) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-hand-over-'))
  await using world = await createWorld({
    jobs: testJobs,
    env: { REDIS_URL: path.join(directory, 'redis.sock') },
  })
  const { accept, redis } = world.asking
  const address = async (server: { url: string }): Promise<void> => {
    await symlink(server.url, path.join(directory, 'next'))
    await rename(path.join(directory, 'next'), world.config.redis.url)
  }
  await address(world.redisServer)
  const worker = world.start('test/support/worker.ts', [], { LOG_LEVEL: 'info' })
  await worker.says('takes jobs')
  const done = async (key: string): Promise<void> => {
    const { id } = await accept.now(ask(doNothing, { key }), trace)
    await expect.poll(async () => (await world.see(id)).state, patience).toBe('completed')
  }
  await done('before')

  const program = inject('redisProgram')
  const next = await startRedis({ ...program, directory: path.join(directory, 'next-redis'), persist: false })
  await redis.replicaof('127.0.0.1', 1)
  await address(next)
  await done('after')

  // It was not ended and started anew, and both sides are on the new one.
  expect(worker.output()).not.toContain('stopping')
  const there = new Client(next.url)
  const keys = await there.keys('*')
  expect(keys).toContain(`${redisPrefix}:marker`)
  there.disconnect()
  expect(await redis.info('replication')).toContain('role:master')
  await next.kill()
  await rm(directory, { recursive: true })
})
