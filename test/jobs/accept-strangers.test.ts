import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { ask } from '../../src/jobs/define.ts'
import { completeMany } from '../../src/jobs/ledger/settle.ts'
import { claim } from '../../src/jobs/ledger/claim.ts'
import { beginLease } from '../../src/jobs/ledger/lease.ts'
import type { Sql } from '../../src/shared/database.ts'
import { doNothing, testJobs } from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'

const trace = 'b'.repeat(32)
/** May be asked for with the same key and other data. */
const changing = { ...doNothing, data: doNothing.data.loose() }

const waitingForLocks = async (db: Sql): Promise<number[]> => {
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`.execute(
    db,
  )
  return rows.map(({ pid }) => pid)
}

const rowOf = async (world: World, key: string) => {
  const rows = world.database.sql.selectFrom('millrace.jobs').where('key', '=', key)
  return rows.select(['id', 'state', 'round', 'ticket', 'data']).executeTakeFirst()
}

/** Claims the job and settles it, as a worker of its own would. */
async function done(world: World, id: string): Promise<void> {
  const { run } = world.database
  const worker = randomUUID()
  await beginLease(run, worker, 'test')
  await claim(run, worker, [{ id, ticket: 1 }])
  expect(await completeMany(run, worker, [{ id, ticket: 1, result: null }])).toEqual(new Set([id]))
}

test('who asks for something new does not wait for a stranger whose row is locked, and is not asked for twice', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const { accept, database, dispatcher } = world.asking
  const again = { again: 'afterSettled' } as const
  const stranger = await accept.now(ask(doNothing, { key: 'stranger' }), trace)

  const [mine, other] = await database.transaction(async (tx) => {
    await sql`select from millrace.jobs where id = ${stranger.id} for update`.execute(tx)
    const asked = ['mine', 'stranger'].map((key) => accept.now(ask(doNothing, { key }, again), trace))
    const answered: string[] = []
    // Both are looked at below, the one that is refused as well.
    for (const asking of asked) asking.then(({ decision }) => answered.push(decision)).catch(() => undefined)
    await expect.poll(() => waitingForLocks(database.sql)).toHaveLength(1)
    await done(world, (await rowOf(world, 'mine'))?.id as string)
    const early = [...answered]
    // As Postgres does by itself after fifteen seconds.
    for (const pid of await waitingForLocks(database.sql))
      await sql`select pg_cancel_backend(${pid})`.execute(database.sql)
    await expect.poll(() => waitingForLocks(database.sql)).toHaveLength(0)
    expect.soft(early).toEqual(['entered'])
    return asked.map((asking) => Promise.allSettled([asking]))
  })

  expect((await mine)?.[0]).toMatchObject({ value: { decision: 'entered', round: 1, ticket: { ticket: 1 } } })
  await other
  expect(await rowOf(world, 'mine')).toMatchObject({ state: 'completed', round: 1 })
  await expect.poll(() => dispatcher.queue('quick').getWaitingCount()).toBe(2)
})

test('who asks again for a row of their own does not wait for a stranger whose row is locked, and the stranger is answered after that', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const { accept, database } = world.asking
  const [mine, stranger] = await Promise.all(
    ['mine', 'stranger'].map((key) => accept.now(ask(doNothing, { key }), trace)),
  )
  await Promise.all([mine, stranger].map((each) => done(world, each?.id as string)))
  const again = (key: string) => accept.now(ask(doNothing, { key }, { again: 'afterSettled' }), trace)

  const waiting = await database.transaction(async (tx) => {
    await sql`select from millrace.jobs where id = ${stranger?.id} for update`.execute(tx)
    const [held, held2, free] = ['stranger', 'stranger', 'mine'].map(again)
    expect(await free).toMatchObject({ id: mine?.id, decision: 'reopened', round: 2 })
    await expect.poll(() => waitingForLocks(database.sql)).toHaveLength(1)
    return [held, held2].map((asking) => Promise.allSettled([asking]))
  })

  const answers = (await Promise.all(waiting)).map(([outcome]) => outcome)
  expect(answers).toMatchObject([
    { value: { id: stranger?.id, decision: 'reopened', round: 2, ticket: { ticket: 2 } } },
    { value: { id: stranger?.id, decision: 'stands', round: 2, ticket: undefined } },
  ])
  expect(await rowOf(world, 'stranger')).toMatchObject({ state: 'waiting', round: 2, ticket: 2 })
})

test('askings for one key that come together are decided in the order they came, also those that go back', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const { accept } = world.asking
  const asked = (what: string) =>
    accept.now(ask(changing, { key: 'Ada', what }, { again: 'whenChanged' }), trace)

  const entered = await Promise.all(['A', 'A', 'B', 'B', 'A'].map(asked))

  expect(entered.map(({ decision }) => decision)).toEqual([
    'entered',
    'stands',
    'amended',
    'stands',
    'amended',
  ])
  expect((await rowOf(world, 'Ada'))?.data).toEqual({ key: 'Ada', what: 'A' })
})

test('the same in a transaction of the caller', async () => {
  await using world = await createWorld({ jobs: testJobs })
  const { accept, database } = world.asking
  const asks = ['A', 'B', 'A'].map((what) => ask(changing, { key: 'Ada', what }, { again: 'whenChanged' }))

  const entered = await database.transaction((tx) => accept.in(tx, asks, trace))

  expect(entered.map(({ decision }) => decision)).toEqual(['entered', 'amended', 'amended'])
  expect((await rowOf(world, 'Ada'))?.data).toEqual({ key: 'Ada', what: 'A' })
})

test('what a batch has decided is not decided again because Postgres refuses a later part of it', async () => {
  await using world = await createWorld({
    jobs: testJobs,
    setup: `alter table millrace.jobs add constraint no_poison check (data->>'what' is distinct from 'poison')`,
  })
  const { accept, dispatcher } = world.asking
  const mine = await accept.now(ask(doNothing, { key: 'mine' }), trace)
  await accept.now(ask(changing, { key: 'stranger', what: 'A' }), trace)
  await done(world, mine.id)

  const other = (what: string) => ask(changing, { key: 'stranger', what }, { again: 'whenChanged' as const })
  const [again, amended, refused] = await Promise.allSettled([
    accept.now(ask(doNothing, { key: 'mine' }, { again: 'afterSettled' }), trace),
    accept.now(other('B'), trace),
    accept.now(other('poison'), trace),
  ])

  expect(again).toMatchObject({ value: { decision: 'reopened', round: 2, ticket: { ticket: 2 } } })
  expect(amended).toMatchObject({ value: { decision: 'amended' } })
  expect(refused.status).toBe('rejected')
  await expect.poll(() => dispatcher.queue('quick').getJob(`${mine.id}-2`)).toBeDefined()
})
