import type { z } from 'zod'
import type { Product } from '../shared/config.ts'
import type { Sql, Tx } from '../shared/database.ts'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import { minutes, seconds } from '../shared/time.ts'
import type { Bucket } from '../shared/bucket.ts'
import type { Collections } from '../domains/anki/collections.ts'
import type { AuthDb } from '../domains/anki/auth-db.ts'
import type { DocumentRef } from '../domains/iep/document.ts'
import type { Model } from '../domains/iep/model.ts'
import type { PreworkBuckets } from '../domains/prework/buckets.ts'
import type { PreworkStore } from '../domains/prework/store.ts'
import type { SyncServerProfiles } from '../domains/anki/sync-server-profiles.ts'

/** Queues are named by kind of work, because that is what one scales by. */
export const queueNames = ['quick', 'documents', 'media', 'maintenance'] as const
export type QueueName = (typeof queueNames)[number]

/** Everything the runner can lend to a job. A job names the few it wants, in its own signature. */
export interface Tools {
  /** For reading outside the settling transaction. */
  sql: Sql
  /** Aborted when the attempt must end: timeout, cancellation, lost lease, shutdown. Pass it on to whatever takes one. */
  signal: AbortSignal
  /** Tells the waiting user how far the job is. Kept with the row; may be called as often as one likes. */
  progress: (percent: number, step: string) => void
  log: Log
  /** 32 hex digits: the request or event that this follows from, in all its log lines too. */
  trace: string
  /** Removes what the ledger need not remember any longer. */
  history: { trimJobs(): Promise<number>; trimTheRest(signal: AbortSignal): Promise<number> }
  collections: Collections
  authDb: AuthDb | undefined
  /** The profiles of a sync server with a database of its own. */
  syncServerProfiles: SyncServerProfiles | undefined
  /** Where the documents of IEP are; undefined when the configuration names no bucket. */
  iepBucket: Bucket | undefined
  /** Where the pictures of LockIN are; undefined when the configuration names no bucket. */
  lockinBucket: Bucket | undefined
  /** Where Pre-Work keeps what it knows, and its files; undefined when the configuration names no environment of it. */
  prework: PreworkStore | undefined
  preworkBuckets: PreworkBuckets | undefined
  /** The models that read and write; undefined without a key for them. */
  model: Model | undefined
  /**
   * What follows for a document, as its tables say. Lent and not imported, because these jobs follow from one another.
   */
  nextSteps: (db: Sql, document: DocumentRef) => Promise<Ask[]>
  /** What a job counts beside its own outcome. */
  metrics: Pick<Metrics, 'iepDocuments' | 'iepValues'>
}
export type Uses<Tool extends keyof Tools> = Pick<Tools, Tool>

/** How often and how patiently a job is tried. */
export interface RetryPolicy {
  /** Attempts in one round, the first included. */
  attempts: number
  /** Milliseconds before the attempt after `attempt` (counted from 1), jitter included. */
  delay: (attempt: number) => number
}

/** Doubling from `first`, at most ten minutes, each half fixed and half random so that a crowd spreads out. */
export function backingOff(attempts: number, first: number): RetryPolicy {
  return {
    attempts,
    delay: (attempt) => {
      const full = Math.min(first * 2 ** (attempt - 1), minutes(10))
      return full / 2 + Math.random() * (full / 2)
    },
  }
}

/** Five attempts within about half a minute: for work a person is waiting for. */
export const patiently = backingOff(5, seconds(2))

/**
 * What asking again for the same key means once the row exists. Whatever is declared, a failed or cancelled row
 * always begins a new round.
 * - `never`: the settled receipt stands.
 * - `whenChanged`: it stands for the same data; other data amends a waiting row, follows a running one with one
 *   more round, and reopens a settled one.
 * - `afterSettled`: a settled row begins a new round; a row that is not settled yet stands.
 * - `rerunIfActive`: as `afterSettled`, and asking while the job runs makes it run once more after.
 */
export type Again = 'never' | 'whenChanged' | 'afterSettled' | 'rerunIfActive'

