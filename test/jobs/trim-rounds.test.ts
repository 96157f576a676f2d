import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { claim } from '../../src/jobs/ledger/claim.ts'
import { ask } from '../../src/jobs/define.ts'
import { enter, type Entry } from '../../src/jobs/ledger/enter.ts'
import { beginLease } from '../../src/jobs/ledger/lease.ts'
import { completeMany } from '../../src/jobs/ledger/settle.ts'
import { trimTheRest } from '../../src/jobs/ledger/trim.ts'
import { trimHistory } from '../../src/jobs/millrace/trim-history.ts'
import { timeOrderedId } from '../../src/shared/ids.ts'
import { days } from '../../src/shared/time.ts'
import { createWorld, type World } from '../support/world.ts'

const worker = '00000000-0000-7000-8000-000000000001'

/** A job that was first asked for `age` days ago, and again every day since. */
async function comesEveryDay(world: World, age: number): Promise<string> {
  const { run, sql: db } = world.database
  const id = timeOrderedId(Date.now() - days(age))
  const wish: Entry = {
    id,
    name: 'millrace.test',
    queue: 'quick',
    key: id,
    owner: null,
    data: {},
    trace: 'trace',
    attempts: 1,
    closes: false,
    delay: 0,
    again: 'afterSettled',
    asides: [],
  }
  for (let round = 1; round <= age; round += 1) {
    const [entered] = await enter(run, [{ ...wish, id: round === 1 ? id : timeOrderedId() }])
    const ticket = entered?.ticket?.ticket as number
    await claim(run, worker, [{ id, ticket }])
    await completeMany(run, worker, [{ id, ticket, result: null }])
  }
  await sql`update millrace.job_events e set at = now() - (j.round - e.round) * interval '1 day' from millrace.jobs j
    where j.id = e.job and j.id = ${id}`.execute(db)
  return id
}

const numbers = async (world: World, id: string): Promise<number[]> =>
  (
    await sql<{ seq: number }>`select seq from millrace.job_events where job = ${id} order by seq`.execute(
      world.database.sql,
    )
  ).rows.map(({ seq }) => seq)

test('of a job that comes again and again, the rounds that ended long ago are forgotten, and numbers stay', async () => {
  await using world = await createWorld({ env: { HISTORY_DAYS: '30' } })
  await beginLease(world.database.run, worker, 'test')
  const long = await comesEveryDay(world, 100)
  const short = await comesEveryDay(world, 20)
  expect(await numbers(world, long)).toHaveLength(300)

  const trimmed = await world.work(ask(trimHistory, { slot: '2026-05-01T03:17:00.000Z' }))

  // Three entries a day; those of the last thirty days are left, with the numbers they had.
  const left = await numbers(world, long)
  expect(left).toEqual(Array.from({ length: 90 }, (_, index) => 211 + index))
  expect(await numbers(world, short)).toHaveLength(60)
  expect(trimmed).toMatchObject({ state: 'completed', result: { jobs: 0, others: 210 } })
  expect(await world.see(long)).toMatchObject({ state: 'completed', round: 100, last_event: 300 })
})

test('who is told to stop forgets no more', async () => {
  await using world = await createWorld()
  await beginLease(world.database.run, worker, 'test')
  const id = await comesEveryDay(world, 40)
  await expect(trimTheRest(world.database.run, 30, AbortSignal.abort(new Error('enough')))).rejects.toThrow(
    'enough',
  )
  expect(await numbers(world, id)).toHaveLength(120)
})

test('the round a job is in keeps its history, however old', async () => {
  await using world = await createWorld({ env: { HISTORY_DAYS: '30' } })
  await beginLease(world.database.run, worker, 'test')
  const id = await comesEveryDay(world, 40)
  const [again] = await enter(world.database.run, [
    {
      id: timeOrderedId(),
      name: 'millrace.test',
      queue: 'quick',
      key: id,
      owner: null,
      data: {},
      trace: 'trace',
      attempts: 1,
      closes: false,
      delay: 0,
      again: 'afterSettled',
      asides: [],
    },
  ])
  expect(again).toMatchObject({ id, decision: 'reopened', round: 41 })
  await sql`update millrace.job_events set at = now() - interval '40 days'`.execute(world.database.sql)

  await world.work(ask(trimHistory, { slot: '2026-05-01T03:17:00.000Z' }))

  expect(await numbers(world, id)).toEqual([121])
})

test('more jobs and more entries than one slice holds are trimmed in one go', async () => {
  await using world = await createWorld({ env: { HISTORY_DAYS: '30' } })
  await sql`
    insert into millrace.jobs (id, ticket, name, queue, key, data, max_attempts, closes, trace, state, round, last_event, settled_at)
    select (lpad(to_hex((extract(epoch from now() - interval '400 days') * 1000)::bigint + n), 12, '0') || '7000' || lpad(to_hex(n), 16, '0'))::uuid,
      1, 'millrace.test', 'quick', n::text, '{}', 1, false, 'trace', 'completed', 3, 251, now()
    from generate_series(1, 450) n`.execute(world.database.sql)
  await sql`
    insert into millrace.job_events (job, seq, at, kind, round, attempt)
    select id, seq, now() - interval '200 days', 'progressed', case when seq < 251 then 1 else 3 end, 0
    from millrace.jobs cross join generate_series(1, 251) seq where name = 'millrace.test'`.execute(
    world.database.sql,
  )

  const trimmed = await world.work(ask(trimHistory, { slot: '2026-05-01T03:17:00.000Z' }))

  expect(trimmed).toMatchObject({ result: { jobs: 0, others: 450 * 250 } })
  const left = await sql<{ count: number }>`
    select count(*)::int as count from millrace.job_events e join millrace.jobs j on j.id = e.job where j.name = 'millrace.test'`.execute(
    world.database.sql,
  )
  expect(left.rows).toEqual([{ count: 450 }])
})
