import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { readConfig } from './config.ts'

const root = path.join(import.meta.dirname, '..', '..', 'migrations')

/**
 * Brings a database up to date: the numbered files of `migrations/` in one transaction, then every file of
 * `migrations/repeatable/` whose text has changed. Safe to run from several processes at once.
 * Needs a direct connection, since it locks per session. Returns the names of what was applied.
 */
export async function migrate(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'millrace migrate' })
  await client.connect()
  try {
    // One lock around both halves; the runner's own lock is then never contended.
    await client.query(`select pg_advisory_lock(hashtextextended('millrace migrations', 0))`)
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
  for (const name of (await readdir(path.join(root, 'repeatable')))
    .filter((file) => file.endsWith('.sql'))
    .sort()) {
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

if (import.meta.main) {
  const applied = await migrate(readConfig().database.migrationUrl)
  process.stdout.write(
    applied.length === 0 ? 'The database is up to date.\n' : `Applied ${applied.join(', ')}.\n`,
  )
}
