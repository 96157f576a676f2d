import { sql, type UpdateObject } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logTime } from '../../../src/domains/lockin/logs.ts'
import {
  createSession,
  joinSession,
  leaveSession,
  moveSession,
  type Move,
} from '../../../src/domains/lockin/sessions.ts'
import type { DB } from '../../../src/shared/schema.ts'
import { createWorld, type World } from '../../support/world.ts'
import { codeOf, groupOf, passingTime, passTime, people } from './sessions-world.ts'

let world: World
let db: World['database']['sql']

beforeAll(async () => {
  world = await createWorld({ setup: passingTime })
  db = world.database.sql
})
afterAll(() => world[Symbol.asyncDispose]())

const MINUTE = 60_000

/** A group of three with a session that Ada hosts. */
async function start() {
  const { ada, grace, linus } = await people(db, 'ada', 'grace', 'linus')
  const group = await groupOf(db, ada, grace, linus)
  const { id } = await world.database.transaction((tx) => createSession(tx, ada, group))
  return { ada, grace, linus, group, id }
}

const move = (id: string, userId: string, to: Move) =>
  world.database.transaction((tx) => moveSession(tx, { id, userId, move: to }))
const join = (id: string, userId: string) => world.database.transaction((tx) => joinSession(tx, id, userId))
const leave = (id: string, userId: string) => world.database.transaction((tx) => leaveSession(tx, id, userId))

const sessionOf = (id: string) =>
  db.selectFrom('lockin.sessions').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const logsOf = (userId: string) =>
  db
    .selectFrom('lockin.time_logs')
    .select(['started_at', 'ended_at', 'group_id'])
    .where('user_id', '=', userId)
    .orderBy('started_at')
    .execute()
const minutesOf = async (userId: string) =>
  (await logsOf(userId)).map((log) => Math.round((+log.ended_at - +log.started_at) / MINUTE))

test('who only starts, pauses, resumes and stops has the right logs', async () => {
  const { ada, grace, group, id } = await start()
  await join(id, grace)
  await move(id, ada, 'start')
  await passTime(db, group, 20 * MINUTE)
  await move(id, ada, 'pause')
  await passTime(db, group, 10 * MINUTE)
  await move(id, ada, 'resume')
  await passTime(db, group, 5 * MINUTE)
  await leave(id, grace)
  await passTime(db, group, 5 * MINUTE)
  const { session } = await move(id, ada, 'stop')

  expect(await minutesOf(ada)).toEqual([20, 10])
  expect(await minutesOf(grace)).toEqual([20, 5])
  expect(session.status).toBe('ended')
  expect((await logsOf(ada)).at(-1)).toMatchObject({
    ended_at: new Date(session.ended_at ?? 0),
    group_id: group,
  })
})

test.each<[Move[], Move[]]>([
  [[], ['pause', 'resume', 'stop']],
  [['start'], ['start', 'resume', 'cancel']],
  [
    ['start', 'pause'],
    ['start', 'pause', 'cancel'],
  ],
  [
    ['start', 'pause', 'resume'],
    ['start', 'resume', 'cancel'],
  ],
  [
    ['start', 'stop'],
    ['start', 'pause', 'resume', 'stop', 'cancel'],
  ],
  [
    ['start', 'pause', 'stop'],
    ['start', 'pause', 'resume', 'stop', 'cancel'],
  ],
  [['cancel'], ['start', 'pause', 'resume', 'stop', 'cancel']],
])('after %j the moves %j are refused and change nothing', async (done, refused) => {
  const { ada, id } = await start()
  for (const each of done) await move(id, ada, each)
  const rows = () => Promise.all([sessionOf(id), participantsOf(id), logsOf(ada)])
  const before = await rows()

  for (const each of refused) expect(await codeOf(move(id, ada, each))).toBe('wrong-move')

  expect(await rows()).toEqual(before)
})

const participantsOf = (id: string) =>
  db
    .selectFrom('lockin.session_participants')
    .selectAll()
    .where('session_id', '=', id)
    .orderBy('id')
    .execute()

