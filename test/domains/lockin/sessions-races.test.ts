import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeLog, listLogs, logTime, removeLog } from '../../../src/domains/lockin/logs.ts'
import {
  createSession,
  joinSession,
  leaveSession,
  moveSession,
  type Move,
} from '../../../src/domains/lockin/sessions.ts'
import { inTransaction } from '../../../src/ingress/http/transaction.ts'
import type { Sql, Tx } from '../../../src/shared/database.ts'
import { createWorld, type World } from '../../support/world.ts'
import { codeOf, groupOf, oneWaits, passingTime, passTime, people } from './sessions-world.ts'

let world: World
let db: Sql

beforeAll(async () => {
  world = await createWorld({ setup: passingTime, env: { DATABASE_POOL: '12' } })
  db = world.database.sql
})
afterAll(() => world[Symbol.asyncDispose]())

const MINUTE = 60_000
const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE)

const move =
  (id: string, userId: string, to: Move) =>
  (tx: Sql): Promise<unknown> =>
    moveSession(tx as Tx, { id, userId, move: to })
const join =
  (id: string, userId: string) =>
  (tx: Sql): Promise<unknown> =>
    joinSession(tx as Tx, id, userId)
const log =
  (id: string, userId: string, from: Date, to: Date) =>
  (tx: Sql): Promise<unknown> =>
    logTime(tx as Tx, id, userId, { from, to })
const alone = (work: (tx: Sql) => Promise<unknown>) => () => inTransaction(world.database, work)
const race = (first: (tx: Sql) => Promise<unknown>, second: (tx: Sql) => Promise<unknown>) =>
  oneWaits(world.database, first, alone(second))

/** A group of three with a session that Ada hosts and Grace joined, running for an hour. */
async function start() {
  const { ada, grace, linus } = await people(db, 'ada', 'grace', 'linus')
  const group = await groupOf(db, ada, grace, linus)
  const id = await running(ada, group)
  await alone(join(id, grace))()
  await passTime(db, group, 60 * MINUTE)
  return { ada, grace, linus, group, id }
}

async function running(host: string, group: string): Promise<string> {
  const { id } = await world.database.transaction((tx) => createSession(tx, host, group))
  await alone(move(id, host, 'start'))()
  return id
}

const statusOf = async (id: string) =>
  (await db.selectFrom('lockin.sessions').select('status').where('id', '=', id).executeTakeFirstOrThrow())
    .status
/** Of each log; the moments that a test itself takes are left out. */
const minutesOf = async (userId: string) => {
  const { rows } = await sql<{ minutes: number }>`
    select round(extract(epoch from ended_at - started_at) / 60)::integer as minutes
    from lockin.time_logs where user_id = ${userId} order by started_at`.execute(db)
  return rows.map(({ minutes }) => minutes).filter((minutes) => minutes > 0)
}

/** As the clock does it: the group is held, what runs ends, then it is archived. */
const archive = (group: string) => async (tx: Sql) => {
  await sql`select from lockin.groups where id = ${group} for no key update`.execute(tx)
  await sql`select lockin.end_sessions(${group}, now())`.execute(tx)
  await sql`update lockin.groups set status = 'archived', archived_at = now() where id = ${group}`.execute(tx)
}

test('of two that start a session at once, one does', async () => {
  const { ada, group } = await start()
  const { id } = await world.database.transaction((tx) => createSession(tx, ada, group))
  expect(await race(move(id, ada, 'start'), move(id, ada, 'start'))).toBe('wrong-move')
  expect(await statusOf(id)).toBe('running')
})

test('a pause and a stop at once end the session and count the time once, whichever is first', async () => {
  const first = await start()
  expect(await race(move(first.id, first.ada, 'pause'), move(first.id, first.ada, 'stop'))).toMatchObject({
    session: { status: 'ended' },
    logged: undefined,
  })
  expect(await minutesOf(first.ada)).toEqual([60])

  const second = await start()
  expect(await race(move(second.id, second.ada, 'stop'), move(second.id, second.ada, 'pause'))).toBe(
    'wrong-move',
  )
  expect(await statusOf(second.id)).toBe('ended')
  expect(await minutesOf(second.ada)).toEqual([60])
})

test('who is in two running sessions that pause at once has the time in one of them', async () => {
  const { ada, grace, group, id } = await start()
  const other = await running(grace, group)
  await alone(join(other, ada))()
  await passTime(db, group, 30 * MINUTE)

  await race(move(id, ada, 'pause'), move(other, grace, 'stop'))

  expect(await minutesOf(ada)).toEqual([90])
  expect(await minutesOf(grace)).toEqual([90])
})

