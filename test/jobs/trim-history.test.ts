import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { ask } from '../../src/jobs/define.ts'
import { keepRejected } from '../../src/jobs/ledger/messages.ts'
import { trimHistory } from '../../src/jobs/millrace/trim-history.ts'
import { doNothing, testJobs } from '../support/jobs.ts'
import { createWorld } from '../support/world.ts'

const trace = 'f'.repeat(32)
/** Ids carry the time they were made at; an old row has an old id. */
const aged = (id: string) => `00000000-0000-7${id.slice(15)}`

test('what settled long ago is forgotten with its history; what is young or unsettled stays', async () => {
  await using world = await createWorld({ jobs: testJobs, env: { HISTORY_DAYS: '30' } })
  const { accept, database } = world.asking
  const old = await world.work(ask(doNothing, { key: 'old' }))
  const young = await world.work(ask(doNothing, { key: 'young' }))
  const waiting = await accept.now(ask(doNothing, { key: 'old and waiting' }), trace)
  await keepRejected(database.run, [
    { id: old.id, source: 'sqs', messageId: '1', reason: 'unreadable', body: '{' },
  ])
  for (const { id } of [old, waiting]) {
    await sql`update millrace.jobs set id = ${aged(id)}, created_at = now() - interval '40 days',
      settled_at = settled_at - interval '40 days' where id = ${id}`.execute(database.sql)
    await sql`update millrace.job_events set job = ${aged(id)} where job = ${id}`.execute(database.sql)
  }
  await sql`update millrace.rejected_messages set received_at = now() - interval '40 days'`.execute(
    database.sql,
  )

  const trimmed = await world.work(ask(trimHistory, { slot: '2026-05-01T03:17:00.000Z' }))

  expect(trimmed).toMatchObject({ state: 'completed', result: { jobs: 1, others: 1 } })
  const rows = await database.sql
    .selectFrom('millrace.jobs')
    .select('key')
    .where('name', '=', doNothing.name)
    .orderBy('key')
    .execute()
  expect(rows.map((row) => row.key)).toEqual(['old and waiting', 'young'])
  const left = await sql<{ job: string }>`select distinct job from millrace.job_events`.execute(database.sql)
  expect(left.rows.map((row) => row.job).sort()).toEqual([aged(waiting.id), young.id, trimmed.id].sort())
})

test('what has an undo before it stays, however long ago it settled', async () => {
  await using world = await createWorld({ jobs: testJobs, env: { HISTORY_DAYS: '30' } })
  const { sql: db } = world.database
  const [promised, undoing, over] = await Promise.all(
    ['promised', 'undoing', 'over'].map((key) => world.work(ask(doNothing, { key }))),
  )
  for (const { id } of [promised, undoing, over] as { id: string }[])
    await sql`update millrace.jobs set id = ${aged(id)}, state = 'failed', settled_at = now() - interval '40 days'
      where id = ${id}`.execute(db)
  await sql`update millrace.jobs set undo_again_at = now() where key = 'promised'`.execute(db)
  await sql`update millrace.jobs set state = 'undoing', verdict = 'failed' where key = 'undoing'`.execute(db)

  const trimmed = await world.work(ask(trimHistory, { slot: '2026-05-01T03:17:00.000Z' }))

  expect(trimmed).toMatchObject({ state: 'completed', result: { jobs: 1 } })
  const rows = await sql<{ key: string }>`
    select key from millrace.jobs where name = ${doNothing.name} order by key`.execute(db)
  expect(rows.rows.map(({ key }) => key)).toEqual(['promised', 'undoing'])
})

test('old slots are forgotten but the latest that has come, and requests after a week', async () => {
  await using world = await createWorld({ env: { HISTORY_DAYS: '30' } })
  const { sql: db } = world.database
  const slots = { daily: ['-50', '-41', '-40'], recent: ['-50', '-20', '-10'], ahead: ['-50', '-40', '400'] }
  for (const [schedule, days] of Object.entries(slots))
    for (const day of days)
      await sql`insert into millrace.schedule_slots (schedule, slot, outcome, at)
        select ${schedule}, now() + d, 'asked', now() + least(d, interval '-40 days')
        from (select ${day}::int * interval '1 day' as d) as of`.execute(db)
  for (const days of [8, 6])
    await sql`insert into millrace.idempotency_keys (caller, route, key, body_hash, job, round, created_at)
      values ('anki:ada', 'POST /', ${`${days} days`}, 'hash', gen_random_uuid(), 1, now() - ${days} * interval '1 day')`.execute(
      db,
    )

  await world.work(ask(trimHistory, { slot: '2026-05-01T03:17:00.000Z' }))

  const left = await sql<{ schedule: string; days: number[] }>`
    select schedule, array_agg(round(extract(epoch from slot - now()) / 86400)::int order by slot) as days
    from millrace.schedule_slots group by schedule order by schedule`.execute(db)
  expect(left.rows).toEqual([
    { schedule: 'ahead', days: [-40, 400] },
    { schedule: 'daily', days: [-40] },
    { schedule: 'recent', days: [-10] },
  ])
  const keys = await sql<{ key: string }>`select key from millrace.idempotency_keys`.execute(db)
  expect(keys.rows).toEqual([{ key: '6 days' }])
})
