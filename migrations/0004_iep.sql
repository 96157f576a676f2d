-- Up Migration

create schema iep;

-- A parent. Who they are (address, name) is Cognito's business; here is only what the application asks for.
create table iep.profiles (
  user_id text primary key check (char_length(user_id) between 1 and 128),
  phone text check (char_length(phone) <= 50),
  primary_language text check (primary_language in ('en', 'es', 'zh', 'vi')),
  secondary_language text check (secondary_language in ('en', 'es', 'zh', 'vi')),
  city text check (char_length(city) <= 100),
  consent_given boolean not null default false,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table iep.children (
  child_id uuid primary key default gen_random_uuid(),
  user_id text not null references iep.profiles (user_id) on delete cascade,
  name text not null check (char_length(name) between 1 and 100),
  school_city text not null check (char_length(school_city) between 1 and 100),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index children_user on iep.children (user_id, created_at);

-- A place in the bucket that a parent may fill. What arrives anywhere else, or after the row is gone, is removed.
create table iep.uploads (
  iep_id uuid primary key,
  child_id uuid not null references iep.children (child_id) on delete cascade,
  user_id text not null,
  object_key text not null unique,
  file_name text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index uploads_child on iep.uploads (child_id);
create index uploads_expiry on iep.uploads (expires_at);

-- A document that has arrived. `active`: the one document of its child. One that was refused when it arrived, while
-- another was active, is kept beside it until the next arrival, so that the parent can be told.
create table iep.documents (
  iep_id uuid primary key,
  child_id uuid not null references iep.children (child_id) on delete cascade,
  user_id text not null,
  object_key text not null unique,
  file_name text not null,
  active boolean not null,
  -- Grows when other bytes arrive at the same key: what was found out about the old ones is then of no use.
  revision integer not null default 1,
  sha256 bytea not null,
  byte_size bigint not null,
  page_count integer,
  status text not null default 'PROCESSING'
    check (status in ('PROCESSING', 'OCR_COMPLETED', 'OCR_FAILED', 'PROCESSED', 'FAILED')),
  waiting_for text check (waiting_for in ('consent')),
  -- A stable code, and a sentence a parent understands.
  problem_code text,
  problem_message text,
  ocr_completed_at timestamptz,
  redacted_at timestamptz,
  processed_at timestamptz,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (active or status = 'FAILED')
);
create unique index documents_active on iep.documents (child_id) where active;
create index documents_child on iep.documents (child_id, created_at);
create index documents_user on iep.documents (user_id);
create index documents_under_way on iep.documents (created_at)
  where active and status in ('PROCESSING', 'OCR_COMPLETED') and waiting_for is null;
create index documents_processed on iep.documents (processed_at) where processed_at is not null;

-- What was read on each page; `redacted` is what may go to the chat model, `hidden` counts what was taken out by kind.
create table iep.pages (
  iep_id uuid not null references iep.documents (iep_id) on delete cascade,
  index integer not null check (index >= 0),
  markdown text not null,
  images jsonb not null default '[]',
  dimensions jsonb not null,
  model text not null,
  redacted text,
  hidden jsonb,
  read_at timestamptz not null default now(),
  primary key (iep_id, index)
);

-- The document in one language. English is made from the pages, the others from English.
create table iep.language_versions (
  iep_id uuid not null references iep.documents (iep_id) on delete cascade,
  language text not null check (language in ('en', 'es', 'zh', 'vi')),
  state text not null default 'waiting' check (state in ('waiting', 'working', 'ready', 'failed')),
  -- Summary and sections, as src/domains/iep/content.ts describes them; what checking it came to; what made it.
  content jsonb,
  verification jsonb,
  prompt_version text,
  model text,
  problem_message text,
  updated_at timestamptz not null default now(),
  primary key (iep_id, language),
  check (state <> 'ready' or content is not null)
);

-- Every call to a paid model, written before it is made, so that one in flight at a crash is seen to be repeated. The
-- row outlives its document, to know what was spent; the answer, which is personal, goes with the document.
create table iep.model_calls (
  call_id uuid primary key,
  iep_id uuid not null,
  step text not null check (step in ('read', 'summarise', 'translate')),
  language text,
  -- Of everything that was asked: the same question about a document is answered from here.
  request_hash bytea not null,
  model text not null,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  outcome text check (outcome in ('answered', 'unusable', 'throttled', 'failed')),
  pages integer,
  prompt_tokens integer,
  completion_tokens integer,
  -- Millionths of a US dollar, by the prices known when it was made.
  cost bigint,
  answer jsonb
);
create index model_calls_document on iep.model_calls (iep_id, request_hash);

-- Down Migration

drop schema iep cascade;
