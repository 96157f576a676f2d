import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sql } from '../../../src/shared/database.ts'
import { createWorld, type World } from '../../support/world.ts'

const LOGS_OF_EACH = 3000

let world: World
let db: Sql
/** Among a thousand groups the one whose ten members logged ten minutes in every hour of the last months. */
let group: string
beforeAll(async () => {
  world = await createWorld()
  db = world.database.sql
  await world.database.transaction(async (tx) => {
    await sql`insert into lockin.profiles (display_name) select 'Ada ' || n from generate_series(1, 10) n`.execute(
      tx,
    )
    await sql`
      insert into lockin.groups (owner_id, name, start_at, end_at, timezone, period, period_target_minutes)
      select (select min(id::text)::uuid from lockin.profiles), 'Study group', now() - interval '9000 hours',
        now() + interval '9000 hours', 'Europe/London', 'daily', 60
      from generate_series(1, 1000)`.execute(tx)
    // The rules of members and logs are not looked at one by one here; the index that refuses overlaps is.
    await sql`set local session_replication_role = replica`.execute(tx)
    await sql`
      insert into lockin.group_members (group_id, user_id) select g.id, p.id from lockin.groups g, lockin.profiles p`.execute(
      tx,
    )
    const made = await sql<{ group_id: string }>`
      insert into lockin.time_logs (participant_id, user_id, group_id, started_at, ended_at)
      select gen_random_uuid(), p.id, g.id, since, since + interval '10 minutes'
      from (select id from lockin.groups order by id limit 1) g, lockin.profiles p,
        generate_series(1, ${LOGS_OF_EACH}) n, lateral (select now() - n * interval '1 hour' as since) s
      returning group_id`.execute(tx)
    group = made.rows[0]!.group_id
  })
  await sql`vacuum analyze lockin.groups, lockin.group_members, lockin.time_logs`.execute(db)
})
afterAll(() => world[Symbol.asyncDispose]())

interface Node {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Node[]
}
type Explained = { 'QUERY PLAN': [{ Plan: Node }] }

/** What a statement read of each table: how, and how many rows, those that a filter threw away included. */
async function readsOf(statement: ReturnType<typeof sql>): Promise<{ how: string; rows: number }[]> {
  const { rows } = await sql<Explained>`explain (analyze, format json) ${statement}`.execute(db)
  const nodes = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodes)]
  return nodes(rows[0]!['QUERY PLAN'][0].Plan)
    .filter((node) => node['Relation Name'] !== undefined)
    .map((node) => ({
      how: `${node['Node Type']} of ${node['Relation Name']}`,
      rows: (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
    }))
}

test('the race of one group reads that group, its members and the logs of the day from one index', async () => {
  const reads = await readsOf(
    sql`select * from lockin.group_member_period_progress where group_id = ${sql.lit(group)}`,
  )

  expect(reads.map(({ how }) => how)).toContain('Index Only Scan of time_logs')
  for (const { how, rows } of reads) {
    expect(how).toMatch(
      /^Index Only Scan of (groups|time_logs)$|^(Index|Bitmap Heap) Scan of (groups|group_members)$/,
    )
    expect(rows, how).toBeLessThanOrEqual(how.endsWith('time_logs') ? 10 * 26 : 10)
  }
})

test('months of time before and after a day are not read', async () => {
  const instant = sql`now() - interval '1500 hours'`
  const reads = await readsOf(sql`select * from lockin.progress_at(${sql.lit(group)}, ${instant})`)

  const logs = reads.filter(({ how }) => how.endsWith('time_logs'))
  expect(logs.map(({ how }) => how)).toEqual(['Index Only Scan of time_logs', 'Index Only Scan of time_logs'])
  for (const { rows } of logs) expect(rows).toBeLessThanOrEqual(10 * 26)
})

test('all of what the logs say is told', async () => {
  const { rows } = await sql<{ members: number; same: number }>`
    with days as (
      select * from generate_series(0, ${LOGS_OF_EACH}, 36) hours,
        lateral lockin.progress_at(${group}, now() - hours * interval '1 hour')
    )
    select count(*) as members, count(*) filter (where seconds_done = (
      select floor(extract(epoch from coalesce(sum(upper(part) - lower(part)), '0')))
      from lockin.time_logs l
      cross join lateral (select tstzrange(period_start, period_end) * tstzrange(started_at, ended_at) as part) p
      where l.user_id = days.user_id and not isempty(part)
    )) as same
    from days`.execute(db)
  expect(rows).toEqual([{ members: 840, same: 840 }])
})
