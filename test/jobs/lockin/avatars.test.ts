import { sql as statement } from 'kysely'
import { mkdir, readdir, utimes } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { setAvatar } from '../../../src/domains/lockin/avatars.ts'
import { ask } from '../../../src/jobs/define.ts'
import { dropAvatars } from '../../../src/jobs/lockin/drop-avatars.ts'
import { expireAvatars } from '../../../src/jobs/lockin/expire-avatars.ts'
import { prepareAvatar } from '../../../src/jobs/lockin/prepare-avatar.ts'
import type { Interruption } from '../../shared/bucket/front.ts'
import {
  middleOf,
  portrait,
  startGallery,
  type Gallery,
  type Opened,
} from '../../ingress/http/lockin/gallery.ts'

let gallery: Gallery
let person: string
let people = 0

beforeAll(async () => {
  gallery = await startGallery()
})
afterAll(() => gallery[Symbol.asyncDispose]())
beforeEach(() => {
  person = `ada-${(people += 1)}`
})
afterEach(() => gallery.interrupt(undefined))

const red = await portrait('#c83232')
const blue = await portrait('#3232c8')
const isRed = async (bytes: Buffer) => ((await middleOf(bytes))[0] as number) > 150

const original = ({ avatar_id }: Opened) => gallery.keyOf(person, avatar_id)
const picture = ({ avatar_id }: Opened) => gallery.keyOf(person, avatar_id, 'picture.webp')
/** What is left of a person in the bucket. */
const left = async (of = person) => {
  const prefix = `avatars/${await gallery.lockin.id(of)}/`
  return (await gallery.keys()).filter((key) => key.startsWith(prefix))
}
const jobOf = async ({ avatar_id }: Opened) => {
  const { rows } = await statement<{ id: string }>`
    select id from millrace.jobs where name = 'lockin.prepare-avatar' and key = ${avatar_id}`.execute(
    gallery.lockin.sql,
  )
  return gallery.lockin.web.world.see(rows[0]?.id as string)
}
/** Moves everything that is known of a picture into the past. */
const age = async ({ avatar_id }: Opened, past: string) => {
  await statement`
    update lockin.avatars set created_at = created_at - ${past}::interval,
      settled_at = settled_at - ${past}::interval, dropped_at = dropped_at - ${past}::interval
    where id = ${avatar_id}`.execute(gallery.lockin.sql)
}
const rows = async (of = person) => {
  const found = await statement<{ id: string; state: string; dropped: boolean }>`
    select id, state, dropped_at is not null as dropped from lockin.avatars
    where profile_id = ${await gallery.lockin.id(of)} order by created_at`.execute(gallery.lockin.sql)
  return found.rows
}
let hour = 0
/** The clock strikes. */
const strike = async () => {
  const slot = new Date(Date.UTC(2026, 0, 1, (hour += 1))).toISOString()
  const job = await gallery.lockin.web.world.work(ask(expireAvatars, { slot }))
  await gallery.settle()
  return job
}
const post = async (opened: Opened, bytes = red) => {
  expect((await gallery.post(opened, bytes)).status).toBe(204)
  expect(await gallery.hear()).not.toEqual([])
}
/** What S3 does when it is asked to write or read an object whose key ends like this. */
const on =
  (method: string, end: string, then: Interruption): Interruption =>
  (incoming, response) =>
    incoming.method === method && (incoming.url ?? '').split('?')[0]?.endsWith(end) === true
      ? then(incoming, response)
      : false
const denied: Interruption = (_incoming, response) => {
  response.writeHead(403, { 'content-type': 'application/xml' })
  response.end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>')
  return true
}