test('of two overlapping logs on two connections one is written, and the same one twice is one', async () => {
  const { ada, grace, id } = await start()
  expect(await race(log(id, ada, ago(40), ago(20)), log(id, ada, ago(30), ago(10)))).toBe('overlaps-log')
  expect(await minutesOf(ada)).toEqual([20])

  const [from, to] = [ago(40), ago(20)]
  expect(await race(log(id, grace, from, to), log(id, grace, from, to))).toMatchObject({ made: false })
  expect(await minutesOf(grace)).toEqual([20])
})

test('a log that meets one written past every function is refused by the constraint, also when it is changed', async () => {
  const { ada, id } = await start()
  const raw = (from: Date, to: Date) => (tx: Sql) =>
    sql`insert into lockin.time_logs (participant_id, started_at, ended_at)
      select id, ${from}, ${to} from lockin.session_participants where session_id = ${id} and user_id = ${ada}`.execute(
      tx,
    )
  expect(await race(raw(ago(50), ago(40)), log(id, ada, ago(45), ago(35)))).toBe('overlaps-log')

  const made = await world.database.transaction((tx) => logTime(tx, id, ada, { from: ago(30), to: ago(25) }))
  const ref = { sessionId: id, logId: made.log.id, userId: ada }
  expect(
    await race(raw(ago(20), ago(10)), (tx) => changeLog(tx as Tx, ref, { from: undefined, to: ago(15) })),
  ).toBe('overlaps-log')
  expect(await minutesOf(ada)).toEqual([10, 5, 10])
})

test('a log and a pause at once count every minute once, whichever is first', async () => {
  const { ada, grace, id } = await start()
  await race(log(id, ada, ago(40), ago(20)), move(id, ada, 'pause'))
  expect(await minutesOf(ada)).toEqual([20, 20, 20])
  await alone(move(id, ada, 'resume'))()
  expect(await race(move(id, ada, 'pause'), log(id, grace, ago(40), ago(20)))).toBe('overlaps-log')
  expect(await minutesOf(grace)).toEqual([60])
})

test('a log in one session and a pause of another at once count every minute once', async () => {
  const { ada, grace, group, id } = await start()
  const other = await running(grace, group)
  await alone(join(other, ada))()
  await passTime(db, group, 30 * MINUTE)
  await race(log(other, ada, ago(20), ago(10)), move(id, ada, 'stop'))
  expect(await minutesOf(ada)).toEqual([70, 10, 10])
})

test('a log that is removed while another takes its place leaves the other', async () => {
  const { ada, id } = await start()
  const [from, to] = [ago(40), ago(20)]
  const made = await world.database.transaction((tx) => logTime(tx, id, ada, { from, to }))
  const ref = { sessionId: id, logId: made.log.id, userId: ada }
  const again = await race((tx) => removeLog(tx as Tx, ref), log(id, ada, from, to))
  expect(again).toMatchObject({ made: true })
  const [only, ...more] = await listLogs(db, id, ada, { after: undefined, limit: 10 })
  expect([only?.id === ref.logId, more]).toEqual([false, []])
})

test('a log before the archiving counts, one after it is refused', async () => {
  const first = await start()
  await race(log(first.id, first.ada, ago(40), ago(20)), archive(first.group))
  expect(await statusOf(first.id)).toBe('ended')
  expect(await minutesOf(first.ada)).toEqual([20, 20, 20])

  const second = await start()
  expect(await race(archive(second.group), log(second.id, second.ada, ago(40), ago(20)))).toBe(
    'group-archived',
  )
  expect(await minutesOf(second.ada)).toEqual([60])
})

test('what is written past every function waits for the archiving too', async () => {
  const { ada, group, id } = await start()
  const raw = (tx: Sql) =>
    sql`insert into lockin.time_logs (participant_id, started_at, ended_at)
      select id, ${ago(40)}, ${ago(20)} from lockin.session_participants where session_id = ${id} and user_id = ${ada}`.execute(
      tx,
    )
  expect(await race(archive(group), raw)).toBe('group-archived')
})

test('whoever ends a session past every function waits for the log that is being written, and does not strand it', async () => {
  const { ada, id } = await start()
  const raw = (tx: Sql) =>
    sql`insert into lockin.time_logs (participant_id, started_at, ended_at)
      select id, ${ago(40)}, ${ago(20)} from lockin.session_participants where session_id = ${id} and user_id = ${ada}`.execute(
      tx,
    )
  const end = (tx: Sql) =>
    sql`update lockin.sessions set status = 'ended', ended_at = ${ago(30)} where id = ${id}`.execute(tx)
  expect(await race(raw, end)).toBe('strands-logs')
})