test('nobody but the host moves a session, and to a stranger there is none', async () => {
  const { grace, group, id } = await start()
  const { stranger } = await people(db, 'stranger')
  await join(id, grace)

  for (const each of ['start', 'cancel'] as const) {
    expect(await codeOf(move(id, grace, each))).toBe('forbidden')
    expect(await codeOf(move(id, stranger, each))).toBe('not-found')
  }
  expect(await codeOf(join(id, stranger))).toBe('not-found')
  expect(await codeOf(leave(id, stranger))).toBe('not-found')
  expect(await codeOf(world.database.transaction((tx) => createSession(tx, stranger, group)))).toBe(
    'not-found',
  )
  expect((await sessionOf(id)).status).toBe('scheduled')
})

test('a session without a group is there for nobody but who made it', async () => {
  const { ada, grace } = await people(db, 'ada', 'grace')
  const { id } = await world.database.transaction((tx) => createSession(tx, ada, null))

  expect(await codeOf(join(id, grace))).toBe('not-found')
  await move(id, ada, 'start')
  await db
    .updateTable('lockin.sessions')
    .set({ started_at: sql`started_at - interval '1 hour'` })
    .where('id', '=', id)
    .execute()
  await db
    .updateTable('lockin.session_participants')
    .set({ running_since: sql`running_since - interval '1 hour'` })
    .where('session_id', '=', id)
    .execute()
  await move(id, ada, 'stop')
  expect(await minutesOf(ada)).toEqual([60])
  expect((await logsOf(ada))[0]?.group_id).toBeNull()
})

test('a session that starts, pauses, resumes and stops in one instant is over and has no logs', async () => {
  const { ada, id } = await start()
  await world.database.transaction(async (tx) => {
    for (const each of ['start', 'pause', 'resume', 'stop'] as const)
      await moveSession(tx, { id, userId: ada, move: each })
  })

  const { status, started_at, ended_at } = await sessionOf(id)
  expect([status, ended_at]).toEqual(['ended', started_at])
  expect(await logsOf(ada)).toEqual([])
})

test('pauses within a millisecond count every millisecond once', async () => {
  const { ada, group, id } = await start()
  await move(id, ada, 'start')
  await passTime(db, group, 1)
  for (let times = 0; times < 5; times += 1) {
    await world.database.transaction(async (tx) => {
      await moveSession(tx, { id, userId: ada, move: 'pause' })
      await moveSession(tx, { id, userId: ada, move: 'resume' })
    })
    await passTime(db, group, 1)
  }
  const { session } = await move(id, ada, 'stop')

  // The pauses took no time: the logs tile the whole session.
  const logs = await logsOf(ada)
  const total = logs.reduce((sum, log) => sum + (+log.ended_at - +log.started_at), 0)
  expect(total).toBe(Date.parse(session.ended_at ?? '') - Date.parse(session.started_at ?? ''))
  expect(logs).toHaveLength(6)
})

test('where an explicit log covers a part of what ran, only the rest becomes logs', async () => {
  const { ada, group, id } = await start()
  const { session } = await move(id, ada, 'start')
  await passTime(db, group, 60 * MINUTE)
  const started = Date.parse(session.started_at ?? '') - 60 * MINUTE
  const at = (minutes: number) => new Date(started + minutes * MINUTE)
  for (const [from, to] of [
    [10, 20],
    [20, 25],
    [40, 50],
  ] as const)
    await world.database.transaction((tx) => logTime(tx, id, ada, { from: at(from), to: at(to) }))

  await move(id, ada, 'stop')

  expect(await minutesOf(ada)).toEqual([10, 10, 5, 15, 10, 10])
  expect((await logsOf(ada)).map((log) => +log.started_at)).toEqual(
    [0, 10, 20, 25, 40, 50].map((each) => +at(each)),
  )
})

