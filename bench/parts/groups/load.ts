import type { Client } from 'pg'
import { shortly } from '../../numbers.ts'
import type { Size } from './size.ts'

/**
 * Fills the tables of LockIN: groups that go on, their members, sessions, logs and inboxes. What a trigger or a foreign key
 * would look at row by row is right by the way it is made; indexes and constraints of the largest tables are built when all are there.
 */
export async function load(client: Client, size: Size, say: (line: string) => void): Promise<void> {
  await client.query(
    `set session_replication_role = replica; set maintenance_work_mem = '512MB'; set work_mem = '128MB'`,
  )
  const restore: Step[] = []
  // Those that refer to others first; they come back last.
  for (const table of ['lockin.notifications', 'lockin.time_logs', 'lockin.session_participants'])
    restore.unshift(...(await takeOff(client, table)))
  for (const [what, text] of [...steps(size), ...restore, ...after]) {
    const began = performance.now()
    const { rowCount } = await client.query(text)
    const seconds = (performance.now() - began) / 1000
    if (seconds > 0.5 || (rowCount ?? 0) > 1000)
      say(
        `groups: ${what}${rowCount ? `, ${rowCount.toLocaleString('en-US')} rows` : ''}: ${shortly(seconds)} s`,
      )
  }
}

type Step = [what: string, text: string]

/** Drops what makes every inserted row dearer, and gives the statements that bring it back. */
async function takeOff(client: Client, table: string): Promise<Step[]> {
  const constraints = await client.query<{ name: string; definition: string }>(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
    where conrelid = $1::regclass and contype in ('p', 'u', 'x', 'f')
    order by contype = 'f'`,
    [table],
  )
  const indexes = await client.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
    where indrelid = $1::regclass and not exists (select from pg_constraint where conindid = indexrelid)`,
    [table],
  )
  for (const { name } of constraints.rows) await client.query(`alter table ${table} drop constraint ${name}`)
  for (const { name } of indexes.rows) await client.query(`drop index ${name}`)
  return [
    ...indexes.rows.map(({ name, definition }): Step => [`index ${name}`, definition]),
    ...constraints.rows.map(({ name, definition }): Step => [
      `constraint ${name}`,
      `alter table ${table} add constraint ${name} ${definition}`,
    ]),
  ]
}

const zones = ['America/New_York', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'UTC']

