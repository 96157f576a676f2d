import { once } from 'node:events'
import { sql } from 'kysely'
import { test } from 'vitest'
import { z } from 'zod'
import { ask, backingOff, defineJob } from '../../src/jobs/define.ts'
import { pauseProvider } from '../../src/jobs/ledger/providers.ts'
import { history } from '../../src/jobs/ledger/read.ts'
import { cancel, redrive, undoOnceMore } from '../../src/jobs/ledger/steer.ts'
import { GiveUp } from '../../src/shared/errors.ts'
import {
  doNothing,
  effectTables,
  exists,
  letGo,
  reached,
  stepsOf,
  testJobs,
  waitForStop,
  walkSteps,
} from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'

const trace = 'b'.repeat(32)
const walking = () => createWorld({ jobs: testJobs, setup: effectTables })
const effects = async (world: World) =>
  (await sql<{ job: string }>`select job from public.effects`.execute(world.database.sql)).rows
const failures = async (world: World) =>
  (
    await sql<{ job: string; verdict: string }>`select job, verdict from public.failures`.execute(
      world.database.sql,
    )
  ).rows
const walk = (world: World, rest: Partial<Parameters<typeof walkSteps.key>[0]> = {}) =>
  ask(walkSteps, { key: 'Ada', directory: world.directory, ...rest })

test.concurrent('a job writes and settles in one commit', async ({ expect }) => {
  await using world = await walking()

  const row = await world.work(walk(world))

  expect(row).toMatchObject({ state: 'completed', result: { walked: true }, attempts: 1 })
  expect(await effects(world)).toEqual([{ job: 'Ada' }])
})

test.concurrent('a ticket delivered twice at once, here and in another process, runs once', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept } = world.asking
  const { runner } = await world.running()
  const { id } = await accept.now(walk(world, { waitAt: 'made' }), trace)
  const other = world.start('test/support/worker.ts')

  const deliveries = [
    runner.take({ id, ticket: 1 }),
    runner.take({ id, ticket: 1 }),
    runner.take({ id, ticket: 1 }),
  ]
  await reached(world.directory, 'made')
  await letGo(world.directory)
  await Promise.all(deliveries)
  await expect.poll(async () => (await world.see(id)).state).toBe('completed')

  expect(await effects(world)).toHaveLength(1)
  expect(await stepsOf(world.directory)).toEqual(['start', 'made', 'writing'])
  await other.end()
})

test.concurrent('a failed attempt is tried again until the budget is spent, then undone, then followed', async ({
  expect,
}) => {
  await using world = await walking()

  const row = await world.work(walk(world, { ends: 'badly' }))

  expect(row).toMatchObject({ state: 'failed', attempts: 3, undo: 'done', error: { code: 'Error' } })
  expect((await stepsOf(world.directory)).filter((step) => step === 'start')).toHaveLength(3)
  expect(await exists(`${world.directory}/made`)).toBe(false)
  expect(await failures(world)).toEqual([{ job: 'Ada', verdict: 'failed' }])
  expect(await effects(world)).toEqual([])
  const followers = await world.database.sql
    .selectFrom('millrace.jobs')
    .select('key')
    .where('name', '=', doNothing.name)
    .execute()
  expect(followers).toEqual([{ key: 'after Ada' }])
})

test.concurrent('an error that cannot be helped is not tried again, and its message never leaves our own words', async ({
  expect,
}) => {
  await using world = await walking()

  const givenUp = await world.work(walk(world, { ends: 'for good' }))

  expect(givenUp).toMatchObject({
    state: 'failed',
    attempts: 1,
    error: { code: 'no-use', message: 'trying again cannot help' },
  })
})

test.concurrent('the message of a foreign error is not kept: it may quote what it was given', async ({
  expect,
}) => {
  await using world = await walking()

  const row = await world.work(walk(world, { ends: 'badly' }))
  const entries = await history(world.database.run, row.id, 0)

  expect(JSON.stringify([row.error, entries])).not.toContain('ends badly')
})

test.concurrent('a provider that asks for a pause costs no attempt, and holds back everybody', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept, database } = world.asking
  const { runner } = await world.running()
  const { id } = await accept.now(walk(world, { ends: 'throttled' }), trace)

  await runner.take({ id, ticket: 1 })

  const row = await world.see(id)
  expect(row).toMatchObject({ state: 'delayed', attempts: 0, ticket: 2, error: { code: 'throttled' } })
  const paused = await database.sql.selectFrom('millrace.providers').selectAll().execute()
  expect(paused).toMatchObject([{ name: 'mill' }])
})

