import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { sql } from 'kysely'
import {
  openSyncServerProfiles,
  type SyncServerProfiles,
} from '../../../src/domains/anki/sync-server-profiles.ts'
import { createWorld, type World } from '../../support/world.ts'

const ada = 'c1bba5c0-b001-7085-7a2e-e74d5399c3d1'

let world: World
let profiles: SyncServerProfiles

beforeAll(async () => {
  world = await createWorld()
  await sql.raw('create schema sync_server').execute(world.database.sql)
  const url = new URL(world.databaseUrl)
  url.searchParams.set('options', '-c search_path=sync_server')
  profiles = openSyncServerProfiles(url.toString())
})
afterAll(async () => {
  await profiles.close()
  await world[Symbol.asyncDispose]()
})
beforeEach(() => run('drop table if exists sync_server.user_profiles'))

// As the servers of this family have it, or should.
const shapes = [
  ['text ids and a key', 'uuid varchar primary key'],
  ['uuid ids and no unique index', 'uuid uuid'],
] as const

test.each(shapes)('a table with %s gets the profile once, and a rename', async (_, uuid) => {
  await run(
    `create table sync_server.user_profiles (${uuid}, username varchar, created_at timestamp, updated_at timestamp)`,
  )

  await profiles.ensure({ uuid: ada, username: 'ada' }, { keepName: false })
  await profiles.ensure({ uuid: ada, username: 'ada' }, { keepName: false })
  expect(await rows()).toEqual([{ uuid: ada, username: 'ada', moved: false }])

  await profiles.ensure({ uuid: ada, username: 'countess' }, { keepName: false })
  await profiles.ensure({ uuid: ada, username: 'ada' }, { keepName: true })
  expect(await rows()).toEqual([{ uuid: ada, username: 'countess', moved: true }])
})

test('a table that is missing is an error', async () => {
  await expect(profiles.ensure({ uuid: ada, username: 'ada' }, { keepName: false })).rejects.toMatchObject({
    code: '42P01',
  })
})

const run = (text: string) => sql.raw(text).execute(world.database.sql)

async function rows() {
  const found = await run(
    'select uuid, username, updated_at > created_at as moved from sync_server.user_profiles',
  )
  return found.rows
}
