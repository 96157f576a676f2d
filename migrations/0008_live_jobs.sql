-- Up Migration

-- Which jobs are not at rest: what the sweep, the watchdog and the metrics look through. A table of its own, since an index
-- that tells them apart would have every settlement write to all indexes of the ledger.
create table millrace.live_jobs (
  job uuid primary key
) with (vacuum_truncate = off);

-- The table is often empty, and a plan made then reads all of it for each row that settles: a page is sooner read than looked
-- up in. Connections keep such plans when it has filled. So it never seems that small: these pages stay.
insert into millrace.live_jobs (job) select gen_random_uuid() from generate_series(1, 20000);
delete from millrace.live_jobs;

insert into millrace.live_jobs (job) select id from millrace.jobs where not at_rest;

drop index millrace.jobs_live;
alter table millrace.jobs drop column at_rest;
alter table millrace.sweep drop column cursor_run_at;

-- Whoever enters a job says its ticket. A process of the version before, which knows nothing of the new table and may still
-- run, is refused by this; what it entered would be looked after by nobody.
alter table millrace.jobs alter column ticket drop default;

-- Down Migration

alter table millrace.jobs alter column ticket set default 1;
alter table millrace.sweep add column cursor_run_at timestamptz not null default '-infinity';
alter table millrace.jobs
  add column at_rest boolean not null generated always as (state in ('completed', 'failed', 'cancelled')) stored;
create index jobs_live on millrace.jobs (run_at, id) where not at_rest;
drop table millrace.live_jobs;
