-- Whose profile a sign-in belongs to, made when it comes for the first time. The address is one the provider has verified,
-- or null: it links a second way of signing in to the profile it is known from, and nothing else does. What is no address a
-- profile could have counts as none.
create or replace function lockin.sign_in(by_provider text, by_subject text, verified_email text, name text) returns uuid
language plpgsql as $$
declare
  known uuid;
  no_address boolean;
  address constant citext := case
    when char_length(verified_email) <= 254 and verified_email ~ '^[^@\s][^\s]*@[^@\s]+$' then verified_email
  end;
begin
  -- Every request asks this, and nearly all of them nothing else.
  select i.profile_id, p.email is null into known, no_address
  from lockin.auth_identities i join lockin.profiles p on p.id = i.profile_id
  where i.provider = by_provider and i.subject = by_subject;
  if found then
    if no_address and address is not null then perform lockin.learn_address(known, address); end if;
    return known;
  end if;

  -- Two first requests at once make one profile.
  perform pg_advisory_xact_lock(hashtextextended('lockin sign-in ' || by_provider || ' ' || by_subject, 0));
  select profile_id into known from lockin.auth_identities where provider = by_provider and subject = by_subject;
  if found then
    return known;
  end if;

  -- Two ways of signing in at once make one profile too: the second waits for the first, and changes nothing.
  insert into lockin.profiles as p (email, display_name) values (address, name)
  on conflict (email) do update set email = p.email
  returning p.id into known;
  insert into lockin.auth_identities (provider, subject, profile_id) values (by_provider, by_subject, known);
  return known;
end
$$;

-- Fills in the address of a profile that was made without one. One that another profile has stays there: two profiles that
-- both hold somebody's groups and time are not made one.
create or replace function lockin.learn_address(of_profile uuid, address citext) returns void
language plpgsql as $$
begin
  if exists (select from lockin.profiles where email = address) then
    return;
  end if;
  update lockin.profiles set email = address, updated_at = now() where id = of_profile and email is null;
exception when unique_violation then
  -- Somebody else signed in with it at this very moment.
  return;
end
$$;
