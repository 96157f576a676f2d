import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { Again } from '../../../src/jobs/define.ts'
import { claim } from '../../../src/jobs/ledger/claim.ts'
import { enter, type Entered, type Entry } from '../../../src/jobs/ledger/enter.ts'
import { beginLease } from '../../../src/jobs/ledger/lease.ts'
import {
  complete,
  completeMany,
  fail,
  handBack,
  reopenIfAsked,
  retryLater,
} from '../../../src/jobs/ledger/settle.ts'
import { cancel } from '../../../src/jobs/ledger/steer.ts'
import { within } from '../../../src/shared/database.ts'
import { timeOrderedId } from '../../../src/shared/ids.ts'
import { createWorld, type World } from '../../support/world.ts'

const worker = '00000000-0000-7000-8000-000000000001'
const failure = { code: 'no-luck', message: 'This attempt had no luck.' }

type Letter = 'A' | 'B' | 'C'

/** One job of a key, asked for with letters, in the hands of one worker. */
async function oneJob(world: World, again: Again, more: Partial<Entry> = {}) {
  const { run, sql: db } = world.database
  const id = timeOrderedId()
  let ticket = 1
  const wish = {
    id,
    name: 'millrace.test',
    queue: 'quick',
    key: id,
    owner: null,
    trace: 'trace',
    attempts: 5,
  }
  const entry: Entry = {
    ...wish,
    data: { is: 'A' },
    closes: false,
    delay: 0,
    again,
    asides: ['how'],
    ...more,
  }
  const hold = () => ({ id, ticket, worker })
  const row = async () => {
    const { rows } = await sql<{
      data: { is: Letter }
      next_data: { is: Letter } | null
      round: number
      state: string
    }>`
      select data, next_data, round, state from millrace.jobs where id = ${id}`.execute(db)
    return rows[0]
  }
  await beginLease(run, worker, 'test')
  await enter(run, [entry])
  return {
    id,
    entry,
    row,
    /** What becomes of asking with these data; `as` for askers who know less than others. */
    ask: async (is: Letter, as: Again = again, how?: string): Promise<Entered> => {
      const data = how === undefined ? { is } : { is, how }
      const [entered] = await enter(run, [{ ...entry, id: timeOrderedId(), data, again: as }])
      return entered as Entered
    },
    claim: async () => {
      ;({ ticket } = (
        await sql<{ ticket: number }>`select ticket from millrace.jobs where id = ${id}`.execute(db)
      ).rows[0] as { ticket: number })
      const [claimed] = await claim(run, worker, [{ id, ticket }])
      expect(claimed).toMatchObject({ id })
      return claimed as { data: { is: Letter }; round: number }
    },
    handBack: () => handBack(run, hold()),
    retry: () => retryLater(run, hold(), { delay: 0, failure, spent: true, unwitnessed: false }),
    fail: () => fail(run, hold(), failure, false),
    complete: () =>
      world.database.transaction(async (tx) => {
        const { statement, values } = complete(hold(), null)
        await within(tx)(statement, values)
        await reopenIfAsked(within(tx), id)
      }),
    cancel: () => cancel(run, id, 'Ada'),
  }
}

/** Runs what is left to be run; what it was done with, round by round. */
async function runOut(job: Awaited<ReturnType<typeof oneJob>>): Promise<[number, Letter][]> {
  const done: [number, Letter][] = []
  while ((await job.row())?.state !== 'completed') {
    const { round, data } = await job.claim()
    done.push([round, data.is])
    await job.complete()
  }
  return done
}

const policies = ['whenChanged', 'rerunIfActive'] as const
const ways = ['handBack', 'retry'] as const
const cases = policies.flatMap((again) => ways.map((way) => [again, way] as const))

test.each(cases)('what was asked for last is done last, %s, after %s', async (again, way) => {
  await using world = await createWorld()
  const job = await oneJob(world, again)
  await job.claim()
  expect(await job.ask('B')).toMatchObject({ decision: 'asked again', round: 2 })
  await job[way]()

  expect(await job.ask('C')).toMatchObject({ decision: 'asked again', round: 2, ticket: undefined })
  expect(await job.ask('C')).toMatchObject({ decision: 'stands', round: 2 })

  expect(await runOut(job)).toEqual([
    [1, 'A'],
    [2, 'C'],
  ])
})

test.each(cases)(
  'who goes back to what the round began with is not taken for who changes nothing, %s, after %s',
  async (again, way) => {
    await using world = await createWorld()
    const job = await oneJob(world, again)
    await job.claim()
    await job.ask('B')
    await job[way]()

    expect(await job.ask('A')).toMatchObject({ decision: 'asked again', round: 2 })

    expect(await runOut(job)).toEqual([
      [1, 'A'],
      [2, 'A'],
    ])
  },
)

