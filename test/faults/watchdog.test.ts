import { test } from 'vitest'
import { ask } from '../../src/jobs/define.ts'
import { history, isOverdue } from '../../src/jobs/ledger/read.ts'
import { seconds, sleep } from '../../src/shared/time.ts'
import { doNothing, letGo, testJobs } from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'
import { clearUpSlowly } from './two-queues-worker.ts'

const trace = 'd'.repeat(32)
const patience = { timeout: 90_000, interval: 50 }
const hasty = { LOG_LEVEL: 'info', SHUTDOWN_GRACE_SECONDS: '1' }
const withWorker = async () => {
  const world = await createWorld({ jobs: [...testJobs, clearUpSlowly] })
  const worker = world.start('test/faults/two-queues-worker.ts', [], hasty)
  await worker.says('takes jobs')
  return Object.assign(world, { worker })
}
const clearUp = async (world: World, key: string): Promise<string> =>
  (await world.asking.accept.now(ask(clearUpSlowly, { key, directory: world.directory }), trace)).id

test.concurrent('a worker with one queue full and another without work is left alone, however long that lasts', async ({
  expect,
}) => {
  await using world = await withWorker()
  const ids: string[] = []
  for (const key of ['one', 'two', 'three', 'waits for its turn']) ids.push(await clearUp(world, key))
  const { run } = world.database
  await expect.poll(() => isOverdue(run, ['maintenance'], seconds(2)), patience).toBe(true)

  // Twice what the watchdog waits, and some.
  expect(await Promise.race([world.worker.exited, sleep(seconds(6))]), world.worker.output()).toBeUndefined()
  await letGo(world.directory)
  const settled = async (): Promise<boolean> =>
    (await Promise.all(ids.map(world.see))).every((row) => row.state === 'completed')
  await expect.poll(settled, patience).toBe(true)

  for (const id of ids) {
    const kinds = (await history(run, id, 0)).map((entry) => entry.kind)
    expect(kinds.filter((kind) => kind === 'claimed')).toHaveLength(1)
    expect(kinds).not.toContain('handed back')
  }
})

test.concurrent('a worker that takes nothing of one queue is noticed, however lively the other is', async ({
  expect,
}) => {
  await using world = await withWorker()
  const { worker } = world
  // Stands for a connection that died: Redis gives out nothing of this queue, and nobody in the ledger said so.
  await world.asking.dispatcher.queue('maintenance').pause()
  const stuck = await clearUp(world, 'nobody takes it')

  let lively = 0
  let exit: unknown
  void worker.exited.then((code) => (exit = code))
  for (const until = Date.now() + seconds(30); exit === undefined && Date.now() < until; lively += 1) {
    await world.asking.accept.now(ask(doNothing, { key: `quick ${lively}` }), trace)
    await sleep(100)
  }

  expect(exit).toBe(1)
  expect(worker.output()).toContain('takes nothing while work waits')
  expect(worker.output()).toMatch(/"queues":\["maintenance"\]/)
  expect((await world.see(stuck)).state).toBe('waiting')
  expect(lively).toBeGreaterThan(10)
})

test.concurrent('a worker whose slots of a queue are part busy, and that takes nothing for the others, is noticed', async ({
  expect,
}) => {
  await using world = await withWorker()
  const busy = await clearUp(world, 'runs')
  await expect.poll(async () => (await world.see(busy)).state, patience).toBe('active')
  await world.asking.dispatcher.queue('maintenance').pause()
  await clearUp(world, 'nobody takes it')

  expect(await world.worker.exited, world.worker.output()).toBe(1)
  expect(world.worker.output()).toContain('takes nothing while work waits')
  // It was handed back, as ever, and not spent.
  expect(await world.see(busy)).toMatchObject({ state: 'waiting', attempts: 0 })
})
