-- Up Migration

-- The ledger: what was promised and what came of it. src/jobs/ledger/ is its only reader and writer.
create schema millrace;

create table millrace.jobs (
  id uuid primary key,
  name text not null,
  queue text not null,
  key text not null,
  owner text,
  data jsonb not null,
  state text not null default 'waiting' check (
    state in ('waiting', 'active', 'delayed', 'cancelling', 'undoing', 'completed', 'failed', 'cancelled')
  ),
  -- A round is one promise from asking to settling; asking again after that begins the next.
  round int not null default 1,
  -- Only grows. Whoever holds an older ticket may neither claim nor settle.
  ticket int not null default 1,
  attempts int not null default 0,
  max_attempts int not null,
  -- The job has an undo or an onFailed, so that failing for good goes through the state `undoing`.
  closes boolean not null,
  run_at timestamptz not null default now(),
  worker uuid,
  -- Asked again while running: the data of one more round.
  next_data jsonb,
  percent smallint,
  step text,
  result jsonb,
  error jsonb,
  -- What the row becomes once the undo is over.
  verdict text check (verdict in ('failed', 'cancelled')),
  undo text check (undo in ('pending', 'done', 'stuck')),
  undo_error jsonb,
  undo_attempts int not null default 0,
  undo_again_at timestamptz,
  -- Nobody saw the last runner stop: it may wake and go on, so the undo runs once more.
  unwitnessed boolean not null default false,
  trace text not null,
  last_event int not null default 1,
  created_at timestamptz not null default now(),
  asked_at timestamptz not null default now(),
  started_at timestamptz,
  settled_at timestamptz,
  constraint jobs_one_per_key unique (name, key)
);

-- Everything that is not at rest: what the sweep, the watchdog and the metrics look through.
create index jobs_live on millrace.jobs (state, run_at) where state not in ('completed', 'failed', 'cancelled');
create index jobs_undo_again on millrace.jobs (undo_again_at) where undo_again_at is not null;

-- The history: one row per transition, numbered per job.
create table millrace.job_events (
  job uuid not null,
  seq int not null,
  at timestamptz not null default now(),
  kind text not null,
  round int not null,
  attempt int not null,
  actor text,
  detail jsonb,
  primary key (job, seq)
);

-- One row per living process that runs jobs, renewed every two seconds.
create table millrace.leases (
  worker uuid primary key,
  process text not null,
  valid_until timestamptz not null,
  started_at timestamptz not null default now(),
  metrics jsonb
);

-- Which Redis holds our tickets, and who looks after them at the moment. One row.
create table millrace.sweep (
  only_row boolean primary key default true check (only_row),
  marker uuid,
  worker uuid,
  valid_until timestamptz not null default '-infinity',
  cursor_run_at timestamptz not null default '-infinity',
  cursor_id uuid not null default '00000000-0000-0000-0000-000000000000'
);
insert into millrace.sweep default values;

-- What operators set on a queue; put back when Redis has forgotten it.
create table millrace.queue_settings (
  queue text primary key,
  paused boolean not null default false,
  concurrency int check (concurrency > 0),
  changed_by text not null,
  changed_at timestamptz not null default now()
);

-- Providers that asked for a pause.
create table millrace.providers (
  name text primary key,
  paused_until timestamptz not null
);

-- One row per slot of a schedule: the reason a slot's job exists once.
create table millrace.schedule_slots (
  schedule text not null,
  slot timestamptz not null,
  outcome text not null check (outcome in ('first seen', 'asked', 'skipped')),
  job uuid,
  at timestamptz not null default now(),
  primary key (schedule, slot)
);

-- Messages that could not be read, kept for an operator.
create table millrace.rejected_messages (
  id uuid primary key,
  source text not null,
  message_id text not null,
  reason text not null,
  body text not null,
  received_at timestamptz not null default now(),
  constraint rejected_once unique (source, message_id)
);

create table millrace.idempotency_keys (
  caller text not null,
  route text not null,
  key text not null,
  body_hash text not null,
  job uuid not null,
  round int not null,
  created_at timestamptz not null default now(),
  primary key (caller, route, key)
);
create index idempotency_keys_created on millrace.idempotency_keys (created_at);

-- Down Migration

drop schema millrace cascade;
