-- Up Migration

-- Which rows are not at rest, in a form that a claim does not change: an index over `state` would make every claim and
-- every settlement write to all indexes of the table. The room left in each page keeps a row's versions together.
alter table millrace.jobs
  add column at_rest boolean not null generated always as (state in ('completed', 'failed', 'cancelled')) stored;
alter table millrace.jobs set (fillfactor = 60);
drop index millrace.jobs_live;
create index jobs_live on millrace.jobs (run_at, id) where not at_rest;

-- Down Migration

drop index millrace.jobs_live;
create index jobs_live on millrace.jobs (state, run_at) where state not in ('completed', 'failed', 'cancelled');
alter table millrace.jobs reset (fillfactor);
alter table millrace.jobs drop column at_rest;
