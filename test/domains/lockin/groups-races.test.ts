import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeGroup, cloneGroup, memberRoles } from '../../../src/domains/lockin/groups.ts'
import { addMember, changeMember, removeMember } from '../../../src/domains/lockin/members.ts'
import { signIn } from '../../../src/domains/lockin/profiles.ts'
import { refusedIn } from '../../../src/domains/lockin/refused.ts'
import type { Tx } from '../../../src/shared/database.ts'
import { createWorld, type World } from '../../support/world.ts'

/** For slow machines. */
const patience = { timeout: 20_000 }

let world: World
let ada: string
let grace: string
let linus: string
let marie: string

beforeAll(async () => {
  world = await createWorld({ env: { DATABASE_POOL: '20' } })
  ;[ada, grace, linus, marie] = (await Promise.all(
    ['ada', 'grace', 'linus', 'marie'].map((subject) =>
      signIn(world.database.sql, { subject, email: undefined, emailVerified: false, claims: {} }),
    ),
  )) as [string, string, string, string]
})
afterAll(() => world[Symbol.asyncDispose]())

/** A group of Ada's with Grace as an admin and Linus as a member. */
async function makeGroup(): Promise<string> {
  const { id } = await world.database.sql
    .insertInto('lockin.groups')
    .values({
      owner_id: ada,
      name: 'Study group',
      start_at: new Date(Date.now() - 1000),
      end_at: new Date(Date.now() + 86_400_000),
      timezone: 'UTC',
      period: 'daily',
      period_target_minutes: 60,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await world.database.sql
    .insertInto('lockin.group_members')
    .values([
      { group_id: id, user_id: ada, role: 'owner' },
      { group_id: id, user_id: grace, role: 'admin' },
      { group_id: id, user_id: linus, role: 'member' },
    ])
    .execute()
  return id
}

const archive = (tx: Tx, group: string) =>
  tx
    .updateTable('lockin.groups')
    .set({ status: 'archived', archived_at: new Date() })
    .where('id', '=', group)
    .execute()

/** Who is in it: `[user, role]`, the owner first. */
const rolesIn = async (group: string) =>
  (
    await world.database.sql
      .selectFrom('lockin.group_members')
      .select(['user_id', 'role'])
      .where('group_id', '=', group)
      .orderBy('role')
      .orderBy('created_at')
      .orderBy('id')
      .execute()
  ).map(({ user_id, role }) => [user_id, role])

/** Groups whose row names another owner than the members do, or that have none or two. */
async function disagreeing(): Promise<unknown[]> {
  const { rows } = await sql`
    select g.id from lockin.groups g
    where (
      select array_agg(m.user_id) from lockin.group_members m where m.group_id = g.id and m.role = 'owner'
    ) is distinct from array[g.owner_id]`.execute(world.database.sql)
  return rows
}

/** What became of it: the stable code of a refusal, or `done`. Anything else is a failure of the test. */
async function outcome(work: (tx: Tx) => Promise<unknown>): Promise<string> {
  try {
    await world.database.transaction(work)
    return 'done'
  } catch (error) {
    const refused = refusedIn(error)
    if (!refused) throw error
    return refused.code
  }
}

/** Runs the first up to its commit, then the second until it waits for the first, then lets the first commit. */
async function oneWaitsForTheOther(
  first: (tx: Tx) => Promise<unknown>,
  second: (tx: Tx) => Promise<unknown>,
): Promise<[string, string]> {
  const worked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const one = outcome(async (tx) => {
    await first(tx)
    worked.resolve()
    await release.promise
  })
  await Promise.race([worked.promise, one])
  const other = outcome(second)
  await expect
    .poll(async () => {
      const { rows } = await sql<{ n: number }>`
        select count(*) as n from pg_stat_activity
        where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`.execute(
        world.database.sql,
      )
      return rows[0]?.n
    }, patience)
    .toBe(1)
  release.resolve()
  return Promise.all([one, other])
}

const changes: Record<string, (tx: Tx, group: string) => Promise<unknown>> = {
  'lets somebody in': (tx, group) => addMember(tx, grace, group, marie),
  'hands over': (tx, group) => changeMember(tx, ada, { groupId: group, userId: grace }, { role: 'owner' }),
  'sets a target': (tx, group) =>
    changeMember(tx, ada, { groupId: group, userId: linus }, { override_period_target_minutes: 5 }),
  'takes somebody out': (tx, group) => removeMember(tx, grace, group, linus),
  'renames the group': (tx, group) => changeGroup(tx, ada, group, { name: 'Another name' }),
  'inserts a row': (tx, group) =>
    tx.insertInto('lockin.group_members').values({ group_id: group, user_id: marie }).execute(),
  'updates a row': (tx, group) =>
    tx
      .updateTable('lockin.group_members')
      .set({ override_period_target_minutes: 5 })
      .where('group_id', '=', group)
      .where('user_id', '=', linus)
      .execute(),
  'deletes a row': (tx, group) =>
    tx
      .deleteFrom('lockin.group_members')
      .where('group_id', '=', group)
      .where('user_id', '=', linus)
      .execute(),
}

describe('a group that is archived at the same moment', () => {
  test.for(Object.keys(changes))('before: who then %s is refused, and nothing has changed', async (name) => {
    const group = await makeGroup()
    const before = await rolesIn(group)

    const outcomes = await oneWaitsForTheOther(
      (tx) => archive(tx, group),
      (tx) => changes[name]!(tx, group),
    )

    expect(outcomes).toEqual(['done', 'group-archived'])
    expect(await rolesIn(group)).toEqual(before)
  })

  test.for(Object.keys(changes))('after: who %s first has done it, and archiving waits', async (name) => {
    const group = await makeGroup()

    const outcomes = await oneWaitsForTheOther(
      (tx) => changes[name]!(tx, group),
      (tx) => archive(tx, group),
    )

    expect(outcomes).toEqual(['done', 'done'])
    expect(await disagreeing()).toEqual([])
  })

  test('a member is not moved into it, nor out of it', async () => {
    const [open, closed] = [await makeGroup(), await makeGroup()]
    await world.database.transaction((tx) =>
      tx
        .deleteFrom('lockin.group_members')
        .where('group_id', '=', closed)
        .where('user_id', '=', linus)
        .execute(),
    )
    await world.database.transaction((tx) => archive(tx, closed))
    const move = (from: string, to: string, user: string) =>
      outcome((tx) =>
        tx
          .updateTable('lockin.group_members')
          .set({ group_id: to })
          .where('group_id', '=', from)
          .where('user_id', '=', user)
          .execute(),
      )

    expect(await move(open, closed, linus)).toBe('group-archived')
    expect(await move(closed, open, grace)).toBe('group-archived')
  })

  test('it goes with its members when it is deleted, and a person who is deleted goes from it', async () => {
    const [group, other] = [await makeGroup(), await makeGroup()]
    const visitor = await signIn(world.database.sql, {
      subject: randomUUID(),
      email: undefined,
      emailVerified: false,
      claims: {},
    })
    await world.database.transaction((tx) => addMember(tx, ada, group, visitor))
    await world.database.transaction(async (tx) => [await archive(tx, group), await archive(tx, other)])

    await world.database.sql.deleteFrom('lockin.profiles').where('id', '=', visitor).execute()
    expect((await rolesIn(group)).map(([user]) => user)).not.toContain(visitor)
    await world.database.sql.deleteFrom('lockin.groups').where('id', '=', group).execute()

    expect(await rolesIn(group)).toEqual([])
    expect(await rolesIn(other)).toHaveLength(3)
  })
})

describe('one owner, and everybody agrees who', () => {
  test('of two hand-overs at once one happens', async () => {
    const group = await makeGroup()

    const outcomes = await oneWaitsForTheOther(
      (tx) => changeMember(tx, ada, { groupId: group, userId: grace }, { role: 'owner' }),
      (tx) => changeMember(tx, ada, { groupId: group, userId: linus }, { role: 'owner' }),
    )

    expect(outcomes).toEqual(['done', 'forbidden'])
    expect(await rolesIn(group)).toEqual([
      [grace, 'owner'],
      [ada, 'admin'],
      [linus, 'member'],
    ])
    expect(await disagreeing()).toEqual([])
  })

  test('who is made owner is not taken out in the same moment, and who is taken out is not made owner', async () => {
    const promote = (group: string) => (tx: Tx) =>
      changeMember(tx, ada, { groupId: group, userId: linus }, { role: 'owner' })
    const take = (group: string) => (tx: Tx) => removeMember(tx, grace, group, linus)
    const [one, two] = [await makeGroup(), await makeGroup()]

    expect(await oneWaitsForTheOther(promote(one), take(one))).toEqual(['done', 'forbidden'])
    expect(await oneWaitsForTheOther(take(two), promote(two))).toEqual(['done', 'not-found'])

    expect(await disagreeing()).toEqual([])
  })

  test('an owner who has just been made one does not leave with what was a member’s right', async () => {
    const group = await makeGroup()

    const outcomes = await oneWaitsForTheOther(
      (tx) => changeMember(tx, ada, { groupId: group, userId: linus }, { role: 'owner' }),
      (tx) => removeMember(tx, linus, group, linus),
    )

    expect(outcomes).toEqual(['done', 'hand-over-first'])
    expect(await disagreeing()).toEqual([])
  })

  test('an admin who was taken out while waiting lets nobody in any more', async () => {
    const group = await makeGroup()

    const outcomes = await oneWaitsForTheOther(
      (tx) => removeMember(tx, ada, group, grace),
      (tx) => addMember(tx, grace, group, marie),
    )

    expect(outcomes).toEqual(['done', 'not-found'])
  })

  test('a member who was taken out while waiting clones nothing', async () => {
    const group = await makeGroup()

    const outcomes = await oneWaitsForTheOther(
      (tx) => removeMember(tx, ada, group, linus),
      (tx) => sql`select lockin.clone_group(${group}, ${linus})`.execute(tx),
    )

    expect(outcomes).toEqual(['done', 'not-found'])
    expect(await disagreeing()).toEqual([])
  })

  test('a clone that waits for a hand-over copies what came of it', async () => {
    const group = await makeGroup()
    let clone = ''

    await oneWaitsForTheOther(
      (tx) => changeMember(tx, ada, { groupId: group, userId: grace }, { role: 'owner' }),
      async (tx) => {
        clone = (await cloneGroup(tx, linus, group)).id
      },
    )

    expect(await rolesIn(clone)).toEqual([
      [linus, 'owner'],
      [ada, 'admin'],
      [grace, 'member'],
    ])
  })

  test('whatever many do at once, in any order', async () => {
    const group = await makeGroup()
    const people = [ada, grace, linus, marie]
    const any = <T>(list: T[], n: number): T => list[n % list.length] as T
    // Every kind of change by everybody on everybody, twelve at a time.
    const works = people.flatMap((by, n) =>
      people.flatMap((on, k) => [
        (tx: Tx) =>
          changeMember(tx, by, { groupId: group, userId: on }, { role: any([...memberRoles], n + k) }),
        (tx: Tx) => addMember(tx, by, group, on),
        (tx: Tx) => removeMember(tx, by, group, on),
      ]),
    )
    const outcomes = new Set<string>()
    for (let at = 0; at < works.length; at += 12)
      for (const each of await Promise.all(works.slice(at, at + 12).map(outcome))) outcomes.add(each)

    expect(outcomes).toContain('done')
    expect(await disagreeing()).toEqual([])
  })
})

describe('the last places of a group', () => {
  /** A group that has room for three more. */
  async function nearlyFull(): Promise<string> {
    const group = await makeGroup()
    await sql`
      with crowd as (insert into lockin.profiles (display_name) select 'Guest' from generate_series(1, 494) returning id)
      insert into lockin.group_members (group_id, user_id) select ${group}, id from crowd`.execute(
      world.database.sql,
    )
    return group
  }

  const newcomers = async (n: number): Promise<string[]> =>
    (
      await world.database.sql
        .insertInto('lockin.profiles')
        .values(Array.from({ length: n }, () => ({ display_name: 'Newcomer' })))
        .returning('id')
        .execute()
    ).map(({ id }) => id)

  test('are taken once each, whichever way people come', async () => {
    const group = await nearlyFull()
    const people = await newcomers(12)
    const invited = people.slice(0, 6)
    const invites = await world.database.sql
      .insertInto('lockin.notifications')
      .values(
        invited.map((id) => ({
          recipient_id: id,
          kind: 'group_invite' as const,
          title: 'Come',
          group_id: group,
        })),
      )
      .returning(['id', 'recipient_id'])
      .execute()

    const outcomes = await Promise.all([
      ...invites.map(({ id, recipient_id: user }) =>
        outcome((tx) => sql`select lockin.answer_invite(${id}, ${user}, 'accepted')`.execute(tx)),
      ),
      ...people.slice(6).map((id) => outcome((tx) => addMember(tx, ada, group, id))),
    ])

    expect(outcomes.toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => 'done'),
      ...Array.from({ length: 9 }, () => 'group-full'),
    ])
    expect(await rolesIn(group)).toHaveLength(500)
  })

  test('one place is not lost to somebody who is let in twice at once', async () => {
    const group = await nearlyFull()
    const [person] = (await newcomers(1)) as [string]

    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => outcome((tx) => addMember(tx, ada, group, person))),
    )

    expect(outcomes.toSorted()).toEqual(['already-member', 'already-member', 'already-member', 'done'])
    expect(await rolesIn(group)).toHaveLength(498)
  })

  test('rows of one statement are counted as well', async () => {
    const group = await nearlyFull()
    const people = await newcomers(4)
    const insert = (ids: string[]) =>
      outcome((tx) =>
        tx
          .insertInto('lockin.group_members')
          .values(ids.map((id) => ({ group_id: group, user_id: id })))
          .execute(),
      )

    expect(await insert(people)).toBe('group-full')
    expect(await insert(people.slice(1))).toBe('done')
  })
})
