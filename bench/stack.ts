import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { Redis as RedisClient } from 'ioredis'
import pg from 'pg'
import { isRunning } from '../local/launch/leftovers.ts'
import { startPostgres } from '../local/launch/postgres.ts'
import { findRedis, startRedis } from '../local/launch/redis.ts'
import { redisPrefix } from '../src/jobs/key-prefix.ts'
import { rememberRedis } from '../src/jobs/ledger/sweep.ts'
import { migrate } from '../src/shared/migrate.ts'
import { prepare } from './contestants.ts'
import { openDatabases, type Databases } from './databases.ts'
import { startProgram, type Program, type ProgramOptions } from './program.ts'

/** A private Postgres and a private Redis, set up as the local stack's, and the processes started on them. */
export interface Stack extends AsyncDisposable {
  databases: Databases
  redis: { url: string; version: string; durability: Record<string, string> }
  pids: { postgres: number; redis: number }
  /** Where the stack and whatever belongs to it keeps files; removed with it. */
  directory: string
  /** The environment of every process of the product in this stack. */
  env: Record<string, string>
  /** Forgets every key, except which Redis this is. */
  clearRedis(): Promise<void>
  /** Starts a file of the bench as a process; it is ended with the stack at the latest. */
  start(file: string, options?: Partial<Pick<ProgramOptions, 'args' | 'env'>> & { name?: string }): Program
  /** Has a server that was started otherwise stopped with the stack at the latest. */
  own(server: { stop(): Promise<void> }): void
  /** Ends whatever was started and still runs. */
  endPrograms(): Promise<void>
}

export interface StackOptions {
  say: (line: string) => void
  /** What the processes of the product log. */
  logLevel: string
  /** Where every process leaves a CPU profile. */
  profile: string | undefined
}

const local = path.resolve(import.meta.dirname, '..', '.local')

export async function openStack({ say, logLevel, profile }: StackOptions): Promise<Stack> {
  const closing = new AsyncDisposableStack()
  try {
    await removeLeftovers()
    const directory = path.join(local, `bench-${process.pid}`)
    await mkdir(directory, { recursive: true })
    closing.defer(() => rm(directory, { recursive: true, force: true }))
    const program = await findRedis({ cache: path.join(local, 'redis'), say })
    const postgres = await startPostgres({ directory: path.join(directory, 'postgres'), say })
    closing.defer(() => postgres.stop())
    const redisServer = await startRedis({ ...program, directory: path.join(directory, 'redis'), say })
    closing.defer(() => redisServer.stop())
    const redis = new RedisClient(redisServer.url, { maxRetriesPerRequest: null })
    closing.defer(() => redis.disconnect())

    // A sweep that meets an unknown Redis gives new tickets to every row: right after a loss, and not what is measured.
    const marker = randomUUID()
    const databases = await openDatabases(postgres, {
      ...prepare,
      millrace: (url) => migrateFor(url, marker),
    })
    closing.defer(() => databases.close())

    const programs = new Set<Program>()
    const servers = new Set<{ stop(): Promise<void> }>()
    const endPrograms = async (): Promise<void> => {
      await Promise.all([...programs].map((each) => each.end()))
      programs.clear()
      await Promise.all([...servers].map((each) => each.stop()))
      servers.clear()
    }
    closing.defer(endPrograms)

    const env = { REDIS_URL: redisServer.url, LOG_LEVEL: logLevel, ...environment(directory) }
    return {
      databases,
      redis: {
        url: redisServer.url,
        version: redisServer.version,
        durability: await settingsOf(redis, ['appendonly', 'appendfsync', 'maxmemory-policy']),
      },
      pids: { postgres: postgres.pid, redis: redisServer.pid },
      directory,
      env,
      clearRedis: async () => {
        await redis.flushall()
        await redis.set(`${redisPrefix}:marker`, marker)
      },
      start: (file, options = {}) => {
        const started = startProgram({
          file: path.resolve(import.meta.dirname, file),
          args: options.args ?? [],
          env: { ...env, ...options.env },
          log: path.join(directory, `${options.name ?? path.basename(file, '.ts')}.log`),
          profile,
        })
        programs.add(started)
        return started
      },
      own: (server) => void servers.add(server),
      endPrograms,
      [Symbol.asyncDispose]: () => closing.disposeAsync(),
    }
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}

/** What a bench that was killed could not remove. */
async function removeLeftovers(): Promise<void> {
  await mkdir(local, { recursive: true })
  for (const name of await readdir(local)) {
    const pid = /^bench-(\d+)$/.exec(name)?.[1]
    if (pid && !isRunning(Number(pid))) await rm(path.join(local, name), { recursive: true, force: true })
  }
}

const environment = (directory: string) => ({
  DATABASE_POOL: '12',
  // Out of the way: sixteen thousand requests a second, and ten times that for a server key.
  RATE_LIMIT_PER_MINUTE: '1000000',
  ANKI_COLLECTIONS: path.join(directory, 'collections'),
  ANKI_KEYS: serverKeys.anki,
  RUNDI_KEYS: serverKeys.rundi,
  RUNDI_TRUSTED_PROVIDERS: 'google',
  STATUS_LINK_SECRET: 'a-secret-for-status-links-in-the-bench',
  OPERATORS: 'grace:operator:grace-password-1',
})

/** What the load shows to be let in. */
export const serverKeys = { anki: 'anki-bench-key-0123456789', rundi: 'rundi-bench-key-0123456789' }

async function migrateFor(url: string, marker: string): Promise<void> {
  await migrate(url)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await rememberRedis(
    async (statement, values) => (await client.query({ ...statement, values })).rows,
    marker,
  )
  await client.end()
}

async function settingsOf(redis: RedisClient, names: string[]): Promise<Record<string, string>> {
  const found = await Promise.all(names.map((name) => redis.config('GET', name)))
  return Object.fromEntries((found as [string, string][]).map(([name, value]) => [name, value]))
}
