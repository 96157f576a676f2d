import { sql } from 'kysely'
import pg from 'pg'
import { test } from 'vitest'
import { ask } from '../../src/jobs/define.ts'
import { history } from '../../src/jobs/ledger/read.ts'
import { UnknownCommit } from '../../src/shared/errors.ts'
import { seconds, sleep } from '../../src/shared/time.ts'
import { doNothing, effectTables, leaveMark, letGo, reached, testJobs, walkSteps } from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'

const trace = 'e'.repeat(32)
const patience = { timeout: 90_000, interval: 50 }
const effects = async (world: World) =>
  (await sql<{ job: string }>`select job from public.effects`.execute(world.database.sql)).rows
const behindProxy = () => createWorld({ jobs: testJobs, setup: effectTables, proxyPostgres: true })

test.concurrent('a Postgres that restarts with jobs running and waiting loses none, and effects happen once', async ({
  expect,
}) => {
  await using world = await createWorld({ jobs: testJobs, setup: effectTables, ownPostgres: true })
  const { accept } = world.asking
  world.start('test/support/worker.ts')
  const { id } = await accept.now(
    ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'made' }),
    trace,
  )
  await reached(world.directory, 'made')
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => accept.now(ask(doNothing, { key: `${index}` }), trace)),
  )

  await world.postgresServer?.restart()
  await letGo(world.directory)
  const open = () =>
    sql`select from millrace.jobs where state not in ('completed')`.execute(world.database.sql)
  await expect.poll(async () => (await open()).rows.length, patience).toBe(0)

  expect(await world.see(id)).toMatchObject({ state: 'completed' })
  expect(await effects(world)).toHaveLength(1)
})

test.concurrent('transactions that wait for a lock and hold every connection do not cost their worker its lease', async ({
  expect,
}) => {
  await using world = await createWorld({ jobs: testJobs, setup: effectTables })
  const { directory } = world
  const worker = world.start('test/support/worker.ts', [], { DATABASE_POOL: '4' })
  const marks = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      world.asking.accept.now(ask(leaveMark, { key: `${index}`, directory }), trace),
    ),
  )
  await reached(directory, 'began', marks.length)
  const somebody = new pg.Client({ connectionString: world.databaseUrl })
  await somebody.connect()
  await somebody.query('begin')
  await somebody.query('lock table public.effects in access exclusive mode')

  await letGo(directory)
  // Longer than a lease, shorter than what a statement may wait.
  await sleep(seconds(11))
  await somebody.query('commit')
  await somebody.end()
  await expect.poll(async () => (await effects(world)).length, patience).toBe(marks.length)

  for (const { id } of marks) {
    const kinds = (await history(world.database.run, id, 0)).map(({ kind }) => kind)
    expect(kinds).not.toContain('taken over')
  }
  expect(worker.output()).not.toContain('lost the lease')
})

test.concurrent('with Postgres away asking fails clearly, and nothing is half accepted', async ({
  expect,
}) => {
  await using world = await createWorld({ jobs: testJobs, ownPostgres: true })
  const { accept } = world.asking
  await accept.now(ask(doNothing, { key: 'before' }), trace)

  await world.postgresServer?.stop()
  const away = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => accept.now(ask(doNothing, { key: `${index}` }), trace)),
  )

  expect(away.every((outcome) => outcome.status === 'rejected')).toBe(true)
})

