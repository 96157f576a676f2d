import { z } from 'zod'
import type { Job } from '../../../jobs/define.ts'
import type { Seen } from '../../../jobs/ledger/read.ts'
import type { Failure } from '../../../jobs/ledger/rows.ts'
import type { Caller } from '../../who.ts'
import { bornAt, type StatusLinks } from './status-link.ts'

/** What the world calls the states of a row. */
export type PublicState = 'waiting' | 'active' | 'delayed' | 'completed' | 'failed' | 'cancelled'

const time = z.string().meta({ format: 'date-time' })

/** What whoever asked for a job holds. */
export const receipt = z
  .object({
    id: z.string().meta({ format: 'uuid' }),
    name: z.string().meta({ examples: ['anki.initiate-user'] }),
    state: z.enum(['waiting', 'active', 'delayed', 'completed', 'failed', 'cancelled']),
    progress: z.object({ percent: z.number(), step: z.string().nullable() }),
    round: z.number().meta({ description: 'Asking again for what has settled begins a new one.' }),
    attempt: z.number().meta({ description: 'Attempts begun in this round.' }),
    attempts: z.number().meta({ description: 'Attempts a round has.' }),
    createdAt: time,
    startedAt: time.nullable(),
    settledAt: time.nullable(),
    result: z.unknown().optional().meta({ description: 'What the job came to; only when completed.' }),
    error: z
      .object({ code: z.string(), message: z.string() })
      .optional()
      .meta({ description: 'Only when failed or cancelled.' }),
    statusUrl: z
      .string()
      .optional()
      .meta({ description: 'Watches the job without any other credential. Only for those who own it.' }),
  })
  .meta({ id: 'Receipt', description: 'The receipt of a job.' })

export type Receipt = z.output<typeof receipt>

/** The receipt of a row. `links` adds the status link, for those who may hand it on. */
export function receiptOf(row: Seen, links: StatusLinks | undefined): Receipt {
  const state = publicState(row)
  const statusUrl = links?.to(row)
  return {
    id: row.id,
    name: row.name,
    state,
    progress: { percent: state === 'completed' ? 100 : (row.percent ?? 0), step: row.step },
    round: row.round,
    attempt: row.attempts,
    attempts: row.max_attempts,
    createdAt: iso(bornAt(row.id)),
    startedAt: row.started_at === null ? null : iso(row.started_at),
    settledAt: row.settled_at === null ? null : iso(row.settled_at),
    ...(state === 'completed' ? { result: row.result } : {}),
    ...(state === 'failed' || state === 'cancelled' ? { error: row.error ?? endedWithout(state) } : {}),
    ...(statusUrl === undefined ? {} : { statusUrl }),
  }
}

/** The receipt of a row that was entered a moment ago, known without reading it. */
export function freshReceipt(job: Job, id: string, links: StatusLinks): Receipt {
  const statusUrl = links.to({ id, round: 1, asked_at: bornAt(id) })
  return {
    id,
    name: job.name,
    state: 'waiting',
    progress: { percent: 0, step: null },
    round: 1,
    attempt: 0,
    attempts: job.retry.attempts,
    createdAt: iso(bornAt(id)),
    startedAt: null,
    settledAt: null,
    ...(statusUrl === undefined ? {} : { statusUrl }),
  }
}

/** True once the round has its outcome; an undo may still run once more after that. */
export const isSettled = (row: Seen): boolean => row.settled_at !== null

export function publicState(row: Seen): PublicState {
  if (row.state === 'cancelling') return 'active'
  if (row.state !== 'undoing') return row.state
  return isSettled(row) ? (row.verdict ?? 'failed') : 'active'
}

/** Changes whenever the receipt may have. */
export const etagOf = (row: Seen): string => `"${row.round}-${row.last_event}-${row.state}"`

/** Only the owner sees a job, or a server key of the product. */
export function mayWatch(callers: readonly Caller[], row: Seen): boolean {
  return callers.some((caller) =>
    caller.kind === 'user' ? row.owner === caller.id : row.name.startsWith(`${caller.product}.`),
  )
}

const iso = (ms: number): string => new Date(ms).toISOString()

const endedWithout = (state: 'failed' | 'cancelled'): Failure =>
  state === 'cancelled'
    ? { code: 'cancelled', message: 'The job was cancelled.' }
    : { code: 'failed', message: 'The job failed.' }
