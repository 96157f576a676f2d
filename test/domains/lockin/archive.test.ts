import { sql, type RawBuilder } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { activateGroups, archiveGroups } from '../../../src/domains/lockin/archive.ts'
import type { Tx } from '../../../src/shared/database.ts'
import { startLockin, type GroupFields, type Lockin } from '../../ingress/http/lockin/people.ts'

let lockin: Lockin
const ALL = { groups: 1000, people: 1000 }

beforeAll(async () => {
  lockin = await startLockin()
})
afterAll(() => lockin[Symbol.asyncDispose]())
// What one test left is not the next one's.
beforeEach(() => run(sql`truncate lockin.groups cascade`))

const run = async <Row>(query: RawBuilder<Row>) => (await query.execute(lockin.sql)).rows
const transaction = <T>(work: (tx: Tx) => Promise<T>) => lockin.web.world.database.transaction(work)
const archive = (size = ALL) => transaction((tx) => archiveGroups(tx, size))
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000)
const days = 24 * 60

/** A group of Ada's that began ten days ago and ended so many minutes ago. */
const ended = (minutes: number, fields: GroupFields = {}) =>
  lockin.group('ada', { start_at: minutesAgo(10 * days), end_at: minutesAgo(minutes), ...fields })
const statusOf = async (group: string) =>
  (await run(sql<{ status: string }>`select status from lockin.groups where id = ${group}`))[0]?.status
const toldOf = (group: string) =>
  run(sql<{ name: string; kind: string; title: string }>`
    select p.display_name as name, n.kind, n.title
    from lockin.notifications n join lockin.profiles p on p.id = n.recipient_id
    where n.group_id = ${group} and n.kind <> 'group_invite' order by n.kind, p.display_name`)

/** A session of a group with participants whose time runs since then, as rows. */
async function running(group: string | null, since: Date, people: string[]): Promise<string> {
  const host = await lockin.id(people[0] ?? 'ada')
  const [session] = await run(sql<{ id: string }>`
    insert into lockin.sessions (group_id, creator_id, status, started_at)
    values (${group}, ${host}, 'running', ${since}) returning id`)
  const id = session?.id ?? ''
  for (const person of people)
    await run(sql`
      insert into lockin.session_participants (session_id, user_id, role, joined_at, running_since)
      values (${id}, ${await lockin.id(person)}, ${person === people[0] ? 'host' : 'participant'}, ${since}, ${since})`)
  return id
}

/** Holds a transaction open after its work until it is let go. */
async function holding(work: (tx: Tx) => Promise<unknown>) {
  const begun = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const over = transaction(async (tx) => {
    await work(tx)
    begun.resolve()
    await end.promise
  })
  await Promise.race([begun.promise, over])
  return {
    letGo: async () => {
      end.resolve()
      await over
    },
  }
}

