import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { claim } from '../../../src/jobs/ledger/claim.ts'
import { enter, type Entry } from '../../../src/jobs/ledger/enter.ts'
import { beginLease, endLease, renewLease } from '../../../src/jobs/ledger/lease.ts'
import { fail, settleUndone } from '../../../src/jobs/ledger/settle.ts'
import { cancel, undoOnceMore } from '../../../src/jobs/ledger/steer.ts'
import { takeOver } from '../../../src/jobs/ledger/sweep.ts'
import { timeOrderedId } from '../../../src/shared/ids.ts'
import { createWorld, type World } from '../../support/world.ts'

const worker = '00000000-0000-7000-8000-000000000001'
const failure = { code: 'x', message: 'x' }

const entry = (more: Partial<Entry> = {}): Entry => {
  const id = timeOrderedId()
  const wish = { name: 'millrace.test', queue: 'quick', key: id, owner: null, data: {}, trace: 'trace' }
  return Object.assign(
    { id, ...wish, attempts: 1, closes: false, delay: 0, again: 'rerunIfActive', asides: [] },
    more,
  )
}

const rowOf = async (world: World, id: string) =>
  (
    await sql`select state, round, ticket, data, next_data, attempts from millrace.jobs where id = ${id}`.execute(
      world.database.sql,
    )
  ).rows[0]

test('a round that was asked for while another ran is begun though its worker died in the last attempt', async () => {
  await using world = await createWorld()
  const { run } = world.database
  await beginLease(run, worker, 'test')
  const wish = entry()
  await enter(run, [wish])
  await claim(run, worker, [{ id: wish.id, ticket: 1 }])
  expect(await enter(run, [{ ...wish, id: timeOrderedId(), data: { second: true } }])).toMatchObject([
    { decision: 'asked again', round: 2 },
  ])

  await endLease(run, worker)
  const { takenOver, reopened } = await takeOver(world.database)

  expect(takenOver).toMatchObject([{ id: wish.id, state: 'failed' }])
  expect(reopened).toMatchObject([{ id: wish.id, queue: 'quick' }])
  expect(await rowOf(world, wish.id)).toMatchObject({
    state: 'waiting',
    round: 2,
    data: { second: true },
    next_data: null,
    ticket: reopened[0]?.ticket,
  })
})

test('so is one that was asked for while a cancelled one stopped, or an undo was at its last try', async () => {
  await using world = await createWorld()
  const { run, sql: db } = world.database
  await beginLease(run, worker, 'test')
  const [stopping, undoing] = [entry({ attempts: 5 }), entry({ closes: true })]
  await enter(run, [stopping, undoing])
  await claim(run, worker, [
    { id: stopping.id, ticket: 1 },
    { id: undoing.id, ticket: 1 },
  ])
  await cancel(run, stopping.id, 'Ada')
  await fail(run, { id: undoing.id, ticket: 1, worker }, failure, false)
  await sql`update millrace.jobs set undo_attempts = 4 where id = ${undoing.id}`.execute(db)
  await claim(run, worker, [{ id: undoing.id, ticket: 2 }])
  const again = [
    { ...stopping, id: timeOrderedId() },
    { ...undoing, id: timeOrderedId() },
  ]
  expect(await enter(run, again)).toMatchObject([{ decision: 'asked again' }, { decision: 'asked again' }])

  await endLease(run, worker)
  const { takenOver, reopened } = await takeOver(world.database)

  expect(takenOver.map(({ state }) => state).sort()).toEqual(['cancelled', 'failed'])
  expect(reopened.map(({ id }) => id).sort()).toEqual([stopping.id, undoing.id].sort())
  for (const { id } of [stopping, undoing])
    expect(await rowOf(world, id)).toMatchObject({ state: 'waiting', round: 2, attempts: 0 })
})

test('an undo whose claim a crash of Postgres took away is told to stop', async () => {
  await using world = await createWorld()
  const { run, sql: db } = world.database
  await beginLease(run, worker, 'test')
  const wish = entry({ closes: true })
  await enter(run, [wish])
  await claim(run, worker, [{ id: wish.id, ticket: 1 }])
  await fail(run, { id: wish.id, ticket: 1, worker }, failure, false)
  const held = { id: wish.id, ticket: 2 }
  await claim(run, worker, [held])
  const renewal = () => renewLease(run, worker, [{ ...held, claimed: true }], undefined, false)
  expect((await renewal()).abort).toEqual([])

  await sql`update millrace.jobs set worker = null, undo_attempts = 0 where id = ${wish.id}`.execute(db)
  expect((await renewal()).abort).toEqual([{ ...held, reason: 'taken over' }])
})

test('an undo that an operator asks for does not take the place of the second one that was promised', async () => {
  await using world = await createWorld()
  const { run, sql: db } = world.database
  await beginLease(run, worker, 'test')
  const wish = entry({ closes: true })
  const undone = (ticket: number) =>
    settleUndone(
      run,
      { id: wish.id, ticket, worker },
      { undo: 'done', failure: undefined, followersDue: false },
    )
  const promised = async () =>
    (await sql`select undo_again_at > now() as promised from millrace.jobs`.execute(db)).rows
  await enter(run, [wish])
  await claim(run, worker, [{ id: wish.id, ticket: 1 }])
  await fail(run, { id: wish.id, ticket: 1, worker }, failure, true)
  await claim(run, worker, [{ id: wish.id, ticket: 2 }])
  expect(await undone(2)).toBe(true)
  expect(await promised()).toEqual([{ promised: true }])

  await undoOnceMore(run, wish.id, 'Grace')
  await claim(run, worker, [{ id: wish.id, ticket: 3 }])
  expect(await undone(3)).toBe(true)
  expect(await promised()).toEqual([{ promised: true }])
})
