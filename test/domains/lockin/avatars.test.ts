import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { avatarUrlOf, setAvatar } from '../../../src/domains/lockin/avatars.ts'
import { dropAbandoned } from '../../../src/domains/lockin/avatars/expiry.ts'
import { openPlace } from '../../../src/domains/lockin/avatars/forms.ts'
import { placeIn, placeOfOriginal } from '../../../src/domains/lockin/avatars/places.ts'
import { refusedIn } from '../../../src/domains/lockin/refused.ts'
import { createWorld, type World } from '../../support/world.ts'

let world: World
let ada: string

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  ada = await profile()
})

const DAY = 86_400_000
const profile = async () =>
  (
    await world.database.sql
      .insertInto('lockin.profiles')
      .defaultValues()
      .returning('id')
      .executeTakeFirstOrThrow()
  ).id
/** A picture that was made two days ago. */
const picture = async (
  fields: { profile_id?: string; state?: 'uploading' | 'ready' | 'refused'; dropped_at?: Date } = {},
) => {
  const then = new Date(Date.now() - 2 * DAY)
  const values = { profile_id: ada, state: 'ready' as const, created_at: then, settled_at: then, ...fields }
  const insert = world.database.sql.insertInto('lockin.avatars').values(values).returning('id')
  return (await insert.executeTakeFirstOrThrow()).id
}
const set = (url: string | null, of = ada) => world.database.transaction((tx) => setAvatar(tx, of, url))
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'it was not refused',
    (error: unknown) => refusedIn(error)?.status,
  )
const shown = async (of = ada) =>
  (
    await world.database.sql
      .selectFrom('lockin.profiles')
      .select('avatar_url')
      .where('id', '=', of)
      .executeTakeFirstOrThrow()
  ).avatar_url
const dropped = async () =>
  (
    await world.database.sql
      .selectFrom('lockin.avatars')
      .select('id')
      .where('profile_id', '=', ada)
      .where('dropped_at', 'is not', null)
      .execute()
  ).map(({ id }) => id)

test('setting a picture drops the one before, taking it away drops it, and twice is once', async () => {
  const [first, second] = [await picture(), await picture()]

  expect(await set(avatarUrlOf(first))).toEqual([])
  expect(await set(avatarUrlOf(first))).toEqual([])
  expect(await dropped()).toEqual([])
  expect(await set(avatarUrlOf(second))).toEqual([{ profileId: ada }])
  expect([await shown(), await dropped()]).toEqual([avatarUrlOf(second), [first]])
  expect(await set(null)).toEqual([{ profileId: ada }])
  expect(await set(null)).toEqual([])
  expect([await shown(), (await dropped()).toSorted()]).toEqual([null, [first, second].toSorted()])
})

test('only a ready picture of one’s own can be set', async () => {
  const hers = await picture({ profile_id: await profile() })
  const early = [await picture({ state: 'uploading' }), await picture({ state: 'refused' })]
  const gone = await picture({ dropped_at: new Date() })
  const mine = await picture()
  await set(avatarUrlOf(mine))

  const strange = [
    avatarUrlOf(hers),
    avatarUrlOf(randomUUID()),
    `${avatarUrlOf(mine)} `,
    avatarUrlOf(mine).toUpperCase(),
    `https://example.org${avatarUrlOf(mine)}`,
    mine,
    '',
    '\0',
  ]
  for (const url of strange) expect(await refusal(set(url)), url).toBe(400)
  for (const id of [...early, gone]) expect(await refusal(set(avatarUrlOf(id)))).toBe(409)
  expect([await shown(), await dropped()]).toEqual([avatarUrlOf(mine), [gone]])
})

test('of two that are set at once one is shown and the other dropped', async () => {
  const pictures = await Promise.all(Array.from({ length: 6 }, () => picture()))

  await Promise.all(pictures.map((id) => set(avatarUrlOf(id))))

  const url = await shown()
  const others = pictures.filter((id) => avatarUrlOf(id) !== url)
  expect(others).toHaveLength(5)
  expect((await dropped()).toSorted()).toEqual(others.toSorted())
})

