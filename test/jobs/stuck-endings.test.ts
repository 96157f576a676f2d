import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ask, defineJob } from '../../src/jobs/define.ts'
import { claim } from '../../src/jobs/ledger/claim.ts'
import { beginLease, endLease } from '../../src/jobs/ledger/lease.ts'
import { undoOnceMore } from '../../src/jobs/ledger/steer.ts'
import { takeOver } from '../../src/jobs/ledger/sweep.ts'
import { Throttled } from '../../src/shared/errors.ts'
import { effectTables } from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'

const shape = {
  queue: 'quick',
  data: z.strictObject({ key: z.string() }),
  again: 'never',
  timeout: 5000,
} as const
const key = ({ key: each }: { key: string }): string => each

/** Fails, and what should follow cannot be written either until somebody has mended it. */
function tellsOfFailure() {
  const state = { broken: true }
  const job = defineJob({
    ...shape,
    key,
    name: 'millrace.tells-of-failure',
    retry: { attempts: 1, delay: () => 1 },
    run: () => Promise.reject(new Error('It fails.')),
    onFailed: async (tx, data) => {
      if (state.broken) throw new Error('The table is not there, say.')
      await sql`insert into public.failures (job, verdict) values (${data.key}, 'failed')`.execute(tx)
      return []
    },
  })
  return { job, state }
}

const told = async (world: World): Promise<number> =>
  (await sql`select from public.failures`.execute(world.database.sql)).rows.length

test('what should follow a failure and could not be written is written by the undo that an operator asks for', async () => {
  const { job, state } = tellsOfFailure()
  await using world = await createWorld({ jobs: [job], setup: effectTables })
  const stuck = await world.work(ask(job, { key: 'ada' }))
  expect([stuck.state, stuck.undo, await told(world)]).toEqual(['failed', 'stuck', 0])

  await undoOnceMore(world.database.run, stuck.id, 'Grace')
  expect([(await world.finish(stuck.id)).undo, await told(world)]).toEqual(['stuck', 0])

  state.broken = false
  await undoOnceMore(world.database.run, stuck.id, 'Grace')
  expect([(await world.finish(stuck.id)).undo, await told(world)]).toEqual(['done', 1])

  await undoOnceMore(world.database.run, stuck.id, 'Grace')
  expect([(await world.finish(stuck.id)).undo, await told(world)]).toEqual(['done', 1])
})

test('so is what could not be written because every worker that tried was lost', async () => {
  const { job, state } = tellsOfFailure()
  state.broken = false
  await using world = await createWorld({ jobs: [job], setup: effectTables })
  const { run, sql: db } = world.database
  const { id } = await world.asking.accept.now(ask(job, { key: 'ada' }), '2'.repeat(32))
  const { runner } = await world.running()
  await runner.take({ id, ticket: 1 })
  await sql`update millrace.jobs set undo_attempts = 4, run_at = now() where id = ${id}`.execute(db)
  const ghost = '00000000-0000-7000-8000-000000000001'
  await beginLease(run, ghost, 'ghost')
  await claim(run, ghost, [{ id, ticket: (await world.see(id)).ticket }])
  await endLease(run, ghost)
  await takeOver(world.database)
  const lost = await world.see(id)
  expect([lost.state, lost.undo, await told(world)]).toEqual(['failed', 'stuck', 0])

  await undoOnceMore(run, id, 'Grace')
  expect([(await world.finish(id)).undo, await told(world)]).toEqual(['done', 1])
})

test('a failure that Postgres does not take ends the attempt all the same', async () => {
  const runs = new Map<string, number>()
  const failing = (name: string, error: () => unknown) =>
    defineJob({
      ...shape,
      key,
      name: `millrace.${name}`,
      retry: { attempts: 2, delay: () => 1 },
      run: () => {
        runs.set(name, (runs.get(name) ?? 0) + 1)
        return Promise.reject(error())
      },
    })
  const jobs = [
    failing('nul-code', () => Object.assign(new Error('x'), { code: 'a\u0000b' })),
    failing('no-pause', () => new Throttled('nobody', Number.NaN)),
  ]
  await using world = await createWorld({ jobs })
  for (const job of jobs) {
    const row = await world.work(ask(job, { key: 'ada' }))
    expect([row.name, row.state, row.attempts]).toEqual([job.name, 'failed', 2])
    expect(row.error?.code).toBe('unwritable')
  }
  expect([...runs.values()]).toEqual([2, 2])
})
