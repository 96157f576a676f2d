import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { analyzeGrown } from '../../src/jobs/ledger/sweep.ts'
import { createWorld } from '../support/world.ts'

test('a ledger that has grown is looked at once, so that nobody goes on reading all of it', async () => {
  await using world = await createWorld()
  const { run } = world.database
  const claimPlan = async () => {
    const rows = await run<{ 'QUERY PLAN': string }>(
      {
        name: 'test.plan',
        text: `explain select j.id from unnest('{00000000-0000-0000-0000-000000000000}'::uuid[], '{1}'::int[]) as a (id, ticket)
          join millrace.jobs j on j.id = a.id and j.ticket = a.ticket`,
      },
      [],
    )
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  }
  expect(await analyzeGrown(run)).toEqual([])

  await run(
    {
      name: 'test.fill',
      text: `insert into millrace.jobs (id, ticket, name, queue, key, data, max_attempts, closes, trace)
        select uuidv7(), 1, 'anki.initiate-user', 'quick', n::text, '{}', 5, false, '' from generate_series(1, 5000) n`,
    },
    [],
  )

  // While it is being vacuumed nobody waits for it, and it is left for the next time.
  await world.database.transaction(async (tx) => {
    await sql`lock table millrace.jobs in share update exclusive mode`.execute(tx)
    await analyzeGrown(run)
  })
  expect(await analyzeGrown(run)).toEqual(['jobs'])
  expect(await analyzeGrown(run)).toEqual([])
  expect(await claimPlan()).toMatch(/Index Scan using jobs_pkey/)
})
