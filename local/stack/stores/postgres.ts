import pg from 'pg'
import { migrate } from '../../../src/shared/migrate.ts'
import { Plain } from '../../launch/plain.ts'
import { OLDEST } from '../../launch/postgres-binaries.ts'
import { startPostgres, type Postgres } from '../../launch/postgres.ts'
import { shown } from '../place.ts'
import type { Opened, Setting } from './setting.ts'

/** The Postgres of DATABASE_URL, else one of our own; migrated either way. */
export async function openPostgres(
  setting: Setting,
): Promise<Opened<{ postgres: string }> & { server?: Postgres }> {
  const { DATABASE_URL: given, MIGRATION_DATABASE_URL: direct } = setting.given
  if (!given) return startOwn(setting)

  const version = await askVersion(given)
  if (Number.parseInt(version, 10) < OLDEST) {
    throw new Plain(
      `the Postgres of DATABASE_URL is ${version} and must be ${OLDEST} or later: name another, or unset it for one of our own`,
    )
  }
  const applied = await migrate(direct || given, direct ? 'MIGRATION_DATABASE_URL' : 'DATABASE_URL')
  const note = `${version} of DATABASE_URL, ${migrated(applied)}`
  return { note, facts: { postgres: given }, env: { DATABASE_URL: given } }
}

async function startOwn({ place, closing, say }: Setting) {
  const directory = place.data('postgres')
  const server = await startPostgres({ directory, say })
  closing.defer(() => server.stop())
  await ensureDatabase(server.url('postgres'))
  const url = server.url('millrace')
  const applied = await migrate(url, 'the local stack')
  const note = `${await askVersion(url)} in ${shown(directory)}, ${migrated(applied)}`
  return { note, facts: { postgres: url }, env: { DATABASE_URL: url }, server }
}

function migrated(applied: string[]): string {
  if (applied.length === 0) return 'up to date'
  return `${applied.length} migration${applied.length === 1 ? '' : 's'} applied`
}

async function ensureDatabase(url: string): Promise<void> {
  await asking(url, async (client) => {
    const found = await client.query(`select from pg_database where datname = 'millrace'`)
    if (found.rowCount === 0) await client.query('create database millrace')
  })
}

async function askVersion(url: string): Promise<string> {
  try {
    return await asking(url, async (client) => {
      const answer = await client.query<{ server_version: string }>('show server_version')
      return answer.rows[0]?.server_version.split(' ')[0] ?? ''
    })
  } catch (error) {
    throw new Plain(`the Postgres of DATABASE_URL does not answer: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

async function asking<Answer>(url: string, ask: (client: pg.Client) => Promise<Answer>): Promise<Answer> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  // A connection that breaks while idle; a query that needs it says so itself.
  client.on('error', (error) => console.error(`postgres: ${error.message}`))
  try {
    await client.connect()
    return await ask(client)
  } finally {
    await client.end()
  }
}