/** Ten people share five groups, so that nobody's logs overlap: their groups are of one zone and one kind of period. */
const steps = ({ groups, logsPerPerson, busy, perBusy, perOther }: Size): Step[] => [
  ['numbers', 'create schema bench'],
  [
    'zones',
    `insert into lockin.zones (name) select unnest(array['${zones.join(`','`)}']) on conflict do nothing`,
  ],
  [
    'blocks of ten people and five groups',
    `create unlogged table bench.blocks as
    select b, zone, period, w.period_start, greatest(now() - w.period_start, interval '1 minute') as gone
    from (
      select b, (array['${zones.join(`','`)}'])[b % ${zones.length} + 1] as zone,
        (array['daily', 'weekly'])[b % 2 + 1]::lockin.goal_period as period
      from generate_series(0, ${groups / 5 - 1}) b
    ) blocks
    join lateral lockin.period_window(zone, period, now()) w on true`,
  ],
  [
    'people',
    `create unlogged table bench.people as select n, gen_random_uuid() as id from generate_series(0, ${groups * 2 - 1}) n`,
  ],
  [
    'groups',
    `create unlogged table bench.groups as select n, uuidv7() as id from generate_series(0, ${groups - 1}) n`,
  ],
  [
    'profiles',
    `insert into lockin.profiles (id, email, display_name)
    select id, 'student-' || n || '@example.org', 'Student ' || n from bench.people`,
  ],
  [
    'groups',
    `insert into lockin.groups (id, owner_id, name, start_at, end_at, timezone, period, period_target_minutes)
    select g.id, p.id, 'Group ' || g.n, now() - interval '60 days', now() + interval '60 days', b.zone, b.period, 60
    from bench.groups g join bench.blocks b on b.b = g.n / 5 join bench.people p on p.n = g.n / 5 * 10 + g.n % 5`,
  ],
  [
    'members',
    `insert into lockin.group_members (group_id, user_id, role)
    select g.id, p.id, case when k = g.n % 5 then 'owner' else 'member' end::lockin.member_role
    from bench.groups g cross join generate_series(0, 9) k join bench.people p on p.n = g.n / 5 * 10 + k`,
  ],
  [
    'numbers of sessions',
    `create unlogged table bench.sessions as
    select g.n * 10 + s as n, g.n as g, uuidv7() as id from bench.groups g cross join generate_series(0, 9) s`,
  ],
  [
    'sessions',
    `insert into lockin.sessions (id, group_id, creator_id, status, started_at, ended_at, created_at)
    select s.id, g.id, p.id, 'ended', now() - interval '60 days', now() + interval '1 minute', now() - interval '60 days'
    from bench.sessions s join bench.groups g on g.n = s.g join bench.people p on p.n = g.n / 5 * 10`,
  ],
  [
    'numbers of participants',
    `create unlogged table bench.participants as
    select s.n as s, k, uuidv7() as id from bench.sessions s cross join generate_series(0, 9) k`,
  ],
  [
    'participants',
    `insert into lockin.session_participants (id, session_id, user_id, role)
    select q.id, s.id, p.id, case k when 0 then 'host' else 'participant' end::lockin.participant_role
    from bench.participants q
    join bench.sessions s on s.n = q.s
    join bench.people p on p.n = s.g / 5 * 10 + k`,
  ],
  ['statistics', 'analyze bench.blocks, bench.people, bench.groups, bench.sessions, bench.participants'],
  [
    'logs',
    // In the order of time, as life writes them: the rows of one group lie far apart.
    `insert into lockin.time_logs (participant_id, user_id, group_id, started_at, ended_at, created_at)
    select q.id, p.id, g.id, at, at + length, at + length
    from generate_series(0, ${logsPerPerson - 1}) l
    cross join bench.people p
    join bench.blocks b on b.b = p.n / 10
    cross join lateral (
      select
        case
          when l < ${past(logsPerPerson)} then b.period_start - (${past(logsPerPerson)} - l) * interval '20 minutes'
          else b.period_start + (l - ${past(logsPerPerson)}) * b.gone / ${logsPerPerson - past(logsPerPerson)}
        end as at,
        case
          when l < ${past(logsPerPerson)} then interval '10 minutes'
          else b.gone / ${logsPerPerson - past(logsPerPerson)} * 0.8
        end as length
    ) t
    join bench.groups g on g.n = b.b * 5 + l % 5
    join bench.participants q on q.s = g.n * 10 + l / 5 % 10 and q.k = p.n % 10
    order by l`,
  ],
  [
    'notifications',
    `insert into lockin.notifications (recipient_id, kind, status, title, body, group_id, created_at, read_at)
    select p.id, 'milestone_member', case when i % 2 = 0 then 'read' else 'pending' end::lockin.notification_status,
      'Student ' || i % 10 || ' reached the target', 'A member of your group reached the target.', g.id,
      now() - i * interval '60 days' / each, case when i % 2 = 0 then now() end
    from bench.people p
    cross join lateral (select case when p.n < ${busy} then ${perBusy} else ${perOther} end as each) e
    cross join lateral generate_series(1, each) i
    join bench.groups g on g.n = p.n / 10 * 5
    order by i`,
  ],
]

/** The logs before the current period. */
const past = (logsPerPerson: number): number => Math.floor(logsPerPerson * 0.4)

const after: Step[] = [
  ['order in the tables of numbers', 'create unique index on bench.people (n)'],
  ['and of groups', 'create unique index on bench.groups (n)'],
  ['triggers and foreign keys work again', 'set session_replication_role = origin'],
  ['vacuum and analyze', 'vacuum (analyze)'],
  ['checkpoint', 'checkpoint'],
]
