import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { InvalidAsk } from '../../src/jobs/accept.ts'
import { ask } from '../../src/jobs/define.ts'
import { history } from '../../src/jobs/ledger/read.ts'
import { doNothing, testJobs, waitForStop } from '../support/jobs.ts'
import { createWorld } from '../support/world.ts'

const trace = 'a'.repeat(32)

test('a job exists if the transaction that asked for it committed, and not if it rolled back', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const { accept, database } = world.asking

  await database.transaction(async (tx) => {
    await accept.in(tx, [ask(doNothing, { key: 'kept' })], trace)
  })
  await expect(
    database.transaction(async (tx) => {
      await accept.in(tx, [ask(doNothing, { key: 'lost' })], trace)
      throw new Error('the caller changed its mind')
    }),
  ).rejects.toThrow('changed its mind')

  const rows = await database.sql.selectFrom('millrace.jobs').select('key').execute()
  expect(rows).toEqual([{ key: 'kept' }])
})

test('the ticket leaves for Redis only after the commit', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const { accept, database, dispatcher } = world.asking
  const queue = dispatcher.queue('quick')

  const waiting = await database.transaction(async (tx) => {
    await accept.in(tx, [ask(doNothing, { key: 'Ada' })], trace)
    await new Promise((resolve) => setTimeout(resolve, 50))
    return queue.getWaitingCount()
  })
  await expect.poll(() => queue.getWaitingCount()).toBe(1)

  expect(waiting).toBe(0)
  const [job] = await queue.getWaiting()
  expect(job?.data).toEqual({})
})

test('two hundred askings at once for ten keys are ten rows, each entered by one of them', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const { accept, database } = world.asking

  const entered = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      accept.now(ask(doNothing, { key: `key ${index % 10}` }), trace),
    ),
  )

  expect(entered.filter((each) => each.decision === 'entered')).toHaveLength(10)
  expect(entered.filter((each) => each.decision === 'stands')).toHaveLength(190)
  expect(new Set(entered.map((each) => each.id)).size).toBe(10)
  const rows = await database.sql.selectFrom('millrace.jobs').selectAll().execute()
  expect(rows).toHaveLength(10)
})

test('transactions that ask for the same keys in opposite orders do not wait for each other for ever', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const { accept, database } = world.asking
  const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`)
  const askAll = (order: string[]) =>
    database.transaction((tx) =>
      accept.in(
        tx,
        order.map((key) => ask(waitForStop, { key })),
        trace,
      ),
    )

  await Promise.all([askAll(keys), askAll(keys.toReversed()), askAll(keys), askAll(keys.toReversed())])

  const rows = await database.sql.selectFrom('millrace.jobs').select('key').execute()
  expect(rows).toHaveLength(20)
})

test('an asking that Postgres refuses fails alone; its neighbours in the batch are accepted', async () => {
  await using world = await createWorld({
    jobs: testJobs,
    setup: `alter table millrace.jobs add constraint no_grace check (key <> 'Grace')`,
  })
  const { accept } = world.asking

  const outcomes = await Promise.allSettled(
    ['Ada', 'Grace', 'Linus'].map((key) => accept.now(ask(doNothing, { key }), trace)),
  )

  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('data of the wrong shape, and text that Postgres cannot keep, are refused with the field named', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const { accept, database } = world.asking

  await expect(accept.now({ job: doNothing, data: { key: 1 } }, trace)).rejects.toThrow(/^key: /)
  for (const text of ['a\u0000b', 'a\ud800b'])
    await expect(accept.now(ask(doNothing, { key: text }), trace)).rejects.toThrow(InvalidAsk)
  await expect(accept.now(ask(doNothing, { key: 'x'.repeat(501) }), trace)).rejects.toThrow(/1 to 500/)
  await accept.now(ask(doNothing, { key: 'a\\u0000b' }), trace)

  expect(await database.sql.selectFrom('millrace.jobs').select('key').execute()).toEqual([
    { key: 'a\\u0000b' },
  ])
})

test('asking again stands, reopens, amends or reruns as the job declares', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const { accept, database } = world.asking
  const state = async (value: string): Promise<void> => {
    await sql`update millrace.jobs set state = ${value}, worker = ${value === 'active' ? '00000000-0000-0000-0000-000000000001' : null}`.execute(
      database.sql,
    )
  }
  const again = async (
    policy: 'never' | 'whenChanged' | 'afterSettled' | 'rerunIfActive',
    from: string,
    changed: boolean,
  ) => {
    await sql`truncate millrace.jobs, millrace.job_events`.execute(database.sql)
    const keyed = { ...waitForStop, data: waitForStop.data.loose(), key: () => 'one' }
    await accept.now(ask(keyed, { key: 'first' }), trace)
    await state(from)
    const { decision } = await accept.now(
      ask(keyed, { key: changed ? 'second' : 'first' }, { again: policy }),
      trace,
    )
    return decision
  }

  const table: Record<string, string[]> = {}
  for (const from of [
    'waiting',
    'delayed',
    'active',
    'cancelling',
    'undoing',
    'completed',
    'failed',
    'cancelled',
  ])
    table[from] = [
      await again('never', from, true),
      await again('whenChanged', from, false),
      await again('whenChanged', from, true),
      await again('afterSettled', from, true),
      await again('rerunIfActive', from, false),
      await again('rerunIfActive', from, true),
    ]

  expect(table).toEqual({
    // never, whenChanged same, whenChanged other, afterSettled, rerunIfActive same, rerunIfActive other
    waiting: ['stands', 'stands', 'amended', 'stands', 'stands', 'amended'],
    delayed: ['stands', 'stands', 'amended', 'stands', 'stands', 'amended'],
    active: ['stands', 'stands', 'asked again', 'stands', 'asked again', 'asked again'],
    cancelling: Array(6).fill('asked again'),
    undoing: Array(6).fill('asked again'),
    completed: ['stands', 'stands', 'reopened', 'reopened', 'reopened', 'reopened'],
    failed: Array(6).fill('reopened'),
    cancelled: Array(6).fill('reopened'),
  })
})

test('every transition is an entry in the history, numbered without a gap', async () => {
  await using world = await createWorld({ jobs: testJobs })

  const row = await world.work(ask(doNothing, { key: 'Ada' }))
  const entries = await history(world.database.run, row.id, 0)

  expect(entries.map((entry) => [entry.seq, entry.kind])).toEqual([
    [1, 'accepted'],
    [2, 'claimed'],
    [3, 'settled'],
  ])
  expect(row.last_event).toBe(3)
})

test('a field that says how and not what makes no new round of a settled job', async () => {
  const withAside = {
    ...doNothing,
    name: 'millrace.do-aside' as const,
    data: doNothing.data.loose(),
    again: 'whenChanged' as const,
  }
  const job = { ...withAside, asides: ['how'] }
  await using world = await createWorld({ jobs: [...testJobs, job] })
  const first = await world.work(ask(job, { key: 'Ada', how: 'by event' }))

  const { decision } = await world.asking.accept.now(ask(job, { key: 'Ada', how: 'by hand' }), trace)
  const other = await world.asking.accept.now(ask(job, { key: 'Ada', how: 'by hand', what: 'else' }), trace)

  expect(first.state).toBe('completed')
  expect(decision).toBe('stands')
  expect(other.decision).toBe('reopened')
})
