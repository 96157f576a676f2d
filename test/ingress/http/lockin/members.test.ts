import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLockin, zoneAtNoon, type Lockin } from './people.ts'

let lockin: Lockin
beforeAll(async () => {
  lockin = await startLockin()
})
afterAll(() => lockin[Symbol.asyncDispose]())

const add = async (by: string, group: string, person: string, headers: Record<string, string> = {}) =>
  lockin.as(by, {
    method: 'POST',
    url: `/api/groups/${group}/members`,
    payload: { user_id: await lockin.id(person) },
    headers,
  })
const change = async (by: string, group: string, person: string, payload: object) =>
  lockin.as(by, { method: 'PATCH', url: `/api/groups/${group}/members/${await lockin.id(person)}`, payload })
const remove = async (by: string, group: string, person: string) =>
  lockin.as(by, { method: 'DELETE', url: `/api/groups/${group}/members/${await lockin.id(person)}` })

/** Who is in the group, as one of them sees it: `ada: owner`. */
async function members(group: string, as = 'ada'): Promise<string[]> {
  const answer = await lockin.as(as, { url: `/api/groups/${group}/members` })
  return answer
    .json()
    .map((each: { display_name: string; role: string }) => `${each.display_name}: ${each.role}`)
}

describe('coming in', () => {
  test('admins let somebody in as a member, once', async () => {
    const group = await lockin.group('ada', { admins: ['grace'] })

    const answer = await add('grace', group, 'linus')

    expect(answer.statusCode).toBe(201)
    expect(answer.json()).toEqual({
      id: expect.any(String),
      group_id: group,
      user_id: await lockin.id('linus'),
      display_name: 'Linus',
      avatar_url: null,
      role: 'member',
      override_period_target_minutes: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    })
    const again = await add('ada', group, 'linus')
    expect([again.statusCode, again.json().code]).toEqual([409, 'already-member'])
    expect(await members(group, 'linus')).toEqual(['Ada: owner', 'Grace: admin', 'Linus: member'])
  })

  test('the same request with its key is told the same member', async () => {
    const group = await lockin.group('ada')
    const key = { 'idempotency-key': randomUUID() }

    const [first, second] = [await add('ada', group, 'linus', key), await add('ada', group, 'linus', key)]

    expect([first.statusCode, second.statusCode]).toEqual([201, 201])
    expect(second.json()).toEqual(first.json())
  })

  test('who was taken out since is not told again with the same key', async () => {
    const group = await lockin.group('ada', { admins: ['grace'] })
    const key = { 'idempotency-key': randomUUID() }
    expect((await add('grace', group, 'linus', key)).statusCode).toBe(201)
    await remove('ada', group, 'grace')

    expect((await add('grace', group, 'linus', key)).statusCode).toBe(404)
  })

  test('who has left is not let in again with the same key', async () => {
    const group = await lockin.group('ada')
    const key = { 'idempotency-key': randomUUID() }
    expect((await add('ada', group, 'linus', key)).statusCode).toBe(201)
    await remove('linus', group, 'linus')

    const again = await add('ada', group, 'linus', key)
    expect(again.statusCode).toBe(410)
    expect(await members(group)).toEqual(['Ada: owner'])
    expect((await add('ada', group, 'linus')).statusCode).toBe(201)
  })

  test('nobody comes in whom LockIN does not know', async () => {
    const group = await lockin.group('ada')
    const url = `/api/groups/${group}/members`
    const send = (payload: object) => lockin.as('ada', { method: 'POST', url, payload })

    const unknown = await send({ user_id: randomUUID() })

    expect([unknown.statusCode, unknown.json().detail]).toEqual([404, 'There is no such profile.'])
    expect((await send({ user_id: 'linus' })).json().detail).toBe('user_id: must be the UUID of a profile')
    expect((await send({})).json().detail).toBe('Missing required field: user_id')
    expect((await send({ user_id: randomUUID(), role: 'owner' })).json().detail).toBe('Unknown field: role')
  })

  test('a group has at most 500 members', async () => {
    const group = await lockin.group('ada')
    await lockin.web.world.database.transaction(async (tx) => {
      const crowd = await tx
        .insertInto('lockin.profiles')
        .values(Array.from({ length: 499 }, (_, n) => ({ display_name: `Guest ${n}` })))
        .returning('id')
        .execute()
      await tx
        .insertInto('lockin.group_members')
        .values(crowd.map(({ id }) => ({ group_id: group, user_id: id })))
        .execute()
    })

    const answer = await add('ada', group, 'linus')

    expect([answer.statusCode, answer.json()]).toEqual([
      409,
      { detail: 'A group has at most 500 members.', code: 'group-full' },
    ])
    expect(await members(group)).toHaveLength(500)
    // A full group can be begun once more.
    const clone = await lockin.as('ada', { method: 'POST', url: `/api/groups/${group}:clone` })
    expect(await members(clone.json().id)).toHaveLength(500)
  })
})