for (const when of ['before', 'after'] as const) {
  test.concurrent(`a connection cut at COMMIT, ${when} Postgres saw it, is an unknown end: Postgres is asked, the effect happens once`, async ({
    expect,
  }) => {
    await using world = await behindProxy()
    const { accept } = world.asking
    const { runner } = await world.running()
    const { id } = await accept.now(
      ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'writing' }),
      trace,
    )
    const taking = runner.take({ id, ticket: 1 })
    await reached(world.directory, 'writing')

    const cut = world.proxy?.cutAt('commit', when)
    await letGo(world.directory)
    await cut
    await taking
    const row = await world.finish(id)

    expect(row.state).toBe('completed')
    expect(await effects(world)).toEqual([{ job: 'Ada' }])
    const kinds = (await history(world.database.run, id, 0))
      .map((entry) => entry.kind)
      .filter((kind) => kind !== 'progressed')
    expect(kinds).toEqual(
      when === 'before'
        ? ['accepted', 'claimed', 'retried', 'claimed', 'settled']
        : ['accepted', 'claimed', 'settled'],
    )
    // An unknown end is no reason to undo.
    expect(kinds).not.toContain('undoing')
  })

  test.concurrent(`an asking whose answer is cut, ${when} Postgres saw it, is accepted once and says so`, async ({
    expect,
  }) => {
    await using world = await behindProxy()
    const { accept, database } = world.asking
    await accept.now(ask(doNothing, { key: 'warm' }), trace)

    const cut = world.proxy?.cutAt('ledger.insert-new', when)
    const entered = await accept.now(ask(doNothing, { key: 'Ada' }), trace)
    await cut

    expect(entered).toMatchObject({ decision: 'entered' })
    const rows = await database.sql
      .selectFrom('millrace.jobs')
      .select('id')
      .where('key', '=', 'Ada')
      .execute()
    expect(rows).toEqual([{ id: entered.id }])
  })

  test.concurrent(`a claim whose answer is cut, ${when} Postgres saw it, leaves no row that nobody runs`, async ({
    expect,
  }) => {
    await using world = await behindProxy()
    const { accept } = world.asking
    const { runner } = await world.running()
    const warm = await accept.now(ask(doNothing, { key: 'warm' }), trace)
    await runner.take({ id: warm.id, ticket: 1 })
    const { id } = await accept.now(ask(doNothing, { key: 'Ada' }), trace)

    const cut = world.proxy?.cutAt('ledger.claim', when)
    await runner.take({ id, ticket: 1 })
    await cut
    const claimed = async () => (await history(world.database.run, id, 0)).map((entry) => entry.kind)
    await expect
      .poll(async () => (await claimed()).at(-1), patience)
      .toBe(when === 'before' ? 'settled' : 'handed back')
    const row = await world.finish(id)

    expect(row).toMatchObject({ state: 'completed', attempts: 1 })
  })

  test.concurrent(`a settling whose answer is cut, ${when} Postgres saw it, settles once`, async ({
    expect,
  }) => {
    await using world = await behindProxy()
    const { accept } = world.asking
    const { runner } = await world.running()
    const warm = await accept.now(ask(doNothing, { key: 'warm' }), trace)
    await runner.take({ id: warm.id, ticket: 1 })
    const { id } = await accept.now(ask(doNothing, { key: 'Ada' }), trace)

    const cut = world.proxy?.cutAt('ledger.complete-batch', when)
    await runner.take({ id, ticket: 1 })
    await cut

    expect(await world.see(id)).toMatchObject({ state: 'completed', attempts: 1 })
    const kinds = (await history(world.database.run, id, 0)).map((entry) => entry.kind)
    expect(kinds).toEqual(['accepted', 'claimed', 'settled'])
  })
}

test.concurrent('a caller whose COMMIT was cut is told that nobody knows, and its tickets are the sweep’s business', async ({
  expect,
}) => {
  await using world = await behindProxy()
  const { accept, database } = world.asking

  const cut = world.proxy?.cutAt('commit', 'after')
  const asking = database.transaction((tx) => accept.in(tx, [ask(doNothing, { key: 'Ada' })], trace))

  await expect(asking).rejects.toThrow(UnknownCommit)
  await cut
  const again = await accept.now(ask(doNothing, { key: 'Ada' }), trace)
  expect(again.decision).toBe('stands')
})

test.concurrent('a connection ended by Postgres in the middle of a transaction rolls it back; the attempt is repeated', async ({
  expect,
}) => {
  await using world = await createWorld({ jobs: testJobs, setup: effectTables })
  const { accept } = world.asking
  const { runner } = await world.running()
  const { id } = await accept.now(
    ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'writing' }),
    trace,
  )
  const taking = runner.take({ id, ticket: 1 })
  await reached(world.directory, 'writing')

  const admin = new pg.Client({ connectionString: world.databaseUrl })
  await admin.connect()
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`,
  )
  await admin.end()
  await letGo(world.directory)
  await taking
  const row = await world.finish(id)

  expect(row).toMatchObject({ state: 'completed', attempts: 2 })
  expect(await effects(world)).toHaveLength(1)
})