test('after the clock went back nothing begins or ends before the session', async () => {
  const { ada, grace, linus, group, id } = await start()
  await join(id, grace)
  await move(id, ada, 'start')
  await passTime(db, group, -MINUTE)
  await move(id, ada, 'pause')
  await move(id, ada, 'resume')
  await join(id, linus)
  await passTime(db, group, 2 * MINUTE)
  await move(id, ada, 'stop')
  expect([await minutesOf(ada), await minutesOf(grace), await minutesOf(linus)]).toEqual([[1], [1], [1]])

  const { id: short } = await world.database.transaction((tx) => createSession(tx, ada, group))
  await move(short, ada, 'start')
  await passTime(db, group, -MINUTE)
  const { session } = await move(short, ada, 'stop')
  expect(session.ended_at).toBe(session.started_at)
})

test('joining and leaving are the same when they are said twice, and who comes back goes on', async () => {
  const { ada, grace, group, id } = await start()
  await join(id, grace)
  await move(id, ada, 'start')
  await passTime(db, group, 10 * MINUTE)
  const running = await join(id, grace)
  expect(Date.now() - Date.parse(running.running_since ?? '')).toBeGreaterThanOrEqual(10 * MINUTE)
  const { participant: left } = await leave(id, grace)
  expect((await leave(id, grace)).participant).toEqual(left)
  await passTime(db, group, 10 * MINUTE)
  const back = await join(id, grace)
  expect(back).toMatchObject({ id: left.id, left_at: null })
  await passTime(db, group, 10 * MINUTE)
  await move(id, ada, 'stop')

  expect(await minutesOf(grace)).toEqual([10, 10])
  expect(await minutesOf(ada)).toEqual([30])
  expect(await codeOf(join(id, grace))).toBe('wrong-move')
  expect(await codeOf(leave(id, grace))).toBe('wrong-move')
})

test('who left is not there when the session starts or resumes; a host who left still moves it', async () => {
  const { ada, grace, group, id } = await start()
  await join(id, grace)
  await leave(id, ada)
  await move(id, ada, 'start')
  await passTime(db, group, MINUTE)
  await move(id, ada, 'pause')
  await leave(id, grace)
  await join(id, ada)
  expect(await participantsOf(id)).toMatchObject([{ running_since: null }, { running_since: null }])
  await move(id, ada, 'resume')
  await passTime(db, group, MINUTE)
  await move(id, ada, 'stop')

  expect([await minutesOf(ada), await minutesOf(grace)]).toEqual([[1], [1]])
})

test('who never joined cannot leave', async () => {
  const { grace, id } = await start()
  expect(await codeOf(leave(id, grace))).toBe('wrong-move')
  expect(await participantsOf(id)).toHaveLength(1)
})

test('who leaves the group leaves its sessions, and a session they host goes to who was there longest', async () => {
  const { ada, grace, linus, group, id } = await start()
  const { id: alone } = await world.database.transaction((tx) => createSession(tx, ada, group))
  const { id: planned } = await world.database.transaction((tx) => createSession(tx, ada, group))
  await join(id, linus)
  await passTime(db, group, MINUTE)
  await join(id, grace)
  await move(id, ada, 'start')
  await move(alone, ada, 'start')
  await passTime(db, group, 30 * MINUTE)

  await sql`select lockin.leave_sessions(${group}, ${ada})`.execute(db)

  expect((await minutesOf(ada)).reduce((sum, each) => sum + each, 0)).toBe(30)
  expect((await sessionOf(id)).status).toBe('running')
  expect((await sessionOf(alone)).status).toBe('ended')
  expect((await sessionOf(planned)).status).toBe('cancelled')
  const hosts = (await participantsOf(id)).filter(({ role }) => role === 'host')
  expect(hosts).toMatchObject([{ user_id: linus, left_at: null }])
  expect((await participantsOf(id)).find(({ user_id }) => user_id === ada)).toMatchObject({
    role: 'participant',
    running_since: null,
  })
  await move(id, linus, 'stop')
  expect(await minutesOf(linus)).toEqual([30])
})

