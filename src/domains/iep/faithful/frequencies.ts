import type { Language } from '../content.ts'
import type { Piece, Quantity } from './pieces.ts'

type PerPiece = Extract<Piece, { is: 'per' }>

/**
 * Ties `per week` and its like to the amount it belongs to: the one before it in the clause (`30 minutes of speech
 * therapy per week`), or the one behind it (`每周30分钟`, `weekly: 60 minutes`). In `2 sessions of 30 minutes per week`
 * it is the sessions that come every week.
 */
export function tieFrequencies(pieces: Piece[], language: Language): void {
  for (const [at, piece] of pieces.entries()) {
    if (piece.is === 'unit' && language === 'en') asPer(pieces, at)
  }
  for (const at of pieces.keys()) asMinutes(pieces, at)
  for (const [at, piece] of pieces.entries()) {
    if (piece.is === 'quantity') asCountedPer(pieces, at)
  }
  const first = pieces.findIndex(({ is }) => is !== 'mark')
  for (const [at, piece] of pieces.entries()) {
    if (piece.is !== 'per' || piece.bound) continue
    const reach = language === 'zh' ? 14 : 6
    const owner =
      language === 'zh'
        ? (onTheRight(pieces, at, reach) ?? onTheLeft(pieces, at, reach))
        : (onTheLeft(pieces, at, reach) ?? onTheRight(pieces, at, reach))
    if (owner) tie(owner, piece)
    // What stands first in a sentence is about all of it.
    if (owner && at === first) share(pieces, pieces.indexOf(owner), piece)
  }
  spread(pieces)
  for (const [at, piece] of pieces.entries())
    if (piece.is === 'quantity' && piece.unit === 'duration' && piece.per === null && isEachTime(pieces, at))
      piece.per = 'session'
  spread(pieces)
}

/** `30 min x 2`, `30 minutes, 3 times per week`: beside a count the minutes are those of one session. */
function isEachTime(pieces: readonly Piece[], at: number): boolean {
  const isComma = (piece: Piece | undefined): boolean => piece?.is === 'mark' && ',、，('.includes(piece.key)
  const next = isComma(pieces[at + 1]) ? pieces[at + 2] : pieces[at + 1]
  const before = pieces[at - 1]
  const isOf = before?.is === 'word' && (before.key === 'of' || before.key === 'de')
  return [isOf ? pieces[at - 2] : before, next].some(
    (piece) => piece?.is === 'quantity' && piece.unit === 'times' && (piece.numbers[0] ?? 1) > 1,
  )
}

/** `2 to 3 times a week`, `每周2至3次`: what is tied to one end of a range is said of both. */
function spread(pieces: readonly Piece[]): void {
  for (let at = 0; at < pieces.length; at++) {
    let end = at + 1
    while (isJoined(pieces[end])) end++
    const group = pieces.slice(at, end).filter((piece) => piece.is === 'quantity')
    const tied = group.find(({ per }) => per !== null)
    for (const piece of group)
      if (tied && piece.per === null && (piece.unit ?? 'times') === tied.unit)
        Object.assign(piece, { unit: tied.unit, per: tied.per, orPer: tied.orPer, shared: true })
    at = end - 1
  }
}

function isJoined(piece: Piece | undefined): boolean {
  return piece?.is === 'quantity' && piece.joined === true
}

/** `Each week Ada gets 60 minutes of speech and 30 minutes of occupational therapy`: both are per week. */
function share(pieces: readonly Piece[], from: number, { per, or }: PerPiece): void {
  let depth = 0
  for (let at = from + 1; at < pieces.length; at++) {
    const piece = pieces[at] as Piece
    if (piece.is === 'mark') {
      if ('.;:|。；'.includes(piece.key)) return
      depth += piece.key === '(' ? 1 : piece.key === ')' ? -1 : 0
    }
    if (piece.is !== 'quantity' || piece.unit !== 'duration' || piece.per !== null || depth > 0) continue
    const before = pieces[at - 1]
    const inList = before?.is === 'and' || (before?.is === 'mark' && ',、，'.includes(before.key))
    const behind = pieces.slice(at + 1, at + 5)
    const isPart = behind.some(
      (one) =>
        (one.is === 'unit' && one.unit === 'times') ||
        (one.is === 'quantity' && one.unit === 'times') ||
        one.is === 'per' ||
        (one.is === 'word' && one.key === 'each'),
    )
    if (inList && !isPart) Object.assign(piece, { per, orPer: or, shared: true })
  }
}

function tie(owner: Quantity & Piece, per: PerPiece): void {
  owner.per = per.per
  owner.orPer = per.or
  if (owner.unit === null) owner.unit = 'times'
  per.bound = true
  if (per.start >= owner.end && per.end - owner.end < 60) owner.end = Math.max(owner.end, per.end)
}

