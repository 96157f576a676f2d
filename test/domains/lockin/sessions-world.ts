import { sql } from 'kysely'
import { refusedIn } from '../../../src/domains/lockin/refused.ts'
import type { Database, Sql } from '../../../src/shared/database.ts'

/**
 * Lets time pass for the sessions of these groups: everything about them moves into the past. The rules of the tables do not
 * look meanwhile, and the log that is furthest that way moves first, so that none meets another. Less than nothing is the
 * clock that goes back.
 */
export const passingTime = `
  create function public.pass_time(of_groups uuid[], ms double precision) returns void language plpgsql as $$
  declare
    back constant interval := make_interval(secs => ms / 1000);
    log uuid;
  begin
    set local session_replication_role = replica;
    update lockin.sessions set started_at = started_at - back, ended_at = ended_at - back, created_at = created_at - back
    where group_id = any(of_groups);
    update lockin.session_participants p
    set running_since = running_since - back, joined_at = joined_at - back, left_at = left_at - back
    from lockin.sessions s where s.id = p.session_id and s.group_id = any(of_groups);
    for log in
      select id from lockin.time_logs where group_id = any(of_groups)
      order by case when ms > 0 then started_at end, started_at desc
    loop
      update lockin.time_logs set started_at = started_at - back, ended_at = ended_at - back where id = log;
    end loop;
    set local session_replication_role = origin;
  end
  $$;`

export async function passTime(db: Sql, groups: string | string[], ms: number): Promise<void> {
  await sql`select public.pass_time(${[groups].flat()}::uuid[], ${ms})`.execute(db)
}

/** Profiles of people by their names, in the order of their ids. */
export async function people<Name extends string>(db: Sql, ...names: Name[]): Promise<Record<Name, string>> {
  const rows = await db
    .insertInto('lockin.profiles')
    .values(names.map((display_name) => ({ display_name })))
    .returning(['id', 'display_name'])
    .execute()
  return Object.fromEntries(rows.map((row) => [row.display_name, row.id])) as Record<Name, string>
}

/** An open group of UTC that began yesterday; the first one owns it. */
export async function groupOf(db: Sql, ...users: string[]): Promise<string> {
  const [owner = ''] = users
  const { id } = await db
    .insertInto('lockin.groups')
    .values({
      owner_id: owner,
      name: 'Study group',
      start_at: sql<Date>`now() - interval '24 hours'`,
      end_at: sql<Date>`now() + interval '240 hours'`,
      timezone: 'UTC',
      period: 'daily',
      period_target_minutes: 60,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await db
    .insertInto('lockin.group_members')
    .values(users.map((user_id) => ({ group_id: id, user_id, role: user_id === owner ? 'owner' : 'member' })))
    .execute()
  return id
}

/** The stable code a call was refused with, or what it gave; any other error is one. */
export async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call
  } catch (error) {
    const refused = refusedIn(error)
    if (!refused) throw error
    return refused.code
  }
}

/**
 * Runs `first` in a transaction and, before it commits, begins `second`; commits once `second` waits for it.
 * What came of the second is the code it was refused with, or what it gave.
 */
export async function oneWaits<T>(
  database: Database,
  first: (db: Sql) => Promise<unknown>,
  second: () => Promise<T>,
): Promise<unknown> {
  let waiting: Promise<unknown> = Promise.resolve()
  await database.transaction(async (tx) => {
    await first(tx)
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
    waiting = codeOf(second())
    await somebodyWaitsFor(database, rows[0]?.pid ?? 0)
  })
  return waiting
}

async function somebodyWaitsFor(database: Database, pid: number): Promise<void> {
  const deadline = Date.now() + 8000
  for (;;) {
    const { rows } = await sql`
      select from pg_stat_activity where datname = current_database() and ${pid} = any(pg_blocking_pids(pid))`.execute(
      database.sql,
    )
    if (rows.length > 0) return
    if (Date.now() > deadline) throw new Error('Nobody waits for the transaction.')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
