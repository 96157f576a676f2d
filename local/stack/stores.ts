import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { refuseUnlessWritable } from '../launch/lock.ts'
import type { Postgres } from '../launch/postgres.ts'
import type { Redis } from '../launch/redis.ts'
import { findPlace, type Place } from './place.ts'
import { step, type Say } from './progress.ts'
import { ensureSecrets, type Secrets } from './secrets.ts'
import { processSettings } from './settings.ts'
import type { StoreFacts } from './stack-file.ts'
import { findAccount } from './stores/aws.ts'
import { openCognito } from './stores/cognito.ts'
import { openDynamodb } from './stores/dynamodb.ts'
import { openGoogle } from './stores/google.ts'
import { openMistral } from './stores/mistral.ts'
import { openPostgres } from './stores/postgres.ts'
import { provisionPrework } from './stores/prework.ts'
import { openRedis } from './stores/redis.ts'
import { openS3 } from './stores/s3.ts'
import type { Opened, Ports, Setting } from './stores/setting.ts'
import { openSqs } from './stores/sqs.ts'
import { together } from './together.ts'

export interface StoresOptions {
  place?: Place
  /** What it names (DATABASE_URL, REDIS_URL, AWS_…, MISTRAL_API_KEY, <PRODUCT>_ISSUER) is used instead. */
  given?: NodeJS.ProcessEnv
  /** Told one line per store. */
  say?: Say
  /** Aborted: what has not begun to start will not, and the rest is closed again. */
  signal?: AbortSignal
}

export interface Stores extends StandIns {
  /** Everything a process of the Procfile needs, its ports excepted. */
  env: Record<string, string>
  facts: StoreFacts
  /** For those who want to break them; undefined where the environment names another. */
  handles: { postgres: Postgres | undefined; redis: Redis | undefined }
}

/**
 * Starts every store the environment does not name, migrates the database, makes queues, buckets and user pools.
 * Nothing is left behind when something fails. The place must be locked by the caller.
 */
export async function startStores(options: StoresOptions = {}): Promise<Stores> {
  return opening(options, {}, async (setting, open) => {
    const [postgres, redis, standIns] = await together([
      open('Postgres', () => openPostgres(setting)),
      open('Redis', () => openRedis(setting)),
      openStandIns(setting, open),
    ])
    return {
      ...standIns,
      env: { ...standIns.env, ...postgres.env, ...redis.env },
      facts: { ...standIns.facts, ...postgres.facts, ...redis.facts },
      handles: { postgres: postgres.server, redis: redis.server },
    }
  })
}

export interface StandIns {
  env: Record<string, string>
  facts: Omit<StoreFacts, 'postgres' | 'redis'>
  secrets: Secrets
  /** Closes all of it, the last first. */
  stop(): Promise<void>
}

/** The same without Postgres and Redis, which a machine with Docker has from elsewhere. */
export async function startStandIns(options: StoresOptions & { ports: Ports }): Promise<StandIns> {
  return opening(options, options.ports, openStandIns)
}

/** Opens one store and says so. */
type Open = <Found extends { note: string }>(name: string, work: () => Promise<Found>) => Promise<Found>

async function openStandIns(setting: Setting, open: Open): Promise<Omit<StandIns, 'stop'>> {
  const account = findAccount(setting)
  const [dynamodb, google, mistral, [sqs, s3, cognito]] = await together([
    open('DynamoDB', () => openDynamodb(setting, account)),
    open('Google', () => openGoogle(setting)),
    open('Mistral', () => openMistral(setting, account)),
    openEventSources(),
  ])
  // What is in an account of one's own is made by `npm run provision`, when its owner wants it.
  const aws = { ...s3.facts, ...sqs.facts, ...dynamodb.facts }
  const isOurs = [aws.s3, aws.sqs, aws.dynamodb].every(({ accessKeyId }) => accessKeyId !== undefined)
  const prework = isOurs ? await open('Pre-Work', () => provisionPrework(account, aws)) : undefined
  const opened: Opened<object>[] = [
    sqs,
    s3,
    dynamodb,
    cognito,
    google,
    mistral,
    ...(prework ? [prework] : []),
  ]
  const own = Object.assign({}, ...opened.map(({ env }) => env)) as Record<string, string>
  return {
    env: { ...processSettings(setting), ...account.env, ...own },
    facts: {
      ...sqs.facts,
      ...s3.facts,
      ...dynamodb.facts,
      ...cognito.facts,
      ...google.facts,
      ...mistral.facts,
      ...prework?.facts,
    },
    secrets: setting.secrets,
  }

  /** S3 and Cognito tell SQS what happens in them, so the queue is there first and goes last. */
  async function openEventSources() {
    const sqs = await open('SQS', () => openSqs(setting, account))
    const [s3, cognito] = await together([
      open('S3', () => openS3(setting, account, sqs)),
      open('Cognito', () => openCognito(setting, sqs)),
    ])
    return [sqs, s3, cognito] as const
  }
}

async function opening<Result extends object>(
  { place = findPlace(), given = process.env, say = () => undefined, signal }: StoresOptions,
  ports: Ports,
  work: (setting: Setting, open: Open) => Promise<Result>,
): Promise<Result & { stop(): Promise<void> }> {
  const data = path.dirname(place.data('any'))
  mkdirSync(data, { recursive: true })
  refuseUnlessWritable(data) // before every store says so for itself
  const closing = new AsyncDisposableStack()
  const setting = { place, given, secrets: ensureSecrets(place), ports, closing, say }
  const open: Open = (name, start) =>
    step(say, name, async () => {
      signal?.throwIfAborted()
      return start()
    })
  try {
    const result = await work(setting, open)
    return { ...result, stop: () => closing.disposeAsync() }
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}
