-- Archives groups whose end has come, those that ended first coming first: ends what runs in them as of their end, withdraws
-- open invites and tells every member. All of it happens in one transaction, so it happens once; how many groups it were.
-- A group that somebody holds at this moment is left for the next call, and none is waited for. Without limits it is every
-- other one. A limit of people ends the batch before the group with which they would be more, unless it is the first; whoever's
-- time runs counts as fifteen who are only told, since ending it takes about as long.
create or replace function lockin.archive_expired_groups(at_most integer, people_at_most integer default null)
returns integer
language plpgsql as $$
declare
  held uuid[];
  open record;
  logged tstzrange;
begin
  -- Whoever writes into a group holds it: from here on they wait, and then find it archived.
  with due as materialized (
    select g.id, g.end_at from lockin.groups g
    where g.status <> 'archived' and g.end_at <= now()
    order by g.end_at, g.id limit at_most
    for no key update skip locked
  ), counted as (
    select
      due.id,
      row_number() over (order by due.end_at, due.id) = 1 as is_first,
      sum(told.people + 15 * running.people) over (order by due.end_at, due.id) as people
    from due
    cross join lateral (select count(*) as people from lockin.group_members m where m.group_id = due.id) told
    cross join lateral (
      select count(*) as people
      from lockin.sessions s
      join lockin.session_participants p on p.session_id = s.id
      where s.group_id = due.id and s.status = 'running' and p.running_since is not null
    ) running
  )
  select array_agg(counted.id) into held
  from counted where is_first or people_at_most is null or people <= people_at_most;
  if held is null then return 0; end if;

  -- While the groups are still open: what ran becomes time that counts, and may have reached a target.
  perform lockin.hold_sessions(held);
  for open in
    select g.id, g.end_at from lockin.groups g
    where g.id = any (held)
      and exists (select from lockin.sessions s where s.group_id = g.id and s.status in ('scheduled', 'running', 'paused'))
    order by g.id
  loop
    logged := lockin.end_sessions(open.id, open.end_at);
    if logged is not null then
      perform lockin.announce_milestones(open.id, due.day)
      from lockin.milestones_due(open.id, lower(logged), upper(logged)) due (day);
    end if;
  end loop;

  update lockin.notifications n set status = 'withdrawn'
  where n.group_id = any (held) and n.kind = 'group_invite' and n.status = 'pending';

  update lockin.groups g set status = 'archived', archived_at = now(), updated_at = now() where g.id = any (held);

  insert into lockin.notifications (recipient_id, kind, title, body, group_id)
  select m.user_id, 'generic', g.name || ' has ended',
    'Its time is over and it is archived. It can still be looked at, and a clone of it begins anew.', g.id
  from lockin.groups g
  join lockin.group_members m on m.group_id = g.id
  where g.id = any (held)
  order by m.user_id;

  return cardinality(held);
end
$$;

-- As above, all that can be had in one transaction.
create or replace function lockin.archive_expired_groups() returns integer
language sql as $$ select lockin.archive_expired_groups(null, null) $$;

-- Writes down that groups have begun, which their readers know from the start they have; how many it were.
create or replace function lockin.activate_begun_groups(at_most integer default null) returns integer
language sql as $$
  with begun as materialized (
    select g.id from lockin.groups g
    where g.status = 'pending' and g.start_at <= now()
    order by g.start_at limit at_most
    for no key update skip locked
  ), activated as (
    update lockin.groups g set status = 'active', updated_at = now() from begun where g.id = begun.id returning 1
  )
  select count(*)::integer from activated
$$;
