import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { ask } from '../../src/jobs/define.ts'
import { claim } from '../../src/jobs/ledger/claim.ts'
import { beginLease, endLease } from '../../src/jobs/ledger/lease.ts'
import { history } from '../../src/jobs/ledger/read.ts'
import { cancel, redrive, undoOnceMore } from '../../src/jobs/ledger/steer.ts'
import { takeOver, undoAgain } from '../../src/jobs/ledger/sweep.ts'
import { effectTables, exists, testJobs, walkSteps } from '../support/jobs.ts'
import { createWorld, type World } from '../support/world.ts'

const trace = '2'.repeat(32)

/** A repeatable source of chance, so that a sequence that fails can be run again. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

/** Claims that nobody lived to settle. */
let lost = 0

/** What may happen to a job from outside, at any time and in any order. */
function movesOn(world: World, key: string, directory: string, random: () => number) {
  const { accept, database } = world.asking
  const pick = <T>(...choices: T[]): T => choices[Math.floor(random() * choices.length)] as T
  const wish = () => ask(walkSteps, { key, directory, ends: pick('well', 'well', 'badly', 'for good') })
  return {
    'ask again': async () => void (await accept.now(wish(), trace)),
    cancel: async (id: string) => void (await cancel(database.run, id, 'Ada')),
    redrive: async (id: string) => void (await redrive(database.run, id, 'Grace')),
    'undo once more': async (id: string) => void (await undoOnceMore(database.run, id, 'Grace')),
    deliver: async (id: string) => {
      await sql`update millrace.jobs set run_at = least(run_at, now()) where id = ${id}`.execute(database.sql)
      const { runner } = await world.running()
      const { ticket } = await world.see(id)
      await Promise.all([
        runner.take({ id, ticket }),
        pick(true, false) ? cancel(database.run, id, 'Ada') : undefined,
      ])
    },
    'deliver an old ticket': async (id: string) => {
      const { runner } = await world.running()
      const { ticket } = await world.see(id)
      if (ticket > 1) expect(await runner.take({ id, ticket: ticket - 1 })).toBe('stale')
    },
    'claimed by a worker that dies': async (id: string) => {
      const { ticket } = await world.see(id)
      const ghost = randomUUID()
      await beginLease(database.run, ghost, 'ghost')
      const [taken] = await claim(database.run, ghost, [{ id, ticket }])
      if (typeof taken === 'object' && 'id' in taken) lost += 1
      await endLease(database.run, ghost)
    },
    'take over': async () => void (await takeOver(database)),
    'the undo is due again': async (id: string) => {
      await sql`update millrace.jobs set undo_again_at = now() where id = ${id} and undo_again_at is not null`.execute(
        database.sql,
      )
      await undoAgain(database.run)
    },
  }
}

/** Jobs that are not at rest though nobody is told so, or at rest though they are named as live. */
const misnamed = async (world: World) =>
  (
    await sql<{ id: string; state: string }>`
      select coalesce(id, job) as id, state from millrace.jobs full join millrace.live_jobs on job = id
      where (job is not null) is distinct from (state not in ('completed', 'failed', 'cancelled'))`.execute(
      world.database.sql,
    )
  ).rows

test('whatever happens in whatever order: no effect is doubled or lost, no entry is missing, what failed is undone', async () => {
  await using world = await createWorld({ jobs: testJobs, setup: effectTables })
  for (let seed = 1; seed <= 60; seed += 1) {
    const key = `seed ${seed}`
    const directory = `${world.directory}/${seed}`
    await mkdir(directory)
    const random = chance(seed)
    const moves = Object.entries(movesOn(world, key, directory, random))
    const { id } = await world.asking.accept.now(ask(walkSteps, { key, directory }), trace)
    const made: string[] = []
    for (let turn = 0; turn < 12; turn += 1) {
      const [name, move] = moves[Math.floor(random() * moves.length)] as (typeof moves)[number]
      made.push(name)
      await move(id)
      expect(await misnamed(world), `seed ${seed}: ${made.join(', ')}`).toEqual([])
    }
    await takeOver(world.database)
    const row = await world.finish(id)

    const story = `seed ${seed}: ${made.join(', ')}`
    expect(await misnamed(world), story).toEqual([])
    const entries = await history(world.database.run, id, 0)
    const settled = entries.filter((entry) => entry.kind === 'settled')
    const completed = settled.filter((entry) => entry.detail?.['state'] === 'completed')
    const effects = await sql`select from public.effects where job = ${key}`.execute(world.database.sql)
    expect(
      entries.map((entry) => entry.seq),
      story,
    ).toEqual(entries.map((_, index) => index + 1))
    expect(row.last_event, story).toBe(entries.length)
    expect(effects.rows.length, story).toBe(completed.length)
    expect(
      settled.map((entry) => entry.round),
      story,
    ).toEqual(Array.from({ length: row.round }, (_, index) => index + 1))
    if (row.undo === 'done') expect(await exists(`${directory}/made`), story).toBe(false)
    if (row.state === 'completed') expect(await exists(`${directory}/made`), story).toBe(true)
  }
  expect(lost).toBeGreaterThan(20)
})