describe('their own target', () => {
  test('is set by owner and admins for anybody, and null clears it', async () => {
    const group = await lockin.group('ada', { admins: ['grace'], members: ['linus'] })
    const set = async (by: string, person: string, value: number | null) =>
      (await change(by, group, person, { override_period_target_minutes: value })).json()
        .override_period_target_minutes

    expect(await set('grace', 'linus', 30)).toBe(30)
    expect(await set('grace', 'ada', 90)).toBe(90)
    expect(await set('ada', 'linus', null)).toBe(null)
    // A change of the role alone leaves it.
    expect(
      (await change('ada', group, 'grace', { role: 'member', override_period_target_minutes: 5 })).json(),
    ).toMatchObject({
      role: 'member',
      override_period_target_minutes: 5,
    })
    expect(
      (await change('ada', group, 'grace', { role: 'admin' })).json().override_period_target_minutes,
    ).toBe(5)
  })

  test.for([
    [{}, /^Nothing to change/],
    [{ override_period_target_minutes: 0 }, /must be at least 1/],
    [{ override_period_target_minutes: 10_081 }, /must be at most 10080/],
    [{ override_period_target_minutes: '30' }, /must be a whole number/],
    [{ role: 'king' }, /^role: must be one of owner, admin, member/],
    [{ role: null }, /^role: must be one of/],
    [{ user_id: randomUUID() }, /^Unknown field: user_id/],
  ] as const)('%j is refused', async ([payload, detail]) => {
    const group = await lockin.group('ada', { members: ['linus'] })
    const answer = await change('ada', group, 'linus', payload)
    expect([answer.statusCode, answer.json().detail]).toEqual([400, expect.stringMatching(detail)])
  })

  test('of whom is not in the group is not set', async () => {
    const group = await lockin.group('ada')
    for (const answer of [
      await change('ada', group, 'linus', { role: 'admin' }),
      await remove('ada', group, 'linus'),
      await lockin.as('ada', { method: 'DELETE', url: `/api/groups/${group}/members/linus` }),
    ])
      expect([answer.statusCode, answer.json().detail]).toEqual([
        404,
        expect.stringMatching(/^There is no such (member|group)\.$/),
      ])
  })
})

describe('handing over', () => {
  test('makes the other one the owner in the row of the group too, and the one before an admin', async () => {
    const group = await lockin.group('ada', { members: ['grace'] })

    const answer = await change('ada', group, 'grace', { role: 'owner' })

    expect([answer.statusCode, answer.json().role]).toEqual([200, 'owner'])
    expect(await members(group)).toEqual(['Grace: owner', 'Ada: admin'])
    expect((await lockin.as('ada', { url: `/api/groups/${group}` })).json()).toMatchObject({
      owner_id: await lockin.id('grace'),
      role: 'admin',
    })
    // What was possible before is not any more.
    expect((await change('ada', group, 'ada', { role: 'owner' })).statusCode).toBe(403)
  })

  test('an owner stays one until then', async () => {
    const group = await lockin.group('ada', { members: ['grace'] })

    for (const answer of [
      await change('ada', group, 'ada', { role: 'member' }),
      await remove('ada', group, 'ada'),
    ])
      expect([answer.statusCode, answer.json().code]).toEqual([409, 'hand-over-first'])

    expect((await change('ada', group, 'ada', { role: 'owner' })).statusCode).toBe(200)
    await change('ada', group, 'grace', { role: 'owner' })
    expect((await remove('ada', group, 'ada')).statusCode).toBe(204)
    expect(await members(group, 'grace')).toEqual(['Grace: owner'])
  })
})

