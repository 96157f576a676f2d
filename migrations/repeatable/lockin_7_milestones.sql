-- What was reached and not announced in the period of a group that begins on a local date: by each member who has done the
-- target as it is now, and with no user by all of them. Nothing when no such period is the group's.
create or replace function lockin.milestones_unsaid(of_group uuid, of_date date)
returns table (kind lockin.notification_kind, user_id uuid)
language sql stable rows 10 as $$
  with standing as (
    select p.user_id, p.goal_met
    from lockin.groups g
    cross join lateral lockin.progress_at(g.id, lockin.start_of_day(g.timezone, of_date)) p
    where g.id = of_group and p.period_date = of_date
  )
  (
    select 'milestone_member'::lockin.notification_kind, s.user_id from standing s where s.goal_met
    union all
    select 'milestone_group', null from standing s having bool_and(s.goal_met)
  )
  except
  select a.kind, a.user_id
  from lockin.groups g
  join lockin.announcements a on a.group_id = g.id and a.period = g.period and a.period_date = of_date
  where g.id = of_group
$$;

-- The periods that the time between two instants touches and in which something was reached that was not announced, by
-- their local dates; of very long times the last hundred. Nothing in a group that is archived: what was asked for before
-- that is announced all the same. Whoever changes what is reached asks last in its transaction.
create or replace function lockin.milestones_due(of_group uuid, from_at timestamptz, to_at timestamptz) returns setof date
language plpgsql as $$
declare
  g lockin.groups;
  first_day date;
  last_day date;
  step integer;
begin
  -- Changes of one group that commit at the same time look one after another, each with what the one before it wrote:
  -- else of two last members, each would see the other's time missing. The statements below see what is committed by then.
  perform pg_advisory_xact_lock(hashtextextended('lockin milestones ' || of_group, 0));
  select * into g from lockin.groups where id = of_group and status <> 'archived';
  if not found then return; end if;

  step := case g.period when 'weekly' then 7 else 1 end;
  select w.period_date into first_day from lockin.period_window(
    g.timezone, g.period, greatest(least(from_at, to_at, g.end_at - interval '1 millisecond'), g.start_at)
  ) w;
  select w.period_date into last_day from lockin.period_window(
    g.timezone, g.period, greatest(least(to_at, g.end_at - interval '1 millisecond'), g.start_at)
  ) w;
  return query
    select d.day
    from (
      select last_day - n * step as day from generate_series(0, least((last_day - first_day) / step, 99)) n
    ) d
    where exists (select from lockin.milestones_unsaid(g.id, d.day))
    order by d.day;
end
$$;

-- Tells all members what was reached in a period and was not announced before, at most so many news, members before all of
-- them: how much that was, and whether there are more. What is announced once stays announced: neither a correction nor
-- another target takes it back or says it again.
drop function if exists lockin.announce_milestones(uuid, date);
create or replace function lockin.announce_milestones(of_group uuid, of_date date, at_most integer default null)
returns table (members integer, whole_group boolean, more boolean)
language sql as $$
  with unsaid as materialized (
    select u.kind, u.user_id from lockin.milestones_unsaid(of_group, of_date) u
  ), said as (
    insert into lockin.announcements (group_id, kind, period, period_date, user_id)
    select g.id, u.kind, g.period, of_date, u.user_id
    from lockin.groups g
    cross join unsaid u
    where g.id = of_group
    -- Two that announce at once wait for each other, and not in a circle.
    order by u.kind, u.user_id
    limit at_most
    on conflict do nothing
    returning group_id, kind, period, period_date, user_id
  ), told as (
    insert into lockin.notifications (recipient_id, kind, group_id, title, body)
    select m.user_id, s.kind, g.id,
      case s.kind when 'milestone_member' then who.name || ' reached the target' else 'Everybody reached the target' end,
      format(
        'In %s, %s reached the target %s %s.',
        g.name,
        case s.kind when 'milestone_member' then who.name else 'all members' end,
        case s.period when 'weekly' then 'for the week of' else 'for' end,
        to_char(s.period_date, 'FMDD FMMonth YYYY')
      )
    from said s
    join lockin.groups g on g.id = s.group_id
    join lockin.group_members m on m.group_id = s.group_id
    left join lockin.profiles p on p.id = s.user_id
    cross join lateral (select coalesce(p.display_name, 'A member') as name) who
    -- Whoever sees both sees the member first.
    order by s.kind, s.user_id, m.user_id
  )
  select
    (select count(*) from said where kind = 'milestone_member')::integer,
    exists (select from said where kind = 'milestone_group'),
    coalesce((select count(*) from unsaid) > at_most, false)
$$;
