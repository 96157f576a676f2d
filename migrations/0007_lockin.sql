-- Up Migration

create schema lockin;
create extension if not exists pgcrypto;
create extension if not exists citext;
create extension if not exists btree_gist;

create type lockin.group_status as enum ('pending', 'active', 'archived');
create type lockin.goal_period as enum ('daily', 'weekly');
create type lockin.member_role as enum ('owner', 'admin', 'member');
create type lockin.session_status as enum ('scheduled', 'running', 'paused', 'ended', 'cancelled');
create type lockin.participant_role as enum ('host', 'participant');
create type lockin.notification_kind as enum
  ('group_invite', 'milestone_member', 'milestone_group', 'session_reminder', 'generic');
create type lockin.notification_status as enum ('pending', 'accepted', 'declined', 'read', 'withdrawn');
create type lockin.avatar_state as enum ('uploading', 'ready', 'refused');

-- Times are kept to the millisecond, as JSON and JavaScript carry them: what was told can be asked for again exactly.

-- A person. The address is one that a sign-in has proved, or none; a second sign-in is linked by nothing else.
create table lockin.profiles (
  id uuid primary key default gen_random_uuid(),
  email citext unique check (char_length(email::text) between 3 and 254),
  display_name text check (char_length(display_name) between 1 and 80),
  avatar_url text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);

-- The ways a person signs in. The pair of provider and subject belongs to one profile for ever.
create table lockin.auth_identities (
  id uuid primary key default gen_random_uuid(),
  provider text not null check (char_length(provider) between 1 and 50),
  subject text not null check (char_length(subject) between 1 and 255),
  profile_id uuid not null references lockin.profiles (id) on delete cascade,
  created_at timestamptz(3) not null default now(),
  unique (provider, subject)
);
create index auth_identities_profile on lockin.auth_identities (profile_id);

-- The IANA zones groups may be in, spelt as Postgres spells them. Filled from its own list, when one is first used.
create table lockin.zones (
  name text primary key
);

create table lockin.groups (
  id uuid primary key default uuidv7(),
  owner_id uuid not null references lockin.profiles (id) on delete restrict,
  name text not null check (char_length(name) between 1 and 100),
  description text check (char_length(description) <= 2000),
  start_at timestamptz(3) not null,
  end_at timestamptz(3) not null,
  timezone text not null default 'America/New_York' references lockin.zones (name),
  period lockin.goal_period not null,
  period_target_minutes integer not null check (period_target_minutes > 0),
  status lockin.group_status not null default 'active',
  archived_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint groups_end_after_start check (end_at > start_at),
  constraint groups_archived_at check ((archived_at is not null) = (status = 'archived'))
);
create index groups_owner on lockin.groups (owner_id);
create index groups_expiry on lockin.groups (end_at) where status <> 'archived';
create index groups_beginning on lockin.groups (start_at) where status = 'pending';

create table lockin.group_members (
  id uuid primary key default uuidv7(),
  group_id uuid not null references lockin.groups (id) on delete cascade,
  user_id uuid not null references lockin.profiles (id) on delete cascade,
  role lockin.member_role not null default 'member',
  override_period_target_minutes integer check (override_period_target_minutes > 0),
  created_at timestamptz(3) not null default now(),
  unique (group_id, user_id)
);
create index group_members_user on lockin.group_members (user_id);
-- A group has one owner, the one its row names; the functions that hand a group over change both.
create unique index group_members_owner on lockin.group_members (group_id) where role = 'owner';

create table lockin.sessions (
  id uuid primary key default uuidv7(),
  group_id uuid references lockin.groups (id) on delete cascade,
  creator_id uuid not null references lockin.profiles (id) on delete cascade,
  status lockin.session_status not null default 'scheduled',
  started_at timestamptz(3),
  ended_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  constraint sessions_times check (
    case status
      when 'scheduled' then started_at is null and ended_at is null
      when 'cancelled' then started_at is null
      when 'ended' then started_at is not null and ended_at >= started_at
      else started_at is not null and ended_at is null
    end
  )
);
create index sessions_group on lockin.sessions (group_id, created_at desc);
create index sessions_creator on lockin.sessions (creator_id, created_at desc);
create index sessions_open on lockin.sessions (group_id) where status in ('scheduled', 'running', 'paused');