/** Somebody waits for a lock that somebody else holds. */
const somebodyWaits = async () =>
  (
    await run(sql`
      select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)
  ).length > 0

test('what has ended is archived and every member told once; what goes on is left alone', async () => {
  const over = await ended(1, { name: 'Algebra', members: ['grace', 'linus'] })
  const open = await lockin.group('ada', { members: ['grace'] })

  expect(await archive()).toBe(1)
  expect(await archive()).toBe(0)

  const [row] = await run(sql`
    select status, archived_at is not null as at, updated_at > created_at as touched from lockin.groups where id = ${over}`)
  expect(row).toEqual({ status: 'archived', at: true, touched: true })
  expect(await toldOf(over)).toEqual(
    ['Ada', 'Grace', 'Linus'].map((name) => ({ name, kind: 'generic', title: 'Algebra has ended' })),
  )
  expect(await statusOf(open)).toBe('active')
  expect(await toldOf(open)).toEqual([])
})

test('the function of the schema archives all there are, and says how many', async () => {
  for (const minutes of [1, 2, 3]) await ended(minutes)
  const [first] = await run(sql`select lockin.archive_expired_groups() as count`)
  const [second] = await run(sql`select lockin.archive_expired_groups() as count`)
  expect([first, second]).toEqual([{ count: 3 }, { count: 0 }])
})

test('a batch has those that ended first, and no more people than it may have', async () => {
  const [young, old, older] = [await ended(1), await ended(2), await ended(3)]
  expect(await archive({ groups: 2, people: 1000 })).toBe(2)
  expect(await Promise.all([young, old, older].map(statusOf))).toEqual(['active', 'archived', 'archived'])

  const crowd = await ended(9, { members: ['grace', 'linus', 'edsger'] })
  const pair = await ended(8, { members: ['grace'] })
  // More than may be in one batch, but it must come at some time.
  expect(await archive({ groups: 10, people: 3 })).toBe(1)
  expect(await Promise.all([crowd, pair, young].map(statusOf))).toEqual(['archived', 'active', 'active'])
  expect(await archive({ groups: 10, people: 2 })).toBe(1)
  expect(await statusOf(pair)).toBe('archived')
})

test('whose time runs counts for more, and what runs in a first group is no reason to leave it', async () => {
  const [first, second] = [await ended(3), await ended(2)]
  for (const group of [first, second]) await running(group, minutesAgo(60), ['ada'])

  expect(await archive({ groups: 10, people: 20 })).toBe(1)
  expect(await Promise.all([first, second].map(statusOf))).toEqual(['archived', 'active'])
  expect(await archive({ groups: 10, people: 1 })).toBe(1)
})

test('a group without members is archived, and so is one whose zone is known no more', async () => {
  const empty = await ended(1)
  await run(sql`delete from lockin.group_members where group_id = ${empty}`)
  const lost = await ended(2, { members: ['grace'] })
  await running(lost, minutesAgo(60), ['grace'])
  await run(sql`insert into lockin.zones (name) values ('Atlantis/Capital')`)
  await transaction(async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx)
    await sql`update lockin.groups set timezone = 'Atlantis/Capital' where id = ${lost}`.execute(tx)
  })
  const other = await ended(3)

  expect(await archive()).toBe(3)

  expect(await Promise.all([empty, lost, other].map(statusOf))).toEqual(Array(3).fill('archived'))
  expect(await toldOf(empty)).toEqual([])
  expect(await toldOf(lost)).toHaveLength(2)
})

test('what runs ends with the group: time counts up to its end and not after', async () => {
  const group = await ended(30, { members: ['grace'], period_target_minutes: 10_000 })
  const session = await running(group, minutesAgo(90), ['ada', 'grace'])
  // Grace has logged part of it by herself, and Linus's session belongs to no group.
  const [grace] = await run(sql<{ id: string }>`
    select id from lockin.session_participants where session_id = ${session} and user_id = ${await lockin.id('grace')}`)
  await run(sql`
    insert into lockin.time_logs (participant_id, started_at, ended_at)
    values (${grace?.id}, ${minutesAgo(80)}, ${minutesAgo(70)})`)
  const own = await running(null, minutesAgo(90), ['linus'])

  await archive()

  const [after] = await run(sql`
    select s.status, s.ended_at = g.end_at as with_group
    from lockin.sessions s join lockin.groups g on g.id = s.group_id where s.id = ${session}`)
  expect(after).toEqual({ status: 'ended', with_group: true })
  const done = await run(sql`
    select p.display_name as name, sum(round(extract(epoch from l.ended_at - l.started_at) / 60))::integer as minutes,
      max(l.ended_at) = g.end_at as until_the_end
    from lockin.time_logs l join lockin.profiles p on p.id = l.user_id join lockin.groups g on g.id = l.group_id
    where g.id = ${group} group by 1, g.end_at order by 1`)
  expect(done).toEqual([
    { name: 'Ada', minutes: 60, until_the_end: true },
    { name: 'Grace', minutes: 60, until_the_end: true },
  ])
  expect(
    await run(
      sql`select 1 from lockin.session_participants where session_id = ${session} and running_since is not null`,
    ),
  ).toEqual([])
  expect(await run(sql`select status from lockin.sessions where id = ${own}`)).toEqual([
    { status: 'running' },
  ])
})

test('a session that began after the end counts nothing; one that waits is ended, one that was planned is cancelled', async () => {
  const group = await ended(30)
  const late = await running(group, minutesAgo(10), ['ada'])
  const paused = await running(group, minutesAgo(50), ['ada'])
  await run(sql`update lockin.session_participants set running_since = null where session_id = ${paused}`)
  await run(sql`update lockin.sessions set status = 'paused' where id = ${paused}`)
  const [planned] = await run(sql<{ id: string }>`
    insert into lockin.sessions (group_id, creator_id) values (${group}, ${await lockin.id('ada')}) returning id`)

  await archive()

  const state = async (id: string | undefined) =>
    (await run(sql`select status, ended_at = started_at as empty from lockin.sessions where id = ${id}`))[0]
  expect(await state(late)).toEqual({ status: 'ended', empty: true })
  expect(await state(paused)).toEqual({ status: 'ended', empty: false })
  expect(await state(planned?.id)).toEqual({ status: 'cancelled', empty: null })
  expect(await run(sql`select 1 from lockin.time_logs where group_id = ${group}`)).toEqual([])
})

test('a target that is reached by what ran until the end is told before the group is closed', async () => {
  const group = await ended(30, { members: ['grace'], period_target_minutes: 5, period: 'weekly' })
  await running(group, minutesAgo(90), ['grace'])

  await archive()

  // An hour around a Monday's midnight may do for two weeks.
  const told = new Set((await toldOf(group)).map(({ kind, name }) => `${kind} to ${name}`))
  expect([...told]).toEqual([
    'milestone_member to Ada',
    'milestone_member to Grace',
    'generic to Ada',
    'generic to Grace',
  ])
})

test('open invites are withdrawn, answered ones stay what they are', async () => {
  const group = await ended(1)
  for (const [person, status] of [
    ['grace', 'pending'],
    ['linus', 'declined'],
  ] as const)
    await run(sql`
      insert into lockin.notifications (recipient_id, kind, status, title, group_id)
      values (${await lockin.id(person)}, 'group_invite', ${status}, 'Come', ${group})`)

  await archive()

  expect(
    await run(sql`
      select p.display_name as name, n.status from lockin.notifications n join lockin.profiles p on p.id = n.recipient_id
      where n.group_id = ${group} and n.kind = 'group_invite' order by 1`),
  ).toEqual([
    { name: 'Grace', status: 'withdrawn' },
    { name: 'Linus', status: 'declined' },
  ])
})

test('a group that somebody holds is left for the next time, and nobody is waited for', async () => {
  const [held, free] = [await ended(2), await ended(1)]
  const holder = await holding((tx) => sql`select lockin.hold_open_group(${held})`.execute(tx))

  expect(await archive()).toBe(1)
  expect(await Promise.all([held, free].map(statusOf))).toEqual(['active', 'archived'])

  await holder.letGo()
  expect(await archive()).toBe(1)
  expect(await toldOf(held)).toHaveLength(1)
})

test('two at once share the groups: each is archived once, each member told once', async () => {
  const groups: string[] = []
  for (let minutes = 1; minutes <= 6; minutes += 1) groups.push(await ended(minutes, { members: ['grace'] }))
  let first = 0
  const replica = await holding(async (tx) => {
    first = await archiveGroups(tx, { groups: 3, people: 1000 })
  })

  const second = await archive()
  await replica.letGo()

  expect([first, second, await archive()]).toEqual([3, 3, 0])
  for (const group of groups) expect(await toldOf(group)).toHaveLength(2)
})

test('an end that was put off while archiving looked on is respected', async () => {
  const group = await ended(1)
  const owner = await holding((tx) =>
    sql`update lockin.groups set end_at = now() + interval '1 day' where id = ${group}`.execute(tx),
  )
  expect(await archive()).toBe(0)
  await owner.letGo()
  expect(await archive()).toBe(0)
  expect(await statusOf(group)).toBe('active')
})

test('pending groups that have begun become active, up to so many; those that have also ended are archived', async () => {
  const begun = [
    await lockin.group('ada', { status: 'pending', start_at: minutesAgo(2) }),
    await lockin.group('ada', { status: 'pending', start_at: minutesAgo(1) }),
  ]
  const later = await lockin.group('ada', { status: 'pending', start_at: minutesAgo(-60) })
  const missed = await ended(1, { status: 'pending' })
  const activate = (atMost: number) => transaction((tx) => activateGroups(tx, atMost))

  expect(await archive()).toBe(1)
  expect(await statusOf(missed)).toBe('archived')
  expect([await activate(1), await activate(1), await activate(1)]).toEqual([1, 1, 0])
  expect(await Promise.all([...begun, later].map(statusOf))).toEqual(['active', 'active', 'pending'])
})

/** What may come to a group while it is archived; each says whether it came about. */
const writes = {
  'a log': {
    write: async (group: string) => {
      const session = await running(group, minutesAgo(600), ['ada'])
      await run(
        sql`update lockin.session_participants set running_since = null where session_id = ${session}`,
      )
      return sql`
        insert into lockin.time_logs (participant_id, started_at, ended_at)
        select id, ${minutesAgo(500)}, ${minutesAgo(490)} from lockin.session_participants where session_id = ${session}`
    },
    there: (group: string) => sql`select 1 from lockin.time_logs where group_id = ${group}`,
  },
  'a member': {
    write: async (group: string) =>
      sql`insert into lockin.group_members (group_id, user_id) values (${group}, ${await lockin.id('grace')})`,
    there: (group: string) =>
      sql`select 1 from lockin.group_members where group_id = ${group} and role = 'member'`,
  },
  'the answer to an invite': {
    write: async (group: string) => {
      const [invite] = await run(sql<{ id: string }>`
        insert into lockin.notifications (recipient_id, kind, title, group_id)
        values (${await lockin.id('grace')}, 'group_invite', 'Come', ${group}) returning id`)
      return sql`select lockin.answer_invite(${invite?.id}, ${await lockin.id('grace')}, 'accepted')`
    },
    there: (group: string) =>
      sql`select 1 from lockin.group_members where group_id = ${group} and role = 'member'`,
  },
}

for (const [name, { write, there }] of Object.entries(writes)) {
  test(`${name} that was first stays, and the group is archived after it`, async () => {
    const group = await ended(5)
    const change = await write(group)
    const writer = await holding((tx) => change.execute(tx))

    expect(await archive()).toBe(0)
    await writer.letGo()

    expect(await archive()).toBe(1)
    expect(await run(there(group))).toHaveLength(1)
    const people = (await run(sql`select 1 from lockin.group_members where group_id = ${group}`)).length
    expect(await toldOf(group)).toHaveLength(people)
  })

  test(`${name} that comes second waits, and finds the group archived`, async () => {
    const group = await ended(5)
    const change = await write(group)
    const archiver = await holding((tx) => archiveGroups(tx, ALL))

    const second = change.execute(lockin.sql).then(
      () => 'written',
      (error: { code?: string; constraint?: string }) => `${error.code} ${error.constraint}`,
    )
    await expect.poll(somebodyWaits).toBe(true)
    await archiver.letGo()

    expect(await second).toBe('LK409 group-archived')
    expect(await run(there(group))).toEqual([])
    expect(await statusOf(group)).toBe('archived')
  })
}
