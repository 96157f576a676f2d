-- Groups: every rule about them, so that no way in can pass it by. Whoever changes a group or who is in it holds its row for
-- no key update first, whoever only needs it to stay open holds it for share, and then comes what belongs to the group.

-- What somebody is in a group; null for a stranger and for a group that is not there.
create or replace function lockin.role_in(in_group uuid, of_user uuid) returns lockin.member_role
language sql stable as $$
  select m.role from lockin.group_members m where m.group_id = in_group and m.user_id = of_user
$$;

-- As role_in, for those who may: a stranger is told that there is no such group, and a lesser role that it may not.
create or replace function lockin.require_role(in_group uuid, of_user uuid, at_least lockin.member_role)
returns lockin.member_role
language plpgsql stable as $$
declare
  theirs constant lockin.member_role := lockin.role_in(in_group, of_user);
begin
  if theirs is null then perform lockin.refuse(404, 'not-found', 'There is no such group.'); end if;
  -- The roles are declared from the highest to the lowest.
  if theirs > at_least then
    perform lockin.refuse(403, 'forbidden', case at_least
      when 'owner' then 'This is for the owner of the group.'
      else 'This is for the owner and the admins of the group.'
    end);
  end if;
  return theirs;
end
$$;

create or replace function lockin.refuse_archived() returns void
language plpgsql as $$
begin
  perform lockin.refuse(409, 'group-archived', 'This group is archived and can only be read.');
end
$$;

-- The group, which nobody archives or changes before the transaction ends.
create or replace function lockin.hold_open_group(of_group uuid) returns lockin.groups
language plpgsql as $$
declare
  held lockin.groups;
begin
  select * into held from lockin.groups where id = of_group for share;
  if not found then perform lockin.refuse(404, 'not-found', 'There is no such group.'); end if;
  if held.status = 'archived' then perform lockin.refuse_archived(); end if;
  return held;
end
$$;

-- The same for whoever changes the group or who is in it: one after the other, and no other holds it meanwhile. A stranger
-- holds nothing; who lost the role while waiting may not any more.
create or replace function lockin.hold_group_as(of_group uuid, by_user uuid, at_least lockin.member_role) returns lockin.groups
language plpgsql as $$
declare
  held lockin.groups;
begin
  perform lockin.require_role(of_group, by_user, at_least);
  select * into held from lockin.groups where id = of_group for no key update;
  perform lockin.require_role(of_group, by_user, at_least);
  if held.status = 'archived' then perform lockin.refuse_archived(); end if;
  return held;
end
$$;

-- A zone as Postgres spells it, kept so that groups may name it; null for what is none of IANA's. The list of all zones is
-- read from hundreds of files: it is asked once for each, and not for what Postgres does not know as a zone at all.
create or replace function lockin.known_zone(given text) returns text
language plpgsql as $$
declare
  known text;
begin
  select name into known from lockin.zones where lower(name) = lower(given);
  if found then return known; end if;
  begin
    perform now() at time zone given;
  exception when invalid_parameter_value then
    return null;
  end;
  -- Postgres takes more for a zone than there is: abbreviations, offsets, names that only its own files have. Of IANA's
  -- names without an area these mean a place or Greenwich; the others (EST, CET, EST5EDT, GMT0 …) are abbreviations and
  -- rules, which are no place's clocks.
  select name into known from pg_timezone_names
  where lower(name) = lower(given)
    and name !~ '^(posix|right)/'
    and (name like '%/%' or name in (
      'GMT', 'Greenwich', 'UCT', 'UTC', 'Universal', 'Zulu',
      'Cuba', 'Egypt', 'Eire', 'GB', 'GB-Eire', 'Hongkong', 'Iceland', 'Iran', 'Israel', 'Jamaica', 'Japan',
      'Kwajalein', 'Libya', 'NZ', 'NZ-CHAT', 'Navajo', 'PRC', 'Poland', 'Portugal', 'ROC', 'ROK', 'Singapore',
      'Turkey', 'W-SU'
    ));
  if found then insert into lockin.zones (name) values (known) on conflict do nothing; end if;
  return known;
end
$$;

create or replace function lockin.spell_zone() returns trigger
language plpgsql as $$
declare
  known constant text := lockin.known_zone(new.timezone);
begin
  if known is null then
    perform lockin.refuse(400, 'invalid-field', 'timezone: is not the name of an IANA time zone, such as Europe/Berlin.');
  end if;
  new.timezone := known;
  return new;
end
$$;
create or replace trigger spell_zone before insert or update of timezone on lockin.groups
for each row execute function lockin.spell_zone();

