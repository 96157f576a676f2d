-- Sessions: who is in them, how they move, and what of it becomes time. Locks are taken in one order: the group, the
-- session, the people in order of their ids, the rest. Whoever writes logs holds the person, so that what is not covered
-- yet stays uncovered until it is written; the constraint on logs stands behind that. A transaction that waited may have
-- begun before the one it waited for: times are never set before those that are there.

-- The members of its group see a session, and without a group who made it.
create or replace function lockin.sees_session(session lockin.sessions, by_user uuid) returns boolean
language sql stable as $$
  select case
    when (session).group_id is null then (session).creator_id = by_user
    else exists (
      select from lockin.group_members m where m.group_id = (session).group_id and m.user_id = by_user
    )
  end
$$;

-- A session somebody may see, held, and its group held open. `alone` keeps out everybody else who acts in the session,
-- otherwise only those who move it wait.
create or replace function lockin.hold_session(of_session uuid, by_user uuid, alone boolean) returns lockin.sessions
language plpgsql as $$
declare
  session lockin.sessions;
begin
  select s.* into session from lockin.sessions s where s.id = of_session and lockin.sees_session(s, by_user);
  if not found then
    perform lockin.refuse(404, 'not-found', 'There is no such session.');
  end if;
  if session.group_id is not null then
    perform lockin.hold_group_of(session.group_id, by_user, 'There is no such session.');
  end if;
  if alone then
    select s.* into session from lockin.sessions s where s.id = of_session for no key update;
  else
    select s.* into session from lockin.sessions s where s.id = of_session for share;
  end if;
  if not found then
    perform lockin.refuse(404, 'not-found', 'There is no such session.');
  end if;
  return session;
end
$$;

-- Holds a group open for one of its members: whoever archives it or takes somebody out waits. To one who was taken out in
-- this moment, `unknown` is said.
create or replace function lockin.hold_group_of(in_group uuid, of_user uuid, unknown text) returns void
language plpgsql as $$
begin
  perform lockin.hold_open_group(in_group);
  if lockin.role_in(in_group, of_user) is null then
    perform lockin.refuse(404, 'not-found', unknown);
  end if;
end
$$;

-- Holds people, always in the same order, until the transaction ends: their logs are written one after the other.
create or replace function lockin.hold_people(people uuid[]) returns void
language plpgsql as $$
begin
  perform from lockin.profiles p where p.id = any(people) order by p.id for no key update;
end
$$;

-- Holds the sessions of these groups that are not over, and everybody whose time runs in them.
create or replace function lockin.hold_sessions(of_groups uuid[]) returns void
language plpgsql as $$
begin
  perform from lockin.sessions s
  where s.group_id = any(of_groups) and s.status in ('scheduled', 'running', 'paused')
  order by s.id for no key update;
  perform lockin.hold_people(array(
    select p.user_id
    from lockin.sessions s
    join lockin.session_participants p on p.session_id = s.id
    where s.group_id = any(of_groups) and s.status = 'running' and p.running_since is not null
  ));
end
$$;

-- Two spans as one, with what lies between them; null is no span.
create or replace function lockin.span_of_both(one tstzrange, other tstzrange) returns tstzrange
language sql immutable as $$
  select coalesce(range_merge(one, other), one, other)
$$;

-- Ends the stretches of a session that run, or of one participant alone: what no other log of the person covers becomes
-- logs. Returns the span of what was written, or null.
create or replace function lockin.end_stretches(of_session uuid, at timestamptz, of_participant uuid default null)
returns tstzrange
language plpgsql as $$
declare
  written tstzrange;
begin
  perform lockin.hold_people(array(
    select p.user_id
    from lockin.session_participants p
    where p.session_id = of_session and p.running_since is not null and p.id = coalesce(of_participant, p.id)
  ));
  with stretches as (
    select p.id, p.user_id, tstzrange(p.running_since, at) as stretch
    from lockin.session_participants p
    where p.session_id = of_session and p.running_since < at and p.id = coalesce(of_participant, p.id)
  ), parts as (
    select s.id, unnest(tstzmultirange(s.stretch) - coalesce(covered.parts, '{}')) as part
    from stretches s
    cross join lateral (
      select range_agg(tstzrange(l.started_at, l.ended_at)) as parts
      from lockin.time_logs l
      where l.user_id = s.user_id and tstzrange(l.started_at, l.ended_at) && s.stretch
    ) covered
  ), logs as (
    insert into lockin.time_logs (participant_id, started_at, ended_at)
    select id, lower(part), upper(part) from parts
    returning started_at, ended_at
  )
  select tstzrange(min(started_at), max(ended_at)) into written from logs having count(*) > 0;
  update lockin.session_participants p set running_since = null
  where p.session_id = of_session and p.running_since is not null and p.id = coalesce(of_participant, p.id);
  return written;