test('before a group is archived its sessions end as of its end, with what ran until then as logs', async () => {
  const { ada, grace, group, id } = await start()
  const { id: late } = await world.database.transaction((tx) => createSession(tx, grace, group))
  const { id: planned } = await world.database.transaction((tx) => createSession(tx, ada, group))
  await join(id, grace)
  await move(id, ada, 'start')
  await passTime(db, group, 60 * MINUTE)
  await move(late, grace, 'start')
  await passTime(db, group, 30 * MINUTE)

  const ends = new Date(Date.now() - 40 * MINUTE)
  await sql`select lockin.end_sessions(${group}, ${ends})`.execute(db)

  expect(await minutesOf(ada)).toEqual([50])
  expect(await minutesOf(grace)).toEqual([50])
  expect(await sessionOf(id)).toMatchObject({ status: 'ended', ended_at: ends })
  const over = await sessionOf(late)
  expect([over.status, over.ended_at]).toEqual(['ended', over.started_at])
  expect((await sessionOf(planned)).status).toBe('cancelled')
  await db
    .updateTable('lockin.groups')
    .set({ status: 'archived', archived_at: new Date() })
    .where('id', '=', group)
    .execute()
  expect(await codeOf(world.database.transaction((tx) => createSession(tx, ada, group)))).toBe(
    'group-archived',
  )
})

test('a session that ends late or in the past keeps the logs it has', async () => {
  const { ada, group, id } = await start()
  await move(id, ada, 'start')
  await passTime(db, group, 60 * MINUTE)
  const lastLog = new Date(Date.now() - 5 * MINUTE)
  await world.database.transaction((tx) =>
    logTime(tx, id, ada, { from: new Date(Date.now() - 20 * MINUTE), to: lastLog }),
  )
  await sql`select lockin.end_sessions(${group}, ${new Date(Date.now() - 30 * MINUTE)})`.execute(db)
  expect(await sessionOf(id)).toMatchObject({ status: 'ended', ended_at: lastLog })
  expect(await minutesOf(ada)).toEqual([30, 15])
})

test('the tables themselves refuse what would strand logs, move a session or open an archived group', async () => {
  const { ada, grace, group, id } = await start()
  const other = await groupOf(db, ada)
  await move(id, ada, 'start')
  await passTime(db, group, 60 * MINUTE)
  await move(id, ada, 'stop')
  const set = (values: UpdateObject<DB, 'lockin.sessions'>) =>
    codeOf(db.updateTable('lockin.sessions').set(values).where('id', '=', id).execute())

  expect(await set({ group_id: other })).toBe('wrong-group')
  expect(await set({ group_id: null })).toBe('wrong-group')
  expect(await set({ ended_at: sql`ended_at - interval '1 millisecond'` })).toBe('strands-logs')
  expect(await set({ started_at: sql`started_at + interval '1 millisecond'` })).toBe('strands-logs')
  expect(await set({ status: 'scheduled', started_at: null, ended_at: null })).toBe('strands-logs')
  expect(await set({ started_at: sql`started_at - interval '1 hour'` })).toEqual([{ numUpdatedRows: 1n }])
  const participants = db.updateTable('lockin.session_participants').where('session_id', '=', id)
  expect(await codeOf(participants.set({ user_id: grace }).execute())).toBe('wrong-participant')

  await db
    .updateTable('lockin.groups')
    .set({ status: 'archived', archived_at: new Date() })
    .where('id', '=', group)
    .execute()
  expect(await set({ ended_at: sql`ended_at + interval '1 hour'` })).toBe('group-archived')
  expect(await codeOf(participants.set({ left_at: new Date() }).execute())).toBe('group-archived')
  expect(
    await codeOf(
      db.insertInto('lockin.session_participants').values({ session_id: id, user_id: grace }).execute(),
    ),
  ).toBe('group-archived')
  for (const each of ['start', 'stop', 'cancel'] as const)
    expect(await codeOf(move(id, ada, each))).toBe('group-archived')
  expect(await codeOf(join(id, grace))).toBe('group-archived')
  expect(await codeOf(leave(id, ada))).toBe('group-archived')
})