test('a picture that is being set at this moment is not abandoned', async () => {
  const id = await picture()
  await world.database.transaction(async (tx) => {
    await setAvatar(tx, ada, avatarUrlOf(id))
    await world.database.transaction((other) => dropAbandoned(other))
  })

  expect([await shown(), await dropped()]).toEqual([avatarUrlOf(id), []])
})

test('a picture that is being given up at this moment cannot be set', async () => {
  const id = await picture()
  let setting: Promise<unknown> | undefined
  await world.database.transaction(async (tx) => {
    await dropAbandoned(tx)
    setting = refusal(set(avatarUrlOf(id)))
    await someoneWaits()
  })

  expect(await setting).toBe(409)
  expect([await shown(), await dropped()]).toEqual([null, [id]])
})

test('however often the two meet, nobody shows a picture that was dropped', async () => {
  for (let times = 0; times < 20; times += 1) {
    const ids = await Promise.all([picture(), picture(), picture()])
    const giveUp = () => world.database.transaction((tx) => dropAbandoned(tx))
    const sets = ids.map((id) => refusal(set(avatarUrlOf(id))))

    const [first, , second, third] = await Promise.all([sets[0], giveUp(), sets[1], sets[2]])

    for (const end of [first, second, third]) expect(['it was not refused', 409]).toContain(end)
    const gone = await dropped()
    const kept = ids.filter((id) => !gone.includes(id)).map(avatarUrlOf)
    const url = await shown()
    expect(kept.filter((each) => each === url)).toEqual(kept.length === 0 ? [] : [url])
    for (const id of gone) expect(url).not.toBe(avatarUrlOf(id))
    await set(null)
  }
})

test('two that open the twentieth place at once leave twenty open', async () => {
  const open = { state: 'uploading' as const }
  await Promise.all(Array.from({ length: 19 }, () => picture(open)))
  let second: Promise<unknown> | undefined

  await world.database.transaction(async (tx) => {
    expect(await openPlace(tx, ada)).toMatchObject({ place: { profileId: ada }, drops: [] })
    second = world.database.transaction((other) => openPlace(other, ada))
    await someoneWaits()
  })

  expect(await second).toMatchObject({ drops: [{ profileId: ada }] })
  expect(await dropped()).toHaveLength(1)
})

test.each([
  ['avatars/3f0c2a9e-5b1d-4e7a-9c68-2d41b7a0e5f1/7a9b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d/original', true, true],
  [
    'avatars/3f0c2a9e-5b1d-4e7a-9c68-2d41b7a0e5f1/7a9b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d/picture.webp',
    true,
    false,
  ],
  [
    'avatars/3f0c2a9e-5b1d-4e7a-9c68-2d41b7a0e5f1/7a9b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d/original/x',
    false,
    false,
  ],
  [
    'avatars/3F0C2A9E-5b1d-4e7a-9c68-2d41b7a0e5f1/7a9b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d/original',
    false,
    false,
  ],
  [
    'x/avatars/3f0c2a9e-5b1d-4e7a-9c68-2d41b7a0e5f1/7a9b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d/original',
    false,
    false,
  ],
  ['avatars/ada/me/original', false, false],
  ['avatars/../../original', false, false],
  ['', false, false],
])('the key %s names a place: %s, and an original: %s', (key, place, original) => {
  expect([placeIn(key) !== undefined, placeOfOriginal(key) !== undefined]).toEqual([place, original])
})

/** Until somebody waits for a row that another holds. */
const someoneWaits = () =>
  expect
    .poll(
      async () => {
        const { rows } = await sql`
          select from pg_stat_activity
          where wait_event_type = 'Lock' and datname = current_database()`.execute(world.database.sql)
        return rows.length
      },
      { timeout: 20_000, interval: 10 },
    )
    .toBeGreaterThan(0)