describe('one place is filled once', () => {
  test('the same news again are no news', async () => {
    const opened = await gallery.upload(person, red)
    const { sql } = gallery.lockin
    const { data } = (
      await statement<{ data: object }>`
        select data from millrace.jobs where name = 'lockin.prepare-avatar' and key = ${opened.avatar_id}`.execute(
        sql,
      )
    ).rows[0] as { data: object }

    const again = await gallery.lockin.web.world.asking.accept.now(ask(prepareAvatar, data as never), 'trace')

    expect(again).toMatchObject({ decision: 'stands', round: 1 })
  })

  test('what arrives after the picture is ready changes nothing, and goes', async () => {
    const opened = await gallery.upload(person, red)

    await post(opened, blue)
    await gallery.settle()

    expect(await jobOf(opened)).toMatchObject({ round: 2, result: { outcome: 'late' } })
    expect(await gallery.avatar(person, opened.avatar_id)).toMatchObject({ state: 'ready' })
    expect(await left()).toEqual([await picture(opened)])
    expect(await isRed(await gallery.bytes(await picture(opened)))).toBe(true)
  })

  test('what arrives after it was refused is not looked at', async () => {
    const opened = await gallery.upload(person, Buffer.from('no picture'))
    let looks = 0
    gallery.interrupt(
      on('GET', 'original', () => {
        looks += 1
        return false
      }),
    )

    await post(opened, red)
    await gallery.settle()

    expect(looks).toBe(0)
    expect(await gallery.avatar(person, opened.avatar_id)).toMatchObject({
      state: 'refused',
      problem: { code: 'not-an-image' },
    })
    expect(await left()).toEqual([])
  })

  test('what arrives while it is being prepared is not what becomes of it', async () => {
    const opened = await gallery.open(person)
    await post(opened, red)
    let second: Promise<unknown> | undefined
    gallery.interrupt(
      on('PUT', 'picture.webp', () => {
        second ??= gallery.post(opened, blue)
        return false
      }),
    )

    await gallery.settle()
    await second
    await gallery.settle()

    expect(await jobOf(opened)).toMatchObject({ round: 2, result: { outcome: 'late' } })
    expect(await left()).toEqual([await picture(opened)])
    expect(await isRed(await gallery.bytes(await picture(opened)))).toBe(true)
  })

  test('a picture that an earlier attempt has written is the picture, whatever there is to be read now', async () => {
    const opened = await gallery.open(person)
    await gallery.put(await picture(opened), Buffer.from('of an earlier attempt'))
    expect(await gallery.hear(), 'nothing follows from what is made here').toEqual([])

    await post(opened, blue)
    await gallery.settle()

    expect(await gallery.avatar(person, opened.avatar_id)).toMatchObject({ state: 'ready' })
    expect((await gallery.bytes(await picture(opened))).toString()).toBe('of an earlier attempt')
  })
})

describe('what does not go as it should', () => {
  test('news of an object that is gone again change nothing', async () => {
    const opened = await gallery.open(person)
    const { avatar_id: avatarId } = opened
    const profileId = await gallery.lockin.id(person)

    const job = await gallery.lockin.web.world.work(ask(prepareAvatar, { profileId, avatarId, writing: 'w' }))

    expect(job).toMatchObject({ state: 'completed', result: { outcome: 'absent' } })
    expect(await gallery.avatar(person, avatarId)).toMatchObject({ state: 'uploading' })
  })

  test('an object that is larger than the form allows is refused without being looked into', async () => {
    const opened = await gallery.open(person)
    await gallery.put(await original(opened), Buffer.alloc(5 * 2 ** 20 + 1))
    await gallery.settle()

    expect(await gallery.avatar(person, opened.avatar_id)).toMatchObject({
      state: 'refused',
      problem: { code: 'too-large' },
    })
    expect(await left()).toEqual([])
  })

  test('an object at somebody else’s place is nobody’s, and goes', async () => {
    const opened = await gallery.open(person)
    const elsewhere = await gallery.keyOf('grace', opened.avatar_id)

    await gallery.put(elsewhere, red)
    await gallery.settle()

    expect(await left('grace')).toEqual([])
    expect(await gallery.avatar(person, opened.avatar_id)).toMatchObject({ state: 'uploading' })
  })

  test('one that is dropped while it is prepared leaves nothing behind', async () => {
    const opened = await gallery.open(person)
    await post(opened)
    let dropped: Promise<unknown> | undefined
    gallery.interrupt(
      on('PUT', 'picture.webp', () => {
        dropped ??= statement`
          update lockin.avatars set dropped_at = now() where id = ${opened.avatar_id}`.execute(
          gallery.lockin.sql,
        )
        return false
      }),
    )

    await gallery.settle()
    await dropped

    expect(await jobOf(opened)).toMatchObject({ result: { outcome: 'late' } })
    expect(await left()).toEqual([])
  })

  test('a failure for good takes back what attempts have made, and the person is told', async () => {
    const opened = await gallery.open(person)
    await gallery.put(await picture(opened), Buffer.from('of an earlier attempt'))
    await post(opened)
    gallery.interrupt(on('GET', 'original', denied))

    const failed = await gallery.lockin.web.world.finish((await jobOf(opened)).id)
    const afterUndo = await left()
    gallery.interrupt(undefined)
    await gallery.settle()

    expect(failed).toMatchObject({ state: 'failed', error: { code: 'AccessDenied' } })
    expect(afterUndo).toEqual([await original(opened)])
    expect(await gallery.avatar(person, opened.avatar_id)).toMatchObject({
      state: 'refused',
      problem: { code: 'could-not-prepare' },
    })
    expect(await left()).toEqual([])
  })

  test('the undo spares a picture that is shown', async () => {
    const opened = await gallery.upload(person, red)
    await post(opened, blue)
    const { id } = await jobOf(opened)
    const { sql } = gallery.lockin
    await statement`update millrace.jobs set max_attempts = attempts + 1 where id = ${id}`.execute(sql)
    await statement`alter table lockin.avatars rename to avatars_away`.execute(sql)
    const { runner } = await gallery.lockin.web.world.running()
    await runner.take({ id, ticket: (await jobOf(opened)).ticket })
    await statement`alter table lockin.avatars_away rename to avatars`.execute(sql)
    const job = await gallery.lockin.web.world.finish(id)
    await gallery.settle()

    expect(job).toMatchObject({ state: 'failed' })
    expect(await gallery.avatar(person, opened.avatar_id)).toMatchObject({ state: 'ready' })
    expect(await left()).toEqual([await picture(opened)])
  })

  test('nothing of a picture stays on the disk', async () => {
    const scratch = path.join(gallery.lockin.web.world.directory, 'scratch')
    await mkdir(scratch)
    vi.stubEnv('TMPDIR', scratch)
    await gallery.upload(person, red)
    await gallery.upload(person, Buffer.from('no picture'))
    vi.unstubAllEnvs()

    expect(await readdir(scratch)).toEqual([])
  })
})

