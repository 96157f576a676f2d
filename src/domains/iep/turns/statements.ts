// The statements of a round, in the order they are run. Rows of a lane's turns change only under the lane's lock.

export const register = {
  name: 'iep.turns.register',
  text: `
with alive as (
  insert into iep.turn_holders (holder, alive_until) values ($1, now() + $2::float8 * interval '1 millisecond')
  on conflict (holder) do update set alive_until = excluded.alive_until
), lane as (
  insert into iep.lanes (lane, concurrency) values ($3, $4) on conflict (lane) do nothing
)
insert into iep.turns (turn_id, lane, user_id, holder)
select w.turn_id, $3, w.user_id, $1 from unnest($5::uuid[], $6::text[]) with ordinality as w (turn_id, user_id, nth)
order by w.nth
on conflict (turn_id) do nothing`,
}

/** Nobody waits for the lock: whoever has it does the work of all. What it guards is read after it is held. */
export const lockLane = {
  name: 'iep.turns.lock-lane',
  text: `
select concurrency, ceiling, per_second, requests_per_minute, refusals,
  extract(epoch from now() - refused_at)::float8 * 1000 as quiet_ms,
  coalesce(greatest(0, extract(epoch from paused_until - now())::float8 * 1000), 0) as paused_ms
from iep.lanes where lane = $1 for update skip locked`,
}

/** What the dead held is free; their calls may have been made, and count for the minute. */
export const endDead = {
  name: 'iep.turns.end-dead',
  text: `
update iep.turns t set ended_at = now()
where t.lane = $1 and t.granted_at is not null and t.ended_at is null
  and not exists (select from iep.turn_holders h where h.holder = t.holder and h.alive_until > now())`,
}

/** A little more than what the provider counts by, since calls arrive a little later than they are granted. */
const minute = `interval '60.5 seconds'`
const second = `interval '1.05 seconds'`

export const forget = {
  name: 'iep.turns.forget',
  text: `
with holders as (
  delete from iep.turn_holders where holder in (
    select holder from iep.turn_holders where alive_until < now() - interval '1 minute' for update skip locked
  )
)
delete from iep.turns t
where t.lane = $1 and (
  (t.ended_at is not null and t.granted_at < now() - ${minute})
  or (t.granted_at is null
    and not exists (select from iep.turn_holders h where h.holder = t.holder and h.alive_until > now()))
)`,
}

export const remove = {
  name: 'iep.turns.remove',
  text: 'delete from iep.turns where turn_id = any($1::uuid[])',
}

export const putBack = {
  name: 'iep.turns.put-back',
  text: 'update iep.turns set granted_at = null where turn_id = any($1::uuid[]) and ended_at is null',
}

export const end = {
  name: 'iep.turns.end',
  text: `
update iep.turns set ended_at = now(), refused = turn_id = any($2::uuid[])
where turn_id = any($1::uuid[]) and ended_at is null
returning turn_id`,
}

/** What was started around a call that was just refused is counted from its own start: hearing of it may take a while. */
export const count = {
  name: 'iep.turns.count',
  text: `
with refused as (
  select min(granted_at) - ${second} as since from iep.turns where lane = $1 and refused and ended_at = now()
)
select
  (count(*) filter (where granted_at is not null and ended_at is null))::int as "underWay",
  (count(*) filter (where granted_at is not null and ended_at is null and holder <> $2))::int as elsewhere,
  (count(*) filter (where granted_at > now() - ${second} and not refused))::int as "startedLately",
  (count(*) filter (where granted_at > since and not refused))::int as "startedAround",
  (count(*) filter (where granted_at > since and refused))::int as "refusedAround",
  extract(epoch from min(granted_at) filter (where granted_at > now() - ${second} and not refused)
    + ${second} - now())::float8 * 1000 as "secondFreesMs",
  (count(*) filter (where granted_at > now() - ${minute} and not refused))::int as "thisMinute",
  (count(*) filter (where granted_at is null))::int as waiting,
  extract(epoch from min(granted_at) filter (where granted_at > now() - ${minute} and not refused)
    + ${minute} - now())::float8 * 1000 as "minuteFreesMs"
from iep.turns, refused where lane = $1`,
}

export const storeLane = {
  name: 'iep.turns.store-lane',
  text: `
update iep.lanes set concurrency = $2, ceiling = $3, per_second = $4, requests_per_minute = $5, refusals = $6,
  refused_at = case when $7::boolean then now() else refused_at end,
  paused_until = case when $8::float8 > 0
    then greatest(coalesce(paused_until, now()), now() + $8::float8 * interval '1 millisecond')
    else paused_until end
where lane = $1`,
}

/**
 * Who is next: the user who would then have the fewest calls under way; among these the one who was last served longest
 * ago, within the minute that is remembered; then whoever asked first. A refused call was no service.
 */
export const grant = {
  name: 'iep.turns.grant',
  text: `
with users as (
  select user_id,
    count(*) filter (where granted_at is not null and ended_at is null) as holds,
    max(granted_at) filter (where not refused) as served_at
  from iep.turns where lane = $1 group by user_id
), line as (
  select t.turn_id, t.asked_at, u.served_at,
    u.holds + row_number() over (partition by t.user_id order by t.asked_at, t.turn_id) as would_hold
  from iep.turns t join users u on u.user_id = t.user_id
  where t.lane = $1 and t.granted_at is null
)
update iep.turns set granted_at = now() where turn_id in (
  select turn_id from line order by would_hold, served_at nulls first, asked_at, turn_id limit $2
) returning holder`,
}

export const granted = {
  name: 'iep.turns.granted',
  text: `
select turn_id from iep.turns
where turn_id = any($1::uuid[]) and granted_at is not null and ended_at is null`,
}

export const leaveTurns = {
  name: 'iep.turns.leave',
  text: 'delete from iep.turns where holder = $1 and ended_at is null',
}
export const leaveHolder = {
  name: 'iep.turns.leave-holder',
  text: 'delete from iep.turn_holders where holder = $1',
}
