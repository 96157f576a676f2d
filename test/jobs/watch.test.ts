import { expect, test } from 'vitest'
import { ask } from '../../src/jobs/define.ts'
import type { Seen } from '../../src/jobs/ledger/read.ts'
import type { Run } from '../../src/shared/database.ts'
import { startWatch } from '../../src/jobs/watch.ts'
import { openBlockingRedis } from '../../src/shared/redis.ts'
import { doNothing, letGo, reached, effectTables, testJobs, walkSteps } from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'

const trace = '1'.repeat(32)
const settled = (row: Seen): boolean => row.settled_at !== null
const watching = async (world: World) => {
  const subscriber = openBlockingRedis(world.config.redis.url, world.log)
  const watch = await startWatch({ run: world.database.run, subscriber, log: world.log })
  world.lifecycle.onStop('watch', () => watch.close())
  return watch
}

test.concurrent('a waiter hears that its job settled in another process', async ({ expect }) => {
  await using world = await createWorld({ jobs: testJobs, setup: effectTables })
  const watch = await watching(world)
  world.start('test/support/worker.ts')
  const { id } = await world.asking.accept.now(
    ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'made' }),
    trace,
  )
  await reached(world.directory, 'made')

  const waiting = Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      watch.until(id, settled, 30_000, index % 2 === 0 ? { known: 'waiting' } : {}),
    ),
  )
  await letGo(world.directory)

  expect((await waiting).map((row) => row?.state)).toEqual(Array(100).fill('completed'))
})

test.concurrent('with Redis away a waiter still hears of it', async ({ expect }) => {
  await using world = await createWorld({ jobs: testJobs })
  const watch = await watching(world)
  const { runner } = await world.running()
  const { id } = await world.asking.accept.now(ask(doNothing, { key: 'Ada' }), trace)
  await world.redisServer.kill()

  const waiting = watch.until(id, settled, 30_000)
  await runner.take({ id, ticket: 1 })

  expect((await waiting)?.state).toBe('completed')
})

test('a row that is known to wait is not looked at before word of it comes, but is without', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const { runner } = await world.running()
  const { id } = await world.asking.accept.now(ask(doNothing, { key: 'Ada' }), trace)
  await runner.take({ id, ticket: 1 })
  let looks = 0
  const run: Run = (statement, values) => {
    looks += 1
    return world.database.run(statement, values)
  }
  const subscriber = openBlockingRedis(world.config.redis.url, world.log)
  await expect.poll(() => subscriber.status).toBe('ready')
  const watch = await startWatch({ run, subscriber, log: world.log })
  world.lifecycle.onStop('watch', () => watch.close())

  // The job has settled already: nobody will say anything about it any more.
  const known = watch.until(id, settled, 30_000, { known: 'waiting' })
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate)
  const before = looks

  expect((await known)?.state).toBe('completed')
  expect({ before, after: looks }).toEqual({ before: 0, after: 1 })
})

test.concurrent('when the time is over, or the waiter goes away, it gets the row as it is', async ({
  expect,
}) => {
  await using world = await createWorld({ jobs: testJobs })
  const watch = await watching(world)
  const { id } = await world.asking.accept.now(ask(doNothing, { key: 'Ada' }), trace)
  const leaving = new AbortController()

  const late = watch.until(id, settled, 20)
  const left = watch.until(id, settled, 30_000, { signal: leaving.signal })
  leaving.abort()

  expect((await late)?.state).toBe('waiting')
  expect((await left)?.state).toBe('waiting')
})

test.concurrent('nobody waits for a job that does not exist', async ({ expect }) => {
  await using world = await createWorld({ jobs: testJobs })
  const watch = await watching(world)

  expect(await watch.until('00000000-0000-7000-8000-000000000000', settled, 30_000)).toBeUndefined()
})