test.concurrent('a provider that asks for a pause for longer than a day costs attempts like any other failure', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept, database } = world.asking
  const { runner } = await world.running()
  const { id } = await accept.now(walk(world, { ends: 'throttled' }), trace)
  await sql`update millrace.jobs set asked_at = now() - interval '25 hours' where id = ${id}`.execute(
    database.sql,
  )

  await runner.take({ id, ticket: 1 })

  expect(await world.see(id)).toMatchObject({ state: 'delayed', attempts: 1 })
  expect(await world.finish(id)).toMatchObject({ state: 'failed', attempts: 3 })
})

test.concurrent('a shorter pause of a provider does not cut a longer one', async ({ expect }) => {
  await using world = await createWorld()
  const { run } = world.database
  const pauses = async () =>
    run({ name: 'test.pauses', text: 'select paused_until as until from millrace.providers' }, [])
  await pauseProvider(run, 'mill', 60_000)
  const longer = await pauses()

  await pauseProvider(run, 'mill', 10)
  expect(await pauses()).toEqual(longer)
  await pauseProvider(run, 'mill', 600_000)
  expect(await pauses()).not.toEqual(longer)
})

test.concurrent('a ticket that is not due yet is not run but told how long to wait', async ({ expect }) => {
  await using world = await walking()
  const { accept } = world.asking
  const { runner } = await world.running()
  const { id } = await accept.now({ ...walk(world), delay: 60_000 }, trace)

  const taken = await runner.take({ id, ticket: 1 })

  expect(taken).toMatchObject({ later: expect.closeTo(60_000, -4) })
  expect(await stepsOf(world.directory)).toEqual([])
})

test.concurrent('an attempt that takes too long is told to stop and counts as spent', async ({ expect }) => {
  const impatient = {
    ...waitForStop,
    name: 'millrace.wait-briefly' as const,
    timeout: 30,
    retry: { attempts: 2, delay: () => 1 },
  }
  await using world = await createWorld({ jobs: [...testJobs, impatient] })

  const row = await world.work(ask(impatient, { key: 'Ada' }))

  expect(row).toMatchObject({ state: 'failed', attempts: 2, error: { code: 'timeout' } })
})

test.concurrent('work that does not listen is left behind: its late write is refused, and its undo runs once more', async ({
  expect,
}) => {
  const deaf = {
    ...walkSteps,
    name: 'millrace.walk-deaf' as const,
    timeout: 50,
    retry: { attempts: 1, delay: () => 1 },
  }
  await using world = await createWorld({ jobs: [...testJobs, deaf], setup: effectTables })
  const { accept, database } = world.asking
  const { runner } = await world.running()
  const { id } = await accept.now(
    ask(deaf, { key: 'Ada', directory: world.directory, waitAt: 'made', deaf: true }),
    trace,
  )

  await runner.take({ id, ticket: 1 })
  await letGo(world.directory)
  await world.finish(id)

  const [row] = await database.sql
    .selectFrom('millrace.jobs')
    .select(['state', 'undo_again_at'])
    .where('id', '=', id)
    .execute()
  expect(row?.state).toBe('failed')
  expect(row?.undo_again_at).not.toBeNull()
  expect(await effects(world)).toEqual([])
})

test.concurrent('a write that hangs ends with its attempt: the row is not held for ever', async ({
  expect,
}) => {
  const hanging = {
    ...walkSteps,
    name: 'millrace.walk-hanging' as const,
    timeout: 50,
    retry: { attempts: 1, delay: () => 1 },
  }
  await using world = await createWorld({ jobs: [...testJobs, hanging], setup: effectTables })
  const { accept } = world.asking
  const { runner } = await world.running()
  const wish = ask(hanging, { key: 'Ada', directory: world.directory, waitAt: 'writing', deaf: true })
  const { id } = await accept.now(wish, trace)

  await runner.take({ id, ticket: 1 })
  await letGo(world.directory)

  expect(await world.finish(id)).toMatchObject({ state: 'failed', error: { code: 'timeout' }, undo: 'done' })
  expect(await effects(world)).toEqual([])
})

