-- Who listens to an inbox asks what was written since: read marks and answers are news to the same person's other devices.
create or replace function lockin.mark_changed_notification() returns trigger
language plpgsql as $$
begin
  new.written_by := pg_current_xact_id();
  return new;
end
$$;

create or replace trigger notifications_changed before update on lockin.notifications
for each row when (old.* is distinct from new.*) execute function lockin.mark_changed_notification();

-- Reading is marked once. What became of an invite is its answer, not that it was read.
create or replace function lockin.read_notification(of_notification uuid, by_user uuid) returns lockin.notifications
language plpgsql as $$
declare
  told lockin.notifications;
begin
  update lockin.notifications
  set read_at = now(), status = case kind when 'group_invite' then status else 'read' end
  where id = of_notification and recipient_id = by_user and read_at is null
  returning * into told;
  if found then
    return told;
  end if;
  select * into told from lockin.notifications where id = of_notification and recipient_id = by_user;
  if not found then
    perform lockin.refuse(404, 'not-found', 'There is no such notification.');
  end if;
  return told;
end
$$;

-- Marks the newest of what came until then, and returns how many; whoever wants all of it asks until nothing is left.
create or replace function lockin.read_notifications(by_user uuid, came_until timestamptz, at_most integer)
returns integer
language sql as $$
  with unread as (
    select id from lockin.notifications
    where recipient_id = by_user and read_at is null and created_at <= came_until
    order by created_at desc, id desc
    limit at_most
    for no key update
  ), marked as (
    update lockin.notifications n
    set read_at = now(), status = case n.kind when 'group_invite' then n.status else 'read' end
    from unread
    where n.id = unread.id
    returning 1
  )
  select count(*)::integer from marked
$$;

-- Invites somebody, or finds the invite that already waits for an answer. Nothing in it says how to write to anybody.
create or replace function lockin.invite_member(to_group uuid, invited uuid, by_user uuid)
returns table (made boolean, invite lockin.notifications)
language plpgsql as $$
declare
  held lockin.groups;
  inviter text;
begin
  perform lockin.require_role(to_group, by_user, 'admin');
  held := lockin.hold_open_group(to_group);
  -- Roles only change while nobody holds the group.
  perform lockin.require_role(to_group, by_user, 'admin');
  perform from lockin.profiles where id = invited;
  if not found then
    perform lockin.refuse(404, 'not-found', 'There is no such profile.');
  end if;
  select coalesce(display_name, 'Somebody') into inviter from lockin.profiles where id = by_user;

  loop
    if lockin.role_in(to_group, invited) is not null then
      perform lockin.refuse(409, 'already-member', 'This person is a member of the group already.');
    end if;
    insert into lockin.notifications (recipient_id, kind, title, body, group_id, sender_id)
    values (
      invited,
      'group_invite',
      format('%s invites you to %s', inviter, held.name),
      format(
        'A group with a goal of %s min a %s.',
        held.period_target_minutes, case held.period when 'daily' then 'day' else 'week' end
      ),
      to_group,
      by_user
    )
    on conflict (group_id, recipient_id) where kind = 'group_invite' and status = 'pending' do nothing
    returning * into invite;
    made := found;
    if not made then
      select * into invite from lockin.notifications
      where group_id = to_group and recipient_id = invited and kind = 'group_invite' and status = 'pending';
      -- The one that was in the way has been answered since.
      continue when not found;
    end if;
    return next;
    return;
  end loop;
end
$$;

-- Accepts or declines, once. The same answer again is the same; whoever is a member by another way has nothing to gain.
create or replace function lockin.answer_invite(of_invite uuid, by_user uuid, answer lockin.notification_status)
returns lockin.notifications
language plpgsql as $$
declare
  invite lockin.notifications;
begin
  select * into invite from lockin.notifications
  where id = of_invite and recipient_id = by_user and kind = 'group_invite';
  if not found then
    perform lockin.refuse(404, 'not-found', 'There is no such invite.');
  end if;
  if invite.status in ('pending', 'withdrawn') then
    -- The group first, as everybody does; then whoever answers or withdraws at the same time is waited for.
    perform lockin.hold_open_group(invite.group_id);
    select * into strict invite from lockin.notifications where id = of_invite for no key update;
  end if;
  if invite.status = answer then
    return invite;
  end if;
  if invite.status = 'withdrawn' then
    perform lockin.refuse(409, 'invite-withdrawn', 'This invite was withdrawn.');
  elsif invite.status <> 'pending' then
    perform lockin.refuse(409, 'already-answered', format('This invite was %s already.', invite.status));
  end if;

  update lockin.notifications set status = answer, read_at = coalesce(read_at, now())
  where id = of_invite
  returning * into invite;
  if answer = 'accepted' and lockin.role_in(invite.group_id, by_user) is null then
    insert into lockin.group_members (group_id, user_id) values (invite.group_id, by_user)
    on conflict (group_id, user_id) do nothing;
  end if;
  return invite;
end
$$;

-- Who may take back invites to a group; anybody else is not told that there are any.
create or replace function lockin.require_inviter(to_group uuid, by_user uuid) returns void
language plpgsql as $$
declare
  theirs constant lockin.member_role := lockin.role_in(to_group, by_user);
begin
  if theirs is null then
    perform lockin.refuse(404, 'not-found', 'There is no such invite.');
  elsif theirs = 'member' then
    perform lockin.refuse(403, 'forbidden', 'This is for the owner and the admins of the group.');
  end if;
end
$$;

-- Takes an invite back that waits for an answer; owners and admins may, whoever of them it came from.
create or replace function lockin.withdraw_invite(of_invite uuid, by_user uuid) returns lockin.notifications
language plpgsql as $$
declare
  invite lockin.notifications;
begin
  select * into invite from lockin.notifications where id = of_invite and kind = 'group_invite';
  perform lockin.require_inviter(invite.group_id, by_user);
  if invite.status = 'pending' then
    perform lockin.hold_open_group(invite.group_id);
    perform lockin.require_inviter(invite.group_id, by_user);
    select * into strict invite from lockin.notifications where id = of_invite for no key update;
  end if;
  if invite.status = 'withdrawn' then
    return invite;
  elsif invite.status <> 'pending' then
    perform lockin.refuse(409, 'already-answered', format('This invite was %s already.', invite.status));
  end if;
  update lockin.notifications set status = 'withdrawn' where id = of_invite returning * into invite;
  return invite;
end
$$;

-- An invite has done its work when its recipient joins by any way, and is no way back for somebody who was removed.
create or replace function lockin.close_invites_of_member() returns trigger
language plpgsql as $$
declare
  joined constant boolean := tg_op = 'INSERT';
  member constant lockin.group_members := case when joined then new else old end;
begin
  update lockin.notifications
  set status = case when joined then 'accepted' else 'withdrawn' end::lockin.notification_status,
    read_at = case when joined then coalesce(read_at, now()) else read_at end
  where id in (
    select id from lockin.notifications
    where group_id = member.group_id and recipient_id = member.user_id and kind = 'group_invite' and status = 'pending'
    -- Whoever holds it answers or withdraws it at this moment.
    for no key update skip locked
  );
  return null;
end
$$;

create or replace trigger group_members_close_invites after insert or delete on lockin.group_members
for each row execute function lockin.close_invites_of_member();
