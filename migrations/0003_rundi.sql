-- Up Migration

create schema rundi;

-- A person. Addresses are kept as given and compared without regard to case.
create table rundi.users (
  id uuid primary key default gen_random_uuid(),
  email text not null check (char_length(email) <= 255),
  email_verified boolean not null default false,
  name text check (char_length(name) <= 255),
  avatar text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index users_email on rundi.users (lower(email));

-- The ways a person signs in. The pair of provider and id belongs to one user for ever.
create table rundi.identities (
  provider text not null check (char_length(provider) <= 50),
  provider_id text not null check (char_length(provider_id) <= 255),
  user_id uuid not null references rundi.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (provider, provider_id)
);
create index identities_user on rundi.identities (user_id);

-- Down Migration

drop schema rundi cascade;
