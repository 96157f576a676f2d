-- Whose profile a sign-in belongs to, made when it comes for the first time. The address is one the provider has verified,
-- or null: it links a second way of signing in to the profile it is known from, and nothing else does.
create or replace function lockin.sign_in(by_provider text, by_subject text, verified_email text, name text) returns uuid
language plpgsql as $$
declare
  known uuid;
begin
  select profile_id into known from lockin.auth_identities where provider = by_provider and subject = by_subject;
  if found then
    return known;
  end if;

  -- Two first requests at once make one profile.
  perform pg_advisory_xact_lock(hashtextextended('lockin sign-in ' || by_provider || ' ' || by_subject, 0));
  select profile_id into known from lockin.auth_identities where provider = by_provider and subject = by_subject;
  if found then
    return known;
  end if;

  insert into lockin.profiles (email, display_name) values (verified_email::citext, name)
  on conflict (email) do nothing
  returning id into known;
  if known is null then
    select id into strict known from lockin.profiles where email = verified_email::citext;
  end if;
  insert into lockin.auth_identities (provider, subject, profile_id) values (by_provider, by_subject, known);
  return known;
end
$$;
