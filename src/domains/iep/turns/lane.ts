import type { Limits } from '../../../shared/mistral.ts'
import { seconds } from '../../../shared/time.ts'

/** What is believed of one model of a provider, and what the next calls are held to. */
export interface Lane {
  /** How many calls may be under way at once. Its whole part counts; the rest is growth that is under way. */
  concurrency: number
  /** How many were one too many when the provider last refused; null while it never has. */
  ceiling: number | null
  /**
   * How many calls may be started within a second; null until a burst of them was refused. A fraction makes the second
   * longer: 4.5 are 5 in ten ninths of a second.
   */
  perSecond: number | null
  /** Null while the provider has not said. */
  requestsPerMinute: number | null
  /** Refusals since the last answer, those of one burst counted once. */
  refusals: number
  /** Milliseconds since the last refusal. */
  quietMs: number
  /** Milliseconds for which nobody may ask. */
  pausedMs: number
}

/** What has come in since the lane was last looked at. */
export interface News {
  answered: number
  /** Calls that ended in any other way but a refusal. */
  failed: number
  /** Each with what the provider said along with it. */
  refused: Limits[]
  /** What answers and failures said. */
  heard: Limits[]
  /** Calls under way now, without those that are news. */
  underWay: number
  /** Calls that were not refused and were under way when the refused ones among the news may have arrived, or since. */
  underWayAround: number
  /** Calls that were not refused and were started within a second before one that was, or together with it. */
  startedAround: number
  /** Calls that were refused and were started from a second before such a one until now, itself among them. */
  refusedAround: number
  /** As in `Use`. */
  startedLately: number
  /** The most that were started within a second of the last minute without a refusal; 0 where it does not matter. */
  borne: number
}

/** How many turns are taken, in all processes. */
export interface Use {
  underWay: number
  /** Within the last second, as long as the lane takes it to be. */
  startedLately: number
  /** Milliseconds until one of them is no longer of the last second; null if there is none. */
  secondFreesMs: number | null
  thisMinute: number
  minuteFreesMs: number | null
}

/** Where a lane begins of which nothing is known. */
export const FIRST_CONCURRENCY = 4
const MOST = 500
const DECREASE = 0.75
/** Where a second that was believed to bear so many did not, although hardly more were started. */
const SLIGHT_DECREASE = 0.95
/**
 * Milliseconds without a refusal. What was too much may be enough later; asking too often costs a pause each time. How many
 * may be under way is known exactly when it was too many, how many may start within a second only roughly.
 */
const PROBE_AFTER = { concurrency: seconds(60), perSecond: seconds(30) }
/** The same, before what was borne a short while ago is tried again. */
const RESUME_AFTER = seconds(2)
const PAUSE_AT_LEAST = 250
const WITHOUT_A_WORD_AT_MOST = seconds(30)
const A_SECOND = seconds(1)
/** Milliseconds that are added to it, since calls arrive a little later than they are started, now more, now less. */
const LATE = 50

/**
 * Learns how much the provider bears. Additive increase: every answer makes room for one more call up to what was last
 * too much, and for a fraction of one beyond that, once it has been quiet for a while. Multiplicative decrease: a
 * refusal takes a quarter of what was under way, unless it was known to be too many. Two kinds of refusal say nothing
 * about how many may be under way: one because the minute's requests are used up only pauses the lane; and one out of a
 * burst of calls limits how many are started within a second, unless the service says that it is simply full. Calls
 * arrive a little later than they were started, now more, now less: so a second may be too full although no more were
 * started than it bears. What it takes for less than it is therefore grows again soon, to what was borne a moment ago.
 */
export function learn(lane: Lane, news: News): Lane {
  const grown = grow({ ...lane, ...sayings(lane, news) }, news)
  return news.refused.reduce((known, limits) => shrink(known, limits, news), grown)
}

/** How many more may start now, and after how many milliseconds looking again makes sense if nobody gives a turn back. */
export function free(lane: Lane, use: Use): { turns: number; lookAgainMs: number | undefined } {
  if (lane.pausedMs > 0) return { turns: 0, lookAgainMs: lane.pausedMs }
  const atOnce = Math.floor(lane.concurrency) - use.underWay
  if (atOnce <= 0) return { turns: 0, lookAgainMs: undefined }
  const ofTheMinute = (lane.requestsPerMinute ?? Infinity) - use.thisMinute
  if (ofTheMinute <= 0) return { turns: 0, lookAgainMs: use.minuteFreesMs ?? 0 }
  const ofTheSecond = Math.ceil(lane.perSecond ?? Infinity) - use.startedLately
  if (ofTheSecond <= 0) return { turns: 0, lookAgainMs: use.secondFreesMs ?? 0 }
  const turns = Math.min(atOnce, ofTheMinute, ofTheSecond)
  // What this second forbids the next one allows, whether or not anybody gives a turn back.
  return { turns, lookAgainMs: turns < atOnce ? (use.secondFreesMs ?? A_SECOND) : undefined }
}

