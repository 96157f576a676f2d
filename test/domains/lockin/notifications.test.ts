import { randomUUID } from 'node:crypto'
import { Kysely, PostgresDialect, sql, type CompiledQuery } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inboxNow, newsOf } from '../../../src/domains/lockin/news.ts'
import {
  countUnread,
  listNotifications,
  readNotification,
  readSome,
  timeOf,
  type Notification,
} from '../../../src/domains/lockin/notifications.ts'
import type { Sql } from '../../../src/shared/database.ts'
import type { DB } from '../../../src/shared/schema.ts'
import { createWorld, type World } from '../../support/world.ts'

let world: World
let db: Sql

beforeAll(async () => {
  world = await createWorld()
  db = world.database.sql
})
afterAll(() => world[Symbol.asyncDispose]())

async function startInbox(): Promise<string> {
  const id = randomUUID()
  await sql`insert into lockin.profiles (id, display_name) values (${id}, 'Ada')`.execute(db)
  return id
}

/** Puts so many into an inbox, all of one instant. */
async function put(
  on: Sql,
  recipientId: string,
  count: number,
  at: Date | string = 'now',
): Promise<string[]> {
  const { rows } = await sql<{
    id: string
  }>`insert into lockin.notifications (recipient_id, kind, title, created_at)
    select ${recipientId}, 'generic', 'Note ' || n, ${at} from generate_series(1, ${count}::int) n
    returning id`.execute(on)
  return rows.map(({ id }) => id)
}

const page = (recipientId: string, last?: Notification, unread = false) =>
  listNotifications(db, recipientId, {
    unread,
    after: last && { createdAt: new Date(last.created_at), id: last.id },
    limit: 7,
  })

test('pages skip and repeat nothing while others write, whenever what they wrote commits', async () => {
  const ada = await startInbox()
  const old = new Date('2026-03-01T10:00:00Z')
  const there = [
    ...(await put(db, ada, 20, old)),
    ...(await put(db, ada, 3, new Date('2026-03-01T10:00:00.001Z'))),
    ...(await put(db, ada, 20, new Date('2026-03-01T09:00:00Z'))),
  ]
  const other = new pg.Client({ connectionString: world.databaseUrl })
  await other.connect()
  const insert = (at: Date | string) =>
    other.query(
      `insert into lockin.notifications (recipient_id, kind, title, created_at) values ($1, 'generic', 'New', $2)`,
      [ada, at],
    )

  const seen: Notification[] = []
  for (let turn = 0; ; turn += 1) {
    if (turn === 1) await other.query('begin')
    // Some among those that have the same time as the cursor, some newer, and some that show later than they say.
    await insert(turn % 2 === 0 ? old : 'now')
    if (turn === 3) await other.query('commit')
    const found = await page(ada, seen.at(-1))
    seen.push(...found)
    if (found.length === 0) break
  }
  await other.end()

  const ids = seen.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(there.filter((id) => !ids.includes(id))).toEqual([])
  const order = seen.map(({ created_at: at, id }) => `${at} ${id}`)
  expect(order).toEqual(order.toSorted().toReversed())
})

test('a page of what is unread goes on where it ended, also when what it showed is read meanwhile', async () => {
  const ada = await startInbox()
  const ids = await put(db, ada, 20)
  const seen: string[] = []
  let last: Notification | undefined
  do {
    const found = await page(ada, last, true)
    last = found.at(-1)
    seen.push(...found.map(({ id }) => id))
    for (const { id } of found) await world.database.transaction((tx) => readNotification(tx, id, ada))
  } while (last)
  expect(seen).toEqual(ids.toSorted().toReversed())
  expect(await countUnread(db, ada)).toBe(0)
})

test('many are marked batch by batch, and what came later is left', async () => {
  const ada = await startInbox()
  await put(db, ada, 25)
  const cameUntil = await timeOf(db)
  const [late] = await put(db, ada, 1, new Date(cameUntil.getTime() + 1))
  const marks: number[] = []
  do marks.push(await world.database.transaction((tx) => readSome(tx, ada, { cameUntil, atMost: 10 })))
  while (marks.at(-1) !== 0)
  expect(marks).toEqual([10, 10, 5, 0])
  expect((await page(ada, undefined, true)).map(({ id }) => id)).toEqual([late])
})

test('what is written while an older transaction is under way is found once that one has ended, and before', async () => {
  const ada = await startInbox()
  const { position } = await inboxNow(db, ada)
  const slow = new pg.Client({ connectionString: world.databaseUrl })
  await slow.connect()
  await slow.query('begin')
  await slow.query(
    `insert into lockin.notifications (recipient_id, kind, title, created_at)
    values ($1, 'generic', 'Late', '2020-01-01Z')`,
    [ada],
  )
  const [quick] = await put(db, ada, 1)

  const [before] = await newsOf(db, [{ recipientId: ada, since: position }])
  await slow.query('commit')
  await slow.end()
  const [after] = await newsOf(db, [{ recipientId: ada, since: before?.position ?? 0n }])

  expect(before?.written.map(({ notification }) => notification.id)).toEqual([quick])
  // Told before as well, if anything on this server that began earlier is still under way.
  expect(after?.written.map(({ notification }) => notification.title)).toContain('Late')
})

