import type { Use } from './pace.ts'
import type { Settings } from './settings.ts'

/** What calls came to. Times are in milliseconds, fractions go from 0 to 1. */
export interface Counts extends Use {
  /** All that came, refused ones included. */
  requests: number
  /** Those that the limits or a dial turned away with a 429. */
  refused: number
  answered: number
  /** Those that ended in any other way. */
  failed: number
}

export interface ModelStatistics extends Counts {
  /** From the first call that was admitted to the end of the last, or to now while there is one. */
  milliseconds: number
  admitted: number
  inFlight: number
  mostInFlight: number
  meanInFlight: number
  /** How much of the time there was a call in flight. */
  busy: number
  /** How much of what the limits allow was used, whichever limit is nearer. null without limits. */
  used: number | null
  /** The mean number of calls in flight, second by second; the first hour. */
  inFlightBySecond: number[]
}

export interface StatisticsReport {
  /** By the model's pinned name; what is no model's is under `other`. */
  models: Record<string, ModelStatistics>
  /** By the end of the key, since keys are nobody else's business. */
  keys: Record<string, Counts>
}

/** A call that is being counted. */
export interface Tally {
  /** It was let in. */
  begin(): void
  answered(use: Use): void
  refused(): void
  /** It is over. What was neither answered nor refused has failed. */
  end(): void
}

/** Counts what is asked and how busy each model is, for whoever measures. */
export class Statistics {
  readonly #settings: () => Settings
  #models = new Map<string, Watched>()
  #keys = new Map<string, Counts>()

  constructor(settings: () => Settings) {
    this.#settings = settings
  }

  /** A call came. */
  arrived(model: string, key: string): Tally {
    const watched = entry(this.#models, model || 'other', () => new Watched())
    const counts = [watched.counts, entry(this.#keys, `…${key.slice(-4)}`, none)]
    const count = (change: (counts: Counts) => void): void => counts.forEach(change)
    let ended: keyof Counts = 'failed'
    let begun = false
    count((counts) => (counts.requests += 1))
    return {
      begin() {
        begun = true
        watched.enter(performance.now())
      },
      answered(use) {
        ended = 'answered'
        count((counts) => {
          counts.pages += use.pages
          counts.promptTokens += use.promptTokens
          counts.completionTokens += use.completionTokens
        })
      },
      refused() {
        ended = 'refused'
      },
      end() {
        count((counts) => (counts[ended] += 1))
        if (begun) watched.leave(performance.now())
      },
    }
  }

  report(): StatisticsReport {
    const now = performance.now()
    return {
      models: Object.fromEntries(
        [...this.#models].map(([name, watched]) => [name, watched.report(now, this.#settings())]),
      ),
      keys: Object.fromEntries([...this.#keys].map(([name, counts]) => [name, { ...counts }])),
    }
  }

  /** Begins anew. Calls that are in flight are not counted any more. */
  clear(): void {
    this.#models = new Map()
    this.#keys = new Map()
  }
}

const mostSeconds = 3600

/** The calls in flight at one model, integrated over time. */
class Watched {
  readonly counts = none()
  #admitted = 0
  #inFlight = 0
  #most = 0
  #first: number | undefined
  #last = 0
  #busy = 0
  /** Calls × milliseconds, by second since the first. */
  readonly #bySecond: number[] = []

  enter(now: number): void {
    this.#first ??= now
    this.#pass(now)
    this.#admitted += 1
    this.#inFlight += 1
    this.#most = Math.max(this.#most, this.#inFlight)
  }

  leave(now: number): void {
    this.#pass(now)
    this.#inFlight -= 1
  }

  report(now: number, settings: Settings): ModelStatistics {
    if (this.#inFlight > 0) this.#pass(now)
    const milliseconds = this.#first === undefined ? 0 : this.#last - this.#first
    const mean = share(
      this.#bySecond.reduce((sum, part) => sum + part, 0),
      milliseconds,
    )
    return {
      ...this.counts,
      milliseconds,
      admitted: this.#admitted,
      inFlight: this.#inFlight,
      mostInFlight: this.#most,
      meanInFlight: mean,
      busy: share(this.#busy, milliseconds),
      used: used(settings, { mean, admitted: this.#admitted, milliseconds }),
      inFlightBySecond: this.#bySecond.map((part) => rounded(part / 1000)),
    }
  }

  /** Writes down the time since the last change. */
  #pass(now: number): void {
    const first = this.#first ?? now
    const last = this.#last || first
    this.#last = now
    if (this.#inFlight > 0) this.#busy += now - last
    // Counted from the first call on, so that whole seconds are whole numbers and every step moves on.
    let from = last - first
    while (from < now - first) {
      const second = Math.floor(from / 1000)
      const to = Math.min(now - first, (second + 1) * 1000)
      const slot = Math.min(second, mostSeconds)
      this.#bySecond[slot] = (this.#bySecond[slot] ?? 0) + this.#inFlight * (to - from)
      from = to
    }
  }
}

function used(
  { inFlight, requestsPerSecond, requestsPerMinute }: Settings,
  { mean, admitted, milliseconds }: { mean: number; admitted: number; milliseconds: number },
): number | null {
  const shares = [
    inFlight === null ? undefined : mean / inFlight,
    requestsPerSecond === null ? undefined : share(admitted, (requestsPerSecond * milliseconds) / 1000),
    requestsPerMinute === null ? undefined : share(admitted, (requestsPerMinute * milliseconds) / 60_000),
  ].filter((share) => share !== undefined)
  return shares.length ? Math.max(...shares) : null
}

const share = (part: number, whole: number): number => (whole > 0 ? rounded(part / whole) : 0)

/** Sums of many small times are a whole number only nearly. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6

const none = (): Counts => ({
  requests: 0,
  refused: 0,
  answered: 0,
  failed: 0,
  pages: 0,
  promptTokens: 0,
  completionTokens: 0,
})

function entry<Value>(map: Map<string, Value>, name: string, fresh: () => Value): Value {
  const known = map.get(name) ?? fresh()
  map.set(name, known)
  return known
}