end
$$;

-- Ends or cancels a session that is held. Logs may reach beyond `at`: then it ends with the last of them.
create or replace function lockin.end_session(of_session uuid, at timestamptz) returns void
language plpgsql as $$
begin
  update lockin.sessions s set
    status = case s.status when 'scheduled' then 'cancelled' else 'ended' end::lockin.session_status,
    ended_at = case when s.status <> 'scheduled' then greatest(s.started_at, at, (
      select max(l.ended_at)
      from lockin.session_participants p
      join lockin.time_logs l on l.participant_id = p.id
      where p.session_id = s.id
    )) end
  where s.id = of_session;
end
$$;

-- A session of a group, or with none of its creator alone; who creates it is its host.
create or replace function lockin.create_session(by_user uuid, in_group uuid) returns uuid
language plpgsql as $$
declare
  made uuid;
begin
  if in_group is not null then
    perform lockin.require_role(in_group, by_user, 'member');
    perform lockin.hold_group_of(in_group, by_user, 'There is no such group.');
  end if;
  insert into lockin.sessions (group_id, creator_id) values (in_group, by_user) returning id into made;
  insert into lockin.session_participants (session_id, user_id, role) values (made, by_user, 'host');
  return made;
end
$$;

-- start, pause, resume, stop or cancel. Returns the span of the logs that were written, or null.
create or replace function lockin.move_session(of_session uuid, by_user uuid, move text) returns tstzrange
language plpgsql as $$
declare
  session constant lockin.sessions := lockin.hold_session(of_session, by_user, true);
  at constant timestamptz(3) := greatest(now(), session.started_at);
  written tstzrange;
begin
  perform from lockin.session_participants p
  where p.session_id = of_session and p.user_id = by_user and p.role = 'host';
  if not found then
    perform lockin.refuse(403, 'forbidden', 'Only the host of a session may do this.');
  end if;
  if (session.status::text, move) not in (
    ('scheduled', 'start'), ('running', 'pause'), ('paused', 'resume'), ('running', 'stop'), ('paused', 'stop'),
    ('scheduled', 'cancel')
  ) then
    perform lockin.refuse(409, 'wrong-move', format('The session is %s: it cannot %s.', session.status, move));
  end if;

  if move in ('start', 'resume') then
    update lockin.sessions s set status = 'running', started_at = coalesce(s.started_at, at) where s.id = of_session;
    update lockin.session_participants p set running_since = at where p.session_id = of_session and p.left_at is null;
    return null;
  end if;
  written := lockin.end_stretches(of_session, at);
  if move = 'pause' then
    update lockin.sessions s set status = 'paused' where s.id = of_session;
  else
    perform lockin.end_session(of_session, at);
  end if;
  return written;
end
$$;

-- Joining again changes nothing; one who left comes back. In a running session one's time runs from now.
create or replace function lockin.join_session(of_session uuid, by_user uuid) returns void
language plpgsql as $$
declare
  session constant lockin.sessions := lockin.hold_session(of_session, by_user, false);
begin
  if session.status in ('ended', 'cancelled') then
    perform lockin.refuse(409, 'wrong-move', format('The session is %s: nobody can join it.', session.status));
  end if;
  insert into lockin.session_participants as p (session_id, user_id, running_since)
  values (of_session, by_user, case when session.status = 'running' then greatest(now(), session.started_at) end)
  on conflict (session_id, user_id) do update set left_at = null, running_since = excluded.running_since
  where p.left_at is not null;
end
$$;

-- Leaving again changes nothing; a host who left stays the host. Returns the span of the logs that were written, or null.
create or replace function lockin.leave_session(of_session uuid, by_user uuid) returns tstzrange
language plpgsql as $$
declare
  session constant lockin.sessions := lockin.hold_session(of_session, by_user, false);
  participant lockin.session_participants;
begin
  select p.* into participant
  from lockin.session_participants p
  where p.session_id = of_session and p.user_id = by_user for no key update;
  if not found then
    perform lockin.refuse(409, 'wrong-move', 'You have not joined this session.');
  end if;
  if participant.left_at is not null then
    return null;
  end if;
  if session.status in ('ended', 'cancelled') then
    perform lockin.refuse(409, 'wrong-move', format('The session is %s: nobody can leave it.', session.status));
  end if;
  return lockin.take_out(participant);
end
$$;

