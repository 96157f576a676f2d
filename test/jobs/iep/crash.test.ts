import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { createFamily } from './family.ts'
import { programOf } from './pdf.ts'

const patience = { timeout: 40_000, interval: 100 }

test('a worker killed in the middle of reading has paid for nothing in vain but the call in flight', async () => {
  await using family = await createFamily()
  const { world, mistral } = family
  const { iepId } = await family.upload(programOf('Ada', 40))
  mistral.dials.set({ does: 'hang', path: '/v1/ocr', containing: '"pages":[30,' })
  const state = async () =>
    (
      await sql<{ state: string }>`select state from millrace.jobs where name = 'iep.read-document'`.execute(
        world.database.sql,
      )
    ).rows[0]?.state
  const stored = async () =>
    (await sql`select 1 from iep.pages where iep_id = ${iepId}`.execute(world.database.sql)).rows.length

  const first = world.start('src/workers/main.ts', ['documents'])
  await expect.poll(stored, patience).toBe(30)
  first.signal('SIGKILL')
  await first.exited
  // Leases lapse by the Postgres clock; the test moves it instead of waiting.
  await sql`update millrace.leases set valid_until = now() - interval '1 second'`.execute(world.database.sql)
  world.start('src/workers/main.ts', ['documents'])
  await expect.poll(state, patience).toBe('completed')

  expect(await stored()).toBe(40)
  const reading = (await family.calls(iepId)).filter(({ step }) => step === 'read')
  expect(reading.map(({ outcome, pages }) => `${outcome} ${pages}`).toSorted()).toEqual([
    'answered 10',
    'answered 10',
    'answered 10',
    'answered 10',
    'null null',
  ])
})
