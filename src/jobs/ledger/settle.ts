import type { Call, Run } from '../../shared/database.ts'
import {
  arrayOf,
  freshRound,
  idsMoved,
  inLockOrder,
  noteLife,
  noteRest,
  oneByOne,
  textArrayOf,
  theMoved,
  UNDO_AGAIN_AFTER,
  type Failure,
  type Moved,
  type State,
  type Ticket,
} from './rows.ts'

/** Who holds a row: every statement here changes it for the holder only, and for nobody whose ticket has passed. */
export interface Hold {
  id: string
  ticket: number
  worker: string
}

/** Settles many attempts that wrote nothing of their own; returns the ids it settled. */
export async function completeMany(
  run: Run,
  worker: string,
  results: { id: string; ticket: number; result: unknown }[],
): Promise<Set<string>> {
  const sorted = inLockOrder(results)
  const ids = sorted.map((each) => each.id)
  const settled = await run<Moved>(completeBatch, [
    arrayOf(ids),
    arrayOf(sorted.map((each) => each.ticket)),
    textArrayOf(sorted.map(({ result }) => json(result))),
    worker,
  ])
  return new Set(idsMoved(settled, ids))
}

/**
 * The fence: locks the row for the rest of the transaction if it is still ours to settle; undefined if not. Tells whether
 * it was asked for again meanwhile, which nobody can change before the transaction ends. It travels with BEGIN.
 */
export const fence = ({ id, ticket, worker }: Hold, state: 'active' | 'undoing'): Call => ({
  statement: lockHeld,
  values: [id, ticket, worker, state],
})

/** What the fence found. */
export const behindFence = (found: object[]): { askedAgain: boolean } | undefined =>
  (found as { askedAgain: boolean }[])[0]

/** Settles one attempt, whose row this transaction has locked, as completed. */
export const complete = ({ id, ticket, worker }: Hold, result: unknown): Call => ({
  statement: completeOne,
  values: [id, ticket, worker, json(result)],
})

/** Plans another attempt. `spent: false` gives the attempt back to the budget. */
export const retryLater = (
  run: Run,
  hold: Hold,
  again: { delay: number; failure: Failure; spent: boolean; unwitnessed: boolean },
): Promise<Ticket | undefined> =>
  first(
    run<Ticket>(delayOne, [
      hold.id,
      hold.ticket,
      hold.worker,
      again.delay,
      json(again.failure),
      again.spent ? 0 : 1,
      again.unwitnessed,
    ]),
  )

/** Gives an attempt back unspent, to be taken by another process. */
export const handBack = (run: Run, hold: Hold): Promise<Ticket | undefined> =>
  first(run<Ticket>(handBackOne, [hold.id, hold.ticket, hold.worker]))

/**
 * Ends the attempts of a round for good: the row goes on to its undo (a ticket comes back), or settles at once when
 * the job has nothing to undo. Cancelling rows become `cancelled`, whatever the failure was.
 */
export const fail = (
  run: Run,
  hold: Hold,
  failure: Failure,
  unwitnessed: boolean,
): Promise<{ state: State; ticket: Ticket } | undefined> =>
  first(
    run<Ticket & { state: State }>(failOne, [hold.id, hold.ticket, hold.worker, json(failure), unwitnessed]),
  ).then(
    (row) =>
      row && {
        state: row.state,
        ticket: { id: row.id, ticket: row.ticket, queue: row.queue, delay: row.delay },
      },
  )

/** Plans another try of an undo that failed. */
export const undoLater = (
  run: Run,
  hold: Hold,
  delay: number,
  failure: Failure,
): Promise<Ticket | undefined> =>
  first(run<Ticket>(delayUndo, [hold.id, hold.ticket, hold.worker, delay, json(failure)]))

/** Settles a row after its undo, as the verdict says. `followersDue`: what follows the failure is still to be written. */
export const settleUndone = (
  run: Run,
  hold: Hold,
  end: { undo: 'done' | 'stuck'; failure: Failure | undefined; followersDue: boolean },
): Promise<boolean> =>
  changed(
    run(settleUndo, [
      hold.id,
      hold.ticket,
      hold.worker,
      end.undo,
      end.failure ? json(end.failure) : null,
      end.followersDue,
    ]),
  )

/** Turns "asked again while it ran" into the next round; to be called in the transaction that settled the row. */
export const reopenIfAsked = (run: Run, id: string): Promise<Ticket | undefined> =>
  first(run<Ticket>(reopenAsked, [id]))

/** Whether a round has been settled as completed; answers what a lost COMMIT left open. */
export const wasCompleted = (run: Run, id: string, round: number): Promise<boolean> =>
  changed(run(findCompleted, [id, round]))

const json = (value: unknown): string => JSON.stringify(value ?? null)
const first = async <Row>(rows: Promise<Row[]>): Promise<Row | undefined> => (await rows)[0]
const changed = async (rows: Promise<object[]>): Promise<boolean> => (await rows).length > 0

