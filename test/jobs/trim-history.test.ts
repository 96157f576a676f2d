import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { ask } from '../../src/jobs/define.ts'
import { keepRejected } from '../../src/jobs/ledger/messages.ts'
import { trimHistory } from '../../src/jobs/millrace/trim-history.ts'
import { doNothing, testJobs } from '../support/jobs.ts'
import { createWorld } from '../support/world.ts'

const trace = 'f'.repeat(32)

test('what settled long ago is forgotten with its history; what is young or unsettled stays', async () => {
  await using world = await createWorld({ jobs: testJobs, env: { HISTORY_DAYS: '30' } })
  const { accept, database } = world.asking
  const old = await world.work(ask(doNothing, { key: 'old' }))
  const young = await world.work(ask(doNothing, { key: 'young' }))
  const waiting = await accept.now(ask(doNothing, { key: 'old and waiting' }), trace)
  await keepRejected(database.run, [
    { id: old.id, source: 'sqs', messageId: '1', reason: 'unreadable', body: '{' },
  ])
  // Ids carry the time they were made at; an old row has an old id.
  const aged = (id: string) => `00000000-0000-7${id.slice(15)}`
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