create table lockin.session_participants (
  id uuid primary key default uuidv7(),
  session_id uuid not null references lockin.sessions (id) on delete cascade,
  user_id uuid not null references lockin.profiles (id) on delete cascade,
  role lockin.participant_role not null default 'participant',
  joined_at timestamptz(3) not null default now(),
  -- One who left keeps what was logged, and may come back.
  left_at timestamptz(3),
  -- The stretch that runs at this moment; it becomes a log when it ends.
  running_since timestamptz(3),
  unique (session_id, user_id),
  constraint session_participants_present check (left_at is null or running_since is null)
);
create index session_participants_user on lockin.session_participants (user_id);
create unique index session_participants_host on lockin.session_participants (session_id) where role = 'host';

-- Time somebody spent. Whose it is and for which group follows from the participant and is kept here as well, so that
-- Postgres itself can refuse a log that overlaps another of the same person, and progress reads one index.
create table lockin.time_logs (
  id uuid primary key default uuidv7(),
  participant_id uuid not null references lockin.session_participants (id) on delete cascade,
  user_id uuid not null references lockin.profiles (id) on delete cascade,
  group_id uuid references lockin.groups (id) on delete cascade,
  started_at timestamptz(3) not null,
  ended_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now(),
  constraint time_logs_end_after_start check (ended_at > started_at),
  constraint time_logs_no_overlap exclude using gist (user_id with =, tstzrange(started_at, ended_at) with &&)
);
create index time_logs_participant on lockin.time_logs (participant_id, started_at);
create index time_logs_progress on lockin.time_logs (group_id, user_id, ended_at) include (started_at);

-- What a person finds in the inbox. `status` is what came of an invite; of anything else, whether it was read.
create table lockin.notifications (
  id uuid primary key default uuidv7(),
  recipient_id uuid not null references lockin.profiles (id) on delete cascade,
  kind lockin.notification_kind not null,
  status lockin.notification_status not null default 'pending',
  title text not null check (char_length(title) between 1 and 200),
  body text check (char_length(body) <= 2000),
  group_id uuid references lockin.groups (id) on delete cascade,
  -- Who invited; nobody for what Millrace says by itself.
  sender_id uuid references lockin.profiles (id) on delete set null,
  created_at timestamptz(3) not null default now(),
  read_at timestamptz(3),
  -- The transaction that wrote it last. Times do not tell what a reader has not seen yet: an older one may commit later.
  written_by xid8 not null default pg_current_xact_id(),
  constraint notifications_invite check (kind <> 'group_invite' or group_id is not null)
);
create index notifications_inbox on lockin.notifications (recipient_id, created_at desc, id desc);
create index notifications_unread on lockin.notifications (recipient_id, created_at desc, id desc) where read_at is null;
-- Who listens to an inbox asks what was written since: read marks and answers are news to one's other devices.
create index notifications_news on lockin.notifications (recipient_id, written_by);
create unique index notifications_one_invite on lockin.notifications (group_id, recipient_id)
  where kind = 'group_invite' and status = 'pending';

-- What was said once and is not said again: that a member, or with no user the whole group, reached the target of a
-- period, and that a member was reminded of it. The period is known by its kind and the local date it begins on.
create table lockin.announcements (
  group_id uuid not null references lockin.groups (id) on delete cascade,
  kind lockin.notification_kind not null,
  period lockin.goal_period not null,
  period_date date not null,
  user_id uuid references lockin.profiles (id) on delete cascade,
  created_at timestamptz(3) not null default now(),
  unique nulls not distinct (group_id, kind, period, period_date, user_id)
);

-- An image somebody uploads as their picture. Only one that is ready can be set.
create table lockin.avatars (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid not null references lockin.profiles (id) on delete cascade,
  state lockin.avatar_state not null default 'uploading',
  -- Why it was refused: a stable code.
  problem text,
  created_at timestamptz(3) not null default now(),
  settled_at timestamptz(3),
  -- When another took its place, or it was given up; its objects are removed then, and the row after them.
  dropped_at timestamptz(3)
);
create index avatars_profile on lockin.avatars (profile_id);
create index avatars_dropped on lockin.avatars (dropped_at) where dropped_at is not null;
create index avatars_open on lockin.avatars (created_at) where dropped_at is null;

-- Down Migration

drop schema lockin cascade;
