import { chmod, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensureProfile, holdUser, readiness } from '../../../src/domains/anki/profiles.ts'
import { openCollections, type Collections } from '../../../src/domains/anki/collections.ts'
import { initiateUser } from '../../../src/jobs/anki/initiate-user.ts'
import { ask, type Tools } from '../../../src/jobs/define.ts'
import { openTools } from '../../../src/jobs/tools.ts'
import { createWorld, type World } from '../../support/world.ts'

const id = 'c1bba5c0-b001-7085-7a2e-e74d5399c3d1'
const ada = { cognito_user_id: id, username: 'ada', email: 'ada@example.org' }
const ready = { profile: true, collection: true, ready: true }
const gid = process.getuid?.() === 0 ? 4242 : (process.getgid?.() ?? 0)

let world: World
let collections: Collections

beforeEach(async () => {
  world = await createWorld({ env: { ANKI_COLLECTIONS_GID: String(gid) } })
  collections = openCollections({ base: world.config.anki.collections, gid })
})
afterEach(() => world[Symbol.asyncDispose]())

test('a new user gets a profile and an empty directory of mode 2775 and the configured group', async () => {
  const row = await world.work(ask(initiateUser, ada))

  expect(row).toMatchObject({ state: 'completed', owner: `anki:${id}`, result: ready })
  expect(await profiles()).toEqual([{ uuid: id, username: 'ada', moved: false }])
  const { mode, gid: group } = await lstat(collections.path(id))
  expect({ mode: (mode & 0o7777).toString(8), group }).toEqual({ mode: '2775', group: gid })
  expect(await readdir(collections.path(id))).toEqual([])
})

test('twice is once', async () => {
  const first = await world.work(ask(initiateUser, ada))
  const again = await world.asking.accept.now(
    ask(initiateUser, { ...ada, cognito_user_id: id.toUpperCase() }),
    'trace',
  )

  expect(again).toMatchObject({ id: first.id, decision: 'stands' })
  expect(await profiles()).toHaveLength(1)
})

test('asked again after retention forgot the first time, nothing changes', async () => {
  await world.work(ask(initiateUser, ada))
  const before = await lstat(collections.path(id))
  await sql`delete from millrace.jobs`.execute(world.database.sql)

  const row = await world.work(ask(initiateUser, ada))

  expect(row).toMatchObject({ state: 'completed', result: ready })
  expect(await profiles()).toEqual([{ uuid: id, username: 'ada', moved: false }])
  const after = await lstat(collections.path(id))
  expect([after.ino, after.ctimeMs]).toEqual([before.ino, before.ctimeMs])
})

test('another name renames the profile, and updated_at moves', async () => {
  await world.work(ask(initiateUser, ada))

  const row = await world.work(ask(initiateUser, { ...ada, username: 'countess' }))

  expect(row).toMatchObject({ state: 'completed', round: 2 })
  expect(await profiles()).toEqual([{ uuid: id, username: 'countess', moved: true }])
})

test('an asker that only heard of the user makes the profile but never renames it', async () => {
  await world.work(ask(initiateUser, { ...ada, keepName: true }))
  await world.work(ask(initiateUser, { ...ada, username: 'countess' }))

  const late = await world.work(ask(initiateUser, { ...ada, keepName: true }))

  expect(late).toMatchObject({ state: 'completed', round: 3 })
  expect(await profiles()).toMatchObject([{ username: 'countess' }])
})

test('when a file stands where the directory must go, the row is gone and the file stays', async () => {
  await mkdir(world.config.anki.collections)
  await writeFile(collections.path(id), 'in the way')

  const row = await world.work(ask(initiateUser, ada))

  expect(row).toMatchObject({
    state: 'failed',
    attempts: 5,
    undo: 'done',
    error: { code: 'collection-in-the-way' },
  })
  expect(row.error?.message).not.toContain(id)
  expect(await profiles()).toEqual([])
  expect(await readFile(collections.path(id), 'utf8')).toBe('in the way')
  expect(await readdir(world.config.anki.collections)).toEqual([id])
})

test('a failed user is initiated by asking again, once the way is free', async () => {
  await writeFile(world.config.anki.collections, 'in the way')
  await world.work(ask(initiateUser, ada))
  await rm(world.config.anki.collections)

  const row = await world.work(ask(initiateUser, ada))

  expect(row).toMatchObject({ state: 'completed', result: ready })
})