describe('going', () => {
  test('a member who leaves is a stranger then, and may come back', async () => {
    const group = await lockin.group('ada', { members: ['linus'] })

    const answer = await remove('linus', group, 'linus')

    expect([answer.statusCode, answer.body]).toEqual([204, ''])
    expect((await lockin.as('linus', { url: `/api/groups/${group}` })).statusCode).toBe(404)
    expect((await remove('linus', group, 'linus')).statusCode).toBe(404)
    expect((await add('ada', group, 'linus')).statusCode).toBe(201)
  })

  test('what somebody does in a session of the group ends with it, and counts', async () => {
    const group = await lockin.group('ada', { members: ['linus'] })
    const session = (
      await lockin.as('linus', { method: 'POST', url: '/api/sessions', payload: { group_id: group } })
    ).json()
    await lockin.as('linus', { method: 'POST', url: `/api/sessions/${session.id}:start` })
    const anHourAgo = new Date(Date.now() - 3_600_000)
    await lockin.sql
      .updateTable('lockin.sessions')
      .set({ started_at: anHourAgo })
      .where('id', '=', session.id)
      .execute()
    await lockin.sql
      .updateTable('lockin.session_participants')
      .set({ running_since: anHourAgo })
      .where('session_id', '=', session.id)
      .execute()

    await remove('ada', group, 'linus')

    const [participant] = await lockin.sql
      .selectFrom('lockin.session_participants')
      .selectAll()
      .where('session_id', '=', session.id)
      .execute()
    expect(participant).toMatchObject({ running_since: null, left_at: expect.any(Date) })
    expect(
      await lockin.sql
        .selectFrom('lockin.time_logs')
        .select('started_at')
        .where('group_id', '=', group)
        .execute(),
    ).toEqual([{ started_at: anHourAgo }])
  })

  test('when the last one who had not reached the target goes, the announcement is asked for', async () => {
    const group = await lockin.group('ada', {
      members: ['linus'],
      timezone: zoneAtNoon(),
      period_target_minutes: 1,
    })
    const session = (
      await lockin.as('ada', { method: 'POST', url: '/api/sessions', payload: { group_id: group } })
    ).json()
    await lockin.as('ada', { method: 'POST', url: `/api/sessions/${session.id}:start` })
    const started_at = new Date(Date.now() - 600_000)
    await lockin.sql.updateTable('lockin.sessions').set({ started_at }).where('id', '=', session.id).execute()
    const logged = await lockin.as('ada', {
      method: 'POST',
      url: `/api/sessions/${session.id}/logs`,
      payload: { started_at, ended_at: new Date(Date.now() - 300_000) },
    })
    expect(logged.statusCode).toBe(201)
    const asked = () =>
      lockin.sql
        .selectFrom('millrace.jobs')
        .select(['id', 'data'])
        .where('name', '=', 'lockin.notify-milestone')
        .execute()
        .then((rows) => rows.find((row) => JSON.stringify(row.data).includes(group)))
    const told = () =>
      lockin.sql
        .selectFrom('lockin.notifications')
        .select(['kind', 'recipient_id'])
        .where('group_id', '=', group)
        .orderBy('id')
        .execute()
        .then((rows) => rows.map((row) => row.kind))
    await lockin.web.world.finish((await asked())?.id ?? 'nothing was asked for')
    expect(await told()).toEqual(['milestone_member', 'milestone_member'])

    await remove('ada', group, 'linus')

    await lockin.web.world.finish((await asked())?.id ?? 'nothing was asked for')
    expect(await told()).toEqual(['milestone_member', 'milestone_member', 'milestone_group'])
  })
})

test('who is in an archived group stays as it is, and everybody still sees it', async () => {
  const group = await lockin.group('ada', { admins: ['grace'], members: ['linus'] })
  await lockin.sql
    .updateTable('lockin.groups')
    .set({ status: 'archived', archived_at: new Date() })
    .where('id', '=', group)
    .execute()

  for (const answer of [
    await add('ada', group, 'marie'),
    await change('ada', group, 'linus', { role: 'admin' }),
    await change('ada', group, 'grace', { role: 'owner' }),
    await change('grace', group, 'linus', { override_period_target_minutes: null }),
    await remove('grace', group, 'linus'),
    await remove('linus', group, 'linus'),
    await lockin.as('ada', { method: 'PATCH', url: `/api/groups/${group}`, payload: { name: 'Once more' } }),
  ])
    expect([answer.statusCode, answer.json()]).toEqual([
      409,
      { detail: 'This group is archived and can only be read.', code: 'group-archived' },
    ])

  expect(await members(group, 'linus')).toEqual(['Ada: owner', 'Grace: admin', 'Linus: member'])
  // Who may not is told so first, and a stranger is told nothing.
  expect((await change('linus', group, 'linus', { role: 'admin' })).statusCode).toBe(403)
  expect((await add('marie', group, 'marie')).statusCode).toBe(404)
})
