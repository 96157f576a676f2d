import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Tx } from '../../../src/shared/database.ts'
import { createWorld, type World } from '../../support/world.ts'
import { startReaders, type Person } from './milestones-readers.ts'

let world: World
const patience = { timeout: 20_000, interval: 5 }

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const log: [string, string] = ['2026-03-03T10:00Z', '2026-03-03T11:00Z']
const both = ['Ada 2026-03-03', 'Grace 2026-03-03', 'all 2026-03-03']

for (const [first, second] of [
  ['Ada', 'Grace'],
  ['Grace', 'Ada'],
] as [Person, Person][])
  for (const between of [false, true])
    test(`the last two reach the target at once, ${first} first${between ? ', and the news of it go out in between' : ''}: all have reached it, once`, async () => {
      const readers = await startReaders(world, { people: { Ada: {}, Grace: {} } })
      const one = await open()
      const two = await open()
      await readers.writeIn(one.tx, first, ...log)
      await readers.writeIn(two.tx, second, ...log)
      await readers.askIn(one.tx, ...log)
      const asking = between ? undefined : readers.askIn(two.tx, ...log)
      if (!between) await expect.poll(waiting, patience).toBe(1)
      await one.commit()
      if (between) await readers.settle()
      await (asking ?? readers.askIn(two.tx, ...log))
      const settling = readers.settle()
      await two.commit()
      await settling
      await readers.settle()

      expect(await readers.announced()).toEqual(both)
      expect(await readers.inbox('Ada')).toHaveLength(3)
      expect(await readers.inbox('Grace')).toHaveLength(3)
    })

for (const order of ['reaches it first', 'leaves first'] as const)
  test(`one reaches the target while the one who was missing leaves, and ${order}: all have reached it`, async () => {
    const readers = await startReaders(world, { people: { Ada: {}, Grace: {} } })
    const leave = async (tx: Tx) => {
      await sql`
        delete from lockin.group_members
        where group_id = ${readers.id} and user_id = ${readers.people.Grace}`.execute(tx)
    }
    const reaching = await open()
    const leaving = await open()
    await readers.writeIn(reaching.tx, 'Ada', ...log)
    await leave(leaving.tx)
    const [one, two] = order === 'leaves first' ? [leaving, reaching] : [reaching, leaving]
    await readers.askIn(one.tx, ...log)
    const asking = readers.askIn(two.tx, ...log)
    await expect.poll(waiting, patience).toBe(1)
    await one.commit()
    // A job that the second has asked for once more does not end before the second does.
    const settling = readers.settle()
    await asking
    await two.commit()
    await settling
    await readers.settle()

    expect(await readers.announced()).toEqual(['Ada 2026-03-03', 'all 2026-03-03'])
  })

test('thirty logs of three people at once, their jobs running meanwhile: each and all announced once', async () => {
  const readers = await startReaders(world, { target: 100 })
  const names: Person[] = ['Ada', 'Grace', 'Linus']
  let over = false
  const running = (async () => {
    while (!over) await readers.settle()
  })()
  await Promise.all(
    Array.from({ length: 30 }, (_, index) => {
      const start = new Date(Date.UTC(2026, 2, 3, 0, Math.floor(index / 3) * 10)).toISOString()
      const end = new Date(Date.UTC(2026, 2, 3, 0, Math.floor(index / 3) * 10 + 10)).toISOString()
      return readers.log(names[index % 3] as Person, start, end)
    }),
  )
  over = true
  await running
  await readers.settle()

  expect(await readers.announced()).toEqual([...names, 'all'].map((who) => `${who} 2026-03-03`))
  for (const name of names) expect(await readers.inbox(name)).toHaveLength(4)
})

/** A transaction of the test's own, on a connection of its own. */
async function open(): Promise<{ tx: Tx; commit(): Promise<void> }> {
  const begun = Promise.withResolvers<Tx>()
  const end = Promise.withResolvers<void>()
  const over = world.database.transaction(async (tx) => {
    begun.resolve(tx)
    await end.promise
  })
  return {
    tx: await begun.promise,
    commit: async () => {
      end.resolve()
      await over
    },
  }
}

/** How many transactions wait for another to have looked. */
async function waiting(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pg_locks
    where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`.execute(
    world.database.sql,
  )
  return rows[0]?.count ?? 0
}
