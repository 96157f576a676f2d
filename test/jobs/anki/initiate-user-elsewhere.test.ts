import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { openCollections } from '../../../src/domains/anki/collections.ts'
import { initiateUser } from '../../../src/jobs/anki/initiate-user.ts'
import { ask } from '../../../src/jobs/define.ts'
import { createWorld, type World } from '../../support/world.ts'

// Sync servers that keep a list of users in auth.db, or profiles in a database of their own.

const id = 'c1bba5c0-b001-7085-7a2e-e74d5399c3d1'
const ada = { cognito_user_id: id, username: 'ada', email: 'ada@example.org' }

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'millrace-sync-server-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

test('with an auth.db configured the user gets a placeholder there, under the user id', async () => {
  await using world = await createWorld({ env: { ANKI_AUTH_DB: path.join(directory, 'auth.db') } })

  const row = await world.work(ask(initiateUser, ada))
  await world.work(ask(initiateUser, { ...ada, username: 'countess' }))

  expect(row).toMatchObject({ state: 'completed' })
  expect(listed(world)).toEqual([id])
})

test('an auth.db that cannot be written leaves neither row nor directory', async () => {
  await using world = await createWorld({ env: { ANKI_AUTH_DB: directory } })

  const row = await world.work(ask(initiateUser, ada))

  expect(row).toMatchObject({ state: 'failed', error: { code: 'auth-db-unusable' } })
  expect(await left(world)).toEqual({ profiles: 0, directories: [] })
})

test('when the directory cannot be made, the placeholder goes too; an entry with a password stays', async () => {
  await using world = await createWorld({ env: { ANKI_AUTH_DB: path.join(directory, 'auth.db') } })
  await mkdir(world.config.anki.collections)
  await writeFile(
    openCollections({ base: world.config.anki.collections, gid: undefined }).path(id),
    'in the way',
  )

  await world.work(ask(initiateUser, ada))
  expect(listed(world)).toEqual([])

  using authDb = new DatabaseSync(world.config.anki.authDb ?? '')
  authDb.prepare('insert into auth (username, hash) values (?, ?)').run(id, 'f'.repeat(80))
  await world.work(ask(initiateUser, ada))
  expect(listed(world)).toEqual([id])
})

test("with a database of the sync server's configured the profile is there as well, renamed as here", async () => {
  await using server = await openSyncServer()
  await server.run(
    'create table user_profiles (uuid varchar, username varchar, created_at timestamp, updated_at timestamp)',
  )
  await using world = await createWorld({ env: { ANKI_DATABASE_URL: server.url } })

  await world.work(ask(initiateUser, ada))
  const row = await world.work(ask(initiateUser, { ...ada, username: 'countess' }))

  expect(row).toMatchObject({ state: 'completed' })
  expect(await server.run('select uuid, username from user_profiles')).toEqual([
    { uuid: id, username: 'countess' },
  ])
})

test("a sync server's database that refuses leaves neither row nor directory here", async () => {
  await using server = await openSyncServer()
  await using world = await createWorld({ env: { ANKI_DATABASE_URL: server.url } })

  const row = await world.work(ask(initiateUser, ada))

  expect(row).toMatchObject({ state: 'failed', undo: 'done' })
  expect(await left(world)).toEqual({ profiles: 0, directories: [] })
})

function listed(world: World): unknown[] {
  using authDb = new DatabaseSync(world.config.anki.authDb ?? '')
  return authDb
    .prepare('select username from auth')
    .all()
    .map((row) => row['username'])
}

async function left(world: World): Promise<{ profiles: number; directories: string[] }> {
  const { rows } = await sql`select 1 from anki.user_profiles`.execute(world.database.sql)
  const directories = await readdir(world.directory, { recursive: true })
  return { profiles: rows.length, directories: directories.filter((name) => name.includes(id)) }
}

/** A schema of its own in another database than the world's. */
async function openSyncServer() {
  const schema = `sync_server_${randomUUID().replaceAll('-', '')}`
  const url = new URL(inject('postgresUrl'))
  url.searchParams.set('options', `-c search_path=${schema}`)
  const client = new Client({ connectionString: url.toString() })
  await client.connect()
  await client.query(`create schema ${schema}`)
  return {
    url: url.toString(),
    run: async (text: string): Promise<unknown[]> => (await client.query<Record<string, unknown>>(text)).rows,
    [Symbol.asyncDispose]: async () => {
      await client.query(`drop schema ${schema} cascade`)
      await client.end()
    },
  }
}
