import type { Run } from '../../shared/database.ts'
import { freshRound, noteLife, noteRest, type State, type Ticket } from './rows.ts'

/** What a wish of an owner or operator did to the row: nothing when its state did not allow it. */
export interface Steered {
  state: State
  /** What Redis must be told, if anything. */
  ticket: Ticket | undefined
}

/**
 * Cancels a job that is not settled. A running one is asked to stop; what it left is undone before it says `cancelled`.
 * A round that was asked for meanwhile is taken back as well: whoever waits for it is told that it was cancelled.
 * Cancelling twice, or a settled job, changes nothing.
 */
export const cancel = (run: Run, id: string, actor: string): Promise<Steered | undefined> =>
  steer(run, cancelOne, id, actor)

/** Begins a new round of a failed or cancelled job with the data it had. */
export const redrive = (run: Run, id: string, actor: string): Promise<Steered | undefined> =>
  steer(run, redriveOne, id, actor)

/** Runs the undo of a failed or cancelled job once more. */
export const undoOnceMore = (run: Run, id: string, actor: string): Promise<Steered | undefined> =>
  steer(run, undoOne, id, actor)

async function steer(
  run: Run,
  statement: { name: string; text: string },
  id: string,
  actor: string,
): Promise<Steered | undefined> {
  const [row] = await run<Ticket & { state: State }>(statement, [id, actor])
  if (!row) return undefined
  const dispatched = row.state === 'waiting' || row.state === 'undoing'
  return {
    state: row.state,
    ticket: dispatched ? { id: row.id, ticket: row.ticket, queue: row.queue, delay: 0 } : undefined,
  }
}

const steering = (
  name: string,
  change: { where: string; set: string; kind: string; note: typeof noteLife },
) => ({
  name,
  text: `
with moved as (
  update millrace.jobs j set ${change.set}, last_event = j.last_event + 1
  where j.id = $1 and ${change.where}
  returning j.*
), noted as (
  insert into millrace.job_events (job, seq, kind, round, attempt, actor, detail)
  select id, last_event, ${change.kind}, round, attempts, $2, jsonb_build_object('state', state) from moved
), ${change.note('moved')}
select id, ticket, queue, state, 0::float8 as delay from moved`,
})

const cancelOne = steering('ledger.cancel', {
  where: `(j.state in ('waiting', 'delayed', 'active') or (j.state = 'undoing' and j.next_data is not null))`,
  set: `state = case when j.state = 'undoing' then 'undoing' when j.state = 'active' then 'cancelling'
      when j.closes then 'undoing' else 'cancelled' end,
    verdict = case when j.state = 'undoing' then j.verdict else 'cancelled' end,
    undo = case when j.state <> 'active' and j.closes then 'pending' else j.undo end,
    ticket = j.ticket + case when j.state in ('waiting', 'delayed') then 1 else 0 end,
    run_at = case when j.state in ('waiting', 'delayed') then now() else j.run_at end,
    next_data = null,
    settled_at = case when j.state in ('waiting', 'delayed') and not j.closes then now() else j.settled_at end`,
  kind: `case state when 'cancelled' then 'settled' else 'cancel asked' end`,
  note: noteRest,
})

const redriveOne = steering('ledger.redrive', {
  where: `j.state in ('failed', 'cancelled')`,
  set: `${freshRound}, run_at = now()`,
  kind: `'reopened'`,
  note: noteLife,
})

const undoOne = steering('ledger.undo-once-more', {
  where: `j.state in ('failed', 'cancelled') and j.closes`,
  set: `state = 'undoing', verdict = j.state, ticket = j.ticket + 1, run_at = now(), undo = 'pending', undo_attempts = 0, undo_error = null`,
  kind: `'undo again'`,
  note: noteLife,
})