test.concurrent('progress is kept with the row and told in the history', async ({ expect }) => {
  await using world = await walking()
  const { accept } = world.asking
  const { runner } = await world.running()
  const { id } = await accept.now(walk(world, { waitAt: 'made' }), trace)

  const taking = runner.take({ id, ticket: 1 })
  await expect.poll(async () => (await world.see(id)).percent).toBe(50)
  const during = await world.see(id)
  await letGo(world.directory)
  await taking

  expect(during).toMatchObject({ state: 'active', percent: 50, step: 'made' })
  const entries = await history(world.database.run, id, 0)
  expect(entries.map((entry) => entry.kind)).toEqual(['accepted', 'claimed', 'progressed', 'settled'])
  expect(entries.map((entry) => entry.seq)).toEqual([1, 2, 3, 4])
})

test.concurrent('asking again while it runs makes one more round, with the newest data', async ({
  expect,
}) => {
  const rerun = { ...walkSteps, again: 'rerunIfActive' as const, name: 'millrace.walk-again' as const }
  await using world = await createWorld({ jobs: [...testJobs, rerun], setup: effectTables })
  const { accept } = world.asking
  const { runner } = await world.running()
  const first = await accept.now(
    ask(rerun, { key: 'Ada', directory: world.directory, waitAt: 'made' }),
    trace,
  )

  const taking = runner.take({ id: first.id, ticket: 1 })
  await reached(world.directory, 'made')
  const second = await accept.now(ask(rerun, { key: 'Ada', directory: world.directory }), trace)
  await letGo(world.directory)
  await taking
  const between = await world.see(first.id)
  const row = await world.finish(first.id)

  expect(second).toMatchObject({ decision: 'asked again', round: 2 })
  expect(between).toMatchObject({ state: 'waiting', round: 2 })
  expect(row).toMatchObject({ state: 'completed', round: 2, attempts: 1 })
  expect(await effects(world)).toHaveLength(2)
})

test.concurrent('a job that waits is cancelled before it ever runs', async ({ expect }) => {
  await using world = await walking()
  const { accept, database } = world.asking
  const plain = await accept.now(ask(doNothing, { key: 'plain' }), trace)
  const undoing = await accept.now(walk(world), trace)

  await cancel(database.run, plain.id, 'Grace')
  await cancel(database.run, undoing.id, 'Grace')
  const { runner } = await world.running()
  const late = await runner.take({ id: plain.id, ticket: 1 })

  expect(late).toBe('stale')
  expect(await world.see(plain.id)).toMatchObject({ state: 'cancelled' })
  expect(await world.finish(undoing.id)).toMatchObject({ state: 'cancelled', undo: 'done' })
  expect(await failures(world)).toEqual([{ job: 'Ada', verdict: 'cancelled' }])
  const entries = await history(database.run, plain.id, 0)
  expect(entries.at(-1)).toMatchObject({ kind: 'settled', actor: 'Grace' })
})

test.concurrent('a job that is cancelled long before it is due is undone at once', async ({ expect }) => {
  await using world = await walking()
  const { accept, database, dispatcher } = world.asking
  const queue = dispatcher.queue('quick')
  const later = { delay: 600_000 }
  const { id } = await accept.now(ask(walkSteps, { key: 'Ada', directory: world.directory }, later), trace)
  await expect.poll(() => queue.getDelayedCount(), { timeout: 20_000 }).toBe(1)

  const cancelled = await cancel(database.run, id, 'Grace')
  if (cancelled?.ticket) dispatcher.dispatch(cancelled.ticket)

  // Redis has the old ticket still, and takes none of the same name: the undo comes with one of its own.
  await expect.poll(() => queue.getWaitingCount(), { timeout: 20_000 }).toBe(1)
  const { runner } = await world.running()
  expect(await runner.take({ id, ticket: 1 })).toBe('stale')
  expect(await world.finish(id)).toMatchObject({ state: 'cancelled', undo: 'done', attempts: 0 })
})

test.concurrent('a running job is cancelled from another process, stops, and is undone', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept, database } = world.asking
  world.start('test/support/worker.ts')
  const { id } = await accept.now(walk(world, { waitAt: 'made' }), trace)
  await reached(world.directory, 'made')

  await cancel(database.run, id, 'anki:ada')
  await expect.poll(async () => (await world.see(id)).state, { timeout: 20_000 }).toBe('cancelled')

  expect(await world.see(id)).toMatchObject({ undo: 'done', error: { code: 'cancelled' } })
  expect(await exists(`${world.directory}/made`)).toBe(false)
  expect(await effects(world)).toEqual([])
})

