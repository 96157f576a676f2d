import { isDigits, isNumber, isYear, only } from './numerals.ts'
import type { Found, Piece, Quantity } from './pieces.ts'
import { isFraction, pairAt, ratioAt } from './ratios.ts'
import { meant, type Numeral, type Term } from './terms.ts'
import { isTimeUnit, type Per, type Unit } from './words/lexicon.ts'

type Tie = 'to' | 'and' | null

interface Joined {
  quantity: Quantity
  /** How it is joined to the number before it, and by what. */
  tie: Tie
  joint: Term | undefined
}

/** One number or several with a unit they share: `30 minutes`, `80–90 %`, `30 or 45 minutes`, `1 1/2 hours`. */
export function numbersAt(terms: readonly Term[], at: number, before: readonly Piece[]): Found | undefined {
  const found: Joined[] = []
  let next = at
  let tie: Tie = null
  let joint: Term | undefined
  while (found.length < 12) {
    const read: { quantity: Quantity; next: number } | undefined = quantityAt(terms, next, before)
    if (!read) break
    found.push({ quantity: read.quantity, tie, joint })
    next = read.next
    joint = terms[next]
    const follows = meant(joint, 'to') ? 'to' : meant(joint, 'and') ? 'and' : null
    if (follows === null || !isNumber(terms[next + 1])) break
    if (follows === 'and' && read.quantity.unit !== null) break
    if (ratioAt(terms, next + 1) || pairAt(terms, next + 1)) break
    tie = follows
    next++
  }
  if (found.length === 0) return undefined
  // What follows a number that stands alone was only looked at.
  shareUnits(found)
  markRanges(found, terms, at)
  if (isLimit(terms, at)) for (const { quantity } of found) quantity.limit = true
  const last = (found.at(-1) as { quantity: Quantity }).quantity
  return { pieces: found.map(({ quantity }) => quantity), next: nextAfter(terms, last, at) }
}

/**
 * Which numbers are joined, and which are the ends of a range or a choice (`30-45 minutes`, `2 or 3 times`). What is
 * changed `from 40 % to 80 %` is 80 % in the end; and the hyphen of `Room 12 - 30 minutes` joins nothing.
 */
function markRanges(found: Joined[], terms: readonly Term[], start: number): void {
  const before = terms[start - 1]
  const isChange = isChanged(terms, start)
  for (let at = 1; at < found.length; at++) {
    const { quantity, tie, joint } = found[at] as Joined
    const { quantity: previous } = found[at - 1] as Joined
    if (quantity.unit !== previous.unit || (quantity.unit === null && tie !== 'to' && joint?.key !== 'or'))
      continue
    quantity.joined = true
    const isDash = '-–—'.includes(joint?.key ?? 'none') && joint?.apart && before && !before.isMark
    const isChoice = tie === 'and' && (joint?.key === 'or' || before?.key === 'between')
    if ((tie === 'to' ? isChange || isDash : !isChoice) || !isAscending(previous, quantity)) continue
    quantity.ofRange = true
    previous.ofRange = true
  }
}

/** `from a baseline of 40 %`. */
function isChanged(terms: readonly Term[], at: number): boolean {
  const before = terms.slice(Math.max(0, at - 6), at)
  return before.slice(before.findLastIndex(({ isMark }) => isMark) + 1).some(({ key }) => changes.has(key))
}

const changes = new Set(
  'from increase increases increased improve improves improved raise grow decrease decreases reduce'.split(
    ' ',
  ),
)

/** `up to 45 minutes`, `at least 30`, `no more than 45`, `a minimum of 30`. */
function isLimit(terms: readonly Term[], at: number): boolean {
  const [word = '', last = ''] = [terms[at - 2]?.key, terms[at - 1]?.key]
  return (
    last === 'up to' ||
    (word === 'at' && (last === 'least' || last === 'most')) ||
    (last === 'than' && /^(?:more|less|fewer|longer)$/.test(word)) ||
    (last === 'of' && /^(?:minimum|maximum)$/.test(word))
  )
}

function isAscending(one: Quantity, other: Quantity): boolean {
  return (one.numbers[0] ?? 0) * one.factor < (other.numbers[0] ?? 0) * other.factor
}

function nextAfter(terms: readonly Term[], { end }: Quantity, at: number): number {
  let next = at
  while (next < terms.length && (terms[next] as Term).start < end) next++
  return next
}

/** A range has its unit behind the last number or the first; what `and` joins, behind the last. */
function shareUnits(found: Joined[]): void {
  for (let at = found.length - 1; at > 0; at--) {
    const { quantity, tie } = found[at] as Joined
    const { quantity: previous } = found[at - 1] as Joined
    if (previous.unit === null && quantity.unit !== null && !isYear(previous))
      Object.assign(previous, { unit: quantity.unit, factor: quantity.factor })
    else if (tie === 'to' && quantity.unit === null && previous.unit !== null)
      Object.assign(quantity, { unit: previous.unit, factor: previous.factor })
  }
}

