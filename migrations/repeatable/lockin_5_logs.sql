-- Time somebody spent in a session they joined. The same log again is the one that is there.
create or replace function lockin.log_time(
  in_session uuid, by_user uuid, from_time timestamptz, to_time timestamptz, out log_id uuid, out made boolean
)
language plpgsql as $$
declare
  participant uuid;
begin
  perform lockin.hold_session(in_session, by_user, false);
  select p.id into participant
  from lockin.session_participants p
  where p.session_id = in_session and p.user_id = by_user;
  if not found then
    perform lockin.refuse(403, 'forbidden', 'Only who joined a session can log time in it.');
  end if;
  perform lockin.hold_people(array[by_user]);
  select l.id, false into log_id, made
  from lockin.time_logs l
  where l.participant_id = participant and l.started_at = from_time and l.ended_at = to_time;
  if found then
    return;
  end if;
  begin
    insert into lockin.time_logs (participant_id, started_at, ended_at) values (participant, from_time, to_time)
    returning id, true into log_id, made;
  exception when exclusion_violation then
    perform lockin.refuse(409, 'overlaps-log', 'This overlaps another log of yours.');
  end;
end
$$;

-- Corrects one's own log; null leaves a time as it is. Returns the span of what it was and what it is.
create or replace function lockin.change_log(
  in_session uuid, of_log uuid, by_user uuid, from_time timestamptz, to_time timestamptz
) returns tstzrange
language plpgsql as $$
declare
  log constant lockin.time_logs := lockin.hold_log(in_session, of_log, by_user);
  starts constant timestamptz := coalesce(from_time, log.started_at);
  ends constant timestamptz := coalesce(to_time, log.ended_at);
begin
  begin
    update lockin.time_logs l set started_at = starts, ended_at = ends where l.id = of_log;
  exception when exclusion_violation then
    perform lockin.refuse(409, 'overlaps-log', 'This overlaps another log of yours.');
  end;
  return lockin.span_of_both(tstzrange(log.started_at, log.ended_at), tstzrange(starts, ends));
end
$$;

-- Returns the span that is not covered any longer.
create or replace function lockin.remove_log(in_session uuid, of_log uuid, by_user uuid) returns tstzrange
language plpgsql as $$
declare
  log constant lockin.time_logs := lockin.hold_log(in_session, of_log, by_user);
begin
  delete from lockin.time_logs l where l.id = of_log;
  return tstzrange(log.started_at, log.ended_at);
end
$$;

-- One's own log, with everything held that a change of it needs.
create or replace function lockin.hold_log(in_session uuid, of_log uuid, by_user uuid) returns lockin.time_logs
language plpgsql as $$
declare
  log lockin.time_logs;
begin
  perform lockin.hold_session(in_session, by_user, false);
  perform lockin.hold_people(array[by_user]);
  select l.* into log
  from lockin.time_logs l
  join lockin.session_participants p on p.id = l.participant_id
  where l.id = of_log and l.user_id = by_user and p.session_id = in_session
  for no key update of l;
  if not found then
    perform lockin.refuse(404, 'not-found', 'There is no such log.');
  end if;
  return log;
end
$$;

-- A log lies within its session: from its start to its end, or to this moment while it is not over. Whose it is and for
-- which group follows from the participant, whatever was written.
create or replace function lockin.enforce_log_within_session() returns trigger
language plpgsql as $$
declare
  participant lockin.session_participants;
  session lockin.sessions;
begin
  select p.* into participant from lockin.session_participants p where p.id = new.participant_id;
  select s.* into session from lockin.sessions s where s.id = participant.session_id;
  if not found then
    perform lockin.refuse(404, 'not-found', 'There is no such participant.');
  end if;
  if session.group_id is not null then
    perform lockin.hold_open_group(session.group_id);
  end if;
  -- Only the group of a session never changes: its times are read once they are held.
  select s.* into session from lockin.sessions s where s.id = participant.session_id for share;
  new.user_id := participant.user_id;
  new.group_id := session.group_id;

  if session.started_at is null then
    perform lockin.refuse(409, 'not-started', format('The session is %s: it has no time to log.', session.status));
  elsif new.ended_at <= new.started_at then
    perform lockin.refuse(400, 'invalid-field', 'ended_at: must be after started_at');
  elsif new.started_at < session.started_at then
    perform lockin.refuse(400, 'invalid-field', 'started_at: must not be before the session started');
  elsif new.ended_at > session.ended_at then
    perform lockin.refuse(400, 'invalid-field', 'ended_at: must not be after the session ended');
  elsif session.ended_at is null and new.ended_at > now()::timestamptz(3) then
    perform lockin.refuse(400, 'invalid-field', 'ended_at: must not be in the future');
  end if;
  return new;
end
$$;

create or replace trigger enforce_log_within_session before insert or update on lockin.time_logs
for each row execute function lockin.enforce_log_within_session();

