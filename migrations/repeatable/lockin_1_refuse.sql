-- How the functions of LockIN say no: an error of class LK whose number is the HTTP status it becomes, whose constraint is a
-- stable code and whose message is for people.
create or replace function lockin.refuse(status integer, code text, message text) returns void
language plpgsql as $$
begin
  raise exception using errcode = 'LK' || status, constraint = code, message = message;
end
$$;
