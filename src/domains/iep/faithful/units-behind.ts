import { isDigits, isNumber, isYear, only } from './numerals.ts'
import type { Found, Piece, Quantity } from './pieces.ts'
import { isFraction, pairAt, ratioAt } from './ratios.ts'
import { meant, type Numeral, type Term } from './terms.ts'
import { isTimeUnit, type Per, type Unit } from './words/lexicon.ts'

/** One number or several with a unit they share: `30 minutes`, `80–90 %`, `30 or 45 minutes`, `1 1/2 hours`. */
export function numbersAt(terms: readonly Term[], at: number, before: readonly Piece[]): Found | undefined {
  const found: { quantity: Quantity; tie: 'to' | 'and' | null }[] = []
  let next = at
  let tie: 'to' | 'and' | null = null
  while (found.length < 12) {
    const read: { quantity: Quantity; next: number } | undefined = quantityAt(terms, next, before)
    if (!read) break
    found.push({ quantity: read.quantity, tie })
    next = read.next
    const joint = terms[next]
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
  const last = (found.at(-1) as { quantity: Quantity }).quantity
  return { pieces: found.map(({ quantity }) => quantity), next: nextAfter(terms, last, at) }
}

function nextAfter(terms: readonly Term[], { end }: Quantity, at: number): number {
  let next = at
  while (next < terms.length && (terms[next] as Term).start < end) next++
  return next
}

/** A range has its unit behind the last number or the first; what `and` joins, behind the last. */
function shareUnits(found: { quantity: Quantity; tie: 'to' | 'and' | null }[]): void {
  for (let at = found.length - 1; at > 0; at--) {
    const { quantity, tie } = found[at] as { quantity: Quantity; tie: 'to' | 'and' | null }
    const previous = (found[at - 1] as { quantity: Quantity }).quantity
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