/** The milliseconds of which one counts how many calls were started in them. */
export const secondOf = (perSecond: number | null): number =>
  perSecond === null ? A_SECOND + LATE : ((A_SECOND + LATE) * Math.ceil(perSecond)) / perSecond

/** Whether it is the second that holds calls back, and not how many are under way. */
export const isSecondFull = (
  { perSecond, concurrency }: Lane,
  { startedLately, underWay }: Pick<Use, 'startedLately' | 'underWay'>,
): boolean =>
  perSecond !== null && startedLately >= Math.ceil(perSecond) && underWay < Math.floor(concurrency)

function sayings(lane: Lane, { heard, refused }: News): Pick<Lane, 'requestsPerMinute'> {
  const said = [...heard, ...refused].flatMap(({ requestsPerMinute: limit }) => (limit ? [limit] : []))
  return { requestsPerMinute: said.at(-1) ?? lane.requestsPerMinute }
}

function grow(lane: Lane, news: News): Lane {
  const { answered, failed, refused, underWay } = news
  if (answered === 0) return lane
  // Room that was not used has not proved itself.
  const used = underWay + answered + failed + refused.length >= Math.floor(lane.concurrency)
  const proven = lane.ceiling === null ? MOST : lane.ceiling - 1
  const probing = lane.quietMs > PROBE_AFTER.concurrency
  let { concurrency } = lane
  for (let answer = 0; answer < answered; answer += 1) {
    if (used && concurrency < proven) concurrency = Math.min(concurrency + 1, proven)
    else if (used && probing) concurrency = Math.min(concurrency + 1 / concurrency, MOST)
  }
  return { ...lane, concurrency, perSecond: faster(lane, news), refusals: 0 }
}

/** A second that was not full has not proved itself either. */
function faster(lane: Lane, news: News): number | null {
  const { quietMs } = lane
  let { perSecond } = lane
  if (perSecond === null || !isSecondFull(lane, news)) return perSecond
  for (let answer = 0; answer < news.answered; answer += 1) {
    if (perSecond < news.borne && quietMs > RESUME_AFTER)
      perSecond = Math.min(news.borne, perSecond + 1 / perSecond)
    else if (quietMs > PROBE_AFTER.perSecond) perSecond += 0.5 / perSecond
  }
  return perSecond
}

function shrink(lane: Lane, limits: Limits, news: News): Lane {
  const paused = { ...lane, ...pause(lane, limits), quietMs: 0 }
  if (limits.remaining === 0) return paused
  if (!limits.overCapacity && news.startedAround + news.refusedAround > 1)
    // One of a burst whose first refusal is known already says nothing new.
    return lane.pausedMs > 0 ? paused : { ...paused, perSecond: slower(lane, news) }
  return { ...paused, ...narrower(lane, news) }
}

function narrower(
  { concurrency, ceiling }: Lane,
  { underWayAround }: News,
): Pick<Lane, 'concurrency' | 'ceiling'> {
  const tooMany = underWayAround + 1
  // As was known, from the first of a burst or from longer ago.
  if (ceiling !== null && tooMany >= ceiling)
    return { concurrency: Math.min(concurrency, Math.max(1, tooMany - 1)), ceiling: tooMany }
  return {
    concurrency: Math.max(1, Math.min(concurrency, tooMany * DECREASE)),
    // One call alone is not too many; something else was.
    ceiling: tooMany > 1 ? tooMany : ceiling,
  }
}

/** What was started and not refused is what a second bears; what is known of it already shrinks by a quarter at most. */
function slower({ perSecond }: Lane, { startedAround }: News): number {
  if (perSecond === null) return Math.max(1, startedAround)
  return Math.max(1, Math.min(perSecond * SLIGHT_DECREASE, Math.max(startedAround, perSecond * DECREASE)))
}

function pause(lane: Lane, { retryAfterMs }: Limits): Pick<Lane, 'refusals' | 'pausedMs'> {
  // One of a burst whose first refusal is known already.
  if (lane.pausedMs > 0)
    return { refusals: lane.refusals, pausedMs: Math.max(lane.pausedMs, retryAfterMs ?? 0) }
  const refusals = lane.refusals + 1
  const withoutAWord = Math.min(A_SECOND * 2 ** (refusals - 1), WITHOUT_A_WORD_AT_MOST)
  return { refusals, pausedMs: Math.max(PAUSE_AT_LEAST, retryAfterMs ?? withoutAWord) }
}
