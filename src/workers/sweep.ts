import { randomUUID } from 'node:crypto'
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { queueNames } from '../jobs/define.ts'
import { bullId, carriersOf } from '../jobs/bundle.ts'
import type { Dispatcher } from '../jobs/dispatch.ts'
import { redisPrefix } from '../jobs/key-prefix.ts'
import type { Lease } from '../jobs/lease.ts'
import type { Ticket } from '../jobs/ledger/rows.ts'
import { queueSettings } from '../jobs/ledger/settings.ts'
import {
  analyzeGrown,
  forgetLapsedLeases,
  nextOverdue,
  rememberRedis,
  reticket,
  reticketAllAfter,
  takeOver,
  trySweep,
  undoAgain,
} from '../jobs/ledger/sweep.ts'
import type { Tell } from '../jobs/tell.ts'
import type { Database } from '../shared/database.ts'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import { every, seconds } from '../shared/time.ts'

/** The key by which a Redis is known again. */
const markerKey = `${redisPrefix}:marker`
const SWEEP_EVERY = seconds(2)
/**
 * A ticket that Redis handed out this long ago without a claim in the ledger was dropped on the way. Longer than a lease:
 * a runner whose claim a crash of Postgres took away has stopped by then.
 */
const CLAIMED_WITHIN = seconds(10)
/** A ticket that waits for longer than this may have been lost with the list it stood in. */
const STANDS_IN_LINE = seconds(30)

export interface SweepParts {
  database: Database
  redis: Redis
  dispatcher: Dispatcher
  lease: Pick<Lease, 'worker'>
  tell: Tell
  metrics: Metrics
  log: Log
}

/**
 * Keeps Redis and the ledger in step, in every worker, one at a time: takes over what dead workers held, and gives new
 * tickets to rows that Redis does not know. Stops when the signal aborts.
 */
export async function sweepUntil(signal: AbortSignal, parts: SweepParts): Promise<void> {
  await every(SWEEP_EVERY, signal, async () => {
    try {
      await sweepOnce(parts)
    } catch (error) {
      parts.log.warn({ err: error }, 'the sweep met an error')
    }
  })
}

/** One sweep, if no other worker is at it. */
export async function sweepOnce(parts: SweepParts): Promise<void> {
  const { database, redis, lease, tell, metrics, log } = parts
  const worker = lease.worker()
  const state = worker && (await trySweep(database.run, worker))
  if (!state) return
  metrics.sweeps.inc()

  const { takenOver, reopened } = await takeOver(database)
  tell(...takenOver.map((row) => row.id))
  for (const row of takenOver)
    log.warn({ id: row.id, job: row.name, state: row.state }, 'took over a job of a lost worker')
  bring(parts, 'worker lost', [
    ...takenOver.filter((row) => row.state === 'waiting' || row.state === 'undoing'),
    ...reopened,
  ])
  bring(parts, 'undo again', await undoAgain(database.run))
  await forgetLapsedLeases(database.run)

  if (redis.status === 'ready') {
    const marker = await redis.get(markerKey)
    if (marker === null || marker !== state.marker) await refill(parts, worker)
    else await bringUnknown(parts)
  }
  // Last: it only makes things faster, and no ticket must wait for it.
  await analyzeGrown(database.run)
}

/**
 * Another Redis than before, or one that has forgotten everything: all waiting rows and all settings go there again. One
 * that is replaced or forgets while it is filled is not taken for one that was.
 */
async function refill(parts: SweepParts, worker: string): Promise<void> {
  const { database, redis, dispatcher, metrics, log } = parts
  const marker = randomUUID()
  await redis.set(markerKey, `filling ${marker}`)
  await restoreSettings(parts)
  let after = '00000000-0000-0000-0000-000000000000'
  let count = 0
  for (;;) {
    const tickets = await reticketAllAfter(database.run, after, queueNames)
    if (tickets.length === 0) break
    // It may take longer than one turn: whoever began to fill it as well would make these tickets worthless.
    await trySweep(database.run, worker)
    await dispatcher.deliver(tickets)
    count += tickets.length
    after = tickets.at(-1)?.id ?? after
  }
  metrics.sweptTickets.inc({ reason: 'redis lost' }, count)
  // Postgres first: should we die in between, the markers differ and the next sweep refills once more.
  await rememberRedis(database.run, marker)
  const isTheSame = await redis.set(markerKey, marker, 'XX')
  if (isTheSame) log.warn({ tickets: count }, 'filled an unknown Redis')
  else log.warn({ tickets: count }, 'Redis forgot what it was being filled with; it is filled once more')
}

async function restoreSettings({ database, dispatcher }: SweepParts): Promise<void> {
  for (const setting of await queueSettings(database.run)) {
    const name = queueNames.find((known) => known === setting.queue)
    if (!name) continue
    const queue = dispatcher.queue(name)
    if (setting.paused) await queue.pause()
    if (setting.concurrency) await queue.setGlobalConcurrency(setting.concurrency)
  }
}

/** Rows that are overdue and whose ticket Redis does not have, has finished with, handed out to nobody's claim, or lost out of its line. */
async function bringUnknown(parts: SweepParts): Promise<void> {
  const { database, redis, dispatcher } = parts
  const overdue = await nextOverdue(database.run)
  const unknown: Ticket[] = []
  for (const [name, rows] of Map.groupBy(overdue, (row) => row.queue)) {
    // A queue this version does not know belongs to a newer one, whose own sweep looks after it.
    const queue = queueNames.find((known) => known === name)
    if (queue) unknown.push(...(await unknownTo(redis, dispatcher.queue(queue), rows)))
  }
  if (unknown.length > 0) bring(parts, 'unknown to redis', await reticket(database.run, unknown))
}

async function unknownTo(redis: Redis, queue: Queue, rows: Ticket[]): Promise<Ticket[]> {
  const carriers = await carriersOf(redis, queue.name, rows.map(bullId))
  const pipeline = redis.pipeline()
  for (const carrier of carriers)
    pipeline.hmget(queue.toKey(carrier), 'timestamp', 'finishedOn', 'processedOn')
  const answers = (await pipeline.exec()) ?? []
  const unknown: Ticket[] = []
  const inLine: { row: Ticket; carrier: string; since: number }[] = []
  for (const [index, row] of rows.entries()) {
    const [error, fields] = answers[index] ?? [new Error('no answer'), undefined]
    if (error) throw error
    const [known, finished, handedOut] = fields as (string | null)[]
    if (!known || finished) unknown.push(row)
    else if (!handedOut) inLine.push({ row, carrier: carriers[index] as string, since: Number(known) })
    else if (Date.now() - Number(handedOut) > CLAIMED_WITHIN) unknown.push(row)
  }
  return [...unknown, ...(await lostOutOfLine(queue, inLine))]
}

/**
 * Redis may drop a whole line and keep what stood in it. Looking for one in a long line costs Redis something, so only the
 * one that has stood longest is looked for; if it is gone, all that should stand there get new tickets.
 */
async function lostOutOfLine(
  queue: Queue,
  inLine: { row: Ticket; carrier: string; since: number }[],
): Promise<Ticket[]> {
  const long = inLine.filter(({ since }) => Date.now() - since > STANDS_IN_LINE)
  const [longest] = long.toSorted((one, other) => one.since - other.since)
  if (!longest || (await queue.getJobState(longest.carrier)) !== 'unknown') return []
  return long.map(({ row }) => row)
}

function bring({ dispatcher, metrics }: SweepParts, reason: string, tickets: Ticket[]): void {
  metrics.sweptTickets.inc({ reason }, tickets.length)
  dispatcher.dispatch(...tickets)
}
