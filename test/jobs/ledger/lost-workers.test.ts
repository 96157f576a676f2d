import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { claim } from '../../../src/jobs/ledger/claim.ts'
import { enter, type Entry } from '../../../src/jobs/ledger/enter.ts'
import { beginLease, endLease } from '../../../src/jobs/ledger/lease.ts'
import { fail } from '../../../src/jobs/ledger/settle.ts'
import { cancel } from '../../../src/jobs/ledger/steer.ts'
import {
  forgetLapsedLeases,
  freeOrphans,
  nextOverdue,
  reticket,
  reticketAllAfter,
  takeOver,
  undoAgain,
} from '../../../src/jobs/ledger/sweep.ts'
import type { Run } from '../../../src/shared/database.ts'
import { timeOrderedId } from '../../../src/shared/ids.ts'
import { createWorld, type World } from '../../support/world.ts'

const worker = '00000000-0000-7000-8000-000000000001'
const other = '00000000-0000-7000-8000-000000000002'
const lowest = '00000000-0000-0000-0000-000000000000'
const failure = { code: 'x', message: 'x' }

let world: World
let run: Run
beforeAll(async () => {
  world = await createWorld()
  run = world.database.run
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  for (const table of ['jobs', 'job_events', 'live_jobs', 'leases'])
    await sql`truncate ${sql.table(`millrace.${table}`)}`.execute(world.database.sql)
  await beginLease(run, worker, 'test')
  await beginLease(run, other, 'test')
})

/** A row that the worker holds, in one of the states a row can be held in. */
async function held(
  state: 'active' | 'cancelling' | 'undoing',
  { attempts = 5, closes = false, undoAttempts = 1, by = worker } = {},
): Promise<{ id: string; ticket: number }> {
  const id = timeOrderedId()
  const wish: Entry = {
    id,
    name: 'millrace.test',
    queue: 'quick',
    key: id,
    owner: null,
    data: {},
    trace: 'trace',
    attempts: state === 'undoing' ? 1 : attempts,
    closes: closes || state === 'undoing',
    delay: 0,
    again: 'never',
    asides: [],
  }
  await enter(run, [wish])
  await claim(run, by, [{ id, ticket: 1 }])
  if (state === 'active') return { id, ticket: 1 }
  if (state === 'cancelling') {
    await cancel(run, id, 'Ada')
    return { id, ticket: 1 }
  }
  await fail(run, { id, ticket: 1, worker: by }, failure, false)
  await sql`update millrace.jobs set undo_attempts = ${undoAttempts - 1} where id = ${id}`.execute(
    world.database.sql,
  )
  await claim(run, by, [{ id, ticket: 2 }])
  return { id, ticket: 2 }
}

const rowOf = async (id: string) =>
  (
    await sql<Record<string, unknown>>`
      select state, ticket, attempts, worker, verdict, undo, unwitnessed, followers_due, error->>'code' as error,
        settled_at is not null as settled, undo_again_at from millrace.jobs where id = ${id}`.execute(
      world.database.sql,
    )
  ).rows[0]
const lastEntry = async (id: string) =>
  (
    await sql<{
      kind: string
    }>`select kind from millrace.job_events where job = ${id} order by seq desc limit 1`.execute(
      world.database.sql,
    )
  ).rows[0]?.kind

const waits = { worker: null, unwitnessed: true, settled: false }
const ended = { worker: null, unwitnessed: true, settled: true }
test.each([
  ['runs and may be tried again', 'active', {}, { ...waits, state: 'waiting', attempts: 1 }],
  ['ran for the last time', 'active', { attempts: 1 }, { ...ended, state: 'failed', undo: null }],
  [
    'ran for the last time, and has an undo',
    'active',
    { attempts: 1, closes: true },
    { ...waits, state: 'undoing', verdict: 'failed', undo: 'pending' },
  ],
  ['was to stop', 'cancelling', {}, { ...ended, state: 'cancelled', error: null }],
  [
    'was to stop, and has an undo',
    'cancelling',
    { closes: true },
    { ...waits, state: 'undoing', verdict: 'cancelled', undo: 'pending' },
  ],
  ['was undone', 'undoing', {}, { ...waits, state: 'undoing', verdict: 'failed', undo: 'pending' }],
  [
    'was undone for the last time',
    'undoing',
    { undoAttempts: 5 },
    { ...ended, state: 'failed', undo: 'stuck', followers_due: true },
  ],
] as const)('of a row whose worker is lost and that %s', async (_what, state, how, becomes) => {
  const lost = await held(state, how)
  const safe = await held(state, { ...how, by: other })
  const before = await rowOf(safe.id)
  await endLease(run, worker)

  const { takenOver } = await takeOver(world.database)

  expect(takenOver).toMatchObject([{ id: lost.id, ticket: lost.ticket + 1, state: becomes.state }])
  expect(await rowOf(lost.id)).toMatchObject({ ...becomes, ticket: lost.ticket + 1 })
  if (state === 'active') expect(await rowOf(lost.id)).toMatchObject({ error: 'worker-lost' })
  expect(await lastEntry(lost.id)).toBe(becomes.settled ? 'settled' : 'taken over')
  expect(await rowOf(safe.id)).toEqual(before)
})