test.concurrent('cancelling wins over an attempt that is about to settle', async ({ expect }) => {
  await using world = await walking()
  const { accept, database } = world.asking
  const { runner } = await world.running()
  const { id } = await accept.now(walk(world, { waitAt: 'made', deaf: true }), trace)

  const taking = runner.take({ id, ticket: 1 })
  await reached(world.directory, 'made')
  await cancel(database.run, id, 'anki:ada')
  await letGo(world.directory)
  await taking
  const row = await world.finish(id)

  expect(row).toMatchObject({ state: 'cancelled', undo: 'done' })
  expect(await effects(world)).toEqual([])
})

test.concurrent('asking while it is being cancelled or undone waits for the undo, then begins a new round', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept, database } = world.asking
  const { runner } = await world.running()
  const { id } = await accept.now(walk(world, { ends: 'for good' }), trace)
  await runner.take({ id, ticket: 1 })
  const before = await world.see(id)

  const again = await accept.now(walk(world), trace)
  const still = await world.see(id)
  const row = await world.finish(id)

  expect(before).toMatchObject({ state: 'undoing', round: 1 })
  expect(again).toMatchObject({ decision: 'asked again', round: 2 })
  expect(still).toMatchObject({ state: 'undoing', round: 1 })
  expect(row).toMatchObject({ state: 'completed', round: 2 })
  expect(await stepsOf(world.directory)).toEqual(['start', 'made', 'undo', 'start', 'made', 'writing'])
  expect(await exists(`${world.directory}/made`)).toBe(true)
  const kinds = (await history(database.run, id, 0))
    .map((entry) => entry.kind)
    .filter((kind) => kind !== 'progressed')
  expect(kinds).toEqual([
    'accepted',
    'claimed',
    'ended',
    'asked again',
    'undoing',
    'settled',
    'reopened',
    'claimed',
    'settled',
  ])
})

test.concurrent('cancelling again takes back the wish for one more round', async ({ expect }) => {
  await using world = await walking()
  const { accept, database } = world.asking
  const { runner } = await world.running()
  const { id } = await accept.now(walk(world, { ends: 'for good' }), trace)
  await runner.take({ id, ticket: 1 })
  await accept.now(walk(world), trace)

  await cancel(database.run, id, 'anki:ada')
  const row = await world.finish(id)

  expect(row).toMatchObject({ state: 'failed', round: 1 })
})

test.concurrent('an undo that fails is tried again; one that keeps failing is stuck, settled, and can be run by an operator', async ({
  expect,
}) => {
  await using world = await walking()
  const { database } = world.asking

  const patient = await world.work(
    ask(walkSteps, { key: 'Ada', directory: world.directory, ends: 'for good', undoFails: 2 }),
  )
  const stuck = await world.work(
    ask(walkSteps, { key: 'Grace', directory: world.directory, ends: 'for good', undoFails: 8 }),
  )
  await undoOnceMore(database.run, stuck.id, 'Linus')
  const mended = await world.finish(stuck.id)

  expect(patient).toMatchObject({ state: 'failed', undo: 'done' })
  expect(stuck).toMatchObject({ state: 'failed', undo: 'stuck' })
  expect(mended).toMatchObject({ state: 'failed', undo: 'done' })
  // Followers of the failure were written once, however often the undo ran.
  expect(await failures(world)).toEqual([
    { job: 'Ada', verdict: 'failed' },
    { job: 'Grace', verdict: 'failed' },
  ])
})

/** A job that fails for good, and whose undo takes as long as a test wants. */
function lingering() {
  const begun = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const job = defineJob({
    name: 'millrace.linger',
    queue: 'quick',
    data: z.strictObject({ key: z.string() }),
    key: ({ key }) => key,
    again: 'never',
    retry: backingOff(1, 1),
    timeout: 60_000,
    run: () => Promise.reject(new GiveUp('no-use', 'trying again cannot help')),
    undo: async (_data, { signal }) => {
      begun.resolve()
      await Promise.race([go.promise, once(signal, 'abort')])
      signal.throwIfAborted()
    },
    onFailed: async (tx, { key }, verdict) => {
      await sql`insert into public.failures (job, verdict) values (${key}, ${verdict})`.execute(tx)
      return []
    },
  })
  return { job, begun: begun.promise, go: go.resolve }
}

test.concurrent('an undo whose row others have by now writes nothing that follows from it', async ({
  expect,
}) => {
  const { job, begun, go } = lingering()
  await using world = await createWorld({ jobs: [job], setup: effectTables })
  const { runner } = await world.running()
  const { id } = await world.asking.accept.now(ask(job, { key: 'Ada' }), trace)
  await runner.take({ id, ticket: 1 })
  const undoing = runner.take({ id, ticket: 2 })
  await begun

  await sql`update millrace.jobs set ticket = 3, worker = null where id = ${id}`.execute(world.database.sql)
  go()
  await undoing

  expect(await failures(world)).toEqual([])
  expect(await world.finish(id)).toMatchObject({ state: 'failed', undo: 'done' })
  expect(await failures(world)).toEqual([{ job: 'Ada', verdict: 'failed' }])
})