test('a mark is news, and marking again is not', async () => {
  const ada = await startInbox()
  const [id = ''] = await put(db, ada, 1)
  const { position } = await inboxNow(db, ada)
  const read = () => world.database.transaction((tx) => readNotification(tx, id, ada))
  const first = await read()
  const [marked] = await newsOf(db, [{ recipientId: ada, since: position }])
  expect(marked).toMatchObject({ written: [{ notification: first }], unread: 0, tooMuch: false })
  expect(await read()).toEqual(first)
  const [again] = await newsOf(db, [{ recipientId: ada, since: position }])
  expect(again?.written).toEqual(marked?.written)
})

test('rows that were restored from another server are not news for ever', async () => {
  const ada = await startInbox()
  const { position } = await inboxNow(db, ada)
  await sql`insert into lockin.notifications (recipient_id, kind, title, written_by)
    values (${ada}, 'generic', 'Restored', '999999999999')`.execute(db)
  expect(await newsOf(db, [{ recipientId: ada, since: position }])).toEqual([undefined])
})

test('among 200,000 notifications each question is one index range, with nothing sorted', async () => {
  const ada = await startInbox()
  await world.database.transaction(async (tx) => {
    // Whose they are is not asked for each of so many.
    await sql`set local session_replication_role = replica`.execute(tx)
    await sql`with people as (
        insert into lockin.profiles (display_name) select 'Reader' from generate_series(1, 399) returning id
      )
      insert into lockin.notifications (recipient_id, kind, title, created_at, read_at)
      select id, 'generic', 'Note', now() - make_interval(secs => n * 60), case when n > 50 then now() end
      from (select id from people union all select ${ada}) everybody, generate_series(1, 500) n`.execute(tx)
  })
  await sql`vacuum analyze lockin.notifications`.execute(db)
  const { position } = await inboxNow(db, ada)
  const last = (await page(ada)).at(-1)

  expect(
    await planned((on) => listNotifications(on, ada, { unread: false, after: undefined, limit: 20 })),
  ).toEqual(['Index Scan notifications_inbox (recipient_id = X)'])
  const after = last && { createdAt: new Date(last.created_at), id: last.id }
  const keyset = '((recipient_id = X) AND (ROW(created_at, id) < ROW(X, X)))'
  expect(await planned((on) => listNotifications(on, ada, { unread: false, after, limit: 20 }))).toEqual([
    `Index Scan notifications_inbox ${keyset}`,
  ])
  expect(await planned((on) => listNotifications(on, ada, { unread: true, after, limit: 20 }))).toEqual([
    `Index Scan notifications_unread ${keyset}`,
  ])
  expect(await planned((on) => countUnread(on, ada))).toEqual([
    'Index Only Scan notifications_unread (recipient_id = X)',
  ])
  const listeners = Array.from({ length: 100 }, () => ({ recipientId: ada, since: position }))
  const looked = await planned((on) => newsOf(on, listeners))
  expect(looked.filter((scan) => scan.includes('notifications'))).toEqual([
    expect.stringMatching(
      /notifications_news \(\(recipient_id = asked.recipient_id\) AND \(written_by >= asked.since\) AND [^"]*$/,
    ),
    'Index Only Scan notifications_unread (recipient_id = asked.recipient_id)',
  ])
  expect(looked.filter((scan) => scan.includes('filter'))).toEqual([])
})

interface Plan {
  'Node Type': string
  'Index Name'?: string
  'Index Cond'?: string
  Filter?: string
  Plans?: Plan[]
}

/** The scans of the plan of a statement, and whatever sorts or filters rows in it. */
async function planned(ask: (on: Sql) => Promise<unknown>): Promise<string[]> {
  const asked: CompiledQuery[] = []
  const pool = new pg.Pool({ connectionString: world.databaseUrl, max: 1 })
  const on = new Kysely<DB>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => void asked.push(query),
  })
  try {
    await ask(on)
    const [query] = asked
    const { rows } = await pool.query(`explain (format json) ${query?.sql}`, [...(query?.parameters ?? [])])
    return scansOf(rows[0]['QUERY PLAN'][0].Plan)
  } finally {
    await on.destroy()
  }
}

function scansOf(plan: Plan): string[] {
  const { 'Node Type': type, 'Index Name': index, 'Index Cond': condition, Filter: filter, Plans = [] } = plan
  const own = /Scan|Sort/.test(type) && !/Subquery/.test(type)
  const constants = condition?.replaceAll(/'[^']*'::(?:uuid|timestamp with time zone)|\$\d/g, 'X')
  const told = [type, index, constants, filter && `filter ${filter}`].filter((part) => part !== undefined)
  return [...(own ? [told.join(' ')] : []), ...Plans.flatMap(scansOf)]
}
