import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { claim } from '../../../src/jobs/ledger/claim.ts'
import { enter, enterFree, type Entry } from '../../../src/jobs/ledger/enter.ts'
import { noteProgress } from '../../../src/jobs/ledger/progress.ts'
import { completeMany } from '../../../src/jobs/ledger/settle.ts'
import { within } from '../../../src/shared/database.ts'
import { createWorld } from '../../support/world.ts'

const worker = '00000000-0000-7000-8000-000000000001'
const row = { id: '00000000-0000-7000-8000-000000000002', ticket: 1 }
const batches = {
  'ledger.claim': 3,
  'ledger.complete-batch': 4,
  'ledger.decide-again': 1,
  'ledger.decide-free': 1,
  'ledger.progress': 2,
}
/** An insert has nothing to look up; that it is planned once matters as much. */
const planned = [...Object.keys(batches), 'ledger.insert-new'].sort()
const asking: Entry = {
  ...row,
  name: 'millrace.test',
  queue: 'quick',
  key: '1',
  owner: null,
  data: {},
  attempts: 1,
  closes: false,
  trace: 'trace',
  delay: 0,
  again: 'never',
  asides: [],
}

test('what is done to a batch of rows is planned once, and looks each row up by its key', async () => {
  await using world = await createWorld()
  await sql`
    insert into millrace.jobs (id, ticket, name, queue, key, data, max_attempts, closes, trace)
    select gen_random_uuid(), 1, 'millrace.test', 'quick', number::text, '{}', 1, false, 'trace'
    from generate_series(1, 500) as number`.execute(world.database.sql)
  await sql`analyze millrace.jobs`.execute(world.database.sql)
  await sql`vacuum analyze millrace.live_jobs`.execute(world.database.sql)

  await world.database.transaction(async (tx) => {
    const run = within(tx)
    // Postgres looks at five plans for the values at hand before it decides to keep one for all.
    for (let time = 0; time < 8; time += 1) {
      await enter(run, [asking])
      await enterFree(run, [asking])
      await claim(run, worker, [row])
      await completeMany(run, worker, [{ ...row, result: null }])
      await noteProgress(run, worker, [{ ...row, percent: 1, step: 'reading' }])
    }

    const kept = await sql<{ name: string; generic_plans: number }>`
      select name, generic_plans::int from pg_prepared_statements where name in (${sql.join(planned)})
      order by name`.execute(tx)
    expect(kept.rows).toEqual(planned.map((name) => ({ name, generic_plans: 3 })))
    for (const [name, parameters] of Object.entries(batches)) {
      const values = sql.raw(Array.from({ length: parameters }, () => 'null').join(', '))
      const plan = await sql<{
        'QUERY PLAN': string
      }>`explain execute ${sql.id(name)} (${values})`.execute(tx)
      const text = plan.rows.map((line) => line['QUERY PLAN']).join('\n')
      expect(text, name).toMatch(/Index Scan using jobs_(pkey|one_per_key) on jobs/)
      expect(text, name).not.toContain('Seq Scan on jobs')
      expect(text, name).not.toContain('Seq Scan on live_jobs')
    }
  })
})