test('an upload of which nobody was told is found by the clock once its form is of no use, and looked at once', async () => {
  const [unheard, empty, early] = [
    await gallery.open(person),
    await gallery.open(person),
    await gallery.open(person),
  ]
  for (const each of [unheard, early]) expect((await gallery.post(each, red)).status).toBe(204)
  gallery.forget()
  await age(unheard, '16 minutes')
  await age(empty, '16 minutes')

  await strike()
  await strike()

  expect(await gallery.avatar(person, unheard.avatar_id)).toMatchObject({ state: 'ready' })
  expect(await gallery.avatar(person, empty.avatar_id)).toMatchObject({ state: 'uploading' })
  expect(await gallery.avatar(person, early.avatar_id)).toMatchObject({ state: 'uploading' })
  expect(await jobOf(empty)).toMatchObject({ round: 1, result: { outcome: 'absent' } })
  expect(await left()).toContain(await original(early))
})

describe('what is of no use any more', () => {
  test('is dropped by the clock after a day: never arrived, refused, or ready and not set', async () => {
    const [arriving, refused, unused, set] = [
      await gallery.open(person),
      await gallery.upload(person, Buffer.from('no picture')),
      await gallery.upload(person, red),
      await gallery.upload(person, blue),
    ]
    const { database } = gallery.lockin.web.world
    const profileId = await gallery.lockin.id(person)
    await database.transaction((tx) => setAvatar(tx, profileId, set.avatar_url))
    for (const each of [arriving, refused, unused, set]) await age(each, '23 hours 55 minutes')
    await strike()
    expect((await rows()).filter(({ dropped }) => dropped)).toEqual([])

    for (const each of [arriving, refused, unused, set]) await age(each, '10 minutes')
    await strike()

    expect((await rows()).filter(({ dropped }) => !dropped).map(({ id }) => id)).toEqual([set.avatar_id])
    expect(await left()).toEqual([await picture(set)])
  })

  test('is forgotten an hour after it was dropped, and what came too late until then goes with it', async () => {
    const opened = await gallery.upload(person, red)
    const { database } = gallery.lockin.web.world
    const profileId = await gallery.lockin.id(person)
    await database.transaction((tx) => setAvatar(tx, profileId, opened.avatar_url))
    const drops = await database.transaction((tx) => setAvatar(tx, profileId, null))
    for (const drop of drops) await gallery.lockin.web.world.work(ask(dropAvatars, drop))
    expect(await left()).toEqual([])
    expect(await rows()).toHaveLength(1)

    expect((await gallery.post(opened, blue)).status, 'the form is still good').toBe(204)
    await age(opened, '61 minutes')
    const asked = await gallery.lockin.web.world.work(
      ask(expireAvatars, { slot: '2025-12-31T00:00:00.000Z' }),
    )
    expect(asked).toMatchObject({ state: 'completed' })
    await gallery.settle()

    expect(await left()).toEqual([])
    expect(await rows()).toEqual([])
  })

  test('is not forgotten before its objects are gone', async () => {
    const opened = await gallery.upload(person, red)
    await statement`update lockin.avatars set dropped_at = now() where id = ${opened.avatar_id}`.execute(
      gallery.lockin.sql,
    )
    await age(opened, '2 hours')
    gallery.interrupt(on('DELETE', 'picture.webp', denied))
    const profileId = await gallery.lockin.id(person)
    const { world } = gallery.lockin.web
    const failed = await world.work(ask(dropAvatars, { profileId }))
    expect([failed.state, (await rows()).length, (await left()).length]).toEqual(['failed', 1, 1])
    gallery.interrupt(undefined)

    const job = await world.work(ask(dropAvatars, { profileId }))

    expect(job).toMatchObject({ state: 'completed', result: { objects: 1, forgotten: 1 } })
    expect([await rows(), await left()]).toEqual([[], []])
  })

  test('does not take with it what is of use to somebody', async () => {
    const ready = await gallery.upload(person, red)
    const arriving = await gallery.open(person)
    await post(arriving)
    const profileId = await gallery.lockin.id(person)

    const job = await gallery.lockin.web.world.work(ask(dropAvatars, { profileId }))

    expect(job).toMatchObject({ result: { objects: 0, forgotten: 0 } })
    expect((await left()).toSorted()).toEqual([await picture(ready), await original(arriving)].toSorted())
    await gallery.settle()
    expect(await gallery.avatar(person, arriving.avatar_id)).toMatchObject({ state: 'ready' })
  })
})

