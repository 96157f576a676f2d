// The statements of a round, in the order they are run: each is a way to Postgres and back, on which models wait. Rows of
// a lane's turns change only under the lane's lock.

/** A little more than what the provider counts by, since calls arrive a little later than they are granted. */
const minute = `interval '60.5 seconds'`
const second = `interval '1.05 seconds'`
const alive = `exists (select from iep.turn_holders h where h.holder = t.holder and h.alive_until > now())`

const register = `
with alive as (
  insert into iep.turn_holders (holder, alive_until) values ($1, now() + $2::float8 * interval '1 millisecond')
  on conflict (holder) do update set alive_until = excluded.alive_until
), lane as (
  insert into iep.lanes (lane, concurrency) values ($3, $4) on conflict (lane) do nothing
), line as (
  insert into iep.turns (turn_id, lane, user_id, holder)
  select w.turn_id, $3, w.user_id, $1 from unnest($5::uuid[], $6::text[]) with ordinality as w (turn_id, user_id, nth)
  order by w.nth
  on conflict (turn_id) do nothing
)`

/** Proves that a process lives. */
export const signOfLife = { name: 'iep.turns.sign-of-life', text: `${register} select` }

/**
 * The same, and takes the lane. Nobody waits for the lock: whoever has it does the work of all. What it guards is read by
 * the statements after it; a lane that is new is there for the next round. The commit does not wait for the disk: turns do
 * not outlive a crash anyway, and what is known of a lane is learnt anew.
 */
export const takeLane = {
  name: 'iep.turns.take-lane',
  text: `${register}
select concurrency, ceiling, per_second, requests_per_minute, refusals,
  extract(epoch from now() - refused_at)::float8 * 1000 as quiet_ms,
  coalesce(greatest(0, extract(epoch from paused_until - now())::float8 * 1000), 0) as paused_ms,
  set_config('synchronous_commit', 'off', true)
from iep.lanes where lane = $3 for update skip locked`,
}

/**
 * Takes down what has ended. What the dead held is free as well; their calls may have been made, and count for the minute.
 * What was taken down before, by a commit whose answer got lost, is not returned.
 */
export const takeDown = {
  name: 'iep.turns.take-down',
  text: `
with holders as (
  delete from iep.turn_holders where holder in (
    select holder from iep.turn_holders where alive_until < now() - interval '1 minute' for update skip locked
  )
), dead as (
  update iep.turns t set ended_at = now()
  where t.lane = $1 and t.granted_at is not null and t.ended_at is null and not ${alive}
), forgotten as (
  delete from iep.turns t
  where t.lane = $1
    and ((t.ended_at is not null and t.granted_at < now() - ${minute}) or (t.granted_at is null and not ${alive}))
), unused as (
  delete from iep.turns where turn_id = any($2::uuid[])
), returned as (
  update iep.turns set granted_at = null where turn_id = any($3::uuid[]) and ended_at is null
)
update iep.turns set ended_at = now(), refused = turn_id = any($5::uuid[])
where turn_id = any($4::uuid[]) and ended_at is null
returning turn_id`,
}

/**
 * What is going on in the lane, and which of those that wait here were granted by others. What was started around a call
 * that was just refused is counted from its own start: hearing of it may take a while. It arrived between the two: half
 * way, for want of better knowledge. Of several that were refused, the one counts that was refused in the best company.
 */
export const count = {
  name: 'iep.turns.count',
  text: `
with clock as materialized (select clock_timestamp() as at),
refused as (
  select distinct granted_at as at from iep.turns where lane = $1 and refused and ended_at = now()
),
company as (
  select count(*) filter (where not t.refused and t.granted_at <= r.at) as started,
    count(*) filter (where t.refused) as refused
  from refused r join iep.turns t on t.lane = $1 and t.granted_at > r.at - ${second} group by r.at
),
around as (
  select coalesce(max(started), 0)::int as "startedAround", coalesce(max(refused), 0)::int as "refusedAround" from company
),
lately as (select clock.at - $3::float8 * interval '1 millisecond' as since from clock)
select
  (count(t.turn_id) filter (where granted_at is not null and ended_at is null))::int as "underWay",
  (count(t.turn_id) filter (where granted_at is not null and ended_at is null and holder <> $2))::int as elsewhere,
  (count(t.turn_id) filter (where granted_at is not null and not t.refused
    and (ended_at is null or ended_at >= (select min(refused.at + (now() - refused.at) / 2) from refused))))::int as "underWayAround",
  (count(t.turn_id) filter (where granted_at > lately.since and not t.refused))::int as "startedLately",
  "startedAround", "refusedAround",
  extract(epoch from min(granted_at) filter (where granted_at > lately.since and not t.refused) - lately.since)::float8
    * 1000 as "secondFreesMs",
  (count(t.turn_id) filter (where granted_at > clock.at - ${minute} and not t.refused))::int as "thisMinute",
  (count(t.turn_id) filter (where granted_at is null))::int as waiting,
  extract(epoch from min(granted_at) filter (where granted_at > clock.at - ${minute} and not t.refused)
    + ${minute} - clock.at)::float8 * 1000 as "minuteFreesMs",
  coalesce(array_agg(turn_id) filter (
    where turn_id = any($4::uuid[]) and granted_at is not null and ended_at is null), '{}') as granted
from clock cross join lately cross join around left join iep.turns t on t.lane = $1
group by clock.at, lately.since, "startedAround", "refusedAround"`,
}

/** How many calls were ever started within a second of the last minute without one of them, or of the next, refused. */
export const borne = {
  name: 'iep.turns.borne',
  text: `
select coalesce(max(started) filter (where not spoilt and granted_at < now() - ${second}), 0)::int as borne
from (
  select granted_at, count(*) over (order by granted_at range between ${second} preceding and current row) as started,
    bool_or(refused) over (order by granted_at range between ${second} preceding and ${second} following) as spoilt
  from iep.turns where lane = $1 and granted_at is not null
) as seconds`,
}

/**
 * Remembers what was learnt, and hands out what is free. Who is next: the user who would then have the fewest calls under
 * way; among these the one who was last served longest ago, within the minute that is remembered; then whoever asked
 * first. A refused call was no service.
 */
export const settle = {
  name: 'iep.turns.settle',
  text: `
with learnt as (
  update iep.lanes set concurrency = $3, ceiling = $4, per_second = $5, requests_per_minute = $6, refusals = $7,
    refused_at = case when $8::boolean then now() else refused_at end,
    paused_until = case when $9::float8 > 0
      then greatest(coalesce(paused_until, now()), now() + $9::float8 * interval '1 millisecond')
      else paused_until end
  where lane = $1 and $10::boolean
), users as (
  select user_id,
    count(*) filter (where granted_at is not null and ended_at is null) as holds,
    max(granted_at) filter (where not refused) as served_at
  from iep.turns where lane = $1 group by user_id
), line as (
  select t.turn_id, t.asked_at, u.served_at,
    u.holds + row_number() over (partition by t.user_id order by t.asked_at, t.turn_id) as would_hold
  from iep.turns t join users u on u.user_id = t.user_id
  where t.lane = $1 and t.granted_at is null
), clock as materialized (select clock_timestamp() as at)
update iep.turns set granted_at = clock.at from clock where turn_id in (
  select turn_id from line order by would_hold, served_at nulls first, asked_at, turn_id limit $2
) returning turn_id, holder`,
}

/** Which of these were granted: all that a process wants to know between two rounds. */
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
