import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openAuthDb, type AuthDb } from '../../../src/domains/anki/auth-db.ts'

const ada = 'c1bba5c0-b001-7085-7a2e-e74d5399c3d1'
const grace = '64785438-40d1-70b2-9c8e-000000000002'
const gid = process.getuid?.() === 0 ? 4242 : (process.getgid?.() ?? 0)

let directory: string
let file: string
let authDb: AuthDb

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'millrace-auth-db-'))
  file = path.join(directory, 'auth.db')
  authDb = openAuthDb({ file, gid })
})
afterEach(() => rm(directory, { recursive: true, force: true }))

test('a new user gets a placeholder of eighty characters that no digest meets', async () => {
  await authDb.ensure(ada)

  expect(entries()).toEqual([{ username: ada, hash: expect.stringMatching(/^0{64}[0-9a-f]{16}$/) }])
})

test('the table has exactly the two columns the sync server reads, the name its key', async () => {
  await authDb.ensure(ada)

  expect(query('select name, type, pk from pragma_table_info(?)', 'auth')).toEqual([
    { name: 'username', type: 'varchar', pk: 1 },
    { name: 'hash', type: 'varchar', pk: 0 },
  ])
})

test('a file made here may be written by the configured group', async () => {
  await authDb.ensure(ada)

  const { mode, gid: group } = await stat(file)
  expect({ mode: (mode & 0o7777).toString(8), group }).toEqual({ mode: '660', group: gid })
})

test('twice is once', async () => {
  await authDb.ensure(ada)
  const before = entries()
  await authDb.ensure(ada)

  expect(entries()).toEqual(before)
})

test('a password the user has is neither overwritten nor removed', async () => {
  await authDb.ensure(ada)
  query('update auth set hash = ?', 'f'.repeat(80))

  await authDb.ensure(ada)
  await authDb.discardIfPlaceholder(ada)

  expect(entries()).toEqual([{ username: ada, hash: 'f'.repeat(80) }])
})

test("only the user's own placeholder is removed", async () => {
  await authDb.ensure(ada)
  await authDb.ensure(grace)

  await authDb.discardIfPlaceholder(ada)
  await authDb.discardIfPlaceholder(ada)

  expect(entries()).toMatchObject([{ username: grace }])
})

test('removing makes neither a file nor a table', async () => {
  await authDb.discardIfPlaceholder(ada)
  expect(existsSync(file)).toBe(false)

  await writeFile(file, '')
  await authDb.discardIfPlaceholder(ada)
  expect(query('select name from sqlite_master')).toEqual([])
})

test('while the sync server writes, this thread goes on and the entry comes after', async () => {
  await authDb.ensure(grace)
  using server = new DatabaseSync(file)
  server.exec('begin immediate')

  const adding = authDb.ensure(ada)
  // Were the thread blocked, this timer could not end the lock it waits for.
  setTimeout(() => server.exec('commit'), 100)
  await adding

  expect(entries()).toHaveLength(2)
})

test('a file that stays locked is an error that names no path', async () => {
  await authDb.ensure(grace)
  using server = new DatabaseSync(file)
  server.exec('begin exclusive')

  await expect(authDb.ensure(ada)).rejects.toMatchObject({
    name: 'StorageTrouble',
    code: 'auth-db-busy',
    message: expect.not.stringContaining(directory) as string,
  })
})

test('a server that keeps the file open in WAL mode sees the entry', async () => {
  using server = new DatabaseSync(file)
  server.exec('pragma journal_mode = wal; create table auth (username varchar primary key, hash varchar)')

  await authDb.ensure(ada)

  expect(server.prepare('select username from auth').all()).toMatchObject([{ username: ada }])
})

test('a file that is no database is an error that names no path', async () => {
  await writeFile(file, 'this is not a database, and it is long enough to be one')

  await expect(authDb.ensure(ada)).rejects.toMatchObject({
    code: 'auth-db-unusable',
    message: expect.not.stringContaining(directory) as string,
  })
})

const entries = () => query('select username, hash from auth order by username')

function query(text: string, ...values: string[]): Record<string, unknown>[] {
  using db = new DatabaseSync(file)
  // SQLite's rows have no prototype; a clone has one.
  return structuredClone(db.prepare(text).all(...values))
}