test.each([
  ['active', {}, { state: 'waiting', attempts: 0 }],
  ['cancelling', { closes: true }, { state: 'undoing', verdict: 'cancelled', attempts: 1 }],
  ['undoing', {}, { state: 'undoing', verdict: 'failed', attempts: 1 }],
] as const)(
  'a row that is %s in the name of a worker who knows nothing of it costs no attempt',
  async (state, how, becomes) => {
    const orphan = await held(state, how)
    const theirs = await held(state, { ...how, by: other })
    const [one, two] = [await rowOf(orphan.id), await rowOf(theirs.id)]

    // Neither with an older ticket nor in the name of somebody else.
    expect(await freeOrphans(run, worker, [{ ...orphan, ticket: orphan.ticket - 1 }, theirs])).toEqual([])
    expect([await rowOf(orphan.id), await rowOf(theirs.id)]).toEqual([one, two])

    expect(await freeOrphans(run, worker, [orphan])).toMatchObject([{ ...orphan, ticket: orphan.ticket + 1 }])
    expect(await rowOf(orphan.id)).toMatchObject({ ...becomes, worker: null, ticket: orphan.ticket + 1 })
  },
)

test('only what waits gets a new ticket, and what is not due yet keeps its delay', async () => {
  const running = await held('active')
  const undoing = await held('undoing')
  const [waiting, delayed, undo] = [await held('active'), await held('active'), await held('undoing')]
  for (const { id } of [waiting, delayed, undo])
    await sql`update millrace.jobs set worker = null, state = case state when 'active' then 'waiting' else state end
      where id = ${id}`.execute(world.database.sql)
  await sql`update millrace.jobs set state = 'delayed', run_at = now() + interval '1 hour' where id = ${delayed.id}`.execute(
    world.database.sql,
  )
  const idle = [waiting, delayed, undo].map(({ id, ticket }) => ({ id, ticket: ticket + 1 }))
  const byId = (tickets: { id: string; ticket: number }[]) =>
    tickets.toSorted((a, b) => (a.id < b.id ? -1 : 1))

  const some = await reticket(run, [running, undoing, waiting, delayed, undo])
  expect(byId(some)).toMatchObject(byId(idle))
  expect(some.find(({ id }) => id === delayed.id)?.delay).toBeGreaterThan(3_500_000)
  expect(await reticket(run, [waiting, delayed, undo])).toEqual([])

  const all = await reticketAllAfter(run, lowest, ['quick'])
  expect(all).toMatchObject(byId(idle).map(({ id, ticket }) => ({ id, ticket: ticket + 1 })))
  expect(all.find(({ id }) => id === delayed.id)?.delay).toBeGreaterThan(3_500_000)
  expect(await reticketAllAfter(run, lowest, ['media'])).toEqual([])
})

test('what has been due for a while is looked at, whatever it waits for', async () => {
  const [waiting, undoing, young] = [await held('active'), await held('undoing'), await held('active')]
  await held('active')
  for (const { id } of [waiting, undoing, young])
    await sql`update millrace.jobs set worker = null, run_at = now() - interval '4 seconds',
      state = case state when 'active' then 'waiting' else state end where id = ${id}`.execute(
      world.database.sql,
    )
  await sql`update millrace.jobs set run_at = now() where id = ${young.id}`.execute(world.database.sql)

  expect(await nextOverdue(run)).toMatchObject([waiting, undoing])
})

test('an undo that runs once more is promised no third time, and ends as the row had', async () => {
  const [failed, cancelled] = [await held('active'), await held('active')]
  for (const [{ id }, state] of [
    [failed, 'failed'],
    [cancelled, 'cancelled'],
  ] as const)
    await sql`update millrace.jobs set state = ${state}, worker = null, settled_at = now(), undo_again_at = now()
      where id = ${id}`.execute(world.database.sql)

  expect(await undoAgain(run)).toHaveLength(2)
  for (const [{ id }, verdict] of [
    [failed, 'failed'],
    [cancelled, 'cancelled'],
  ] as const)
    expect(await rowOf(id)).toMatchObject({ state: 'undoing', verdict, ticket: 2, undo_again_at: null })
  expect(await undoAgain(run)).toEqual([])
})

test('a lapsed lease is forgotten when nothing is left in its name', async () => {
  await held('active')
  await sql`update millrace.leases set valid_until = now() - interval '6 minutes'`.execute(world.database.sql)

  await forgetLapsedLeases(run)

  const left = await sql<{ worker: string }>`select worker from millrace.leases`.execute(world.database.sql)
  expect(left.rows).toEqual([{ worker }])
})
