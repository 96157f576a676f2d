import type { Client } from 'pg'
import type { Size } from './size.ts'

/**
 * Adds groups that ended forty days ago and were never archived, as after a long downtime: a tenth with ten members and an
 * invite that waits, and of these every fifth with a session of three people that runs. All others have two members.
 */
export async function addEnded(client: Client, { groups, ended }: Size): Promise<void> {
  await client.query('set session_replication_role = replica')
  await client.query(`
    drop table if exists bench.ended;
    create unlogged table bench.ended as select n, uuidv7() as id from generate_series(0, ${ended - 1}) n`)
  await client.query(`
    insert into lockin.groups (id, owner_id, name, start_at, end_at, timezone, period, period_target_minutes)
    select e.id, p.id, 'Ended group ' || e.n, now() - interval '60 days', now() - interval '40 days' - e.n * interval '1 second',
      'UTC', 'daily', 60
    from bench.ended e join bench.people p on p.n = e.n % ${groups * 2}`)
  await client.query(`
    insert into lockin.group_members (group_id, user_id, role)
    select e.id, p.id, case k when 0 then 'owner' else 'member' end::lockin.member_role
    from bench.ended e
    cross join lateral generate_series(0, case when e.n % 10 = 0 then 9 else 1 end) k
    join bench.people p on p.n = (e.n + k * 7) % ${groups * 2}`)
  await client.query(`
    insert into lockin.notifications (recipient_id, kind, title, group_id, sender_id)
    select p.id, 'group_invite', 'Student invites you', e.id, g.owner_id
    from bench.ended e
    join lockin.groups g on g.id = e.id
    join bench.people p on p.n = (e.n + 101) % ${groups * 2}
    where e.n % 10 = 0`)
  await client.query(`
    with begun as (
      insert into lockin.sessions (group_id, creator_id, status, started_at, created_at)
      select g.id, g.owner_id, 'running', g.end_at - interval '30 minutes', g.end_at - interval '30 minutes'
      from bench.ended e join lockin.groups g on g.id = e.id where e.n % 50 = 0
      returning id, group_id, creator_id, started_at
    )
    insert into lockin.session_participants (session_id, user_id, role, joined_at, running_since)
    select b.id, m.user_id, case m.user_id when b.creator_id then 'host' else 'participant' end::lockin.participant_role,
      b.started_at, b.started_at
    from begun b
    cross join lateral (
      select user_id from lockin.group_members m where m.group_id = b.group_id order by user_id <> b.creator_id, user_id limit 3
    ) m`)
  await client.query('set session_replication_role = origin')
  await client.query(
    'vacuum (analyze) lockin.groups, lockin.group_members, lockin.notifications, lockin.sessions',
  )
  await client.query('analyze lockin.session_participants')
  await client.query('checkpoint')
}

/** How many have ended and are not archived. */
export const leftToArchive = async (client: Client): Promise<number> => {
  const { rows } = await client.query<{ left: string }>(
    `select count(*) as left from lockin.groups where status <> 'archived' and end_at <= now()`,
  )
  return Number(rows[0]?.left ?? 0)
}