/** What an attempt that went well hands to the runner: the job's result and the jobs that follow from it. */
export interface Done<Result> {
  result: Result
  follow: Ask[]
}
/** Work to be done inside the transaction that settles the job: it happens together with `completed`, or not at all. */
export interface Commit<Result> {
  write: (tx: Tx) => Promise<Done<Result>>
}

export const done = <Result>(result: Result, ...follow: Ask[]): Done<Result> => ({ result, follow })
export const commit = <Result>(write: (tx: Tx) => Promise<Done<Result>>): Commit<Result> => ({ write })

/** A job: something we promise to do. One file, one job. */
export interface Job<Schema extends z.ZodType = z.ZodType, Result = unknown> {
  /** `product.verb-noun`; unique. */
  name: `${Product | 'millrace'}.${string}`
  queue: QueueName
  /** The shape of its data, checked when it is asked for and again before every attempt. */
  data: Schema
  /** Says when two askings mean the same promise. At most 500 characters. */
  key(data: z.output<Schema>): string
  /** Who may see the receipt: `product:subject`, or nobody but server keys of the product. */
  owner?(data: z.output<Schema>): string
  again: Again
  /** Fields of the data that say how and not what: another value there is no change to a job that runs or has settled. */
  asides?: readonly string[]
  retry: RetryPolicy
  /** Milliseconds one attempt may take. */
  timeout: number
  /** Short and without network, so that the web process may run it when no worker has taken it in time. */
  light?: boolean
  /** The provider whose 429s hold this job back. */
  provider?: string
  /**
   * One attempt. Slow work comes first, outside any transaction; what must be written is returned as `commit(…)`.
   * @throws GiveUp when trying again cannot help, Throttled when a provider asks for a pause, anything else to be tried again.
   */
  run(data: z.output<Schema>, tools: Tools): Promise<Done<Result> | Commit<Result>>
  /**
   * Takes back what attempts may have left outside Postgres, once the job has failed for good or was cancelled. Asks
   * the stores what is true, may run twice, and destroys nothing a person made.
   */
  undo?(data: z.output<Schema>, tools: Tools): Promise<void>
  /** Writes and followers of failing for good, in the transaction that settles `failed` or `cancelled`. */
  onFailed?(tx: Tx, data: z.output<Schema>, verdict: 'failed' | 'cancelled'): Promise<Ask[]>
}

/** Declares a job; only infers types, so that importing a job costs nothing. */
export const defineJob = <Schema extends z.ZodType, Result>(job: Job<Schema, Result>): Job<Schema, Result> =>
  job

/** A wish for a job, not yet accepted. */
export interface Ask {
  job: Job
  data: unknown
  /** Overrides what the job declares, for askers that know less than others. */
  again?: Again
  /** Milliseconds before the first attempt may start. */
  delay?: number
}

export const ask = <Schema extends z.ZodType, Result>(
  job: Job<Schema, Result>,
  data: z.input<Schema>,
  options: Pick<Ask, 'again' | 'delay'> = {},
): Ask => ({ job, data, ...options })

/** The result type of a job, for whoever waits for it. */
export type ResultOf<J> = J extends Job<z.ZodType, infer Result> ? Result : never

/** All jobs of a process by name. */
export type Registry = ReadonlyMap<string, Job>

/**
 * Checks a list of jobs before anything starts.
 * @throws Error with a sentence: two jobs share a name, or a job has no queue that workers know.
 */
export function register(jobs: readonly Job[]): Registry {
  const registry = new Map<string, Job>()
  for (const job of jobs) {
    if (registry.has(job.name)) throw new Error(`Two jobs are called ${job.name}.`)
    if (!queueNames.includes(job.queue))
      throw new Error(
        `The job ${job.name} has no queue: ${job.queue} is not one of ${queueNames.join(', ')}.`,
      )
    if (!/^[a-z]+\.[a-z]+(-[a-z]+)*$/.test(job.name))
      throw new Error(`The job name ${job.name} is not product.verb-noun.`)
    if (job.retry.attempts < 1) throw new Error(`The job ${job.name} has no attempts.`)
    if (job.timeout <= 0) throw new Error(`The job ${job.name} has no timeout.`)
    registry.set(job.name, job)
  }
  return registry
}