-- Whether a group has begun shows when it is read; the clock writes it down a little later.
create or replace function lockin.status_now(written lockin.group_status, start_at timestamptz) returns lockin.group_status
language sql stable as $$
  select case when written = 'pending' and start_at <= now() then 'active' else written end
$$;

-- The rules of a group's times, for a group that is made or changed now.
create or replace function lockin.check_group_times(start_at timestamptz, end_at timestamptz) returns void
language plpgsql as $$
begin
  if end_at <= start_at then perform lockin.refuse(400, 'invalid-field', 'end_at: must be after start_at.'); end if;
  if end_at <= now() then perform lockin.refuse(400, 'invalid-field', 'end_at: must be in the future.'); end if;
end
$$;

-- Makes a group that belongs to whoever makes it; one that begins later is pending until then. Without a start it begins now.
create or replace function lockin.create_group(
  by_user uuid, name text, description text, start_at timestamptz, end_at timestamptz, timezone text,
  period lockin.goal_period, period_target_minutes integer
) returns uuid
language plpgsql as $$
declare
  begins constant timestamptz := coalesce(start_at, now());
  made uuid;
begin
  perform lockin.check_group_times(begins, end_at);
  insert into lockin.groups
    (owner_id, name, description, start_at, end_at, timezone, period, period_target_minutes, status)
  values (
    by_user, name, description, begins, end_at, coalesce(timezone, 'America/New_York'), period, period_target_minutes,
    case when begins > now() then 'pending' else 'active' end::lockin.group_status
  )
  returning id into made;
  insert into lockin.group_members (group_id, user_id, role) values (made, by_user, 'owner');
  return made;
end
$$;

-- Changes what the changes name: name, description, end_at, period_target_minutes, timezone. For owner and admins.
create or replace function lockin.change_group(of_group uuid, by_user uuid, changes jsonb) returns void
language plpgsql as $$
declare
  g lockin.groups := lockin.hold_group_as(of_group, by_user, 'admin');
  before constant lockin.groups := g;
begin
  g := jsonb_populate_record(g, (
    select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(changes)
    where key in ('name', 'description', 'end_at', 'period_target_minutes', 'timezone')
  ));
  -- Another way of writing the same zone changes nothing; what is no zone is refused by the trigger.
  g.timezone := coalesce(lockin.known_zone(g.timezone), g.timezone);
  if changes ? 'end_at' then perform lockin.check_group_times(g.start_at, g.end_at); end if;
  if g is not distinct from before then return; end if;
  update lockin.groups
  set name = g.name, description = g.description, end_at = g.end_at, period_target_minutes = g.period_target_minutes,
    timezone = g.timezone, updated_at = now()
  where id = of_group;
end
$$;

-- The end of a group that begins at an instant and lasts, on the clocks of its zone, as long as one from `start_at` to
-- `end_at` did: two weeks later it ends at the same time of day, whatever clocks did in between.
create or replace function lockin.same_length(zone text, start_at timestamptz, end_at timestamptz, begins timestamptz)
returns timestamptz
language sql stable as $$
  select case
    when on_the_clock.ends > begins then on_the_clock.ends
    -- A short one, where clocks went back: then by the time that really passes.
    else begins + make_interval(secs => extract(epoch from end_at - start_at)::double precision)
  end
  from (
    select ((begins at time zone zone) + ((end_at at time zone zone) - (start_at at time zone zone))) at time zone zone
  ) as on_the_clock (ends)
$$;

-- A group like another one, which begins now and lasts as long: for any member, who owns the new one. Everybody is in it as
-- they were, with their own targets; only the owner before is a member. A group is told again also when it is archived.
create or replace function lockin.clone_group(original_group uuid, new_owner uuid) returns uuid
language plpgsql as $$
declare
  original lockin.groups;
  made uuid;
begin
  perform lockin.require_role(original_group, new_owner, 'member');
  -- Held, so that everybody is copied as they are at one moment.
  select * into original from lockin.groups where id = original_group for share;
  perform lockin.require_role(original_group, new_owner, 'member');

  insert into lockin.groups
    (owner_id, name, description, start_at, end_at, timezone, period, period_target_minutes, status)
  values (
    new_owner, original.name, original.description, now(),
    lockin.same_length(original.timezone, original.start_at, original.end_at, now()),
    original.timezone, original.period, original.period_target_minutes, 'active'
  )
  returning id into made;
  insert into lockin.group_members (group_id, user_id, role, override_period_target_minutes)
  select
    made, m.user_id,
    case
      when m.user_id = new_owner then 'owner'
      when m.role = 'owner' then 'member'
      else m.role
    end,
    m.override_period_target_minutes
  from lockin.group_members m
  where m.group_id = original_group;
  return made;
end
$$;
