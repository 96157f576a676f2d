-- Who is in a group, and what they may. Every one of these holds the group first.

-- Who is in an archived group stays as it is. The group is held, so that it is not archived at this very moment either.
-- A group or a person that is deleted takes its memberships along, wherever they are.
create or replace function lockin.prevent_members_on_archived_groups() returns trigger
language plpgsql as $$
declare
  held lockin.groups;
begin
  for held in
    select * from lockin.groups where id in (old.group_id, new.group_id) order by id for share
  loop
    continue when held.status <> 'archived';
    continue when tg_op = 'DELETE' and not exists (select from lockin.profiles where id = old.user_id);
    perform lockin.refuse_archived();
  end loop;
  return coalesce(new, old);
end
$$;
create or replace trigger prevent_members_on_archived_groups before insert or update or delete on lockin.group_members
for each row execute function lockin.prevent_members_on_archived_groups();

-- A group has at most 500 members, whichever way they come. Those who come at once wait for each other at the owner's row,
-- after the group that they hold already, and so are counted one after the other.
create or replace function lockin.limit_members() returns trigger
language plpgsql as $$
begin
  perform from lockin.group_members where group_id = new.group_id and role = 'owner' for no key update;
  if (select count(*) >= 500 from lockin.group_members where group_id = new.group_id)
    and lockin.role_in(new.group_id, new.user_id) is null
  then
    perform lockin.refuse(409, 'group-full', 'A group has at most 500 members.');
  end if;
  return new;
end
$$;
-- Its name sorts after the one that holds the group: triggers run in the order of their names.
create or replace trigger prevent_members_over_limit before insert on lockin.group_members
for each row execute function lockin.limit_members();

-- Lets somebody in as a member. For owner and admins.
create or replace function lockin.add_member(to_group uuid, by_user uuid, new_user uuid) returns uuid
language plpgsql as $$
declare
  made uuid;
begin
  perform lockin.hold_group_as(to_group, by_user, 'admin');
  perform from lockin.profiles where id = new_user;
  if not found then perform lockin.refuse(404, 'not-found', 'There is no such profile.'); end if;
  -- One who accepts an invite at this moment holds the group as well, or has been waited for.
  if lockin.role_in(to_group, new_user) is not null then
    perform lockin.refuse(409, 'already-member', 'This person is a member of the group already.');
  end if;
  insert into lockin.group_members (group_id, user_id) values (to_group, new_user) returning id into made;
  return made;
end
$$;

-- What somebody is in a group, of whom a member speaks who is in it.
create or replace function lockin.require_member(in_group uuid, of_user uuid) returns lockin.member_role
language plpgsql stable as $$
declare
  theirs constant lockin.member_role := lockin.role_in(in_group, of_user);
begin
  if theirs is null then perform lockin.refuse(404, 'not-found', 'There is no such member.'); end if;
  return theirs;
end
$$;

-- Changes what the changes name: override_period_target_minutes (null clears it), for owner and admins, and role, for the
-- owner. Whom the owner makes owner takes the group over; the one before becomes an admin.
create or replace function lockin.change_member(in_group uuid, by_user uuid, of_user uuid, changes jsonb) returns void
language plpgsql as $$
declare
  g constant lockin.groups := lockin.hold_group_as(in_group, by_user, 'admin');
  before constant lockin.member_role := lockin.require_member(in_group, of_user);
  wanted constant lockin.member_role := coalesce((changes ->> 'role')::lockin.member_role, before);
begin
  if changes ? 'role' then perform lockin.require_role(in_group, by_user, 'owner'); end if;
  if before = 'owner' and wanted <> 'owner' then perform lockin.refuse_ownerless(); end if;

  if wanted = 'owner' and before <> 'owner' then
    -- The one before first: there is one owner at any time.
    update lockin.group_members set role = 'admin' where group_id = in_group and user_id = g.owner_id;
    update lockin.groups set owner_id = of_user, updated_at = now() where id = in_group;
  end if;
  update lockin.group_members
  set role = wanted,
    override_period_target_minutes = case
      when changes ? 'override_period_target_minutes' then (changes ->> 'override_period_target_minutes')::integer
      else override_period_target_minutes
    end
  where group_id = in_group and user_id = of_user;
end
$$;

create or replace function lockin.refuse_ownerless() returns void
language plpgsql as $$
begin
  perform lockin.refuse(409, 'hand-over-first', 'The group needs an owner: make somebody else its owner first.');
end
$$;

-- Takes somebody out of a group; what they logged stays. The owner may take out everybody else, admins plain members, and
-- everybody but the owner may leave. What they are doing in a session of the group ends.
create or replace function lockin.remove_member(in_group uuid, by_user uuid, of_user uuid) returns void
language plpgsql as $$
declare
  own lockin.member_role;
  theirs lockin.member_role;
begin
  perform lockin.hold_group_as(in_group, by_user, 'member');
  own := lockin.role_in(in_group, by_user);
  theirs := lockin.require_member(in_group, of_user);
  if theirs = 'owner' and by_user = of_user then perform lockin.refuse_ownerless(); end if;
  if by_user <> of_user and (own = 'member' or own >= theirs) then
    perform lockin.refuse(403, 'forbidden', 'Your role in the group does not allow to remove this member.');
  end if;
  perform lockin.leave_sessions(in_group, of_user);
  delete from lockin.group_members where group_id = in_group and user_id = of_user;
end
$$;
