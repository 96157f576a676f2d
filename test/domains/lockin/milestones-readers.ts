import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { askForMilestones } from '../../../src/ingress/http/lockin/milestones.ts'
import type { Sql, Tx } from '../../../src/shared/database.ts'
import type { World } from '../../support/world.ts'

export type Person = 'Ada' | 'Grace' | 'Linus'

/** A group of readers whose time is written straight into the tables, as the routes write it. */
export interface Readers {
  id: string
  people: Record<Person, string>
  /** Writes a log and asks for what it made somebody reach, in one transaction; gives the log's id. */
  log(person: Person, from: string, to: string): Promise<string>
  /** The two halves of `log`, in a transaction of the test's own. */
  writeIn(tx: Tx, person: Person, from: string, to: string): Promise<string>
  askIn(tx: Tx, from: string, to: string): Promise<void>
  /** Changes a log and asks for what is reached now, in one transaction. */
  correct(id: string, from: string, to: string): Promise<void>
  erase(id: string): Promise<void>
  /** Changes something else by statements, then asks for what is reached at an instant, in one transaction. */
  change(at: string, ...statements: string[]): Promise<void>
  /** Runs the jobs that wait, to their end. */
  settle(): Promise<void>
  /** What was announced: a person's name or `all`, with the period's date. */
  announced(): Promise<string[]>
  /** How many times each kind of news lies in somebody's inbox. */
  inbox(person: Person): Promise<string[]>
}

export const trace = 'a'.repeat(32)

export interface Shape {
  timezone?: string
  period?: 'daily' | 'weekly'
  target?: number
  startAt?: string
  endAt?: string
  name?: string
  people?: Partial<Record<Person, { name?: string | null; override?: number }>>
}

/** @param shape.people who is in the group, with display names and targets of their own; all three unless told. */
export async function startReaders(world: World, shape: Shape = {}): Promise<Readers> {
  const { database } = world
  const { timezone = 'UTC', period = 'daily', target = 60, name = 'Readers' } = shape
  const { startAt = '2026-01-01T00:00:00Z', endAt = '2036-01-01T00:00:00Z' } = shape
  const there = Object.entries(shape.people ?? { Ada: {}, Grace: {}, Linus: {} })
  const id = randomUUID()
  const session = randomUUID()
  const people: Record<string, string> = {}
  const participants: Record<string, string> = {}

  await database.transaction(async (tx) => {
    for (const [person, { name: shown = person }] of there) {
      people[person] = randomUUID()
      await sql`insert into lockin.profiles (id, display_name) values (${people[person]}, ${shown})`.execute(
        tx,
      )
    }
    const owner = people[there[0]?.[0] as string]
    await sql`insert into lockin.zones (name) values (${timezone}) on conflict do nothing`.execute(tx)
    await sql`
      insert into lockin.groups (id, owner_id, name, start_at, end_at, timezone, period, period_target_minutes)
      values (${id}, ${owner}, ${name}, ${startAt}, ${endAt}, ${timezone}, ${period}, ${target})`.execute(tx)
    await sql`
      insert into lockin.sessions (id, group_id, creator_id, status, started_at, ended_at)
      values (${session}, ${id}, ${owner}, 'ended', '2010-01-01', '2036-01-01')`.execute(tx)
    for (const [index, [person, { override = null }]] of there.entries()) {
      participants[person] = randomUUID()
      await sql`
        insert into lockin.group_members (group_id, user_id, role, override_period_target_minutes)
        values (${id}, ${people[person]}, ${index === 0 ? 'owner' : 'member'}, ${override})`.execute(tx)
      await sql`
        insert into lockin.session_participants (id, session_id, user_id, role)
        values (${participants[person]}, ${session}, ${people[person]}, ${index === 0 ? 'host' : 'participant'})`.execute(
        tx,
      )
    }
  })

  const readers: Readers = {
    id,
    people,
    log: (person, from, to) =>
      database.transaction(async (tx) => {
        const log = await readers.writeIn(tx, person, from, to)
        await readers.askIn(tx, from, to)
        return log
      }),
    writeIn: async (tx, person, from, to) => {
      const log = randomUUID()
      await sql`
        insert into lockin.time_logs (id, participant_id, user_id, group_id, started_at, ended_at)
        values (${log}, ${participants[person]}, ${people[person]}, ${id}, ${from}, ${to})`.execute(tx)
      return log
    },
    askIn: (tx, from, to) => askForMilestones(tx, world.asking, { trace }, { groupId: id, from, to }),
    correct: (log, from, to) =>
      database.transaction(async (tx) => {
        await sql`update lockin.time_logs set started_at = ${from}, ended_at = ${to} where id = ${log}`.execute(
          tx,
        )
        await readers.askIn(tx, from, to)
      }),
    erase: async (log) => {
      await sql`delete from lockin.time_logs where id = ${log}`.execute(database.sql)
    },
    change: (at, ...statements) =>
      database.transaction(async (tx) => {
        for (const statement of statements) await sql.raw(statement).execute(tx)
        await readers.askIn(tx, at, at)
      }),
    settle: async () => {
      for (const job of await unsettled(database.sql)) await world.finish(job)
    },
    announced: async () => {
      const { rows } = await sql<{ said: string }>`
        select coalesce(p.display_name, 'all') || ' ' || a.period_date as said
        from lockin.announcements a left join lockin.profiles p on p.id = a.user_id
        where a.group_id = ${id} order by a.period_date, a.user_id is null, p.display_name`.execute(
        database.sql,
      )
      return rows.map((row) => row.said)
    },
    inbox: async (person) => {
      const { rows } = await sql<{ said: string }>`
        select title || '. ' || body as said from lockin.notifications
        where recipient_id = ${people[person]} and group_id = ${id} order by created_at, id`.execute(
        database.sql,
      )
      return rows.map((row) => row.said)
    },
  }
  return readers
}

/** Jobs of this product that have not come to rest. */
export async function unsettled(db: Sql): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from millrace.jobs join millrace.live_jobs on job = id where name like 'lockin.%' order by id`.execute(
    db,
  )
  return rows.map((row) => row.id)
}
