import { CompiledQuery, Kysely, PostgresDialect, type ControlledTransaction, type Transaction } from 'kysely'
import pg from 'pg'
import { UnknownCommit } from './errors.ts'
import type { Log } from './log.ts'
import type { DB } from './schema.ts'

/** A connection to read from, or a transaction: functions that only read take either. */
export type Sql = Kysely<DB>
/** A transaction: functions that write take this, and never open one of their own. */
export type Tx = Transaction<DB>

/** A statement with a name, so that Postgres plans it once per connection. */
export interface Statement {
  name: string
  text: string
}

/** Runs a plain statement: on a pooled connection of its own, or inside a transaction. */
export type Run = <Row extends object = Record<string, unknown>>(statement: Statement, values: unknown[]) => Promise<Row[]>

export interface Database {
  sql: Sql
  /** Runs one statement as its own transaction. */
  run: Run
  /** Begins, works, commits. Rolls back when `work` throws. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface DatabaseOptions {
  url: string
  pool: number
  namedStatements: boolean
  log: Log
  /** Shown in pg_stat_activity. */
  name: string
}

/**
 * Opens a pool. A statement may take 15 seconds and an idle transaction 10: what hangs longer is ended by
 * Postgres, so that a stopped process cannot hold a row for ever.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.pool,
    application_name: `millrace ${options.name}`,
    connectionTimeoutMillis: 3000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 15_000,
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
    types: { getTypeParser: parserFor },
  })
  // A connection may break between two statements, idle or in somebody's hands. Whoever uses it next learns of it; an
  // error event that nobody listens to would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', (error) => options.log.warn({ err: error }, 'a database connection broke')))
  const sql = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })

  const run: Run = async (statement, values) => {
    const query = options.namedStatements ? { ...statement, values } : { text: statement.text, values }
    const result = await pool.query(query)
    return result.rows
  }
  return {
    sql,
    run,
    transaction: (work) => transaction(sql, work),
    // Kysely's own destroy forgets the pool when no query ever went through Kysely.
    close: () => pool.end(),
  }
}

/** Runs plain statements inside a transaction. */
export function within(tx: Tx): Run {
  return async <Row extends object>(statement: Statement, values: unknown[]) => {
    const result = await tx.executeQuery<Row>(CompiledQuery.raw(statement.text, values))
    return result.rows
  }
}

/**
 * Promises to call `then` once the transaction has committed, and never if it did not.
 * A commit nobody knows the end of counts as not committed: whoever needs certainty asks Postgres.
 */
export function afterCommit(tx: Tx, then: () => void): void {
  const waiting = hooks.get(tx)
  if (waiting) waiting.push(then)
  else hooks.set(tx, [then])
}

const hooks = new WeakMap<object, (() => void)[]>()

async function transaction<T>(sql: Sql, work: (tx: Tx) => Promise<T>): Promise<T> {
  const tx = await sql.startTransaction().execute()
  let result: T
  try {
    result = await work(tx)
  } catch (error) {
    await rollback(tx)
    throw error
  }
  await commit(tx)
  for (const then of hooks.get(tx) ?? []) then()
  return result
}

async function commit(tx: ControlledTransaction<DB>): Promise<void> {
  try {
    await tx.commit().execute()
  } catch (error) {
    if (!tx.isRolledBack && !tx.isCommitted) await rollback(tx)
    if (isRefusal(error)) throw error
    throw new UnknownCommit('The connection broke while committing.', { cause: error })
  }
}

/** A rollback that fails leaves nothing behind: Postgres rolls back by itself when the connection is gone. */
async function rollback(tx: ControlledTransaction<DB>): Promise<void> {
  try {
    await tx.rollback().execute()
  } catch (error) {
    if (isRefusal(error)) throw error
  }
}

/** Postgres answered, and its answer was no; anything else leaves the outcome open. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false
  const code = error.code ?? ''
  return !code.startsWith('57P') && !code.startsWith('08')
}

/** True when a failure means "Postgres is away or restarting", so that trying again may help. */
export function isOutage(error: unknown): boolean {
  if (error instanceof UnknownCommit) return true
  if (error instanceof pg.DatabaseError) return /^(57P|08|53)/.test(error.code ?? '')
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return (
    ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'].includes(code) ||
    /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout)/.test(error.message)
  )
}

/** int8 as a number: our counts stay far below 2^53. */
const parserFor = (oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format as 'text')
