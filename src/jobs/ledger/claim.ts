import type { Run } from '../../shared/database.ts'
import { arrayOf, inLockOrder, oneByOne, type Claimed, type State } from './rows.ts'

/** Why a ticket could not be claimed: it is not due yet, or it is of no use any more. */
export type Refusal = { later: number } | 'stale'

/**
 * Takes rows for this worker: starts an attempt, or the undo of a row that is being undone. Each needs the row's
 * newest ticket, a moment that is due by the Postgres clock, nobody else holding it, and a lease that has not lapsed.
 * Tickets must be distinct.
 */
export async function claim(
  run: Run,
  worker: string,
  tickets: { id: string; ticket: number }[],
): Promise<(Claimed | Refusal)[]> {
  const sorted = inLockOrder(tickets)
  const ids = arrayOf(sorted.map((each) => each.id))
  const numbers = arrayOf(sorted.map((each) => each.ticket))
  const rows = await run<Claimed>(claimDue, [ids, numbers, worker])
  const claimed = new Map(rows.map((row) => [row.id, row]))
  if (claimed.size === tickets.length) return tickets.map(({ id }) => claimed.get(id) ?? 'stale')

  const missed = tickets.filter(({ id }) => !claimed.has(id))
  const found = await run<Due>(whyNot, [arrayOf(missed.map((each) => each.id))])
  const due = new Map(found.map((row) => [row.id, row]))
  return tickets.map(({ id, ticket }) => claimed.get(id) ?? refusal(due.get(id), ticket))
}

interface Due {
  id: string
  ticket: number
  state: State
  due_in: number
}

function refusal(row: Due | undefined, ticket: number): Refusal {
  if (!row || row.ticket !== ticket) return 'stale'
  const startable = row.state === 'waiting' || row.state === 'delayed' || row.state === 'undoing'
  // It may have become due between the two statements; then a moment later is soon enough.
  return startable && row.due_in > -1000 ? { later: Math.max(row.due_in, 1) } : 'stale'
}

/**
 * The claim does not wait for the disk: whatever settles the row does, and takes the claim along. Should Postgres itself
 * crash in between, the claim is gone, the next renewal of the lease tells the runner to stop, and the row waits as before.
 */
const claimDue = {
  name: 'ledger.claim',
  text: `
with asked as (
  select * from unnest($1::uuid[], $2::int[]) as a (id, ticket) where ${oneByOne('ticket')}
), claimed as (
  update millrace.jobs j set
    state = case j.state when 'undoing' then 'undoing' else 'active' end,
    attempts = j.attempts + case j.state when 'undoing' then 0 else 1 end,
    undo_attempts = j.undo_attempts + case j.state when 'undoing' then 1 else 0 end,
    worker = $3, started_at = case j.state when 'undoing' then j.started_at else coalesce(j.started_at, now()) end,
    last_event = j.last_event + 1
  from asked a
  where j.id = a.id and j.ticket = a.ticket
    and j.worker is null and j.run_at <= now() and j.state in ('waiting', 'delayed', 'undoing')
    and exists (select from millrace.leases where worker = $3 and valid_until > now())
  returning j.id, j.ticket, j.name, j.queue, j.state, j.data, j.owner, j.trace, j.round, j.attempts, j.max_attempts,
    j.undo_attempts, j.verdict, j.settled_at is not null and not j.followers_due as followed,
    greatest(0, extract(epoch from now() - j.run_at) * 1000)::float8 as waited,
    (extract(epoch from now() - j.asked_at) * 1000)::float8 as age, j.last_event
), noted as (
  insert into millrace.job_events (job, seq, kind, round, attempt)
  select id, last_event, case state when 'undoing' then 'undoing' else 'claimed' end, round, attempts from claimed
)
select id, ticket, name, queue, state, data, owner, trace, round, attempts, max_attempts, undo_attempts, verdict, followed, waited, age
from claimed, (select set_config('synchronous_commit', 'off', true)) as unhurried`,
}

const whyNot = {
  name: 'ledger.why-not-claimed',
  text: `
select id, ticket, state, (extract(epoch from run_at - now()) * 1000)::float8 as due_in
from millrace.jobs where id = any($1::uuid[])`,
}
