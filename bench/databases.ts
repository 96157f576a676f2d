import pg from 'pg'
import type { Postgres } from '../local/launch/postgres.ts'
import { effectsTable } from './job.ts'

/** Whoever keeps jobs in Postgres has a database of its own kind. */
export type Keeper = 'millrace' | 'pg-boss' | 'graphile-worker'

/** The databases of one Postgres: every round of every contestant begins with a fresh one. */
export interface Databases {
  version: string
  /** What the server says about durability. */
  durability: Record<string, string>
  /** An empty database of its kind; whoever was connected to the last one is thrown out. */
  fresh(keeper: Keeper): Promise<string>
  /** Runs statements on a database. */
  query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]>
  /** A connection of its own to a database. */
  connect(url: string): Promise<pg.Client>
  close(): Promise<void>
}

/** @param prepare makes the template of a kind: its schema, and whatever is there from the start. */
export async function openDatabases(
  server: Postgres,
  prepare: Record<Keeper, (url: string) => Promise<void>>,
): Promise<Databases> {
  const admin = await connect(server.url('postgres'))
  const templates = new Set<Keeper>()
  const setting = async (name: string): Promise<string> => {
    const { rows } = await admin.query<{ value: string }>('select current_setting($1) as value', [name])
    return rows[0]?.value ?? 'unknown'
  }
  const durability: Record<string, string> = {}
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method'])
    durability[name] = await setting(name)

  return {
    version: (await setting('server_version')).split(' ')[0] ?? '',
    durability,
    fresh: async (keeper) => {
      const name = keeper.replace('-', '_')
      const template = `${name}_template`
      if (!templates.has(keeper)) {
        await admin.query(`create database ${template}`)
        await prepare[keeper](server.url(template))
        await query(server.url(template), effectsTable)
        templates.add(keeper)
      }
      await admin.query(`drop database if exists ${name} with (force)`)
      await admin.query(`create database ${name} template ${template}`)
      await admin.query('checkpoint')
      return overSocket(server, name)
    },
    query,
    connect,
    close: () => admin.end(),
  }
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = await connect(url)
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  // Making a database anew ends the connections to the old one.
  client.on('error', (error) => console.error(`postgres: ${error.message}`))
  await client.connect()
  return client
}

/** Postgres is reached as Redis is, over a unix socket: TCP on the loopback would cost the one what the other is spared. */
function overSocket({ socketDir, port }: { socketDir: string; port: number }, name: string): string {
  return `postgres://app@localhost/${name}?host=${encodeURIComponent(socketDir)}&port=${port}`
}
