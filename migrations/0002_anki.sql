-- Up Migration

create schema anki;

-- Who may sync: the Cognito user id and the name the user chose.
create table anki.user_profiles (
  uuid uuid primary key,
  username text not null check (username <> '' and char_length(username) <= 255),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Down Migration

drop schema anki cascade;
