import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { Redis as RedisClient } from 'ioredis'
import pg from 'pg'
import { startPostgres } from '../local/launch/postgres.ts'
import { findRedis, startRedis } from '../local/launch/redis.ts'
import { rememberRedis } from '../src/jobs/ledger/sweep.ts'
import { migrate } from '../src/shared/migrate.ts'
import { effectsTable } from './job.ts'
import { startProgram, type Program, type ProgramOptions } from './program.ts'

/** Whoever keeps its jobs in Postgres has a database of its own, cloned afresh for every round. */
export type Keeper = 'millrace' | 'pg-boss' | 'graphile-worker' | 'plain'

/** A private Postgres and a private Redis, set up as the local stack's, and the processes started on them. */
export interface Stack extends AsyncDisposable {
  /** The environment of every process of the product in this stack. */
  env: Record<string, string>
  redisUrl: string
  redis: RedisClient
  versions: { postgres: string; redis: string }
  /** What is configured for durability, as the servers themselves say. */
  durability: Record<string, string>
  pids: { postgres: number; redis: number }
  /** An empty database of its own kind; whoever was connected to the last one is thrown out. */
  freshDatabase(keeper: Keeper): Promise<string>
  /** Runs statements on a database. */
  query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]>
  /** A connection of its own to a database. */
  connect(url: string): Promise<pg.Client>
  /** Forgets every key, except which Redis this is. */
  clearRedis(): Promise<void>
  /** Ends whatever was started and still runs. */
  endPrograms(): Promise<void>
  start(file: string, options?: Partial<ProgramOptions> & { name?: string }): Program
}

export interface StackOptions {
  say: (line: string) => void
  /** Makes the empty database of a keeper: its schema and whatever it wants to find. */
  prepare: Record<'pg-boss' | 'graphile-worker', (url: string) => Promise<void>>
  logLevel: string
  profile: string | undefined
}

const root = path.resolve(import.meta.dirname, '..')

export async function openStack({ say, prepare, logLevel, profile }: StackOptions): Promise<Stack> {
  const closing = new AsyncDisposableStack()
  try {
    await mkdir(path.join(root, '.local'), { recursive: true })
    const directory = await mkdtemp(path.join(root, '.local', 'bench-'))
    closing.defer(() => rm(directory, { recursive: true, force: true }))
    const program = await findRedis({ cache: path.join(root, '.local', 'redis'), say })
    const postgres = await startPostgres({ directory: path.join(directory, 'postgres'), say })
    closing.defer(() => postgres.stop())
    const redisServer = await startRedis({ ...program, directory: path.join(directory, 'redis'), say })
    closing.defer(() => redisServer.stop())
    const redis = new RedisClient(redisServer.url, { maxRetriesPerRequest: null })
    closing.defer(() => redis.disconnect())
    const admin = await open(postgres.url('postgres'))
    closing.defer(() => admin.end())
    const programs = new Set<Program>()
    const endPrograms = async (): Promise<void> => {
      await Promise.all([...programs].map((each) => each.end()))
      programs.clear()
    }
    closing.defer(endPrograms)

    // A sweep that meets an unknown Redis gives new tickets to every row: right after a loss, and not what is measured.
    const marker = randomUUID()
    const templates = new Set<Keeper>()
    const prepareTemplate = async (keeper: Keeper, url: string): Promise<void> => {
      if (keeper === 'millrace') {
        await migrate(url)
        await query(url, async (client) => {
          await rememberRedis(
            async (statement, values) => (await client.query({ ...statement, values })).rows,
            marker,
          )
        })
      } else if (keeper !== 'plain') await prepare[keeper](url)
      await query(url, (client) => client.query(effectsTable))
    }

    const stack: Stack = {
      redisUrl: redisServer.url,
      redis,
      env: {
        REDIS_URL: redisServer.url,
        DATABASE_POOL: '12',
        LOG_LEVEL: logLevel,
        ANKI_COLLECTIONS: path.join(directory, 'collections'),
        ANKI_KEYS: 'anki-bench-key-0123456789',
        RUNDI_KEYS: 'rundi-bench-key-0123456789',
        RUNDI_TRUSTED_PROVIDERS: 'google',
        STATUS_LINK_SECRET: 'a-secret-for-status-links-in-the-bench',
        RATE_LIMIT_PER_MINUTE: '1000000',
        OPERATORS: 'grace:operator:grace-password-1',
      },
      versions: { postgres: await setting(admin, 'server_version'), redis: redisServer.version },
      durability: {
        ...(await settings(admin, [
          'fsync',
          'synchronous_commit',
          'full_page_writes',
          'wal_sync_method',
          'shared_buffers',
        ])),
        ...(await redisSettings(redis, ['appendonly', 'appendfsync', 'maxmemory-policy'])),
      },
      pids: { postgres: postgres.pid, redis: redisServer.pid },
      freshDatabase: async (keeper) => {
        const name = keeper.replace('-', '_')
        const template = `${name}_template`
        if (!templates.has(keeper)) {
          await admin.query(`create database ${template}`)
          await prepareTemplate(keeper, postgres.url(template))
          templates.add(keeper)
        }
        await admin.query(`drop database if exists ${name} with (force)`)
        await admin.query(`create database ${name} template ${template}`)
        await admin.query('checkpoint')
        return postgres.url(name)
      },
      query: async <Row extends pg.QueryResultRow>(url: string, text: string) =>
        (await query(url, (client) => client.query<Row>(text))).rows,
      connect: open,
      clearRedis: async () => {
        await redis.flushall()
        await redis.set('millrace:marker', marker)
      },
      endPrograms,
      start: (file, options = {}) => {
        const name = options.name ?? path.basename(file, '.ts')
        const started = startProgram({
          file: path.resolve(import.meta.dirname, file),
          args: options.args ?? [],
          env: { ...stack.env, ...options.env },
          log: path.join(directory, `${name}.log`),
          profile: options.profile ?? profile,
        })
        programs.add(started)
        return started
      },
      [Symbol.asyncDispose]: () => closing.disposeAsync(),
    }
    return stack
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}

async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  // A fresh database throws out whoever was connected to the last one.
  client.on('error', (error) => console.error(`postgres: ${error.message}`))
  await client.connect()
  return client
}

async function query<T>(url: string, ask: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await open(url)
  try {
    return await ask(client)
  } finally {
    await client.end()
  }
}

async function setting(client: pg.Client, name: string): Promise<string> {
  const { rows } = await client.query<{ value: string }>(`select current_setting($1) as value`, [name])
  return rows[0]?.value ?? 'unknown'
}

async function settings(client: pg.Client, names: string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of names) found[name] = await setting(client, name)
  return found
}

async function redisSettings(redis: RedisClient, names: string[]): Promise<Record<string, string>> {
  const found = await Promise.all(names.map((name) => redis.config('GET', name)))
  return Object.fromEntries((found as [string, string][]).map(([name, value]) => [name, value]))
}