function quantityAt(
  terms: readonly Term[],
  at: number,
  before: readonly Piece[],
): { quantity: Quantity; next: number } | undefined {
  const read = numeralAt(terms, at) ?? portionAt(terms, at, before)
  if (!read) return undefined
  const { numeral } = read
  let next = read.next
  let plus = 0
  if (meant(terms[next], 'half')) {
    plus = 0.5
    next++
  }
  const unit = unitAt(terms, next, before)
  let end = (terms[(unit?.next ?? next) - 1] as Term).end
  next = unit?.next ?? next
  if (unit && meant(terms[next], 'half')) {
    plus = 0.5
    end = (terms[next] as Term).end
    next++
  }
  const extra = unit ? undefined : andAHalfAt(terms, next)
  if (extra) {
    end = (terms[extra.next - 1] as Term).end
    next = extra.next
    plus = 0.5
  }
  const measure = extra ?? unit
  const namesYear = unit?.unit === 'year' && isYear(numeral)
  const quantity: Quantity = {
    is: 'quantity',
    ...numeral,
    numbers: numeral.numbers.map((n) => n + plus),
    vague: numeral.vague && plus === 0,
    start: (terms[at] as Term).start,
    end,
    unit: namesYear ? null : (measure?.unit ?? null),
    factor: measure?.factor ?? 1,
    per: unit?.per ?? null,
    role: terms[next]?.key === '页' ? 'page' : null,
  }
  return { quantity, next }
}

/** 一个半小时: one and a half hours. But 三个半天 are three half days. */
function andAHalfAt(
  terms: readonly Term[],
  at: number,
): { unit: Unit; factor: number; next: number } | undefined {
  const unit = meant(terms[at + 2], 'unit') ?? (terms[at + 2]?.key === '月' ? month : undefined)
  if (terms[at]?.key !== '个' || !meant(terms[at + 1], 'half') || !unit) return undefined
  if (!isTimeUnit(unit.unit) || unit.unit === 'day') return undefined
  return { unit: unit.unit, factor: unit.factor, next: at + 3 }
}

const month = { unit: 'month', factor: 1 } as const

/** `half a day`, `a half-hour`; `a full hour`, `an additional hour`. */
function portionAt(
  terms: readonly Term[],
  at: number,
  before: readonly Piece[],
): { numeral: Numeral; next: number } | undefined {
  const portion = meant(terms[at], 'portion')
  if (!portion) return undefined
  const unit = unitAt(terms, at + 1, before)
  if (!unit || !isTimeUnit(unit.unit)) return undefined
  // `an hour` and `a day` are phrases of their own.
  if (portion.n === 1 && unit.next === at + 2) return undefined
  if (unit.unit !== 'duration' && notHalved.has(terms[at - 1]?.key ?? '')) return undefined
  return { numeral: { numbers: [portion.n], spelled: true, ordinal: false, vague: false }, next: at + 1 }
}

/** Behind these it is no half: `al medio día` is noon, 上半年 the first half of the year, 好半天 a good while. */
const notHalved = new Set('al a del 上 下 前 后 大 好 老'.split(' '))

/** `30`, `thirty (30)`, `1 1/2`, `1/2` of an hour. */
function numeralAt(terms: readonly Term[], at: number): { numeral: Numeral; next: number } | undefined {
  const first = terms[at]
  if (!isNumber(first)) return undefined
  const numeral = first.number
  const [a, sign, b] = [terms[at + 1], terms[at + 2], terms[at + 3]]
  if (isDigits(first) && isDigits(a) && sign?.key === '/' && isDigits(b) && only(a) < only(b))
    return { numeral: { ...numeral, numbers: [only(first) + only(a) / only(b)] }, next: at + 4 }
  if (isDigits(first) && a?.key === '/' && isDigits(sign) && isFraction(terms, at))
    return { numeral: { ...numeral, numbers: [only(first) / only(sign)] }, next: at + 3 }
  // `1-1/2 hours`
  const isTied = a?.key === '-' && !a.apart && sign?.apart === false
  if (isDigits(first) && isTied && isDigits(sign) && isFraction(terms, at + 2))
    return {
      numeral: { ...numeral, numbers: [only(first) + only(sign) / only(terms[at + 4] as Term)] },
      next: at + 5,
    }
  const repeated = a?.key === '(' && b?.key === ')' && isNumber(sign) && only(sign) === only(first)
  return repeated
    ? { numeral: { ...numeral, vague: false, spelled: false }, next: at + 4 }
    : { numeral, next: at + 1 }
}

/** A unit behind a number, with a hyphen or an adjective between them. */
function unitAt(
  terms: readonly Term[],
  at: number,
  before: readonly Piece[],
): { unit: Unit; factor: number; per: Per | null; next: number } | undefined {
  let per: Per | null = null
  let next = at
  for (let words = 0; words <= 2; words++) {
    if (terms[next]?.key === '-' && terms[next + 1]?.number === undefined) next++
    const term = terms[next]
    const unit = meant(term, 'unit')
    if (unit && !isPrefix(terms, next)) {
      const hyphen = terms[next + 1]?.key === '-' ? 2 : 1
      const percentile = meant(terms[next + hyphen], 'unit')?.unit === 'percentile'
      return { unit: percentile ? 'percentile' : unit.unit, factor: unit.factor, per, next: next + 1 }
    }
    const previous = before.at(-1)
    if (term?.key === '分' && previous?.is === 'quantity' && previous.factor === 3600)
      return { unit: 'duration', factor: 60, per, next: next + 1 }
    if (!meant(term, 'between')) return undefined
    per ??= meant(term, 'per')?.per ?? null
    next++
  }
  return undefined
}

/** In `age 9, grade 4` and `Age: 9 Grade: 4` the second word belongs to the number behind it. */
function isPrefix(terms: readonly Term[], at: number): boolean {
  if (terms[at + 1]?.key === ':' && isNumber(terms[at + 2])) return true
  const prefix = meant(terms[at], 'before')
  if (!prefix || prefix.unit === 'times' || prefix.unit === 'percentile') return false
  return isNumber(terms[at + 1]) && terms[at]?.apart === true
}
