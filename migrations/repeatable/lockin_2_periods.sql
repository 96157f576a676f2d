-- The first instant at which the clocks of a zone show this date or a later one: midnight on most days, the end of the gap
-- where midnight is skipped, the first of two where it happens twice. Before and after all dates for -infinity and infinity.
-- The session's own zone does not matter: lengths are in hours and seconds, never in days, which it would stretch.
create or replace function lockin.start_of_day(zone text, day date) returns timestamptz
language plpgsql stable strict as $$
declare
  midnight constant timestamp := day::timestamp;
  -- In a gap Postgres counts with the offset before the change, and of two instants it takes the second.
  guess constant timestamptz := midnight at time zone zone;
  shown constant timestamp := guess at time zone zone;
  -- No change moves clocks further than a day: this is before any that could concern this midnight.
  before timestamptz;
  first timestamptz;
  middle timestamptz;
begin
  if not isfinite(day) then return guess; end if;
  before := guess - interval '25 hours';

  if shown = midnight then
    -- Where clocks that run on as they did before come to midnight earlier, that was the first time.
    first := before + make_interval(secs => extract(epoch from midnight - (before at time zone zone))::double precision);
    return case when first < guess and first at time zone zone = midnight then first else guess end;
  end if;

  -- Midnight is in a gap, and the gap may have begun before it: its end is looked for, to the second.
  first := guess;
  while first > before + interval '1 second' loop
    middle := before + make_interval(secs => floor(extract(epoch from first - before) / 2)::double precision);
    if middle at time zone zone < midnight then before := middle; else first := middle; end if;
  end loop;
  return first;
end
$$;

-- The local day or week an instant belongs to: from the first instant of its date (or of its Monday) to the first instant of
-- the next, so that every instant belongs to exactly one. `period_date` is the local date it begins with. No row for an
-- infinite instant, nor for a zone that Postgres does not know: what one group is wrong about must not fail the others.
create or replace function lockin.period_window(zone text, period lockin.goal_period, instant timestamptz)
returns table (period_start timestamptz, period_end timestamptz, period_date date)
language plpgsql stable strict rows 1 as $$
declare
  days constant integer := case period when 'weekly' then 7 else 1 end;
begin
  if not isfinite(instant) then return; end if;
  period_date := (instant at time zone zone)::date;
  if period = 'weekly' then period_date := period_date - (extract(isodow from period_date)::integer - 1); end if;
  period_end := lockin.start_of_day(zone, period_date + days);
  if period_end > instant then
    period_start := lockin.start_of_day(zone, period_date);
  else
    -- Clocks went back over midnight: the next had begun before they showed the old date once more.
    period_date := period_date + days;
    period_start := period_end;
    period_end := lockin.start_of_day(zone, period_date + days);
  end if;
  return next;
-- Times at the very edge of what Postgres counts have no next day.
exception when invalid_parameter_value or datetime_field_overflow then
  return;
end
$$;

-- How far the members of a group are in the period of an instant: before the group begins, in its first; after its end, in
-- its last. The period is clamped by the group's start and end, logs by the period. Where the zone is not known any more
-- the period is null and nothing is done.
create or replace function lockin.progress_at(of_group uuid, instant timestamptz)
returns table (
  user_id uuid,
  seconds_done integer,
  target_minutes integer,
  goal_met boolean,
  period_start timestamptz,
  period_end timestamptz,
  period_date date
)
language sql stable rows 10 as $$
  select
    m.user_id,
    done.seconds,
    target.minutes,
    done.seconds >= target.minutes::bigint * 60,
    w.starts,
    w.ends,
    w.period_date
  from lockin.groups g
  left join lateral (
    select greatest(p.period_start, g.start_at) as starts, least(p.period_end, g.end_at) as ends, p.period_date
    from lockin.period_window(
      g.timezone, g.period, least(greatest(instant, g.start_at), g.end_at - interval '1 millisecond')
    ) p
  ) w on true
  join lockin.group_members m on m.group_id = g.id
  cross join lateral (select coalesce(m.override_period_target_minutes, g.period_target_minutes) as minutes) target
  cross join lateral (
    select coalesce(floor(extract(epoch from sum(least(l.ended_at, w.ends) - greatest(l.started_at, w.starts)))), 0)::integer
      as seconds
    from (
      select started_at, ended_at from lockin.time_logs
      where group_id = g.id and user_id = m.user_id and ended_at > w.starts and ended_at <= w.ends
      union all
      -- Logs of a person do not overlap: of all that end later, at most the first one had begun before. The others, and
      -- there may be months of them, are not read.
      (select started_at, ended_at from lockin.time_logs
      where group_id = g.id and user_id = m.user_id and ended_at > w.ends
      order by ended_at limit 1)
    ) l
    where l.started_at < w.ends
  ) done
  where g.id = of_group and instant is not null
$$;

-- The race: how far every member of every group is, now.
create or replace view lockin.group_member_period_progress as
select g.id as group_id, p.*
from lockin.groups g
cross join lateral lockin.progress_at(g.id, now()) p;

-- The race of one group for one of its members, the furthest first. In plpgsql, which keeps its plans: asked like this, it
-- is planned once per connection.
create or replace function lockin.current_progress(of_group uuid, caller uuid)
returns table (
  user_id uuid,
  seconds_done integer,
  target_minutes integer,
  goal_met boolean,
  period_start timestamptz,
  period_end timestamptz
)
language plpgsql stable as $$
begin
  perform lockin.require_role(of_group, caller, 'member');
  for user_id, seconds_done, target_minutes, goal_met, period_start, period_end in
    select p.user_id, p.seconds_done, p.target_minutes, p.goal_met, p.period_start, p.period_end
    from lockin.progress_at(of_group, now()) p
    order by p.seconds_done desc, p.user_id
  loop
    if period_start is null then
      perform lockin.refuse(409, 'unknown-zone', 'The time zone of this group is not known any more. Please choose another.');
    end if;
    return next;
  end loop;
end
$$;
