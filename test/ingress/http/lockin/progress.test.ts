import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keys } from '../web.ts'
import { startLockin, zoneAtNoon, type Lockin } from './people.ts'

let lockin: Lockin
beforeAll(async () => {
  lockin = await startLockin()
})
afterAll(() => lockin[Symbol.asyncDispose]())

const race = (person: string, group: string) =>
  lockin.as(person, { url: `/api/groups/${group}/progress/current` })

/** Time that somebody spent in a group, up to now. */
async function spent(person: string, group: string, minutes: number): Promise<void> {
  const user = await lockin.id(person)
  const starts = sql<Date>`now() - ${minutes} * interval '1 minute'`
  const session = await lockin.sql
    .insertInto('lockin.sessions')
    .values({ group_id: group, creator_id: user, status: 'ended', started_at: starts, ended_at: sql`now()` })
    .returning('id')
    .executeTakeFirstOrThrow()
  const participant = await lockin.sql
    .insertInto('lockin.session_participants')
    .values({ session_id: session.id, user_id: user, role: 'host' })
    .returning('id')
    .executeTakeFirstOrThrow()
  await sql`
    insert into lockin.time_logs (participant_id, user_id, group_id, started_at, ended_at)
    select ${participant.id}, ${user}, ${group}, started_at, ended_at from lockin.sessions where id = ${session.id}`.execute(
    lockin.sql,
  )
}

test.for(['GMT', 'Japan'])('a group in %s goes through its days', async (timezone) => {
  const payload = {
    name: 'Study group',
    period: 'daily',
    period_target_minutes: 60,
    timezone,
    end_at: new Date(Date.now() + 3 * 86_400_000).toISOString(),
  }
  const group = (await lockin.as('ada', { method: 'POST', url: '/api/groups', payload })).json()
  const [ada] = (await race('ada', group.id)).json()
  // The first day begins with the group, and ends at a midnight of the zone.
  expect(ada).toMatchObject({ period_start: group.start_at })
  const hour = timezone === 'GMT' ? '00' : '15'
  expect(ada.period_end).toMatch(new RegExp(`T${hour}:00:00\\.000Z$`))
})

test('members see how far everybody is, the furthest first', async () => {
  const people = ['linus', 'grace', 'dorothy']
  const group = await lockin.group('ada', {
    members: people,
    timezone: zoneAtNoon(),
    period_target_minutes: 30,
  })
  await spent('grace', group, 45)
  await spent('linus', group, 20)
  await lockin.sql
    .updateTable('lockin.group_members')
    .set({ override_period_target_minutes: 20 })
    .where('user_id', '=', await lockin.id('linus'))
    .execute()

  const answer = await race('ada', group)
  expect(answer.statusCode).toBe(200)
  const [first] = answer.json()
  const period = { period_start: first.period_start, period_end: first.period_end }
  const idle = [await lockin.id('ada'), await lockin.id('dorothy')].toSorted()
  expect(answer.json()).toEqual([
    {
      user_id: await lockin.id('grace'),
      seconds_done: 2700,
      target_minutes: 30,
      goal_met: true,
      ...period,
    },
    {
      user_id: await lockin.id('linus'),
      seconds_done: 1200,
      target_minutes: 20,
      goal_met: true,
      ...period,
    },
    ...idle.map((user_id) =>
      Object.assign({ user_id, seconds_done: 0, target_minutes: 30, goal_met: false }, period),
    ),
  ])
  expect(Date.parse(period.period_end) - Date.parse(period.period_start)).toBe(24 * 3600 * 1000)
  expect(period.period_start).toMatch(/^\d{4}-\d\d-\d\dT\d\d:00:00\.000Z$/)
  expect((await race('dorothy', group)).json()).toEqual(answer.json())
})

test('a group that is over shows its last period, archived or not', async () => {
  const day = 24 * 3600 * 1000
  const group = await lockin.group('ada', {
    start_at: new Date(Date.now() - 9 * day),
    end_at: new Date(Date.now() - 3 * day),
  })
  const before = await race('ada', group)
  await sql`update lockin.groups set status = 'archived', archived_at = now() where id = ${group}`.execute(
    lockin.sql,
  )
  const after = await race('ada', group)

  expect(after.statusCode).toBe(200)
  expect(after.json()).toEqual(before.json())
  expect(after.json()[0]).toMatchObject({ seconds_done: 0, goal_met: false })
  expect(Date.parse(after.json()[0].period_end)).toBeLessThan(Date.now() - 2 * day)
})

test('to a stranger there is no such group, nor to anybody one that is not there', async () => {
  const group = await lockin.group('ada', { members: ['grace'] })
  const notThere = { detail: 'There is no such group.' }

  const strangers = await race('linus', group)
  expect([strangers.statusCode, strangers.json()]).toEqual([404, notThere])
  const nobodys = await race('linus', randomUUID())
  expect([nobodys.statusCode, nobodys.json()]).toEqual([404, notThere])

  await sql`
    delete from lockin.group_members where group_id = ${group} and user_id = ${await lockin.id('grace')}`.execute(
    lockin.sql,
  )
  expect((await race('grace', group)).statusCode).toBe(404)
})

test('nobody sees it without a token, a server key speaks for no member, and what is no id is of no group', async () => {
  const group = await lockin.group('ada')
  const url = `/lockin/api/groups/${group}/progress/current`

  expect((await lockin.web.app.inject({ url })).statusCode).toBe(401)
  const byKey = await lockin.web.app.inject({ url, headers: { 'x-millrace-key': keys.lockin } })
  expect(byKey.statusCode).toBe(403)
  expect((await race('ada', 'no-id')).statusCode).toBe(404)
})

test('when the zone of a group is not known any more it is told, and other groups are not concerned', async () => {
  const [lost, fine] = [await lockin.group('ada'), await lockin.group('ada')]
  await lockin.web.world.database.transaction(async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx)
    await sql`update lockin.groups set timezone = 'Mars/Olympus' where id = ${lost}`.execute(tx)
  })

  const answer = await race('ada', lost)
  expect([answer.statusCode, answer.json()]).toEqual([
    409,
    {
      detail: 'The time zone of this group is not known any more. Please choose another.',
      code: 'unknown-zone',
    },
  ])
  expect((await race('ada', fine)).statusCode).toBe(200)
  expect((await race('linus', lost)).statusCode).toBe(404)
})
