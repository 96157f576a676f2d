-- Where it is evening at an instant, from 19:00 until 23:00: the day and the week it belongs to there, and when the next
-- evening begins. A zone Postgres does not know any more is passed over.
create or replace function lockin.evenings(instant timestamptz)
returns table (
  timezone text,
  period lockin.goal_period,
  period_start timestamptz,
  period_end timestamptz,
  period_date date,
  next_evening timestamptz
)
language plpgsql stable rows 50 as $$
declare
  zone text;
  local timestamp;
begin
  for zone in select z.name from lockin.zones z loop
    begin
      local := instant at time zone zone;
    exception when invalid_parameter_value then
      continue;
    end;
    continue when local::time < '19:00' or local::time >= '23:00';
    return query
      select zone, p.period, w.period_start, w.period_end, w.period_date, (local::date + 1 + time '19:00') at time zone zone
      from unnest(enum_range(null::lockin.goal_period)) p (period)
      cross join lateral lockin.period_window(zone, p.period, instant) w;
  end loop;
end
$$;

-- Reminds members who have done less than their target, on the last evening before a period of their group ends (or the
-- group itself does), once per period. Takes the next groups after one in the order of their ids: at most so many, and few
-- enough for one transaction where they have many members. How many people were reminded, and the group to go on after:
-- none when there are no more.
create or replace function lockin.remind_members(instant timestamptz, after_group uuid, at_most integer)
returns table (reminded integer, go_on_after uuid)
language sql as $$
  -- Once per zone, not once per group.
  with evening as materialized (
    select * from lockin.evenings(instant)
  ), batch as materialized (
    select g.id, g.name, g.period, g.period_target_minutes, e.period_date,
      greatest(e.period_start, g.start_at) as from_at, least(e.period_end, g.end_at) as until_at
    from lockin.groups g
    join evening e on e.timezone = g.timezone and e.period = g.period
    where g.id > coalesce(after_group, '00000000-0000-0000-0000-000000000000')
      and g.status <> 'archived' and g.start_at <= instant and g.end_at > instant
      and least(e.period_end, g.end_at) <= e.next_evening
    order by g.id
    limit at_most
  ), fitting as materialized (
    select * from (
      select b.*, sum(m.members) over (order by b.id) - m.members as members_before
      from batch b
      cross join lateral (select count(*) as members from lockin.group_members m where m.group_id = b.id) m
    ) counted
    where members_before < 5000
  ), behind as materialized (
    select f.id as group_id, f.name, f.period, f.period_date, m.user_id, target.minutes, done.seconds
    from fitting f
    join lockin.group_members m on m.group_id = f.id
    cross join lateral (select coalesce(m.override_period_target_minutes, f.period_target_minutes) as minutes) target
    cross join lateral (
      select coalesce(floor(extract(epoch from sum(
        least(l.ended_at, f.until_at) - greatest(l.started_at, f.from_at)
      )))::bigint, 0) as seconds
      from lockin.time_logs l
      where l.group_id = f.id and l.user_id = m.user_id and l.ended_at > f.from_at and l.started_at < f.until_at
    ) done
    where done.seconds < target.minutes::bigint * 60
      and not exists (
        select from lockin.announcements a
        where a.group_id = f.id and a.kind = 'session_reminder' and a.period = f.period
          and a.period_date = f.period_date and a.user_id = m.user_id
      )
  ), said as (
    insert into lockin.announcements (group_id, kind, period, period_date, user_id)
    select group_id, 'session_reminder', period, period_date, user_id from behind
    -- Two that run at once wait for each other, and not in a circle.
    order by group_id, user_id
    on conflict do nothing
    returning group_id, user_id
  ), told as (
    insert into lockin.notifications (recipient_id, kind, group_id, title, body)
    select b.user_id, 'session_reminder', b.group_id,
      'There is still time ' || words.period,
      format('In %s, %s of %s minutes are done %s.', b.name, b.seconds / 60, b.minutes, words.period)
    from said
    join behind b using (group_id, user_id)
    cross join lateral (select case b.period when 'weekly' then 'this week' else 'today' end as period) words
  )
  select
    (select count(*) from said)::integer,
    case
      when (select count(*) from batch) = at_most or (select count(*) from fitting) < (select count(*) from batch)
        then (select f.id from fitting f order by f.id desc limit 1)
    end
$$;