test.concurrent('the last try of an undo that a shutdown ends is not stuck but tried again', async ({
  expect,
}) => {
  const { job, begun, go } = lingering()
  await using world = await createWorld({ jobs: [job], setup: effectTables })
  const { runner, lease } = await world.running()
  const { id } = await world.asking.accept.now(ask(job, { key: 'Ada' }), trace)
  await runner.take({ id, ticket: 1 })
  await sql`update millrace.jobs set undo_attempts = 4 where id = ${id}`.execute(world.database.sql)
  const undoing = runner.take({ id, ticket: 2 })
  await begun

  lease.abortAll('shutdown')
  await undoing
  expect(await world.see(id)).toMatchObject({ state: 'undoing', undo: 'pending' })

  go()
  expect(await world.finish(id)).toMatchObject({ state: 'failed', undo: 'done' })
})

test.concurrent('a second undo is refused once the row has a newer round', async ({ expect }) => {
  await using world = await walking()
  const { accept, database } = world.asking
  const failed = await world.work(walk(world, { ends: 'for good' }))
  const undo = await undoOnceMore(database.run, failed.id, 'Linus')
  await sql`update millrace.jobs set state = 'failed', worker = null where id = ${failed.id}`.execute(
    database.sql,
  )
  await accept.now(walk(world), trace)

  const { runner } = await world.running()
  const taken = await runner.take({ id: failed.id, ticket: undo?.ticket?.ticket ?? 0 })

  expect(taken).toBe('stale')
})

test.concurrent('a failed job is redriven with the data it had, and every step of it is in the history with its actor', async ({
  expect,
}) => {
  await using world = await walking()
  const { database } = world.asking
  const failed = await world.work(walk(world, { ends: 'badly' }))

  const redriven = await redrive(database.run, failed.id, 'Grace')
  const row = await world.finish(failed.id)

  expect(redriven).toMatchObject({ state: 'waiting' })
  expect(row).toMatchObject({ state: 'failed', round: 2, attempts: 3 })
  const entries = await history(database.run, failed.id, 0)
  expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, index) => index + 1))
  expect(entries.filter((entry) => entry.actor === 'Grace')).toHaveLength(1)
})

test.concurrent('what is under way or went well is not redriven, and what has no undo is not undone', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept, database } = world.asking
  const { id: waiting } = await accept.now(walk(world, { key: 'waiting' }), trace)
  const { id: well } = await world.work(walk(world, { key: 'well' }))
  const { id: plain } = await accept.now(ask(doNothing, { key: 'plain' }), trace)
  await cancel(database.run, plain, 'Grace')

  for (const id of [waiting, well]) {
    expect(await redrive(database.run, id, 'Grace')).toBeUndefined()
    expect(await undoOnceMore(database.run, id, 'Grace')).toBeUndefined()
  }
  expect(await undoOnceMore(database.run, plain, 'Grace')).toBeUndefined()

  expect(await world.see(waiting)).toMatchObject({ state: 'waiting', ticket: 1 })
  expect(await world.see(well)).toMatchObject({ state: 'completed', round: 1, undo: null })
  expect(await world.see(plain)).toMatchObject({ state: 'cancelled', undo: null })
})

test.concurrent('data that this version cannot read ends the job with a sentence', async ({ expect }) => {
  await using world = await walking()
  const { accept, database } = world.asking
  const { id } = await accept.now(ask(doNothing, { key: 'Ada' }), trace)
  await sql`update millrace.jobs set data = '{"other": 1}' where id = ${id}`.execute(database.sql)

  const row = await world.finish(id)

  expect(row).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'invalid-data' } })
})

test.concurrent('a job this process does not know is kept for a newer one before it is given up', async ({
  expect,
}) => {
  await using world = await walking()
  const { accept } = world.asking
  const { runner } = await world.running()
  const stranger = { ...doNothing, name: 'millrace.do-later' as const }
  const { id } = await accept.now(ask(stranger, { key: 'Ada' }), trace)

  await runner.take({ id, ticket: 1 })

  expect(await world.see(id)).toMatchObject({ state: 'delayed', attempts: 1, error: { code: 'UnknownJob' } })
})
