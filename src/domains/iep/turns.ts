import { randomUUID } from 'node:crypto'
import { isOutage, type Database } from '../../shared/database.ts'
import type { Log } from '../../shared/log.ts'
import type { Limits } from '../../shared/mistral.ts'
import { seconds } from '../../shared/time.ts'
import { Desk } from './turns/desk.ts'
import { leave } from './turns/round.ts'

/**
 * Turns to call a model, shared by all processes through Postgres. How many calls may be under way, and how many a
 * minute, is learnt from the provider's answers; after a refusal nobody asks until it has passed. Free turns go to the
 * user who has the fewest, then to the one who was served longest ago, however many calls others have waiting.
 */
export interface Turns {
  /**
   * Waits for a turn. It must be ended, by whichever of its methods says what came of it.
   * @throws Throttled when waiting would take longer than the patience, named after the model so that no other
   * model's calls are held back by it; the signal's reason when it aborts.
   */
  takeTurn(asking: {
    provider: string
    model: string
    userId: string
    signal: AbortSignal
    /** Milliseconds to wait at most; a minute if left out. */
    patienceMs?: number
  }): Promise<Turn>
  /** Gives everything back. Turns that are held count as over. */
  close(): Promise<void>
}

/** The right to make one call, now. Only the first ending counts. */
export interface Turn {
  answered(limits: Limits): void
  /** The provider refused, and named a time or did not. */
  throttled(retryAfterMs: number | undefined, limits: Limits): void
  /** The call failed in a way that says nothing about how much may be asked. */
  failed(limits?: Limits): void
  /** No call was made. Without effect on a turn that has ended. */
  release(): void
}

export interface TurnsOptions {
  database: Database
  log: Log
  /** Called for every refusal, to count it. */
  onThrottle?: (provider: string, model: string) => void
  /** Milliseconds without a sign of life after which another process' turns are free again. */
  aliveForMs?: number
  /** Milliseconds between looks while somebody waits and nothing is given back here. */
  lookEveryMs?: number
}

const PATIENCE = seconds(60)

export function openTurns(options: TurnsOptions): Turns {
  const { database, log, onThrottle, aliveForMs = seconds(8), lookEveryMs = 100 } = options
  const holder = randomUUID()
  const stopping = new AbortController()
  const desks = new Map<string, Desk>()

  const deskOf = (lane: string): Desk => {
    const known = desks.get(lane)
    if (known) return known
    const desk = new Desk({ database, log, lane, holder, aliveForMs, lookEveryMs, stopping: stopping.signal })
    desks.set(lane, desk)
    return desk
  }

  return {
    takeTurn: async ({ provider, model, userId, signal, patienceMs = PATIENCE }) => {
      stopping.signal.throwIfAborted()
      const desk = deskOf(`${provider}/${model}`)
      const turnId = await desk.wait(userId, patienceMs, signal)
      let over = false
      const once = (end: () => void): void => {
        if (over) return
        over = true
        end()
      }
      return {
        answered: (limits) => once(() => desk.end({ turnId, how: 'answered', limits })),
        throttled: (retryAfterMs, limits) =>
          once(() => {
            onThrottle?.(provider, model)
            const said = retryAfterMs === undefined ? limits : { ...limits, retryAfterMs }
            desk.end({ turnId, how: 'throttled', limits: said })
          }),
        failed: (limits = {}) => once(() => desk.end({ turnId, how: 'failed', limits })),
        release: () => once(() => desk.end({ turnId, how: 'unused' })),
      }
    },
    close: async () => {
      const reason = new DOMException('The process is stopping.', 'AbortError')
      stopping.abort(reason)
      await Promise.all([...desks.values()].map((desk) => desk.close(reason)))
      try {
        await leave(database.run, holder)
      } catch (error) {
        if (!isOutage(error)) throw error
        log.warn({ err: error }, 'could not give the turns back; they lapse by themselves')
      }
    },
  }
}
