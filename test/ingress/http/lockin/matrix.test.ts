import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withKey } from '../web.ts'
import { callers, tables, type Caller, type Row, type Scene } from './matrix.ts'
import { startLockin, type Call, type Lockin } from './people.ts'

let lockin: Lockin
beforeAll(async () => {
  lockin = await startLockin({ env: { RATE_LIMIT_PER_MINUTE: '100000' } })
})
afterAll(() => lockin[Symbol.asyncDispose]())

/** Who is who; a server key and nobody are no person. */
const person: Record<Caller, string> = {
  owner: 'ada',
  admin: 'grace',
  member: 'linus',
  stranger: 'alan',
  'server key': 'alan',
  nobody: 'alan',
}

describe.for(Object.entries(tables))('%s', ([, rows]) => {
  const cells = rows.flatMap((row) =>
    callers.map((caller, n) => [nameOf(row), caller, row.answers[n] as number, row] as const),
  )
  test.for(cells)('%s: the %s is answered %i', async ([, caller, status, row]) => {
    const { group, call } = await prepared(row, caller)
    const before = await everythingOf(group)

    const answer = await callAs(caller, call)

    expect([answer.statusCode, answer.body]).toEqual([status, expect.any(String)])
    // Who is refused has changed nothing.
    if (status >= 400) expect(await everythingOf(group)).toEqual(before)
  })
})

test('every route about groups, members, invites, sessions, logs and progress is in the tables', () => {
  const { paths = {} } = lockin.web.app.swagger() as { paths?: Record<string, object> }
  const routes = Object.entries(paths).flatMap(([url, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${url.replace('/lockin', '')}`),
  )
  const about = routes.filter((route) => / \/api\/(groups|invites|sessions)/.test(route))
  const listed = new Set(Object.values(tables).flatMap((rows) => rows.map((row) => row.route)))

  expect(about.length).toBeGreaterThan(20)
  expect(about.filter((route) => !listed.has(route))).toEqual([])
  expect([...listed].filter((route) => !routes.includes(route))).toEqual([])
})

test('the document says the same', async () => {
  const file = path.join(import.meta.dirname, '../../../../docs/lockin-permissions.md')
  const written = (await readFile(file, 'utf8')).split('\n').filter((line) => /^(\||## )/.test(line))

  const cells = (...each: readonly (string | number)[]) => `| ${each.join(' | ')} |`.replaceAll('  ', ' ')
  const tabled = Object.entries(tables).flatMap(([heading, rows]) =>
    [`## ${heading}`, cells('', '', ...callers), `|${'---|'.repeat(callers.length + 2)}`].concat(
      rows.map(({ route, on = '', answers }) => cells(`\`${route}\``, on, ...answers)),
    ),
  )
  expect(written).toEqual(tabled)
})

interface Prepared {
  group: string
  call: Call
}

/** What strangers are refused is left as it was: those who are no person find it so too. */
const left = new Map<Row, Prepared>()

/** A group for one cell, and the call to be made. */
async function prepared(row: Row, caller: Caller): Promise<Prepared> {
  const known = left.get(row)
  if (known && (caller === 'server key' || caller === 'nobody')) return known
  const group = await lockin.group('ada', { admins: ['grace', 'hedy'], members: ['linus', 'marie'] })
  const call = await row.call(await sceneFor(caller, group))
  if (row.archived)
    await lockin.sql
      .updateTable('lockin.groups')
      .set({ status: 'archived', archived_at: new Date() })
      .where('id', '=', group)
      .execute()
  if (caller === 'stranger') left.set(row, { group, call })
  return { group, call }
}

const nameOf = ({ route, on }: Row): string => (on === undefined ? route : `${route} (${on})`)

async function callAs(caller: Caller, call: Call) {
  if (caller !== 'server key' && caller !== 'nobody') return lockin.as(person[caller], call)
  return lockin.web.app.inject({
    ...call,
    url: `/lockin${call.url}`,
    headers: caller === 'nobody' ? {} : withKey('lockin'),
  })
}

async function sceneFor(caller: Caller, group: string): Promise<Scene> {
  const { id } = lockin
  const self = await id(person[caller])
  const marie = await id('marie')
  const longAgo = new Date('2026-01-01T09:00:00Z')

  const made = async (groupId: string | null, host: string, status: 'scheduled' | 'running' | 'paused') => {
    const { id: session } = await lockin.sql
      .insertInto('lockin.sessions')
      .values({
        group_id: groupId,
        creator_id: host,
        status,
        started_at: status === 'scheduled' ? null : longAgo,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    await participant(session, host, 'host')
    return session
  }
  const participant = async (session: string, user: string, role: 'host' | 'participant') => {
    const { id: made } = await lockin.sql
      .insertInto('lockin.session_participants')
      .values({ session_id: session, user_id: user, role })
      .onConflict((conflict) => conflict.columns(['session_id', 'user_id']).doUpdateSet({ left_at: null }))
      .returning('id')
      .executeTakeFirstOrThrow()
    return made
  }
  const told = async (recipient: string, kind: 'group_invite' | 'generic') => {
    const { id: notification } = await lockin.sql
      .insertInto('lockin.notifications')
      .values({
        recipient_id: recipient,
        kind,
        title: 'Study group',
        group_id: group,
        sender_id: await id('ada'),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    return notification
  }

  return {
    group,
    self,
    others: {
      owner: await id('ada'),
      admin: await id('hedy'),
      member: marie,
      outsider: await id('katherine'),
    },
    session: (host, status) => made(group, host === 'self' ? self : marie, status),
    ownSession: () => made(null, marie, 'running'),
    joined: async (session) => void (await participant(session, self, 'participant')),
    log: async (session, whose) => {
      const user = whose === 'self' ? self : marie
      const participant_id = await participant(session, user, 'participant')
      // Of the scene before, at the same time.
      await lockin.sql.deleteFrom('lockin.time_logs').where('user_id', '=', user).execute()
      const { id: log } = await lockin.sql
        .insertInto('lockin.time_logs')
        .values({
          participant_id,
          user_id: user,
          group_id: group,
          started_at: new Date('2026-01-01T10:00:00Z'),
          ended_at: new Date('2026-01-01T11:00:00Z'),
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      return log
    },
    invite: (recipient) => told(recipient, 'group_invite'),
    notification: (recipient) => told(recipient, 'generic'),
  }
}

/** All that the group's tables hold of it. */
async function everythingOf(group: string): Promise<unknown> {
  const { rows } = await sql`
    select
      (select to_jsonb(g) from lockin.groups g where g.id = ${group}) as "group",
      (select jsonb_agg(m order by m.id) from lockin.group_members m where m.group_id = ${group}) as members,
      (select jsonb_agg(s order by s.id) from lockin.sessions s where s.group_id = ${group}) as sessions,
      (
        select jsonb_agg(p order by p.id)
        from lockin.session_participants p join lockin.sessions s on s.id = p.session_id where s.group_id = ${group}
      ) as participants,
      (select jsonb_agg(l order by l.id) from lockin.time_logs l where l.group_id = ${group}) as logs,
      (select jsonb_agg(n order by n.id) from lockin.notifications n where n.group_id = ${group}) as notifications`.execute(
    lockin.sql,
  )
  return rows
}
