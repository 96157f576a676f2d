import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { inTransaction } from '../../../src/ingress/http/transaction.ts'
import type { Tx } from '../../../src/shared/database.ts'
import { createWorld } from '../../support/world.ts'

const numbers =
  "create table public.numbers (name text primary key, n int); insert into public.numbers values ('a', 0), ('b', 0)"
const count = (tx: Tx, name: string) =>
  sql`update public.numbers set n = n + 1 where name = ${name}`.execute(tx)

test('two that wait for each other both come through, each with one effect', async () => {
  await using world = await createWorld({ setup: numbers })
  const { database } = world
  const both = { a: Promise.withResolvers<void>(), b: Promise.withResolvers<void>() }
  let begun = 0
  const crossing = (first: 'a' | 'b', second: 'a' | 'b') =>
    inTransaction(database, async (tx) => {
      begun += 1
      await count(tx, first)
      both[first].resolve()
      await both[second].promise
      await count(tx, second)
    })

  await Promise.all([crossing('a', 'b'), crossing('b', 'a')])

  expect(begun).toBe(3)
  const found = await sql<{ n: number }>`select n from public.numbers`.execute(database.sql)
  expect(found.rows).toEqual([{ n: 2 }, { n: 2 }])
})

test('any other failure is not tried again', async () => {
  await using world = await createWorld({ setup: numbers })
  let begun = 0
  const failing = inTransaction(world.database, async (tx) => {
    begun += 1
    await sql`select 1 / 0`.execute(tx)
  })
  await expect(failing).rejects.toThrow('division by zero')
  expect(begun).toBe(1)
})
