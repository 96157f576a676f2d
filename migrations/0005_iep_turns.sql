-- Up Migration

-- What a provider's answers have taught about one of its models; all workers share it. Learnt anew if it is lost.
create table iep.lanes (
  lane text primary key,
  -- How many calls may be under way at once: grows with answers, shrinks with refusals.
  concurrency double precision not null,
  -- How many were under way when one of them was last refused; null until that happens.
  ceiling double precision,
  -- How many calls may be started within a second; null until a burst is refused.
  per_second double precision,
  -- By the provider's own word; null while it has said none.
  requests_per_minute integer check (requests_per_minute > 0),
  -- Refusals since the last answer.
  refusals integer not null default 0,
  refused_at timestamptz,
  paused_until timestamptz
);

-- A process that waits for turns or holds some, and until when it is believed to live.
create unlogged table iep.turn_holders (
  holder uuid primary key,
  alive_until timestamptz not null
);

-- Turns to call a model: waited for (not granted), held (granted, not ended), and for a minute after, as the memory of
-- how many calls were made. Nothing of it outlives a crash of Postgres, which ends every call's process' wait as well.
create unlogged table iep.turns (
  turn_id uuid primary key,
  lane text not null,
  user_id text not null,
  holder uuid not null,
  -- The order of the waiting; given by the database.
  asked_at timestamptz not null default clock_timestamp(),
  granted_at timestamptz,
  ended_at timestamptz,
  -- A refused call does not count against the provider's limit per minute.
  refused boolean not null default false
);
create index turns_lane on iep.turns (lane);
create index turns_holder on iep.turns (holder);

-- The answers of a document's model calls are as personal as the document, and go with it however it goes; what the
-- calls cost stays known.
create function iep.forget_answers() returns trigger language plpgsql as $$
begin
  update iep.model_calls set answer = null where iep_id = old.iep_id and answer is not null;
  return null;
end
$$;
create trigger documents_forget_answers after delete on iep.documents
  for each row execute function iep.forget_answers();

-- Down Migration

drop trigger documents_forget_answers on iep.documents;
drop function iep.forget_answers();
drop table iep.turns;
drop table iep.turn_holders;
drop table iep.lanes;
