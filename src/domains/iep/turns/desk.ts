import { randomUUID } from 'node:crypto'
import { isOutage, type Database } from '../../../shared/database.ts'
import { Throttled } from '../../../shared/errors.ts'
import type { Log } from '../../../shared/log.ts'
import { seconds, sleep } from '../../../shared/time.ts'
import { grantsOf, playRound, signOfLife, type Ending, type Heard, type Say } from './round.ts'

export interface DeskOptions {
  database: Database
  log: Log
  lane: string
  holder: string
  aliveForMs: number
  lookEveryMs: number
  stopping: AbortSignal
}

/** How soon to come by again while another process hands out turns. */
const IN_A_MOMENT = 10
/** How soon to look for what other processes have granted: a glance costs less than a round. */
const GLANCE = 15
/** When a wait has been too long for nothing but the length of the line. */
const BACK_IN = seconds(5)

/** The turns of one lane as one process sees them: who waits here, what is held here, what has ended. */
export class Desk {
  readonly #options: DeskOptions
  readonly #waiting = new Map<string, Waiter>()
  readonly #held = new Set<string>()
  #endings: Ending[] = []
  /** Whether somebody came who is not in the line yet. */
  #unheard = false
  /** When the next round is due if nothing happens here; until then a glance is enough. */
  #roundAt = 0
  #nap = new AbortController()
  #tending: Promise<void> | undefined

  constructor(options: DeskOptions) {
    this.#options = options
  }

  /** Waits in line; resolves to the id of the turn. Leaves the line when the signal aborts or patience ends. */
  async wait(userId: string, patienceMs: number, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted()
    const turnId = randomUUID()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { turnId, userId, until: performance.now() + patienceMs, resolve, reject }
    const giveUp = (reason: unknown): void => this.#giveUp(waiter, reason)
    const onAbort = (): void => giveUp(signal.reason)
    const patience = setTimeout(() => giveUp(new Throttled(this.#options.lane, BACK_IN)), patienceMs)
    signal.addEventListener('abort', onAbort, { once: true })
    this.#waiting.set(turnId, waiter)
    this.#unheard = true
    this.#wake()
    try {
      await promise
      return turnId
    } finally {
      clearTimeout(patience)
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** A turn that is over. What it leaves is handed on at once. */
  end(ending: Ending): void {
    this.#held.delete(ending.turnId)
    this.#endings.push(ending)
    this.#wake()
  }

  /** Whoever still waits is turned away; resolves when nothing more is written. */
  async close(reason: Error): Promise<void> {
    for (const waiter of this.#waiting.values()) this.#giveUp(waiter, reason)
    this.#wake()
    await this.#tending
  }

  #giveUp(waiter: Waiter, reason: unknown): void {
    if (!this.#waiting.delete(waiter.turnId)) return
    waiter.reject(reason)
    this.end({ turnId: waiter.turnId, how: 'unused' })
  }

  #wake(): void {
    this.#nap.abort()
    this.#tending ??= this.#tend().finally(() => {
      this.#tending = undefined
      if (this.#busy()) this.#wake()
    })
  }

  #busy(): boolean {
    if (this.#options.stopping.aborted) return false
    return this.#waiting.size + this.#held.size + this.#endings.length > 0
  }

  async #tend(): Promise<void> {
    while (this.#busy()) {
      this.#nap = new AbortController()
      const napMs = await this.#visit()
      await sleep(napMs, this.#nap.signal)
    }
  }

  /** Tells the others what is new here and hears what they decided. Returns the milliseconds until the next visit. */
  async #visit(): Promise<number> {
    const { database, log, lane, holder, aliveForMs, lookEveryMs } = this.#options
    const most = aliveForMs / 4
    const told = [...this.#endings]
    const say: Say = { lane, holder, aliveForMs, waiting: [...this.#waiting.values()], endings: told }
    try {
      if (say.waiting.length === 0 && told.length === 0) {
        await signOfLife(database.run, say)
        return most
      }
      const untilRound = this.#roundAt - performance.now()
      if (untilRound > 0 && told.length === 0 && !this.#unheard) {
        this.#handOver({ granted: await grantsOf(database.run, say), pausedMs: 0 })
        return Math.min(GLANCE, untilRound)
      }
      this.#unheard = false
      this.#roundAt = 0
      const heard = await playRound(database, say)
      if (heard.taken) this.#endings = this.#endings.slice(told.length)
      this.#handOver(heard)
      if (!heard.taken) return IN_A_MOMENT
      // What is held here wakes us when it ends; what others hold must be looked for.
      const watching = this.#waiting.size > 0 && heard.elsewhere > 0 && heard.pausedMs === 0
      const next = heard.lookAgainMs ?? (watching ? lookEveryMs : most)
      const nextRound = Math.min(most, Math.max(IN_A_MOMENT, next))
      this.#roundAt = performance.now() + nextRound
      return watching ? Math.min(GLANCE, nextRound) : nextRound
    } catch (error) {
      if (!isOutage(error)) {
        log.error({ err: error, lane }, 'could not hand out turns')
        for (const waiter of this.#waiting.values()) this.#giveUp(waiter, error)
      } else log.warn({ err: error, lane }, 'Postgres is away; turns wait for it')
      return Math.min(most, seconds(1))
    }
  }

  #handOver({ granted, pausedMs }: Pick<Heard, 'granted' | 'pausedMs'>): void {
    // A refusal came in while this round was under way: nobody is to ask now.
    const refused = this.#endings.some(({ how }) => how === 'throttled')
    for (const turnId of granted) {
      const waiter = this.#waiting.get(turnId)
      if (!waiter) continue
      if (refused) {
        this.end({ turnId, how: 'returned' })
        continue
      }
      this.#waiting.delete(turnId)
      this.#held.add(turnId)
      waiter.resolve()
    }
    for (const waiter of this.#waiting.values())
      if (performance.now() + pausedMs > waiter.until)
        this.#giveUp(waiter, new Throttled(this.#options.lane, pausedMs))
  }
}

interface Waiter {
  turnId: string
  userId: string
  until: number
  resolve: () => void
  reject: (reason: unknown) => void
}