-- A participant, held, leaves now.
create or replace function lockin.take_out(participant lockin.session_participants) returns tstzrange
language plpgsql as $$
declare
  at constant timestamptz(3) := greatest(now(), participant.joined_at);
  written constant tstzrange := lockin.end_stretches(participant.session_id, at, participant.id);
begin
  update lockin.session_participants p set left_at = at where p.id = participant.id;
  return written;
end
$$;

-- Somebody who leaves a group leaves its sessions. One they host goes to whoever has been there longest, or else ends.
-- Returns the span of the logs that were written, or null.
create or replace function lockin.leave_sessions(in_group uuid, of_user uuid) returns tstzrange
language plpgsql as $$
declare
  participant lockin.session_participants;
  heir uuid;
  written tstzrange;
begin
  perform from lockin.sessions s
  where s.group_id = in_group and s.status in ('scheduled', 'running', 'paused')
  order by s.id for no key update;
  for participant in
    select p.*
    from lockin.sessions s
    join lockin.session_participants p on p.session_id = s.id
    where s.group_id = in_group and s.status in ('scheduled', 'running', 'paused') and p.user_id = of_user
    order by s.id
  loop
    if participant.left_at is null then
      written := lockin.span_of_both(written, lockin.take_out(participant));
    end if;
    if participant.role = 'host' then
      select p.id into heir
      from lockin.session_participants p
      where p.session_id = participant.session_id and p.left_at is null
      order by p.joined_at, p.id limit 1;
      if found then
        update lockin.session_participants p set role = 'participant' where p.id = participant.id;
        update lockin.session_participants p set role = 'host' where p.id = heir;
      else
        perform lockin.end_session(participant.session_id, now());
      end if;
    end if;
  end loop;
  return written;
end
$$;

-- Ends what runs in a group that is about to be archived, as of `at` and not before it began; what was only planned is
-- cancelled. Returns the span of the logs that were written, or null. Whoever ends the sessions of several groups in one
-- transaction calls `hold_sessions` for all of them first.
create or replace function lockin.end_sessions(of_group uuid, at timestamptz) returns tstzrange
language plpgsql as $$
declare
  until constant timestamptz(3) := least(at, now());
  session uuid;
  written tstzrange;
begin
  perform lockin.hold_sessions(array[of_group]);
  for session in
    select s.id from lockin.sessions s
    where s.group_id = of_group and s.status in ('scheduled', 'running', 'paused')
    order by s.id
  loop
    written := lockin.span_of_both(written, lockin.end_stretches(session, until));
    perform lockin.end_session(session, until);
  end loop;
  return written;
end
$$;

-- A session of an archived group is only read; its group is for ever; its times always hold all of its logs.
create or replace function lockin.enforce_session_holds_logs() returns trigger
language plpgsql as $$
begin
  if new.group_id is not null then
    perform lockin.hold_open_group(new.group_id);
  end if;
  if tg_op = 'INSERT' then
    return new;
  end if;
  if new.group_id is distinct from old.group_id then
    perform lockin.refuse(409, 'wrong-group', 'A session stays in its group.');
  end if;
  if (new.started_at, new.ended_at) is not distinct from (old.started_at, old.ended_at) then
    return new;
  end if;
  -- The row is held by now: whoever writes a log of it has committed or waits.
  perform from lockin.session_participants p
  join lockin.time_logs l on l.participant_id = p.id
  where p.session_id = new.id and (
    new.started_at is null or l.started_at < new.started_at or l.ended_at > new.ended_at
  )
  limit 1;
  if found then
    perform lockin.refuse(409, 'strands-logs', 'There are logs outside of these times.');
  end if;
  return new;
end
$$;

create or replace trigger enforce_session_holds_logs before insert or update on lockin.sessions
for each row execute function lockin.enforce_session_holds_logs();

-- Who takes part in a session of an archived group is only read. A participant stays who it is: logs repeat it.
create or replace function lockin.enforce_participant_stays() returns trigger
language plpgsql as $$
declare
  in_group uuid;
begin
  select s.group_id into in_group from lockin.sessions s where s.id = new.session_id;
  if in_group is not null then
    perform lockin.hold_open_group(in_group);
  end if;
  if tg_op = 'UPDATE' and (new.session_id, new.user_id) is distinct from (old.session_id, old.user_id) then
    perform lockin.refuse(409, 'wrong-participant', 'A participant stays one person in one session.');
  end if;
  return new;
end
$$;

create or replace trigger enforce_participant_stays before insert or update on lockin.session_participants
for each row execute function lockin.enforce_participant_stays();
