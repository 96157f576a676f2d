import { randomUUID } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Tx } from '../../../../src/shared/database.ts'
import { sleep } from '../../../../src/shared/time.ts'
import { withKey } from '../web.ts'
import { startLockin, type GroupFields, type Lockin } from './people.ts'

let lockin: Lockin

beforeAll(async () => {
  lockin = await startLockin({ env: { RATE_LIMIT_PER_MINUTE: '6000' } })
})
afterAll(() => lockin[Symbol.asyncDispose]())

type Verb = 'accept' | 'decline' | 'withdraw'

const invite = async (by: string, group: string, person: string, headers: Record<string, string> = {}) =>
  lockin.as(by, {
    method: 'POST',
    url: `/api/groups/${group}:invite`,
    payload: { recipient_id: await lockin.id(person) },
    headers,
  })
const say = (verb: Verb, person: string, id: string) =>
  lockin.as(person, { method: 'POST', url: `/api/invites/${id}:${verb}` })

/** A group of Ada's, and an invite to it that waits for an answer. */
async function startInvited(person: string, fields: GroupFields = {}) {
  const group = await lockin.group('ada', fields)
  const { id } = (await invite('ada', group, person)).json()
  return { group, id: id as string }
}

const isMember = async (group: string, person: string): Promise<number> =>
  (
    await sql`select from lockin.group_members where group_id = ${group} and user_id = ${await lockin.id(person)}`.execute(
      lockin.sql,
    )
  ).rows.length
const statusOf = async (id: string): Promise<string> => {
  const { rows } = await sql<{ status: string }>`
    select status from lockin.notifications where id = ${id}`.execute(lockin.sql)
  return rows[0]?.status ?? 'none'
}
const archive = (db: Tx | Lockin['sql']) => sql`select lockin.archive_expired_groups()`.execute(db)
const expire = (group: string) =>
  sql`update lockin.groups set end_at = now() - interval '1 second' where id = ${group}`.execute(lockin.sql)
const answers = (responses: LightMyRequestResponse[]): string[] =>
  responses
    .map((response) => `${response.statusCode} ${response.json().status ?? response.json().code}`)
    .sort()

