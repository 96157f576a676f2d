import { randomUUID } from 'node:crypto'
import { isOutage, type Database } from '../shared/database.ts'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import { every, seconds } from '../shared/time.ts'
import type { Dispatcher } from './dispatch.ts'
import { beginLease, endLease, renewLease } from './ledger/lease.ts'
import { freeOrphans } from './ledger/sweep.ts'

export type AbortReason = 'cancelled' | 'taken over' | 'lease lost' | 'shutdown'

/** A row this process has claimed, or is about to. */
export interface Held {
  id: string
  ticket: number
  /** The ledger has confirmed the claim. */
  claimed: boolean
  abort(reason: AbortReason): void
}

/** Proves to everybody that this process is alive, and learns what it must stop doing. */
export interface Lease {
  /** The name our rows carry; undefined while the lease is lost, when nothing may be claimed. */
  worker(): string | undefined
  /** Registers a row before its claim is sent, so that a claim whose answer got lost is noticed. */
  hold(held: Held): void
  release(held: Held): void
  /** The answer to a claim got lost: the next renewals look for rows the ledger believes we run. */
  doubt(): void
  holding(): number
  abortAll(reason: AbortReason): void
  /** Milliseconds a provider still wants to be left alone. */
  pauseOf(provider: string): number
  /** Learns of a pause at once, before the next renewal tells everybody. */
  pause(provider: string, ms: number): void
  close(): Promise<void>
}

const RENEW_EVERY = seconds(2)
const VALID_FOR = seconds(8)
const REPORT_EVERY = 3
/** Renewals that look for orphans after a lost answer: a statement may still be under way when its answer is given up. */
const DOUBTFUL = 10
/** They also look once in a while without a reason. */
const LOOK_EVERY = 30

export async function startLease(options: {
  database: Database
  dispatcher: Dispatcher
  metrics: Metrics
  log: Log
  /** What kind of process this is, for people: `worker quick`, `web`. */
  process: string
}): Promise<Lease> {
  const { database, dispatcher, metrics, log } = options
  const ended = new AbortController()
  const held = new Set<Held>()
  const pauses = new Map<string, number>()
  let worker: string = randomUUID()
  // The moment the last successful renewal was sent: the lease in Postgres began no earlier.
  let renewedAt = performance.now()
  let lost = false
  let turn = 0
  let doubts = 0
  await beginLease(database.run, worker, options.process)

  const renew = async (): Promise<void> => {
    const sentAt = performance.now()
    turn += 1
    const report = turn % REPORT_EVERY === 1 ? await metrics.registry.getMetricsAsJSON() : undefined
    const rows = [...held].map(({ id, ticket, claimed }) => ({ id, ticket, claimed }))
    const look = doubts > 0 || turn % LOOK_EVERY === 0
    const renewal = await renewLease(database.run, worker, rows, report, look)
    if (!renewal.held) return lose('the lease had lapsed')
    doubts = Math.max(0, doubts - 1)
    renewedAt = sentAt
    for (const { id, ticket, reason } of renewal.abort) {
      for (const each of held) if (each.id === id && each.ticket === ticket) each.abort(reason)
    }
    for (const { name, pause } of renewal.pauses) pauses.set(name, performance.now() + pause)
    // Rows claimed while the renewal was under way are ours and held; only what nobody holds is an orphan.
    const known = new Set([...held].map((each) => `${each.id}-${each.ticket}`))
    const orphans = renewal.orphans.filter((row) => !known.has(`${row.id}-${row.ticket}`))
    if (orphans.length > 0) dispatcher.dispatch(...(await freeOrphans(database.run, worker, orphans)))
  }

  const lose = (reason: string): void => {
    if (!lost) {
      metrics.leasesLost.inc()
      log.error({ reason, jobs: held.size }, 'lost the lease; its jobs belong to others')
    }
    lost = true
    for (const each of held) each.abort('lease lost')
  }

  /** A new name: what was left under the old one is the sweep's. */
  const beginAnew = async (): Promise<void> => {
    const fresh = randomUUID()
    const sentAt = performance.now()
    await beginLease(database.run, fresh, options.process)
    worker = fresh
    renewedAt = sentAt
    lost = false
    log.info('has a lease again')
  }

  // A renewal that hangs must not keep the deadline from being noticed.
  const lapse = setInterval(() => {
    if (!lost && performance.now() - renewedAt > VALID_FOR) lose('could not renew in time')
  }, 500)

  const renewing = every(RENEW_EVERY, ended.signal, async () => {
    try {
      if (lost) await beginAnew()
      else await renew()
    } catch (error) {
      log.warn({ err: error }, 'could not renew the lease')
    }
  })

  return {
    worker: () => (lost || performance.now() - renewedAt > VALID_FOR ? undefined : worker),
    hold: (each) => held.add(each),
    release: (each) => held.delete(each),
    doubt: () => {
      doubts = DOUBTFUL
    },
    holding: () => held.size,
    abortAll: (reason) => {
      for (const each of held) each.abort(reason)
    },
    pauseOf: (provider) => Math.max(0, (pauses.get(provider) ?? 0) - performance.now()),
    pause: (provider, ms) =>
      pauses.set(provider, Math.max(pauses.get(provider) ?? 0, performance.now() + ms)),
    close: async () => {
      ended.abort()
      clearInterval(lapse)
      await renewing
      if (lost) return
      try {
        await endLease(database.run, worker)
      } catch (error) {
        if (!isOutage(error)) throw error
        log.warn({ err: error }, 'could not give the lease back; it lapses by itself')
      }
    },
  }
}
