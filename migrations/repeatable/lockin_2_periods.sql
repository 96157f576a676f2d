-- The first instant at which the clocks of a zone show this date or a later one: midnight on most days, the end of the gap
-- where midnight is skipped, the first of two where it happens twice. Independent of the session's own zone.
create or replace function lockin.start_of_day(zone text, day date) returns timestamptz
language plpgsql stable strict as $$
declare
  midnight constant timestamp := day::timestamp;
  -- In a gap Postgres counts with the offset before the change, and of two instants it takes the second.
  guess constant timestamptz := midnight at time zone zone;
  -- No change moves clocks further than a day: this is before any that could concern this midnight.
  before constant timestamptz := guess - interval '25 hours';
  -- In seconds: a day of an interval is as long as the session's zone makes it.
  first constant timestamptz := before + make_interval(
    secs => extract(epoch from (guess at time zone zone) - (before at time zone zone))::double precision
  );
  low timestamptz;
  high timestamptz := guess;
  middle timestamptz;
begin
  if guess at time zone zone = midnight then
    return case when first < guess and first at time zone zone = midnight then first else guess end;
  end if;
  -- The gap may have begun before midnight: its end is looked for, to the second.
  low := guess - ((guess at time zone zone) - midnight);
  while high - low > interval '1 second' loop
    middle := date_trunc('second', low + (high - low) / 2);
    if middle at time zone zone < midnight then low := middle; else high := middle; end if;
  end loop;
  return high;
end
$$;

-- The local day or week an instant belongs to: from the first instant of its date (or of its Monday) to the first instant of
-- the next, so that every instant belongs to exactly one. No row for a zone Postgres does not know.
create or replace function lockin.period_window(zone text, period lockin.goal_period, instant timestamptz)
returns table (period_start timestamptz, period_end timestamptz, period_date date)
language plpgsql stable strict rows 1 as $$
declare
  day date;
begin
  day := (instant at time zone zone)::date;
  -- Where clocks went back over midnight, the new day had begun before they showed the old one once more.
  if lockin.start_of_day(zone, day + 1) <= instant then day := day + 1; end if;
  if period = 'weekly' then day := day - (extract(isodow from day)::integer - 1); end if;
  period_date := day;
  period_start := lockin.start_of_day(zone, day);
  period_end := lockin.start_of_day(zone, day + case period when 'weekly' then 7 else 1 end);
  return next;
exception when invalid_parameter_value then
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
    coalesce(done.seconds, 0),
    coalesce(m.override_period_target_minutes, g.period_target_minutes),
    coalesce(done.seconds, 0) >= coalesce(m.override_period_target_minutes, g.period_target_minutes) * 60,
    greatest(w.period_start, g.start_at),
    least(w.period_end, g.end_at),
    w.period_date
  from lockin.groups g
  left join lateral lockin.period_window(
    g.timezone, g.period, least(greatest(instant, g.start_at), g.end_at - interval '1 millisecond')
  ) w on true
  join lockin.group_members m on m.group_id = g.id
  left join lateral (
    select floor(extract(epoch from sum(
      least(l.ended_at, w.period_end, g.end_at) - greatest(l.started_at, w.period_start, g.start_at)
    )))::integer as seconds
    from lockin.time_logs l
    where l.group_id = g.id
      and l.user_id = m.user_id
      and l.ended_at > greatest(w.period_start, g.start_at)
      and l.started_at < least(w.period_end, g.end_at)
  ) done on true
  where g.id = of_group
$$;

-- The race: how far every member of every group is, now.
create or replace view lockin.group_member_period_progress as
select g.id as group_id, p.*
from lockin.groups g
cross join lateral lockin.progress_at(g.id, now()) p;
