import type { Run } from '../../shared/database.ts'
import { arrayOf } from './rows.ts'

/** What a renewal found: which held rows to abort, which rows nobody runs, and which providers want a pause. */
export interface Renewal {
  /** False when the lease had lapsed: our rows may belong to others by now. */
  held: boolean
  /** Rows in our hands that were cancelled or given to somebody else. */
  abort: { id: string; ticket: number; reason: 'cancelled' | 'taken over' }[]
  /** Rows the ledger believes we run, but we do not: the answer to their claim was lost. */
  orphans: { id: string; ticket: number }[]
  /** Milliseconds each provider still wants to be left alone. */
  pauses: { name: string; pause: number }[]
}

/** Begins a lease. */
export async function beginLease(run: Run, worker: string, process: string): Promise<void> {
  await run(insertLease, [worker, process])
}

/**
 * Renews the lease for eight seconds from now on the Postgres clock. `holding` lists every row claimed, or being claimed
 * (`claimed: false`). Looking for orphans reads every row that is not at rest, so it is only done when there is reason to.
 */
export async function renewLease(
  run: Run,
  worker: string,
  holding: { id: string; ticket: number; claimed: boolean }[],
  metrics: unknown,
  lookForOrphans: boolean,
): Promise<Renewal> {
  const ids = arrayOf(holding.map((row) => row.id))
  const tickets = arrayOf(holding.map((row) => row.ticket))
  const claimed = arrayOf(holding.map((row) => (row.claimed ? 't' : 'f')))
  const [renewal] = await run<Renewal>(renew, [
    worker,
    ids,
    tickets,
    claimed,
    metrics === undefined ? null : JSON.stringify(metrics),
    lookForOrphans,
  ])
  if (!renewal) throw new Error('The renewal returned no row.')
  return renewal
}

/** Lets the lease lapse now, so that what is left in our name is taken over at once. */
export async function endLease(run: Run, worker: string): Promise<void> {
  await run(lapseNow, [worker])
}

/** The living processes and the metrics each last reported. */
export async function livingProcesses(
  run: Run,
): Promise<{ worker: string; process: string; metrics: unknown }[]> {
  return run(living, [])
}

const insertLease = {
  name: 'ledger.begin-lease',
  text: `insert into millrace.leases (worker, process, valid_until) values ($1, $2, now() + interval '8 seconds')`,
}

const renew = {
  name: 'ledger.renew-lease',
  text: `
with renewed as (
  update millrace.leases set valid_until = now() + interval '8 seconds', metrics = coalesce($5::jsonb, metrics)
  where worker = $1 and valid_until > now()
  returning worker
), holding as (
  select * from unnest($2::uuid[], $3::int[], $4::bool[]) as h (id, ticket, claimed)
)
select exists (select from renewed) as held,
  coalesce((
    select json_agg(json_build_object('id', h.id, 'ticket', h.ticket,
      'reason', case when j.state = 'cancelling' and j.ticket = h.ticket then 'cancelled' else 'taken over' end))
    from holding h join millrace.jobs j on j.id = h.id
    where j.ticket > h.ticket or j.state = 'cancelling'
      -- a crash of Postgres took the claim away
      or (h.claimed and (j.state in ('waiting', 'delayed') or (j.state = 'undoing' and j.worker is null)))
  ), '[]') as abort,
  coalesce((
    select json_agg(json_build_object('id', j.id, 'ticket', j.ticket))
    from millrace.live_jobs l join millrace.jobs j on j.id = l.job
    where $6::boolean and j.state in ('active', 'cancelling', 'undoing') and j.worker = $1
      and not exists (select from holding h where h.id = j.id and h.ticket = j.ticket)
  ), '[]') as orphans,
  coalesce((
    select json_agg(json_build_object('name', name, 'pause', extract(epoch from paused_until - now()) * 1000))
    from millrace.providers where paused_until > now()
  ), '[]') as pauses`,
}

const lapseNow = {
  name: 'ledger.end-lease',
  text: `update millrace.leases set valid_until = now() where worker = $1`,
}

const living = {
  name: 'ledger.living',
  text: `select worker, process, metrics from millrace.leases where valid_until > now() order by process, worker`,
}
