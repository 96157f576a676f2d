import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { claim } from '../../../src/jobs/ledger/claim.ts'
import { enter, type Entry } from '../../../src/jobs/ledger/enter.ts'
import { beginLease, endLease } from '../../../src/jobs/ledger/lease.ts'
import { depths } from '../../../src/jobs/ledger/read.ts'
import { complete, completeMany, reopenIfAsked } from '../../../src/jobs/ledger/settle.ts'
import { cancel } from '../../../src/jobs/ledger/steer.ts'
import { nextOverdue, takeOver, undoAgain } from '../../../src/jobs/ledger/sweep.ts'
import { trimJobs } from '../../../src/jobs/ledger/trim.ts'
import { within, type Run, type Sql } from '../../../src/shared/database.ts'
import { timeOrderedId } from '../../../src/shared/ids.ts'
import { createWorld } from '../../support/world.ts'

const worker = '00000000-0000-7000-8000-000000000001'

const entry = (more: Partial<Entry> = {}): Entry => {
  const id = timeOrderedId()
  const wish = { name: 'millrace.test', queue: 'quick', key: id, owner: null, data: {}, trace: 'trace' }
  return Object.assign(
    { id, ...wish, attempts: 1, closes: false, delay: 0, again: 'never', asides: [] },
    more,
  )
}

/** Enters one job and has the worker claim it. */
async function claimed(run: Run): Promise<{ id: string; ticket: number }> {
  const [entered] = await enter(run, [entry()])
  const ticket = { id: entered?.id as string, ticket: 1 }
  expect(await claim(run, worker, [ticket])).toMatchObject([{ id: ticket.id }])
  return ticket
}

test('a job is named as live until it is at rest, whichever way it comes there', async () => {
  await using world = await createWorld()
  const { run, sql: db } = world.database
  const live = async (): Promise<string[]> =>
    (await sql<{ job: string }>`select job from millrace.live_jobs order by job`.execute(db)).rows.map(
      ({ job }) => job,
    )
  await beginLease(run, worker, 'test')

  const settled = await claimed(run)
  const cancelled = (await enter(run, [entry()]))[0]?.id as string
  const lost = await claimed(run)
  expect(await live()).toEqual([settled.id, cancelled, lost.id].sort())

  const stale = { ...lost, ticket: 2, result: null }
  expect(await completeMany(run, worker, [stale, { ...settled, result: null }])).toEqual(
    new Set([settled.id]),
  )
  expect(await live()).toEqual([cancelled, lost.id].sort())

  await cancel(run, cancelled, 'Ada')
  expect(await live()).toEqual([lost.id])

  await endLease(run, worker)
  expect((await takeOver(world.database)).takenOver).toMatchObject([{ id: lost.id, state: 'failed' }])
  expect(await live()).toEqual([])

  await sql`update millrace.jobs set undo_again_at = now() where id = ${lost.id}`.execute(db)
  await undoAgain(run)
  expect(await live()).toEqual([lost.id])
})

test('a cancellation that waits for a job to settle and open again cancels the new round, and leaves no more than a name', async () => {
  await using world = await createWorld()
  const { run, sql: db } = world.database
  await beginLease(run, worker, 'test')
  const wish = entry({ again: 'rerunIfActive' })
  const hold = { id: wish.id, ticket: 1, worker }
  await enter(run, [wish])
  await claim(run, worker, [hold])
  await enter(run, [{ ...wish, id: timeOrderedId() }])

  const cancelled: ReturnType<typeof cancel>[] = []
  await world.database.transaction(async (tx) => {
    const { statement, values } = complete(hold, null)
    await within(tx)(statement, values)
    expect(await reopenIfAsked(within(tx), wish.id)).toMatchObject({ id: wish.id })
    cancelled.push(cancel(run, wish.id, 'Ada'))
    await expect.poll(() => waitingForLocks(db)).toBe(1)
  })

  expect(await cancelled[0]).toMatchObject({ state: 'cancelled' })
  expect(await depths(run)).toEqual([])
  expect(await nextOverdue(run)).toEqual([])
})

const waitingForLocks = async (db: Sql): Promise<number> => {
  const { rows } = await sql`
    select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`.execute(db)
  return rows.length
}

test('a name that was left of a job at rest is shown to nobody, and goes with the job', async () => {
  await using world = await createWorld()
  const { run, sql: db } = world.database
  await beginLease(run, worker, 'test')
  const old = await claimed(run)
  await completeMany(run, worker, [{ ...old, result: null }])
  const id = `01000000${old.id.slice(8)}`
  await sql`update millrace.jobs set id = ${id}, settled_at = now() - interval '40 days'`.execute(db)
  await sql`insert into millrace.live_jobs values (${id})`.execute(db)

  expect(await nextOverdue(run)).toEqual([])
  expect(await trimJobs(run, 30)).toBe(1)
  expect((await sql`select from millrace.live_jobs`.execute(db)).rows).toEqual([])
})

test('the sweep looks at all that is overdue in turn, a thousand at a time, and begins anew', async () => {
  await using world = await createWorld()
  const { run, sql: db } = world.database
  let last = 0
  const some = (count: number, delay: number): Entry[] =>
    Array.from({ length: count }, () => {
      const id = `01900000-0000-7000-8000-${String((last += 1)).padStart(12, '0')}`
      return entry({ id, key: id, delay })
    })
  // Most of them nobody has to look at for long: they are not due.
  const entries = [...some(1500, -60_000), ...some(6000, 60_000), ...some(1000, -60_000)]
  await enter(run, entries)
  await sql`vacuum analyze millrace.jobs`.execute(db)
  const overdue = entries.filter((each) => each.delay < 0).map((each) => each.id)

  const round = async (): Promise<string[]> => {
    const seen: string[] = []
    for (let call = 0; call < 5; call += 1) {
      const found = (await nextOverdue(run)).map((each) => each.id)
      expect(found.length).toBeLessThanOrEqual(1000)
      seen.push(...found)
    }
    return seen
  }
  const first = await round()
  expect([...new Set(first)].sort()).toEqual(overdue)
  expect(first.slice(0, 1500)).toEqual(overdue.slice(0, 1500))
})