/** `2x30/week`: what stands bare between a count and how often are minutes. */
function asMinutes(pieces: readonly Piece[], at: number): void {
  const [count, minutes, per] = [pieces[at], pieces[at + 1], pieces[at + 2]]
  if (count?.is !== 'quantity' || minutes?.is !== 'quantity' || per?.is !== 'per') return
  if (count.unit !== 'times' || minutes.unit !== null || minutes.spelled || minutes.start - count.end > 1)
    return
  const [n = 0] = minutes.numbers
  if (n >= 10 && n <= 120 && n % 5 === 0) Object.assign(minutes, { unit: 'duration', factor: 60 })
}

/** `3 x week`: after a count the bare unit says how often. */
function asPer(pieces: Piece[], at: number): void {
  const piece = pieces[at]
  const before = pieces[at - 1]
  if (piece?.is !== 'unit' || before?.is !== 'quantity' || before.unit !== 'times' || before.per) return
  if (piece.unit !== 'day' && piece.unit !== 'week' && piece.unit !== 'month' && piece.unit !== 'year') return
  before.per = piece.unit
  before.end = piece.end
}

/** `ba lần một tuần`, `一周三次`: one week beside a count is per week. */
function asCountedPer(pieces: Piece[], at: number): void {
  const week = pieces[at]
  if (week?.is !== 'quantity' || week.numbers[0] !== 1 || !week.spelled || week.per) return
  if (week.unit !== 'day' && week.unit !== 'week' && week.unit !== 'month' && week.unit !== 'year') return
  const [left, right] = [pieces[at - 1], pieces[at + 1]]
  const owner =
    left?.is === 'quantity' ? ownerAt(pieces, at - 1, false) : right?.is === 'quantity' ? right : undefined
  const recurs = owner?.per === null && (owner.unit === 'times' || owner.unit === 'duration')
  if (!recurs) return
  pieces[at] = {
    is: 'per',
    start: week.start,
    end: week.end,
    per: week.unit,
    or: [],
    loose: false,
    bound: true,
    key: '',
  }
  owner.per = week.unit
  owner.start = Math.min(owner.start, week.start)
  owner.end = Math.max(owner.end, week.end)
}

function onTheLeft(pieces: readonly Piece[], at: number, reach: number): (Quantity & Piece) | undefined {
  let words = 0
  let sessions = false
  for (let left = at - 1; left >= 0 && words <= reach; left--) {
    const piece = pieces[left] as Piece
    if (piece.is === 'quantity') return ownerAt(pieces, left, sessions)
    if (piece.is === 'mark') {
      if (piece.key === ',' && left === at - 1 && pieces[left - 1]?.is === 'quantity') continue
      if (!'()-"/\''.includes(piece.key)) return undefined
    } else if (piece.is === 'unit' && piece.unit === 'times') sessions = true
    else if (piece.is !== 'word' && piece.is !== 'unit' && piece.is !== 'and') return undefined
    words++
  }
  return undefined
}

/** The amount found, or the count of sessions it is the length of. */
function ownerAt(pieces: readonly Piece[], at: number, sessions: boolean): (Quantity & Piece) | undefined {
  const found = pieces[at] as Quantity & Piece
  if (!canRecur(found)) return undefined
  if (found.unit === 'duration') {
    let first = at
    while (isJoined(pieces[first])) first--
    const of = pieces[first - 1]
    const count = of?.is === 'quantity' ? of : pieces[first - 2]
    const linked = of?.is === 'quantity' || of?.is === 'word' || (of?.is === 'mark' && of.key === '-')
    if (count?.is === 'quantity' && linked && canRecur(count)) {
      if (count.unit === 'times') return count
      if (sessions && count.unit === null) return count
    }
    if (sessions) return undefined
  }
  return found
}

function onTheRight(pieces: readonly Piece[], at: number, reach: number): (Quantity & Piece) | undefined {
  let words = 0
  for (let right = at + 1; right < pieces.length && words <= reach; right++) {
    const piece = pieces[right] as Piece
    if (piece.is === 'quantity') {
      const own = pieces[right + 1]
      return canRecur(piece) && !(own?.is === 'per' && !own.bound) ? piece : undefined
    }
    if (piece.is === 'mark') {
      if (piece.key === ',' && right === at + 1) continue
      if (!'():-"'.includes(piece.key)) return undefined
    } else if (piece.is !== 'word' && piece.is !== 'unit' && piece.is !== 'and') return undefined
    words++
  }
  return undefined
}

/** Whether an amount can come again: minutes, sessions, days, money, a bare number; not an age, not a percentage. */
function canRecur({ unit, per, role, ordinal, numbers, spelled }: Quantity): boolean {
  if (per !== null || role !== null || ordinal) return false
  if (unit === null) return spelled || !numbers.some((n) => n >= 1900 && n <= 2100)
  return unit === 'duration' || unit === 'times' || unit === 'day' || unit === 'dollar'
}
