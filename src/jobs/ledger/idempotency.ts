import type { Run } from '../../shared/database.ts'

/** Under which name an asker repeats a request: its own key, for one route. */
export interface IdempotencyKey {
  caller: string
  route: string
  key: string
}

/** What an earlier request with the same key asked for. */
export interface Remembered {
  bodyHash: string
  job: string
  round: number
}

/**
 * The request remembered under this key, if any. In a transaction it first waits for another one that is about to
 * remember the same key.
 */
export async function recall(run: Run, key: IdempotencyKey): Promise<Remembered | undefined> {
  await run(lockKey, [key.caller, key.route, key.key])
  const [row] = await run<{ body_hash: string; job: string; round: number }>(select, [
    key.caller,
    key.route,
    key.key,
  ])
  return row && { bodyHash: row.body_hash, job: row.job, round: row.round }
}

/** Remembers what a request asked for, in the transaction that accepted it. */
export async function remember(run: Run, key: IdempotencyKey, what: Remembered): Promise<void> {
  await run(insert, [key.caller, key.route, key.key, what.bodyHash, what.job, what.round])
}

const lockKey = {
  name: 'ledger.lock-idempotency-key',
  text: `select pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2 || ' ' || $3, 0))`,
}

const select = {
  name: 'ledger.recall',
  text: `select body_hash, job, round from millrace.idempotency_keys where caller = $1 and route = $2 and key = $3`,
}

const insert = {
  name: 'ledger.remember',
  text: `insert into millrace.idempotency_keys (caller, route, key, body_hash, job, round) values ($1, $2, $3, $4, $5, $6)`,
}
