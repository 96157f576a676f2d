-- Up Migration

-- What `onFailed` has to write was not written when the row settled: the next undo does it.
alter table millrace.jobs add column followers_due boolean not null default false;

-- Down Migration

alter table millrace.jobs drop column followers_due;
