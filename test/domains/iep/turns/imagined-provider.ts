import {
  FIRST_CONCURRENCY,
  free,
  isSecondFull,
  learn,
  secondOf,
  type Lane,
} from '../../../../src/domains/iep/turns/lane.ts'
import type { Limits } from '../../../../src/shared/mistral.ts'

/** A provider that is only imagined, and how long everything takes, in milliseconds. */
export interface Imagined {
  /** Where the chances begin: the same seed makes the same run. */
  seed: number
  /** How long it is watched. */
  ms: number
  inFlight: number
  perSecond: number | null
  /** A call takes between these two. */
  call: [number, number]
  /** From the grant of a turn until its call arrives, on average; at that moment. */
  lag: (now: number) => number
  /** A round of handing out turns, on average; at that moment. */
  round: (now: number) => number
}

/** How much was used of the limit that is nearer, from 0 to 1, while somebody waited all the time; and what was refused. */
export interface Used {
  used: number
  refused: number
}

interface Turn {
  granted: number
  ended: number
  refused: boolean
}

interface Ending {
  turn: Turn
  limits: Limits
}

/**
 * Plays the rules of a lane on a clock of their own against a provider that counts as the stand-in does: calls in flight,
 * and calls admitted within any second. Somebody always waits, so whatever is not used was given away. What the rules are
 * told is what the statements of a round count.
 */
export function imagine({ seed, ms, inFlight, perSecond, call, lag, round }: Imagined): Used {
  const chance = chancesFrom(seed)
  const clock = new Clock()
  const about = (mean: number): number => 5 - mean * Math.log(1 - chance())

  const admitted: number[] = []
  let busy = 0
  let worked = 0
  let refused = 0

  let turns: Turn[] = []
  let endings: Ending[] = []
  let lane: Lane = { ...unknown }
  let refusedAt = -Infinity
  let pausedUntil = 0
  let playing = false
  let wakes = 0

  const wake = (): void => {
    wakes += 1
    if (playing) return
    playing = true
    const told = endings
    endings = []
    const began = clock.now
    clock.after(about(round(began)), () => play(began, told))
  }

  const play = (began: number, told: Ending[]): void => {
    for (const { turn } of told) turn.ended = began
    turns = turns.filter(({ granted, ended }) => ended === Infinity || granted > began - 60_500)
    const known = { ...lane, quietMs: began - refusedAt, pausedMs: Math.max(0, pausedUntil - began) }
    const use = useOf(turns, known, began)
    lane = told.length > 0 ? learn(known, newsOf(turns, told, { known, use, began })) : known
    if (lane.quietMs === 0) refusedAt = began
    pausedUntil = Math.max(pausedUntil, began + lane.pausedMs)
    const { turns: many, lookAgainMs } = free(lane, use)
    for (let nth = 0; nth < many; nth += 1) {
      const turn = { granted: clock.now, ended: Infinity, refused: false }
      turns.push(turn)
      clock.after(about(lag(clock.now)), () => arrive(turn))
    }
    playing = false
    if (endings.length > 0) return wake()
    const before = wakes
    if (lookAgainMs !== undefined)
      clock.after(Math.max(10, lookAgainMs), () => {
        if (wakes === before) wake()
      })
  }

  const arrive = (turn: Turn): void => {
    const limits = refusal()
    if (limits) {
      refused += 1
      turn.refused = true
      return clock.after(about(lag(clock.now) / 3), () => over(turn, limits))
    }
    admitted.push(clock.now)
    busy += 1
    const takes = call[0] + chance() * (call[1] - call[0])
    worked += Math.min(takes, ms - clock.now)
    clock.after(takes, () => {
      busy -= 1
      clock.after(about(lag(clock.now) / 3), () => over(turn, {}))
    })
  }

  const refusal = (): Limits | undefined => {
    const within = admitted.filter((at) => at > clock.now - 1000).length
    if (perSecond !== null && within >= perSecond) return { retryAfterMs: 1000 }
    return busy >= inFlight ? { retryAfterMs: 1000, overCapacity: true } : undefined
  }

  const over = (turn: Turn, limits: Limits): void => {
    endings.push({ turn, limits })
    wake()
  }

  wake()
  clock.runUntil(ms)
  const started = perSecond === null ? 0 : (admitted.length * 1000) / (perSecond * ms)
  return { used: Math.max(worked / (inFlight * ms), started), refused }
}

const unknown: Lane = {
  concurrency: FIRST_CONCURRENCY,
  ceiling: null,
  perSecond: null,
  requestsPerMinute: null,
  refusals: 0,
  quietMs: Infinity,
  pausedMs: 0,
}

const SECOND = 1050

function useOf(turns: Turn[], { perSecond }: Lane, now: number) {
  const since = now - secondOf(perSecond)
  const lately = turns.filter(({ granted, refused }) => granted > since && !refused)
  return {
    underWay: turns.filter(({ ended }) => ended === Infinity).length,
    startedLately: lately.length,
    secondFreesMs: lately.length > 0 ? Math.min(...lately.map(({ granted }) => granted)) - since : null,
    thisMinute: 0,
    minuteFreesMs: null,
  }
}

function newsOf(
  turns: Turn[],
  told: Ending[],
  { known, use, began }: { known: Lane; use: ReturnType<typeof useOf>; began: number },
) {
  const refused = told.filter(({ turn }) => turn.refused)
  const since = Math.min(...refused.map(({ turn: { granted } }) => granted + (began - granted) / 2))
  const near = (turn: Turn, other: Turn): boolean => turn.granted > other.granted - SECOND
  return {
    answered: told.length - refused.length,
    failed: 0,
    refused: refused.map(({ limits }) => limits),
    heard: [],
    underWay: use.underWay,
    underWayAround: turns.filter((turn) => !isRefused(turn) && turn.ended >= Math.min(since, began + 1))
      .length,
    startedAround: most(refused, ({ turn: other }) =>
      count(turns, (turn) => !isRefused(turn) && near(turn, other) && turn.granted <= other.granted),
    ),
    refusedAround: most(refused, ({ turn: other }) =>
      count(turns, (turn) => isRefused(turn) && near(turn, other)),
    ),
    startedLately: use.startedLately,
    borne: isSecondFull(known, use) ? borne(turns, began) : 0,
  }
}

/** Before its end is told, nobody knows that a call was refused. */
const isRefused = ({ refused, ended }: Turn): boolean => refused && ended !== Infinity

const borne = (turns: Turn[], now: number): number =>
  most(
    turns.filter(({ granted }) => granted < now - SECOND),
    (last) => {
      const around = turns.filter(({ granted }) => Math.abs(granted - last.granted) < SECOND)
      return around.some(isRefused) ? 0 : count(around, ({ granted }) => granted <= last.granted)
    },
  )

const most = <Item>(items: Item[], of: (item: Item) => number): number => Math.max(0, ...items.map(of))
const count = (turns: Turn[], which: (turn: Turn) => boolean): number => turns.filter(which).length

/** Time that passes only from one event to the next. */
class Clock {
  now = 0
  #events: { at: number; happen: () => void }[] = []

  after(ms: number, happen: () => void): void {
    const at = this.now + ms
    const index = this.#events.findIndex((event) => event.at > at)
    this.#events.splice(index === -1 ? this.#events.length : index, 0, { at, happen })
  }

  runUntil(end: number): void {
    for (let next = this.#events.shift(); next && next.at <= end; next = this.#events.shift()) {
      this.now = next.at
      next.happen()
    }
  }
}

/** Numbers from 0 to 1 that are as good as random and the same every time (mulberry32). */
function chancesFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
