import { expect, test } from 'vitest'
import { createLightRuns } from '../../src/ingress/http/asking/light.ts'
import { outcomeWithin } from '../../src/ingress/http/asking/outcome.ts'
import { ask } from '../../src/jobs/define.ts'
import type { Entered } from '../../src/jobs/ledger/enter.ts'
import { cancel, undoOnceMore } from '../../src/jobs/ledger/steer.ts'
import { startWatch } from '../../src/jobs/watch.ts'
import { openBlockingRedis } from '../../src/shared/redis.ts'
import { effectTables, letGo, reached, testJobs, walkSteps } from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'

const trace = '3'.repeat(32)
const walking = () => createWorld({ jobs: testJobs, setup: effectTables })

/** Waits for what was asked for, as a request does; the outcome, and undefined when its time is over. */
async function waiter(world: World) {
  const subscriber = openBlockingRedis(world.config.redis.url, world.log)
  const { run } = world.database
  const watch = await startWatch({ run, subscriber, log: world.log })
  world.lifecycle.onStop('watch', () => watch.close())
  const light = createLightRuns({ running: () => undefined, width: 1, log: world.log })
  return (entered: Entered) =>
    outcomeWithin(
      { watch, run, light },
      { job: walkSteps, entered, ms: 8000, signal: new AbortController().signal },
    )
}

const walk = (world: World, more: object = {}) =>
  ask(walkSteps, { key: 'Ada', directory: world.directory, ...more }, { again: 'rerunIfActive' })

test('who was promised a round after one that is cancelled is told so when it has ended', async () => {
  await using world = await walking()
  const { accept, database } = world.asking
  const { runner } = await world.running()
  const outcomeOf = await waiter(world)
  const first = await accept.now(walk(world, { waitAt: 'made', deaf: true }), trace)
  const taking = runner.take({ id: first.id, ticket: 1 })
  await reached(world.directory, 'made')
  const second = await accept.now(walk(world), trace)
  expect(second).toMatchObject({ decision: 'asked again', round: 2 })

  const outcomes = [first, second].map(outcomeOf)
  await cancel(database.run, first.id, 'Grace')
  await letGo(world.directory)
  await taking
  expect(await world.finish(first.id)).toMatchObject({ state: 'cancelled', round: 1 })

  const cancelled = { state: 'cancelled', error: { code: 'cancelled' } }
  expect(await Promise.all(outcomes)).toMatchObject([cancelled, cancelled])
})

test('who takes back the round after one that failed takes it back for whoever waits for it, and the failure is not theirs', async () => {
  await using world = await walking()
  const { accept, database } = world.asking
  const { runner } = await world.running()
  const outcomeOf = await waiter(world)
  const first = await accept.now(walk(world, { ends: 'for good' }), trace)
  await runner.take({ id: first.id, ticket: 1 })
  const second = await accept.now(walk(world), trace)

  const outcomes = [first, second].map(outcomeOf)
  await cancel(database.run, first.id, 'Grace')
  expect(await world.finish(first.id)).toMatchObject({ state: 'failed', round: 1 })

  expect(await Promise.all(outcomes)).toMatchObject([
    { state: 'failed', error: { code: 'no-use' } },
    { state: 'cancelled', error: { code: 'cancelled' } },
  ])
})

test('who waits for the next round of a row that is undone once more is not told of the end it had before', async () => {
  await using world = await walking()
  const { accept, database } = world.asking
  const { runner } = await world.running()
  const outcomeOf = await waiter(world)
  const failed = await world.work(walk(world, { ends: 'for good' }))
  await undoOnceMore(database.run, failed.id, 'Linus')
  expect(await world.see(failed.id)).toMatchObject({ state: 'undoing', settled_at: expect.any(Number) })
  const second = await accept.now(walk(world), trace)
  expect(second).toMatchObject({ decision: 'asked again', round: 2 })

  const outcome = outcomeOf(second)
  const { ticket } = await world.see(failed.id)
  await runner.take({ id: failed.id, ticket })
  await world.finish(failed.id)

  expect(await outcome).toEqual({ state: 'completed', result: { walked: true } })
})