test('no place of anybody and nothing of a picture is in a log line or a result', async () => {
  const { rows: kept } = await statement`
    select result, error from millrace.jobs where name like 'lockin.%avatar%'`.execute(gallery.lockin.sql)
  expect(kept.length).toBeGreaterThan(10)
  expect(JSON.stringify(kept)).not.toMatch(/avatars\/|original|picture\.webp/)
})

test('a worker killed while the picture is on its way leaves a job that another brings to its end', async () => {
  const { world } = gallery.lockin.web
  const opened = await gallery.open(person)
  const scratch = path.join(world.directory, 'scratch of workers')
  await mkdir(scratch)
  const start = () => world.start('src/workers/main.ts', ['media'], { TMPDIR: scratch })
  const leftovers = async () =>
    (await readdir(scratch)).filter((name) => name.startsWith('millrace-scratch-'))
  let arrived = false
  gallery.interrupt(
    on('PUT', 'picture.webp', () => {
      arrived = true
      return true // and no answer, ever
    }),
  )

  const first = start()
  await post(opened)
  await expect.poll(() => arrived, patience).toBe(true)
  await gallery.put(await picture(opened), Buffer.from('it had been written all the same'))
  first.signal('SIGKILL')
  await first.exited
  const [leftover, ...others] = await leftovers()
  const days = new Date(Date.now() - 2 * 86_400_000)
  await utimes(path.join(scratch, leftover as string), days, days)
  gallery.interrupt(undefined)
  // Leases lapse by the Postgres clock; the test moves it instead of waiting.
  await statement`update millrace.leases set valid_until = now() - interval '1 second'`.execute(
    world.database.sql,
  )
  start()
  await expect
    .poll(async () => (await gallery.avatar(person, opened.avatar_id)).state, patience)
    .toBe('ready')

  expect((await gallery.bytes(await picture(opened))).toString()).toBe('it had been written all the same')
  expect([others, await leftovers()], 'what lay there for days is gone').toEqual([[], []])
})

const patience = { timeout: 40_000, interval: 50 }