/** Does its work in a transaction that stays open until somebody waits for it; tells how that one ended. */
async function whileOpen<T>(work: (tx: Tx) => Promise<unknown>, meanwhile: () => Promise<T>): Promise<T> {
  const waiting = async (): Promise<boolean> => {
    const { rows } = await sql`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(lockin.sql)
    return rows.length > 0
  }
  let ended: Promise<T> | undefined
  await lockin.web.world.database.transaction(async (tx) => {
    await work(tx)
    ended = meanwhile()
    while (!(await waiting())) await sleep(5)
  })
  return ended as Promise<T>
}
const accepting = (id: string, by: string) => (tx: Tx) =>
  sql`select lockin.answer_invite(${id}, ${by}, 'accepted')`.execute(tx)

test('an invite is a notification that names the group and who invites, and no address', async () => {
  const group = await lockin.group('ada', { name: 'Morning pages', period_target_minutes: 30 })
  const invited = await invite('ada', group, 'grace')
  expect(invited.statusCode).toBe(201)
  expect(invited.json()).toEqual({
    id: expect.any(String),
    recipient_id: await lockin.id('grace'),
    kind: 'group_invite',
    status: 'pending',
    title: 'Ada invites you to Morning pages',
    body: 'A group with a goal of 30 min a day.',
    group_id: group,
    sender_id: await lockin.id('ada'),
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    read_at: null,
  })
  const [first] = (await lockin.as('grace', { url: '/api/notifications?unread=true' })).json()
  expect(first).toEqual(invited.json())
  expect(await isMember(group, 'grace')).toBe(0)
})

test('accepting makes a member, once; the same answer again is the same', async () => {
  const { group, id } = await startInvited('grace')
  const accepted = await say('accept', 'grace', id)
  expect(accepted.statusCode).toBe(200)
  expect(accepted.json()).toMatchObject({ id, status: 'accepted', read_at: expect.any(String) })
  expect(await isMember(group, 'grace')).toBe(1)

  expect((await say('accept', 'grace', id)).json()).toEqual(accepted.json())
  expect(answers([await say('decline', 'grace', id)])).toEqual(['409 already-answered'])
  expect(answers([await say('withdraw', 'ada', id)])).toEqual(['409 already-answered'])
  const { rows } = await sql`select role::text, override_period_target_minutes as target
    from lockin.group_members where group_id = ${group} and user_id = ${await lockin.id('grace')}`.execute(
    lockin.sql,
  )
  expect(rows).toEqual([{ role: 'member', target: null }])
})

test('declining is for once too, and a new invite may follow', async () => {
  const { group, id } = await startInvited('grace')
  const declined = await say('decline', 'grace', id)
  expect(declined.json()).toMatchObject({ status: 'declined' })
  expect((await say('decline', 'grace', id)).json()).toEqual(declined.json())
  expect(answers([await say('accept', 'grace', id)])).toEqual(['409 already-answered'])
  expect(await isMember(group, 'grace')).toBe(0)

  const again = await invite('ada', group, 'grace')
  expect(again.statusCode).toBe(201)
  expect(again.json().id).not.toBe(id)
})

test('a withdrawn invite cannot be answered', async () => {
  const { id } = await startInvited('grace', { admins: ['linus'] })
  const withdrawn = await say('withdraw', 'linus', id)
  expect(answers([withdrawn])).toEqual(['200 withdrawn'])
  expect((await say('withdraw', 'ada', id)).json()).toEqual(withdrawn.json())
  expect(answers([await say('accept', 'grace', id)])).toEqual(['409 invite-withdrawn'])
  expect(answers([await say('decline', 'grace', id)])).toEqual(['409 invite-withdrawn'])
})

test('only the owner and admins invite and withdraw, and others learn nothing of it', async () => {
  const { group, id } = await startInvited('linus', { admins: ['barbara'], members: ['grace'] })
  const withdraw = async (person: string) => (await say('withdraw', person, id)).statusCode
  const asked = async (person: string) => (await invite(person, group, 'margaret')).statusCode
  expect([await asked('barbara'), await asked('grace'), await asked('margaret')]).toEqual([201, 403, 404])
  expect([await withdraw('grace'), await withdraw('margaret'), await withdraw('linus')]).toEqual([
    403, 404, 404,
  ])
  expect(await withdraw('barbara')).toBe(200)
  const stranger = await invite('margaret', group, 'linus')
  expect(stranger.json()).toEqual({ detail: 'There is no such group.' })
})

test('an invite of somebody else, another notification and an unknown id are no invites', async () => {
  const { id } = await startInvited('grace')
  const generic = await sql<{ id: string }>`insert into lockin.notifications (recipient_id, kind, title)
    values (${await lockin.id('grace')}, 'generic', 'Hello') returning id`.execute(lockin.sql)
  const other = generic.rows[0]?.id ?? ''
  for (const verb of ['accept', 'decline', 'withdraw'] as const) {
    const wrong = [
      await say(verb, 'linus', id),
      await say(verb, 'grace', other),
      await say(verb, 'grace', randomUUID()),
    ]
    expect(wrong.map((each) => [each.statusCode, each.json()])).toEqual(
      wrong.map(() => [404, { detail: 'There is no such invite.' }]),
    )
  }
  expect((await say('accept', 'grace', 'nonsense')).statusCode).toBe(404)
  expect(await statusOf(id)).toBe('pending')
})

test('a body that names nobody is refused, and so is whoever is a member already', async () => {
  const group = await lockin.group('ada', { members: ['grace'] })
  const send = (payload: object) =>
    lockin.as('ada', { method: 'POST', url: `/api/groups/${group}:invite`, payload })
  const refused = [
    await send({}),
    await send({ recipient_id: 'grace@example.org' }),
    await send({ recipient_id: randomUUID() }),
    await send({ recipient_id: randomUUID(), role: 'owner' }),
    await invite('ada', group, 'grace'),
    await invite('ada', group, 'ada'),
    await invite('ada', randomUUID(), 'grace'),
  ]
  expect(refused.map((each) => [each.statusCode, each.json().detail])).toEqual([
    [400, 'Missing required field: recipient_id'],
    [400, 'recipient_id: must be the UUID of a profile'],
    [404, 'There is no such profile.'],
    [400, 'Unknown field: role'],
    [409, 'This person is a member of the group already.'],
    [409, 'This person is a member of the group already.'],
    [404, 'There is no such group.'],
  ])
  const server = await lockin.web.app.inject({
    method: 'POST',
    url: `/lockin/api/groups/${group}:invite`,
    payload: { recipient_id: await lockin.id('linus') },
    headers: withKey('lockin'),
  })
  expect(server.statusCode).toBe(403)
})

test('archiving withdraws what waits, and says why', async () => {
  const { group, id } = await startInvited('grace')
  const accepted = await startInvited('linus')
  await say('accept', 'linus', accepted.id)
  await expire(group)
  await expire(accepted.group)
  await archive(lockin.sql)

  expect(await statusOf(id)).toBe('withdrawn')
  expect(answers([await say('accept', 'grace', id)])).toEqual(['409 group-archived'])
  expect(answers([await say('decline', 'grace', id)])).toEqual(['409 group-archived'])
  expect(answers([await invite('ada', group, 'linus')])).toEqual(['409 group-archived'])
  expect(answers([await say('withdraw', 'ada', id)])).toEqual(['200 withdrawn'])
  // What was answered in time stays answered.
  expect(answers([await say('accept', 'linus', accepted.id)])).toEqual(['200 accepted'])
})

test('a group that is full takes nobody in, and the invite waits', async () => {
  const { group, id } = await startInvited('grace')
  await sql`with more as (insert into lockin.profiles (display_name) select 'Reader' from generate_series(1, 499) returning id)
    insert into lockin.group_members (group_id, user_id) select ${group}, id from more`.execute(lockin.sql)
  expect(answers([await say('accept', 'grace', id)])).toEqual(['409 group-full'])
  expect(await statusOf(id)).toBe('pending')

  await sql`delete from lockin.group_members where id in
    (select id from lockin.group_members where group_id = ${group} and role = 'member' limit 1)`.execute(
    lockin.sql,
  )
  expect(answers([await say('accept', 'grace', id)])).toEqual(['200 accepted'])
})

test('a request that is repeated with its key finds the invite it made', async () => {
  const [group, other] = [await lockin.group('ada'), await lockin.group('ada')]
  const key = { 'idempotency-key': 'invite-grace' }
  const first = await invite('ada', group, 'grace', key)
  await say('decline', 'grace', first.json().id)
  const again = await invite('ada', group, 'grace', key)
  expect([first.statusCode, again.statusCode]).toEqual([201, 200])
  expect(again.json()).toMatchObject({ id: first.json().id, status: 'declined' })
  expect((await invite('ada', group, 'linus', key)).statusCode).toBe(422)
  expect((await invite('ada', other, 'grace', key)).statusCode).toBe(422)
})

test('a request that found an invite finds it again when it is repeated with its key', async () => {
  const { group, id } = await startInvited('grace')
  const key = { 'idempotency-key': randomUUID() }
  const both = [await invite('ada', group, 'grace', key), await invite('ada', group, 'grace', key)]
  expect(both.map((each) => [each.statusCode, each.json().id])).toEqual([
    [200, id],
    [200, id],
  ])
})

test('who may not invite any more is not told the invite they made, with its key neither', async () => {
  const group = await lockin.group('ada', { admins: ['barbara', 'linus'] })
  const key = { 'idempotency-key': randomUUID() }
  for (const admin of ['barbara', 'linus'])
    expect((await invite(admin, group, 'grace', key)).json().group_id).toBe(group)
  const member = async (person: string) => `/api/groups/${group}/members/${await lockin.id(person)}`
  await lockin.as('ada', { method: 'DELETE', url: await member('barbara') })
  await lockin.as('ada', { method: 'PATCH', url: await member('linus'), payload: { role: 'member' } })

  const removed = await invite('barbara', group, 'grace', key)
  expect([removed.statusCode, removed.json()]).toEqual([404, { detail: 'There is no such group.' }])
  expect((await invite('linus', group, 'grace', key)).statusCode).toBe(403)
})

test('two who invite the same person at once make one invite', async () => {
  const group = await lockin.group('ada', { admins: ['linus'] })
  const both = await Promise.all([invite('ada', group, 'grace'), invite('linus', group, 'grace')])
  expect(new Set(both.map((each) => each.statusCode))).toEqual(new Set([200, 201]))
  expect(both[0].json()).toEqual(both[1].json())

  const [ada, grace] = [await lockin.id('ada'), await lockin.id('margaret')]
  const waited = await whileOpen(
    (tx) => sql`select lockin.invite_member(${group}, ${grace}, ${ada})`.execute(tx),
    () => invite('linus', group, 'margaret'),
  )
  expect([waited.statusCode, waited.json().sender_id]).toEqual([200, ada])
})

test('an invite that is answered while another is on its way gives way to the new one', async () => {
  const { group, id } = await startInvited('grace')
  const waited = await whileOpen(
    async (tx) =>
      sql`select lockin.answer_invite(${id}, ${await lockin.id('grace')}, 'declined')`.execute(tx),
    () => invite('ada', group, 'grace'),
  )
  expect(waited.statusCode).toBe(201)
  expect(waited.json().id).not.toBe(id)
})

test('whoever accepts twice at once is a member once', async () => {
  const { group, id } = await startInvited('grace')
  const many = await Promise.all(Array.from({ length: 5 }, () => say('accept', 'grace', id)))
  expect(new Set(answers(many))).toEqual(new Set(['200 accepted']))
  expect(await isMember(group, 'grace')).toBe(1)

  const next = await startInvited('grace')
  const waited = await whileOpen(accepting(next.id, await lockin.id('grace')), () =>
    say('accept', 'grace', next.id),
  )
  expect(answers([waited])).toEqual(['200 accepted'])
})

test('accepted and declined at once, only the first counts', async () => {
  const grace = await lockin.id('grace')
  const { group, id } = await startInvited('grace')
  expect(answers([await whileOpen(accepting(id, grace), () => say('decline', 'grace', id))])).toEqual([
    '409 already-answered',
  ])
  expect(await isMember(group, 'grace')).toBe(1)

  const other = await startInvited('grace')
  const late = await whileOpen(
    (tx) => sql`select lockin.answer_invite(${other.id}, ${grace}, 'declined')`.execute(tx),
    () => say('accept', 'grace', other.id),
  )
  expect(answers([late])).toEqual(['409 already-answered'])
  expect(await isMember(other.group, 'grace')).toBe(0)
})

test('accepted and withdrawn at once, only the first counts', async () => {
  const [ada, grace] = [await lockin.id('ada'), await lockin.id('grace')]
  const { group, id } = await startInvited('grace')
  expect(answers([await whileOpen(accepting(id, grace), () => say('withdraw', 'ada', id))])).toEqual([
    '409 already-answered',
  ])
  expect(await isMember(group, 'grace')).toBe(1)

  const other = await startInvited('grace')
  const late = await whileOpen(
    (tx) => sql`select lockin.withdraw_invite(${other.id}, ${ada})`.execute(tx),
    () => say('accept', 'grace', other.id),
  )
  expect(answers([late])).toEqual(['409 invite-withdrawn'])
  expect(await isMember(other.group, 'grace')).toBe(0)
})

test('who loses the right while they wait to invite or to withdraw does neither', async () => {
  const [ada, linus] = [await lockin.id('ada'), await lockin.id('linus')]
  const losses: Record<string, (group: string) => (tx: Tx) => Promise<unknown>> = {
    '404': (group) => (tx) => sql`select lockin.remove_member(${group}, ${ada}, ${linus})`.execute(tx),
    '403': (group) => (tx) =>
      sql`select lockin.change_member(${group}, ${ada}, ${linus}, '{"role":"member"}')`.execute(tx),
  }
  for (const [refusal, lose] of Object.entries(losses)) {
    const { group, id } = await startInvited('grace', { admins: ['linus'] })
    const withdrawing = await whileOpen(lose(group), () => say('withdraw', 'linus', id))
    expect(withdrawing.statusCode).toBe(Number(refusal))
    expect(await statusOf(id)).toBe('pending')

    const other = await lockin.group('ada', { admins: ['linus'] })
    const inviting = await whileOpen(lose(other), () => invite('linus', other, 'grace'))
    expect(inviting.statusCode).toBe(Number(refusal))
  }
})

test('accepted while the group is archived, only the first counts', async () => {
  const { group, id } = await startInvited('grace')
  await expire(group)
  const late = await whileOpen(archive, () => say('accept', 'grace', id))
  expect(answers([late])).toEqual(['409 group-archived'])
  expect(await isMember(group, 'grace')).toBe(0)

  // The other way round archiving leaves a group that is held for the next time.
  const other = await startInvited('linus')
  await expire(other.group)
  await lockin.web.world.database.transaction(async (tx) => {
    await accepting(other.id, await lockin.id('linus'))(tx)
    await archive(lockin.sql)
  })
  expect(await statusOf(other.id)).toBe('accepted')
  await archive(lockin.sql)
  expect(await isMember(other.group, 'linus')).toBe(1)
})

test('invited while somebody is let in, the person is a member once and nothing is left to answer', async () => {
  const [ada, grace] = [await lockin.id('ada'), await lockin.id('grace')]
  const group = await lockin.group('ada', { admins: ['linus'] })
  const late = await whileOpen(
    (tx) => sql`select lockin.add_member(${group}, ${ada}, ${grace})`.execute(tx),
    () => invite('linus', group, 'grace'),
  )
  expect(answers([late])).toEqual(['409 already-member'])

  for (let turn = 0; turn < 5; turn += 1) {
    const next = await lockin.group('ada', { admins: ['linus'] })
    const url = `/api/groups/${next}/members`
    const [invited, added] = await Promise.all([
      invite('linus', next, 'grace'),
      lockin.as('ada', { method: 'POST', url, payload: { user_id: grace } }),
    ])
    expect(added.statusCode).toBe(201)
    expect([201, 409]).toContain(invited.statusCode)
    expect(await isMember(next, 'grace')).toBe(1)
    if (invited.statusCode === 201) expect(await statusOf(invited.json().id)).toBe('accepted')
  }
})

test('whoever is let in while an invite waits has accepted it', async () => {
  const { group, id } = await startInvited('grace')
  const payload = { user_id: await lockin.id('grace') }
  await lockin.as('ada', { method: 'POST', url: `/api/groups/${group}/members`, payload })
  expect(await statusOf(id)).toBe('accepted')
  expect(answers([await say('accept', 'grace', id)])).toEqual(['200 accepted'])
  expect(await isMember(group, 'grace')).toBe(1)
})

test('accepting while somebody is let in makes one member', async () => {
  const [ada, grace] = [await lockin.id('ada'), await lockin.id('grace')]
  const { group, id } = await startInvited('grace')
  const late = await whileOpen(
    (tx) => sql`select lockin.add_member(${group}, ${ada}, ${grace})`.execute(tx),
    () => say('accept', 'grace', id),
  )
  expect(answers([late])).toEqual(['200 accepted'])
  expect(await isMember(group, 'grace')).toBe(1)
})

test('an old invite is no way back for somebody who was removed', async () => {
  const { group, id } = await startInvited('grace')
  // As if both had happened before either was seen.
  await sql`alter table lockin.group_members disable trigger group_members_close_invites`.execute(lockin.sql)
  await sql`insert into lockin.group_members (group_id, user_id) values (${group}, ${await lockin.id('grace')})`.execute(
    lockin.sql,
  )
  await sql`alter table lockin.group_members enable trigger group_members_close_invites`.execute(lockin.sql)
  await sql`select lockin.remove_member(${group}, ${await lockin.id('ada')}, ${await lockin.id('grace')})`.execute(
    lockin.sql,
  )
  expect(answers([await say('accept', 'grace', id)])).toEqual(['409 invite-withdrawn'])
  expect(await isMember(group, 'grace')).toBe(0)
})