test.each<Move | 'join' | 'create'>(['pause', 'stop', 'join', 'create'])(
  'after the archiving that it waited for, %s changes nothing',
  async (what) => {
    const { ada, linus, group, id } = await start()
    const second =
      what === 'join'
        ? join(id, linus)
        : what === 'create'
          ? (tx: Sql) => createSession(tx as Tx, ada, group)
          : move(id, ada, what)
    expect(await race(archive(group), second)).toBe('group-archived')
    expect(await statusOf(id)).toBe('ended')
    expect(await minutesOf(ada)).toEqual([60])
  },
)

test('who joins while the session stops is either in it until its end or is too late', async () => {
  const first = await start()
  await race(join(first.id, first.linus), move(first.id, first.ada, 'stop'))
  const { rows } = await sql`
    select from lockin.session_participants where session_id = ${first.id} and running_since is not null`.execute(
    db,
  )
  expect(rows).toEqual([])

  const second = await start()
  expect(await race(move(second.id, second.ada, 'stop'), join(second.id, second.linus))).toBe('wrong-move')
})

test('who is taken out of the group while they join is in no session of it', async () => {
  const takeOut = (group: string, by: string, who: string) => (tx: Sql) =>
    sql`select lockin.remove_member(${group}, ${by}, ${who})`.execute(tx)
  const isThere = async (id: string, who: string) =>
    (
      await sql`select from lockin.session_participants
        where session_id = ${id} and user_id = ${who} and left_at is null`.execute(db)
    ).rows.length

  const first = await start()
  await race(join(first.id, first.linus), takeOut(first.group, first.ada, first.linus))
  expect(await isThere(first.id, first.linus)).toBe(0)

  const second = await start()
  expect(await race(takeOut(second.group, second.ada, second.linus), join(second.id, second.linus))).toBe(
    'not-found',
  )
  expect(await isThere(second.id, second.linus)).toBe(0)
})

test('one person who joins twice at once is there once, and who leaves twice at once has one log', async () => {
  const { grace, linus, id } = await start()
  await race(join(id, linus), join(id, linus))
  const { rows } = await sql`
    select from lockin.session_participants where session_id = ${id} and user_id = ${linus}`.execute(db)
  expect(rows).toHaveLength(1)

  const leave = (tx: Sql) => leaveSession(tx as Tx, id, grace)
  await race(leave, leave)
  expect(await minutesOf(grace)).toEqual([60])
})

test('a stop that began before what it waited for does not end the session before it', async () => {
  const { ada, id } = await start()
  let late: Promise<unknown> = Promise.resolve()
  await world.database.transaction(async (early) => {
    // The time of a transaction is that of its first statement: from here on this one is in the past.
    await sql`select now()`.execute(early)
    await sql`select pg_sleep(0.02)`.execute(early)
    late = alone(async (tx) => {
      const { rows } = await sql<{ now: Date }>`select now()::timestamptz(3) as now`.execute(tx)
      await log(id, ada, ago(5), rows[0]?.now ?? new Date())(tx)
    })()
    await late
    await move(id, ada, 'stop')(early)
  })
  const { rows } = await sql<{ inside: boolean }>`
    select max(l.ended_at) = s.ended_at as inside
    from lockin.sessions s
    join lockin.session_participants p on p.session_id = s.id
    join lockin.time_logs l on l.participant_id = p.id
    where s.id = ${id} group by s.id`.execute(db)
  expect(rows).toEqual([{ inside: true }])
})

test('in a crowd of moves nobody is answered with a fault, and nobody has a minute twice', async () => {
  const everybody = await people(db, 'ada', 'grace', 'linus')
  const users = Object.values(everybody)
  const group = await groupOf(db, ...users)
  const sessions = await Promise.all(users.map((user) => running(user, group)))
  await Promise.all(
    sessions.flatMap((id) => users.map((user) => inTransaction(world.database, join(id, user)))),
  )
  await passTime(db, group, 60 * MINUTE)

  const answers = new Set<unknown>()
  for (let round = 0; round < 4; round += 1) {
    const calls = sessions.flatMap((id, nth) => {
      const host = users[nth] ?? ''
      const guest = users[(nth + 1) % users.length] ?? ''
      return [
        move(id, host, round % 2 === 0 ? 'pause' : 'resume'),
        log(id, guest, ago(50 - 10 * round), ago(45 - 10 * round)),
        (tx: Sql) => leaveSession(tx as Tx, id, guest),
        join(id, guest),
      ]
    })
    for (const answer of await Promise.all(calls.map((call) => codeOf(alone(call)()))))
      answers.add(typeof answer === 'string' ? answer : 'done')
    await passTime(db, group, MINUTE)
  }

  expect(
    [...answers].filter((each) => !['done', 'wrong-move', 'overlaps-log'].includes(String(each))),
  ).toEqual([])
  for (const user of users)
    expect((await minutesOf(user)).reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(64)
})
