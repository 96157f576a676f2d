import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { afterCommit, openDatabase, withCommit, within, type Database } from '../../src/shared/database.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
  await world.database.run({ name: 'make', text: 'create table public.words (word text primary key)' }, [])
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.database.run({ name: 'empty', text: 'truncate public.words' }, []))

const add = { name: 'add', text: 'insert into public.words values ($1)' }
const call = (word: string) => ({ statement: add, values: [word] })
const words = async (): Promise<string[]> =>
  (
    await world.database.run<{ word: string }>(
      { name: 'all', text: 'select word from public.words order by 1' },
      [],
    )
  ).map(({ word }) => word)

describe.each([true, false])('a transaction, with named statements %s', (namedStatements) => {
  let database: Database
  beforeAll(() => {
    const { url } = world.config.database
    database = openDatabase({ url, pool: 1, namedStatements, log: world.log, name: 'test' })
  })
  afterAll(() => database.close())

  test('gives to the work what the first statement found', async () => {
    const first = { statement: { name: 'first', text: 'select $1::int as found' }, values: [7] }

    const found = await database.transaction(async (_tx, rows) => rows, first)

    expect(found).toEqual([{ found: 7 }])
  })

  test('does not begin its work when the first statement fails, and leaves a connection that can be used', async () => {
    const first = { statement: { name: 'fails', text: 'select 1 / $1::int' }, values: [0] }
    let begun = false

    await expect(
      database.transaction(async () => {
        begun = true
      }, first),
    ).rejects.toMatchObject({ code: '22012' })

    expect(begun).toBe(false)
    await database.transaction(async (tx) => within(tx)(add, ['ada']))
    expect(await words()).toEqual(['ada'])
  })

  test('commits its last statement with the others', async () => {
    await database.transaction(async (tx) => {
      await within(tx)(add, ['ada'])
      withCommit(tx, call('grace'))
    })

    expect(await words()).toEqual(['ada', 'grace'])
  })

  test('commits nothing when its last statement fails, and says why', async () => {
    const failing = database.transaction(async (tx) => {
      await within(tx)(add, ['ada'])
      withCommit(tx, call('ada'))
    })

    await expect(failing).rejects.toMatchObject({ code: '23505' })
    expect(await words()).toEqual([])
  })

  test('sends no last statement when the work fails, nor in the next one on the same connection', async () => {
    const failing = database.transaction(async (tx) => {
      withCommit(tx, call('ada'))
      throw new Error('no')
    })

    await expect(failing).rejects.toThrow('no')
    await database.transaction(async (tx) => within(tx)(add, ['grace']))
    expect(await words()).toEqual(['grace'])
  })

  test('calls what waits for its commit once, and never when it fails', async () => {
    const called: string[] = []
    const failing = database.transaction(async (tx) => {
      afterCommit(tx, () => called.push('failed'))
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')

    await database.transaction(async (tx) => {
      afterCommit(tx, () => called.push('committed'))
      await within(tx)(add, ['ada'])
      expect(called).toEqual([])
    })
    await database.transaction(async (tx) => within(tx)(add, ['grace']))

    expect(called).toEqual(['committed'])
  })

  test('has one last statement', async () => {
    const failing = database.transaction(async (tx) => {
      withCommit(tx, call('ada'))
      withCommit(tx, call('grace'))
    })

    await expect(failing).rejects.toThrow('has its last statement already')
    expect(await words()).toEqual([])
  })
})
