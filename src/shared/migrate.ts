import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { CannotStart, cannotMigrate } from './cannot-start.ts'
import { readMigrationConfig } from './config.ts'
import { orEnd } from './or-end.ts'
import { seconds } from './time.ts'

const root = path.join(import.meta.dirname, '..', '..', 'migrations')

/**
 * Brings a database up to date: the numbered files of `migrations/` in one transaction, then every file of
 * `migrations/repeatable/` whose text has changed. Safe to run from several processes at once.
 * Needs a direct connection, since it locks per session. Returns the names of what was applied.
 * @param variable where the address is from
 * @throws CannotStart that says what is wrong with the database, or that it belongs to a newer version.
 */
export async function migrate(url: string, variable = 'DATABASE_URL'): Promise<string[]> {
  try {
    return await bringUpToDate(url, variable)
  } catch (error) {
    throw cannotMigrate(withReason(error), variable)
  }
}

async function bringUpToDate(url: string, variable: string): Promise<string[]> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'millrace migrate',
    connectionTimeoutMillis: CONNECTED_WITHIN,
  })
  // Whoever waits for an answer hears of a connection that breaks; an event that nobody listens to would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await refuseOlderServer(client, variable)
    // One lock around both halves; the runner's own lock is then never contended.
    await client.query(`select pg_advisory_lock(hashtextextended('millrace migrations', 0))`)
    await refuseNewerDatabase(client, variable)
    const applied = await runner({
      dbClient: client,
      dir: path.join(root, '*.sql'),
      useGlob: true,
      direction: 'up',
      migrationsTable: 'migrations',
      singleTransaction: true,
      noLock: true,
      log: () => undefined,
    })
    return [...applied.map((migration) => migration.name), ...(await applyRepeatable(client))]
  } finally {
    await client.end()
  }
}

const CONNECTED_WITHIN = seconds(5)
const OLDEST_SERVER = 18

async function refuseOlderServer(client: pg.Client, variable: string): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    `select current_setting('server_version_num')::int / 10000 as version`,
  )
  const version = rows[0]?.version ?? 0
  if (version < OLDEST_SERVER)
    throw new CannotStart(
      `the Postgres of ${variable} is version ${version}: ${OLDEST_SERVER} or newer is wanted`,
    )
}

/** What a newer version has applied, this one can neither know nor undo; its functions must not be put back either. */
async function refuseNewerDatabase(client: pg.Client, variable: string): Promise<void> {
  const { rows: found } = await client.query(`select to_regclass('public.migrations') is not null as found`)
  if (!found[0]?.found) return
  const ours = new Set((await sqlFiles(root)).map((file) => path.basename(file, '.sql')))
  const { rows } = await client.query<{ name: string }>('select name from public.migrations order by name')
  const unknown = rows.map(({ name }) => name).filter((name) => !ours.has(name))
  if (unknown.length > 0)
    throw new CannotStart(
      `the database of ${variable} belongs to a newer version: this one does not know ${unknown.join(', ')}`,
    )
}

/** The runner puts the stack of what Postgres said into a message of its own; the reason is its first line. */
function withReason(error: unknown): unknown {
  const [, denied] = error instanceof Error ? (/error: (permission denied .*)/.exec(error.message) ?? []) : []
  return denied === undefined ? error : Object.assign(new Error(denied, { cause: error }), { code: '42501' })
}

async function sqlFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort()
}

/** Views and functions: each file may be run any number of times. */
async function applyRepeatable(client: pg.Client): Promise<string[]> {
  await client.query(
    'create table if not exists public.repeatable_migrations (name text primary key, digest text not null)',
  )
  const known = await client.query<{ name: string; digest: string }>(
    'select name, digest from public.repeatable_migrations',
  )
  const digests = new Map(known.rows.map((row) => [row.name, row.digest]))
  const applied: string[] = []
  for (const name of await sqlFiles(path.join(root, 'repeatable'))) {
    const text = await readFile(path.join(root, 'repeatable', name), 'utf8')
    const digest = createHash('sha256').update(text).digest('hex')
    if (digests.get(name) === digest) continue
    await client.query('begin')
    await client.query(text)
    await client.query(
      'insert into public.repeatable_migrations (name, digest) values ($1, $2) on conflict (name) do update set digest = excluded.digest',
      [name, digest],
    )
    await client.query('commit')
    applied.push(name)
  }
  return applied
}

async function main(): Promise<void> {
  const { url, variable } = orEnd(() => readMigrationConfig())
  try {
    const applied = await migrate(url, variable)
    process.stdout.write(
      applied.length === 0 ? 'The database is up to date.\n' : `Applied ${applied.join(', ')}.\n`,
    )
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}

if (import.meta.main) await main()