test('a commit that fails for good leaves neither row nor directory', async () => {
  await refuseAtCommit()

  const row = await world.work(ask(initiateUser, ada))

  expect(row).toMatchObject({ state: 'failed', undo: 'done' })
  expect(await profiles()).toEqual([])
  expect(await readdir(world.config.anki.collections)).toEqual([])
})

test('a commit that fails for good leaves a directory that was there as it was', async () => {
  await refuseAtCommit()
  await mkdir(collections.path(id), { recursive: true })

  await world.work(ask(initiateUser, ada))

  expect(await collections.exists(id)).toBe(true)
})

test('a directory that exists keeps its mode, group and files', async () => {
  await mkdir(collections.path(id), { recursive: true })
  await writeFile(path.join(collections.path(id), 'collection.anki2'), 'cards')
  await chmod(collections.path(id), 0o750)
  const before = await lstat(collections.path(id))

  const row = await world.work(ask(initiateUser, ada))

  expect(row).toMatchObject({ state: 'completed', result: ready })
  const { mode, gid: group, mtimeMs } = await lstat(collections.path(id))
  expect({ mode, group, mtimeMs }).toEqual({ mode: before.mode, group: before.gid, mtimeMs: before.mtimeMs })
  expect(await readFile(path.join(collections.path(id), 'collection.anki2'), 'utf8')).toBe('cards')
})

test('a rename that fails for good takes nothing from the user', async () => {
  await world.work(ask(initiateUser, ada))
  await refuseAtCommit()

  const row = await world.work(ask(initiateUser, { ...ada, username: 'countess' }))

  expect(row).toMatchObject({ state: 'failed', undo: 'done' })
  expect(await profiles()).toEqual([{ uuid: id, username: 'ada', moved: false }])
  expect(await collections.exists(id)).toBe(true)
})

test('an undo waits for an attempt that is still at it, and spares what that attempt commits', async () => {
  const { undoing } = await world.database.transaction(async (tx) => {
    await holdUser(tx, id)
    await ensureProfile(tx, { uuid: id, username: 'ada' }, { keepName: false })
    await collections.ensure(id)
    const undoing = takeBack()
    await untilSomebodyWaits()
    expect(await collections.exists(id)).toBe(true)
    return { undoing }
  })
  await undoing

  expect(await readiness(world.database.sql, collections, id)).toEqual(ready)
})

test('an undo that runs twice after a failure takes back once and harms nobody', async () => {
  await collections.ensure(id)

  await takeBack()
  await takeBack()

  expect(await readdir(world.config.anki.collections)).toEqual([])
})

test('readiness tells profile and directory apart', async () => {
  expect(await readiness(world.database.sql, collections, id)).toEqual({
    profile: false,
    collection: false,
    ready: false,
  })

  await collections.ensure(id)

  expect(await readiness(world.database.sql, collections, id)).toEqual({
    profile: false,
    collection: true,
    ready: false,
  })
})

test('no path, name or address is in the row or its history', async () => {
  const row = await world.work(ask(initiateUser, ada))

  const history = await sql`select detail from millrace.job_events where job = ${row.id}`.execute(
    world.database.sql,
  )
  expect(JSON.stringify([row.result, row.error, history.rows])).not.toMatch(
    /collections\/|example\.org|"ada"/,
  )
})

async function profiles(): Promise<unknown[]> {
  const found =
    await sql`select uuid, username, updated_at > created_at as moved from anki.user_profiles`.execute(
      world.database.sql,
    )
  return found.rows
}

/** Everything in the transaction goes well, but Postgres refuses to commit it. */
async function refuseAtCommit(): Promise<void> {
  await sql
    .raw(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
       create constraint trigger refuse after insert or update on anki.user_profiles
         deferrable initially deferred for each row execute function refuse()`,
    )
    .execute(world.database.sql)
}

/** The undo alone, as a runner would run it. */
async function takeBack(): Promise<void> {
  const opened = openTools(world.config)
  const lent: Pick<Tools, 'sql' | 'collections' | 'authDb'> = { ...opened.tools, sql: world.database.sql }
  await initiateUser.undo?.(initiateUser.data.parse(ada), lent as Tools)
  await opened.close()
}

async function untilSomebodyWaits(): Promise<void> {
  const waiting = sql`select 1 from pg_locks where locktype = 'advisory' and not granted`
  while ((await waiting.execute(world.database.sql)).rows.length === 0) await pause(5)
}
