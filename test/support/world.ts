import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'
import { startPostgres, type Postgres as PostgresServer } from '../../local/launch/postgres.ts'
import { startRedis, type Redis as RedisServer } from '../../local/launch/redis.ts'
import type { Ask, Job } from '../../src/jobs/define.ts'
import { register } from '../../src/jobs/define.ts'
import { registry as allJobs } from '../../src/jobs/index.ts'
import { see, type Seen } from '../../src/jobs/ledger/read.ts'
import { openAsking, openRunning, type Asking, type Running } from '../../src/jobs/open.ts'
import { readConfig, type Config } from '../../src/shared/config.ts'
import type { Database } from '../../src/shared/database.ts'
import type { Lifecycle } from '../../src/shared/lifecycle.ts'
import { createLog, type Log } from '../../src/shared/log.ts'
import { createMetrics, type Metrics } from '../../src/shared/metrics.ts'
import { migrate } from '../../src/shared/migrate.ts'
import { startProcess, type TestProcess } from './processes.ts'
import { startProxy, type Proxy } from './proxy.ts'

/** A private Postgres database and a private Redis, the core on top of them, and whatever processes a test starts. */
export interface World extends AsyncDisposable {
  config: Config
  /** A complete environment for child processes of this world. */
  env: Record<string, string>
  /** A temporary directory that goes away with the world. */
  directory: string
  log: Log
  metrics: Metrics
  lifecycle: Lifecycle
  database: Database
  asking: Asking
  redisServer: RedisServer
  /** The server behind the database, when the world has one of its own. */
  postgresServer: PostgresServer | undefined
  proxy: Proxy | undefined
  /** Straight to the database, past any proxy. */
  databaseUrl: string
  /** The lease and runner of this process, started when first asked for. */
  running(): Promise<Running>
  /** Accepts a wish and runs every attempt and undo through the production runner, without waiting for retries to be due. */
  work(ask: Ask): Promise<Seen>
  /** Runs what a row still has before it, as `work` does. */
  finish(id: string): Promise<Seen>
  see(id: string): Promise<Seen>
  /** Starts a real process of this world; stopped with it. */
  start(file: string, args?: string[], env?: Record<string, string>): TestProcess
}

const log = createLog({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent', process: 'test' })

export interface WorldOptions {
  /** Jobs this world knows beside the product's. */
  jobs?: Job[]
  env?: Record<string, string>
  /** Statements run in the fresh database. */
  setup?: string
  /** A Postgres server of its own, for tests that restart it. */
  ownPostgres?: boolean
  /** Put between the core of this process and Postgres. */
  proxyPostgres?: boolean
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-world-'))
  const [database, redisServer] = await Promise.all([
    openDatabase(directory, options),
    startRedis({
      ...inject('redisProgram'),
      directory: path.join(directory, 'redis'),
      // One that restarts has forgotten everything.
      persist: false,
    }),
  ])
  const proxy = options.proxyPostgres ? await startProxy(database.url) : undefined
  const env: Record<string, string> = {
    DATABASE_URL: proxy?.url ?? database.url,
    DATABASE_POOL: '6',
    REDIS_URL: redisServer.url,
    PORT: '0',
    LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'silent',
    ANKI_COLLECTIONS: path.join(directory, 'collections'),
    ANKI_KEYS: 'anki-test-key-0123456789',
    RUNDI_KEYS: 'rundi-test-key-0123456789',
    LOCKIN_KEYS: 'lockin-test-key-0123456789',
    PREWORK_KEYS: 'prework-test-key-0123456789',
    OPERATORS: 'grace:operator:grace-password-1,linus:viewer:linus-password-1',
    STATUS_LINK_SECRET: 'a-secret-for-status-links-in-tests',
    MILLRACE_LOCAL: '1',
    ...options.env,
  }
  const config = readConfig(env)
  const metrics = createMetrics()
  const lifecycle = createTestLifecycle()
  const asking = openAsking({ config, log, metrics, lifecycle, process: 'test' })
  const processes: TestProcess[] = []
  let running: Promise<Running> | undefined

  const world: World = {
    config,
    env,
    directory,
    log,
    metrics,
    lifecycle,
    database: asking.database,
    asking,
    redisServer,
    postgresServer: database.server,
    proxy,
    databaseUrl: database.url,
    running: () => {
      const registry = options.jobs ? register([...allJobs.values(), ...options.jobs]) : allJobs
      running ??= openRunning({ config, log, metrics, lifecycle, process: 'test' }, asking, registry).then(
        (opened) => opened ?? Promise.reject(new Error('The world is over.')),
      )
      return running
    },
    work: async (ask) => {
      const entered = await asking.accept.now(ask, randomUUID().replaceAll('-', ''))
      return world.finish(entered.id)
    },
    finish: async (id) => {
      const { runner } = await world.running()
      for (let turn = 0; turn < 50; turn += 1) {
        const row = await world.see(id)
        if (['completed', 'failed', 'cancelled'].includes(row.state)) return row
        await makeDue(asking.database, id)
        await runner.take({ id, ticket: row.ticket })
      }
      throw new Error(`The job ${id} did not settle in fifty turns.`)
    },
    see: async (id) => {
      const row = (await see(asking.database.run, [id])).get(id)
      if (!row) throw new Error(`There is no job ${id}.`)
      return row
    },
    start: (file, args = [], extra = {}) => {
      const child = startProcess(file, args, { ...env, ...extra })
      processes.push(child)
      return child
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(processes.map((child) => child.end()))
      await lifecycle.stop('test over')
      await proxy?.close()
      // Nothing is left to be kept: killing spares the tenth of a second in which Redis says goodbye.
      await Promise.all([redisServer.kill(), database.drop()])
      await rm(directory, { recursive: true, force: true })
    },
  }
  return world
}

/** Retry delays are the product's business; a test only moves the clock of one row. */
async function makeDue(database: Database, id: string): Promise<void> {
  await database.run(
    { name: 'test.make-due', text: 'update millrace.jobs set run_at = least(run_at, now()) where id = $1' },
    [id],
  )
}

interface TestDatabase {
  url: string
  server: PostgresServer | undefined
  drop(): Promise<void>
}

async function openDatabase(directory: string, options: WorldOptions): Promise<TestDatabase> {
  const database = options.ownPostgres ? await startOwn(directory) : await cloneTemplate()
  if (options.setup) await command(database.url, options.setup)
  return database
}

async function startOwn(directory: string): Promise<TestDatabase> {
  const server = await startPostgres({ directory: path.join(directory, 'postgres'), fsync: false })
  await migrate(server.url('postgres'))
  return { url: server.url('postgres'), server, drop: () => server.stop() }
}

async function cloneTemplate(): Promise<TestDatabase> {
  const admin = inject('postgresUrl')
  const name = `world_${randomUUID().replaceAll('-', '')}`
  await command(admin, `create database ${name} template template strategy file_copy`)
  const url = new URL(admin)
  url.pathname = `/${name}`
  return {
    url: url.toString(),
    server: undefined,
    drop: () => command(admin, `drop database ${name} with (force)`),
  }
}

async function command(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

/** The lifecycle of a world: closes in reverse order, listens to no signals. */
function createTestLifecycle(): Lifecycle {
  const stopping = new AbortController()
  const closers: (() => Promise<void> | void)[] = []
  return {
    stopping: stopping.signal,
    onStop: (_name, close) => closers.push(close),
    stop: async () => {
      stopping.abort()
      for (const close of closers.splice(0).toReversed()) await close()
    },
  }
}