test('a row that waits with nothing behind it is amended, as often as one likes, and has one round', async () => {
  await using world = await createWorld()
  const job = await oneJob(world, 'whenChanged')

  for (const letter of ['B', 'C'] as const)
    expect(await job.ask(letter)).toMatchObject({ decision: 'amended', round: 1 })

  expect(await runOut(job)).toEqual([[1, 'C']])
})

test.each([
  ['whenChanged', 'active'],
  ['whenChanged', 'waiting'],
  ['afterSettled', 'active'],
  ['afterSettled', 'waiting'],
  ['never', 'active'],
  ['never', 'waiting'],
  ['rerunIfActive', 'waiting'],
] as const)(
  'who asks for what the next round is to do is answered by the next round, %s, %s',
  async (again, state) => {
    await using world = await createWorld()
    const job = await oneJob(world, 'whenChanged')
    await job.claim()
    await job.ask('B')
    if (state === 'waiting') await job.handBack()

    expect(await job.ask('B', again)).toMatchObject({ decision: 'stands', state, round: 2 })
  },
)

test('who leaves a running row alone is answered by it, whatever comes next', async () => {
  await using world = await createWorld()
  const job = await oneJob(world, 'whenChanged')
  await job.claim()
  await job.ask('B')

  for (const again of ['never', 'afterSettled'] as const)
    expect(await job.ask('A', again)).toMatchObject({ decision: 'stands', round: 1 })
  expect(await runOutOfHand(job)).toEqual([[2, 'B']])
})

/** As `runOut`, of a job that is in hand already. */
async function runOutOfHand(job: Awaited<ReturnType<typeof oneJob>>) {
  await job.complete()
  return runOut(job)
}

test('a field that says how is no change to a row that runs, and is kept for a round that has not begun', async () => {
  await using world = await createWorld()
  const job = await oneJob(world, 'whenChanged')
  await job.claim()

  expect(await job.ask('A', 'whenChanged', 'by hand')).toMatchObject({ decision: 'stands', round: 1 })
  await job.ask('B')
  expect(await job.ask('B', 'whenChanged', 'by hand')).toMatchObject({ decision: 'asked again', round: 2 })

  expect((await job.row())?.next_data).toEqual({ is: 'B', how: 'by hand' })
})

test('asking while it is undone: who knows less than others does not take the place of who asked before', async () => {
  await using world = await createWorld()
  const job = await oneJob(world, 'whenChanged', { closes: true })
  await job.claim()
  await job.fail()
  expect(await job.ask('A', 'never')).toMatchObject({ decision: 'asked again', round: 2 })
  expect(await job.ask('B')).toMatchObject({ decision: 'asked again', round: 2 })

  expect(await job.ask('C', 'never')).toMatchObject({ decision: 'stands', state: 'undoing', round: 2 })

  expect((await job.row())?.next_data).toEqual({ is: 'B' })
})

test.each(['never', 'whenChanged', 'afterSettled', 'rerunIfActive'] as const)(
  'an asking that comes twice, because nobody knew that it was entered, is asked once, %s',
  async (again) => {
    await using world = await createWorld()
    const { run } = world.database
    const job = await oneJob(world, again)
    const asSeen = async () => (await enter(run, [job.entry]))[0]
    const first = {
      id: job.id,
      decision: 'entered',
      state: 'waiting',
      round: 1,
      ticket: { id: job.id, ticket: 1 },
    }

    expect(await asSeen()).toMatchObject(first)
    await job.claim()
    expect(await asSeen()).toMatchObject(first)
    expect(await job.row()).toMatchObject({ state: 'active', next_data: null })
    await completeMany(run, worker, [{ id: job.id, ticket: 1, result: null }])
    expect(await asSeen()).toMatchObject(first)

    expect(await job.row()).toMatchObject({ state: 'completed', round: 1 })
  },
)

test('an asking that comes twice does not bring back what was amended or cancelled in between', async () => {
  await using world = await createWorld()
  const job = await oneJob(world, 'whenChanged')
  await job.ask('B')
  expect((await enter(world.database.run, [job.entry]))[0]).toMatchObject({ decision: 'entered', round: 1 })
  expect(await job.row()).toMatchObject({ data: { is: 'B' } })

  await job.cancel()
  expect((await enter(world.database.run, [job.entry]))[0]).toMatchObject({ decision: 'entered', round: 1 })
  expect(await job.row()).toMatchObject({ state: 'cancelled', round: 1 })
})
