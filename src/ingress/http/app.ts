import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Collections } from '../../domains/anki/collections.ts'
import type { PreworkBuckets } from '../../domains/prework/buckets.ts'
import type { PreworkStore } from '../../domains/prework/store.ts'
import type { Asking, Running } from '../../jobs/open.ts'
import type { Watch } from '../../jobs/watch.ts'
import type { Bucket } from '../../shared/bucket.ts'
import type { Config, OperatorAccount } from '../../shared/config.ts'
import type { Log } from '../../shared/log.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Caller, Who } from '../who.ts'
import type { AskFor } from './asking/ask.ts'
import type { StatusLinks } from './answers/status-link.ts'

/** A Fastify whose routes are typed by their zod schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>

/** What the process lends to the web server. */
export interface ServerParts {
  config: Config
  log: Log
  metrics: Metrics
  asking: Asking
  watch: Watch
  /** The lease and runner of this process, once Postgres was there to begin a lease; light jobs run on them. */
  running: () => Running | undefined
  /** Aborted when the process begins to stop. */
  stopping: AbortSignal
}

/** What the routes of every product work with. */
export interface HttpParts extends ServerParts {
  who: Who
  links: StatusLinks
  collections: Collections
  /** Where the documents of IEP are; undefined when the configuration names no bucket. */
  iepBucket: Bucket | undefined
  /** Where the pictures of LockIN are; undefined when the configuration names no bucket. */
  lockinBucket: Bucket | undefined
  /** Where Pre-Work keeps what it knows, and its files; undefined when the configuration names no environment of it. */
  prework: PreworkStore | undefined
  preworkBuckets: PreworkBuckets | undefined
  askFor: AskFor
  /** Aborted when the server begins to close: whoever waits answers at once. */
  closing: AbortSignal
}

declare module 'fastify' {
  interface FastifyRequest {
    /** 32 hex digits that follow this request through the ledger and every log line. */
    trace: string
    /** Who is calling: one for a product's own routes, and as many as the credentials stand for under /jobs. */
    callers: readonly Caller[]
    /** Why nobody is calling: thrown before the body is read, after the call has counted against the limit. */
    refusal: Error | undefined
    operator: OperatorAccount | undefined
    /** The address carries a valid status link to the job it is about. */
    viaLink: boolean
    /** The code of the problem it was answered with, for the log. */
    problem: string | undefined
  }
}