const completeBatch = {
  name: 'ledger.complete-batch',
  text: `
with done as (
  select * from unnest($1::uuid[], $2::int[], $3::jsonb[]) as d (id, ticket, result) where ${oneByOne('ticket')}
), settled as (
  update millrace.jobs j set state = 'completed', result = d.result, error = null, worker = null, settled_at = now(),
    last_event = j.last_event + 1
  from done d
  where j.id = d.id and j.ticket = d.ticket and j.state = 'active' and j.worker = $4 and j.next_data is null
  returning j.id, j.state, j.last_event, j.round, j.attempts
), noted as (
  insert into millrace.job_events (job, seq, kind, round, attempt, detail)
  select id, last_event, 'settled', round, attempts, '{"state":"completed"}' from settled
), ${noteRest('settled')}
${theMoved('settled', '$1::uuid[]')}`,
}

const lockHeld = {
  name: 'ledger.fence',
  text: `
select next_data is not null as "askedAgain" from millrace.jobs where id = $1 and ticket = $2 and worker = $3 and state = $4 for update`,
}

/** One transition of a held row with its entry in the history. */
const transition = (
  name: string,
  change: { from: string; set: string; kind: string; detail: string; returning?: string },
) => ({
  name,
  text: `
with moved as (
  update millrace.jobs j set ${change.set}, worker = null, last_event = j.last_event + 1
  where j.id = $1 and j.ticket = $2 and j.worker = $3 and j.state in (${change.from})
  returning j.*
), noted as (
  insert into millrace.job_events (job, seq, kind, round, attempt, detail)
  select id, last_event, ${change.kind}, round, attempts, ${change.detail} from moved
), ${noteRest('moved')}
select id, ticket, queue, ${change.returning ?? '0::float8 as delay'} from moved`,
})

const completeOne = transition('ledger.complete', {
  from: `'active'`,
  set: `state = 'completed', result = $4::jsonb, error = null, settled_at = now()`,
  kind: `'settled'`,
  detail: `'{"state":"completed"}'::jsonb`,
})

const delayOne = transition('ledger.retry', {
  from: `'active'`,
  set: `state = 'delayed', ticket = j.ticket + 1, run_at = now() + $4::float8 * interval '1 millisecond', error = $5::jsonb,
    attempts = j.attempts - $6::int, unwitnessed = j.unwitnessed or $7::boolean`,
  kind: `'retried'`,
  detail: `jsonb_build_object('error', $5::jsonb, 'delay', round($4::float8), 'spent', $6::int = 0)`,
  returning: '$4::float8 as delay',
})

const handBackOne = transition('ledger.hand-back', {
  from: `'active'`,
  set: `state = 'waiting', ticket = j.ticket + 1, run_at = now(), attempts = j.attempts - 1`,
  kind: `'handed back'`,
  detail: 'null::jsonb',
})

const failOne = transition('ledger.fail', {
  from: `'active', 'cancelling'`,
  set: `verdict = case j.state when 'cancelling' then 'cancelled' else 'failed' end, error = $4::jsonb,
    state = case when j.closes then 'undoing' when j.state = 'cancelling' then 'cancelled' else 'failed' end,
    ticket = j.ticket + case when j.closes then 1 else 0 end, run_at = now(),
    undo = case when j.closes then 'pending' end,
    unwitnessed = j.unwitnessed or $5::boolean,
    settled_at = case when j.closes then null else now() end`,
  kind: `case state when 'undoing' then 'ended' else 'settled' end`,
  detail: `jsonb_build_object('state', verdict, 'error', $4::jsonb)`,
  returning: '0::float8 as delay, state',
})

const delayUndo = transition('ledger.undo-later', {
  from: `'undoing'`,
  set: `ticket = j.ticket + 1, run_at = now() + $4::float8 * interval '1 millisecond', undo_error = $5::jsonb`,
  kind: `'undo retried'`,
  detail: `jsonb_build_object('error', $5::jsonb, 'delay', round($4::float8))`,
  returning: '$4::float8 as delay',
})

const settleUndo = transition('ledger.settle-undone', {
  from: `'undoing'`,
  set: `state = j.verdict, undo = $4, undo_error = $5::jsonb, followers_due = $6::boolean, settled_at = coalesce(j.settled_at, now()),
    undo_again_at = case when j.unwitnessed then now() + interval '${UNDO_AGAIN_AFTER}' else j.undo_again_at end, unwitnessed = false`,
  // Settled by this very transaction, or earlier, so that this was an undo that ran once more.
  kind: `case settled_at when now() then 'settled' else 'undone again' end`,
  detail: `jsonb_strip_nulls(jsonb_build_object('state', verdict, 'undo', undo, 'undoError', undo_error, 'error', error))`,
})

const reopenAsked = {
  name: 'ledger.reopen-asked',
  text: `
with moved as (
  update millrace.jobs j set ${freshRound.replace('next_data = null', 'data = j.next_data, next_data = null')}, run_at = now(),
    last_event = j.last_event + 1
  where j.id = $1 and j.next_data is not null and j.state in ('completed', 'failed', 'cancelled')
  returning j.*
), noted as (
  insert into millrace.job_events (job, seq, kind, round, attempt)
  select id, last_event, 'reopened', round, 0 from moved
), ${noteLife('moved')}
select id, ticket, queue, 0::float8 as delay from moved`,
}

const findCompleted = {
  name: 'ledger.was-completed',
  text: `
select 1 from millrace.job_events where job = $1 and round = $2 and kind = 'settled' and detail->>'state' = 'completed'`,
}
