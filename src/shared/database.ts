import { Kysely, PostgresDialect, type Transaction } from 'kysely'
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

/** A statement and its values, to be sent with something else. */
export interface Call {
  statement: Statement
  values: unknown[]
}

/** Runs a plain statement: on a pooled connection of its own, or inside a transaction. */
export type Run = <Row extends object = Record<string, unknown>>(
  statement: Statement,
  values: unknown[],
) => Promise<Row[]>

export interface Database {
  sql: Sql
  /** Runs one statement as its own transaction. */
  run: Run
  /**
   * Begins, works, commits. Rolls back when `work` throws.
   * @param first travels with BEGIN, and `work` is given its rows. It may lock, but must not write.
   */
  transaction<T>(work: (tx: Tx, found: object[]) => Promise<T>, first?: Call): Promise<T>
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
    // For a connection on which nothing comes back any more.
    query_timeout: 18_000,
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
    // What is sent together does not wait for each other's answers.
    pipeline: true,
    types: { getTypeParser: parserFor },
  })
  // A connection may break between two statements, idle or in somebody's hands. Whoever uses it next learns of it; an
  // error event that nobody listens to would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) =>
    client.on('error', (error) => options.log.warn({ err: error }, 'a database connection broke')),
  )
  const sql = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })

  const run: Run = async (statement, values) => {
    const query = options.namedStatements ? { ...statement, values } : { text: statement.text, values }
    const result = await pool.query(query)
    return result.rows
  }
  return {
    sql,
    run,
    transaction: transactionsOn(pool, options.namedStatements),
    // Kysely's own destroy forgets the pool when no query ever went through Kysely.
    close: () => pool.end(),
  }
}

/** Runs plain statements inside a transaction that `Database.transaction` began. */
export function within(tx: Tx): Run {
  const run = runs.get(tx)
  if (!run) throw new Error('This transaction was not begun by Database.transaction.')
  return run
}

const runs = new WeakMap<object, Run>()

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

/**
 * Sends this together with COMMIT, as the last statement of the transaction. Its rows nobody sees, so what it changes must be
 * sure to be there: locked by this transaction. When it fails, nothing is committed.
 */
export function withCommit(tx: Tx, last: Call): void {
  if (lasts.has(tx)) throw new Error('This transaction has its last statement already.')
  lasts.set(tx, last)
}

const lasts = new WeakMap<object, Call>()

/** Begins transactions on connections of the pool, each seen through Kysely and, for plain statements, directly. */
function transactionsOn(pool: pg.Pool, named: boolean): Database['transaction'] {
  const views = new WeakMap<pg.PoolClient, Tx>()

  /** One view per connection, made once: Kysely on a pool that holds nothing but this connection. */
  const viewOf = (client: pg.PoolClient): Tx => {
    const known = views.get(client)
    if (known) return known
    const alone = {
      connect: async () => ({ query: client.query.bind(client), release: () => undefined }),
      end: async () => undefined,
    }
    const view = new Kysely<DB>({ dialect: new PostgresDialect({ pool: alone as never }) }) as Tx
    runs.set(view, (statement, values) => send(client, { statement, values }))
    views.set(client, view)
    return view
  }

  const send = async <Row>(client: pg.PoolClient, { statement, values }: Call): Promise<Row[]> => {
    const query = named ? { ...statement, values } : { text: statement.text, values }
    return (await client.query(query)).rows as Row[]
  }

  return async (work, first) => {
    const client = await pool.connect()
    const tx = viewOf(client)
    let broken: Error | undefined
    try {
      let result: Awaited<ReturnType<typeof work>>
      try {
        const [, found] = await Promise.all([client.query('begin'), first ? send<object>(client, first) : []])
        result = await work(tx, found)
      } catch (error) {
        // Postgres rolls back by itself when the connection is gone; then it must not go back to the pool.
        if (isOutage(error)) broken = error as Error
        else await client.query('rollback').catch((problem: Error) => (broken = problem))
        throw error
      }
      const last = lasts.get(tx)
      await commit(client, last && (() => send(client, last))).catch((error: Error) => {
        if (error instanceof UnknownCommit) broken = error
        throw error
      })
      for (const then of hooks.get(tx) ?? []) then()
      return result
    } finally {
      hooks.delete(tx)
      lasts.delete(tx)
      client.release(broken)
    }
  }
}

/** What came of the last statement matters only when COMMIT was answered: before that, nobody knows what was done. */
async function commit(client: pg.PoolClient, last?: () => Promise<unknown>): Promise<void> {
  const [lastly, committed] = await Promise.allSettled([last?.(), client.query('commit')])
  if (committed.status === 'rejected') {
    if (isRefusal(committed.reason)) throw committed.reason
    throw new UnknownCommit('The connection broke while committing.', { cause: committed.reason })
  }
  // Postgres answers COMMIT of a failed transaction with ROLLBACK and no error.
  if (committed.value.command === 'COMMIT') return
  if (lastly.status === 'rejected') throw lastly.reason
  throw new Error('The transaction had failed before it was to be committed.')
}

/** Postgres answered, and its answer was no; anything else leaves the outcome open. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false
  const code = error.code ?? ''
  return !code.startsWith('57P') && !code.startsWith('08')
}

/**
 * True when a failure means "Postgres is away, restarting, or has handed over to another and takes no writes", so that trying
 * again may help.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof UnknownCommit) return true
  if (error instanceof pg.DatabaseError) return /^(57P|08|53|25006)/.test(error.code ?? '')
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return (
    ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'].includes(code) ||
    /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout)/.test(
      error.message,
    )
  )
}

/** True when Postgres gave a statement up: what it needed was locked for too long, or somebody cancelled it. */
export const isGivenUp = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(57014|55P03)$/.test(error.code ?? '')

/** int8 as a number: our counts stay far below 2^53. */
const parserFor: pg.CustomTypesConfig['getTypeParser'] = (oid, format) =>
  oid === pg.types.builtins.INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format)
