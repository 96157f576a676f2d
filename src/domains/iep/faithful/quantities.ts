import type { Day } from './dates.ts'
import { meant, type Numeral, type Term } from './terms.ts'
import type { Clock } from './times-of-day.ts'
import type { Per, Unit } from './words/lexicon.ts'

/** A number with its unit, if it has one; `per` is found later. */
export interface Quantity extends Numeral {
  is: 'quantity'
  start: number
  end: number
  /** What a unit's number is multiplied by: an hour is 3600 seconds. */
  factor: number
  unit: Unit | null
  per: Per | null
  /** A number that numbers something (`Goal 1`) or a page (`page 7`). */
  role: 'label' | 'page' | null
  /** `per` is said once for several amounts, and not beside this one. */
  shared?: boolean
}

/** A text as amounts see it: quantities and what may bind them, in order. */
export type Piece = { start: number; end: number } & (
  | Quantity
  | { is: 'days'; days: Day[] }
  | { is: 'ratio'; of: number; out: number; loose: boolean }
  | { is: 'clock'; clock: Clock }
  | { is: 'code'; code: string }
  | { is: 'per'; per: Per; loose: boolean; bound: boolean; key: string }
  | { is: 'unit'; unit: Unit; key: string }
  | { is: 'and' }
  | { is: 'word'; key: string }
  | { is: 'mark'; key: string }
)

/** Puts numbers and units together, from left to right. */
export function piecesOf(terms: readonly Term[]): Piece[] {
  const pieces: Piece[] = []
  for (let at = 0; at < terms.length;) {
    const found = piecesAt(terms, at, pieces)
    pieces.push(...found.pieces)
    at = found.next
  }
  return withCompounds(pieces)
}

interface Found {
  pieces: Piece[]
  next: number
}

function piecesAt(terms: readonly Term[], at: number, before: readonly Piece[]): Found {
  const term = terms[at] as Term
  const { start, end, key } = term
  if (term.days) return { pieces: term.days.map((days) => ({ is: 'days', start, end, days })), next: at + 1 }
  if (term.clock) return { pieces: [{ is: 'clock', start, end, clock: term.clock }], next: at + 1 }
  if (term.code) return { pieces: [{ is: 'code', start, end, code: term.code }], next: at + 1 }
  return (
    pairAt(terms, at) ??
    ratioAt(terms, at) ??
    numbersAt(terms, at, before) ??
    numbersAfter(terms, at, before) ?? { pieces: [alone(term, start, end, key)], next: at + 1 }
  )
}

function alone(term: Term, start: number, end: number, key: string): Piece {
  const fraction = meant(term, 'fraction')
  if (fraction) return { is: 'ratio', start, end, of: fraction.of, out: fraction.out, loose: false }
  if (meant(term, 'one to one')) return { is: 'ratio', start, end, of: 1, out: 1, loose: true }
  const amount = meant(term, 'amount')
  if (amount) return whole(term, amount)
  const per = meant(term, 'per')
  if (per) return { is: 'per', start, end, per: per.per, loose: per.loose, bound: false, key }
  const unit = meant(term, 'unit')
  if (unit) return { is: 'unit', start, end, unit: unit.unit, key }
  if (meant(term, 'and')) return { is: 'and', start, end }
  return term.isMark ? { is: 'mark', start, end, key } : { is: 'word', start, end, key }
}

function whole(
  { start, end }: Term,
  { n, unit, vague }: { n: number; unit: Unit; vague: boolean },
): Quantity {
  const number = { numbers: [n], spelled: true, ordinal: false, vague }
  return { is: 'quantity', ...number, start, end, unit, factor: 1, per: null, role: null }
}

/** `1:1`, `8:15` without minutes to it: two numbers with a colon. */
function pairAt(terms: readonly Term[], at: number): Found | undefined {
  const [first, sign, second] = [terms[at], terms[at + 1], terms[at + 2]]
  if (sign?.key !== ':' || sign.apart || second?.apart || !isDigits(first) || !isDigits(second))
    return undefined
  const [of, out] = [only(first), only(second)]
  return {
    pieces: [{ is: 'ratio', start: first.start, end: second.end, of, out, loose: false }],
    next: at + 3,
  }
}

/** `4 out of 5`, `4/5`, `3 times out of 4`, `五分之四`, `5 次中的 4 次`. */
function ratioAt(terms: readonly Term[], at: number): Found | undefined {
  const first = terms[at]
  if (!first?.number || first.number.ordinal || first.number.numbers.length === 0) return undefined
  const unit = meant(terms[at + 1], 'unit')
  const sign = at + (unit?.unit === 'times' ? 2 : 1)
  const second = terms[sign + 1]
  const slash = terms[sign]?.key === '/' && sign === at + 1
  if ((slash || meant(terms[sign], 'of')?.reversed === false) && isCount(second)) {
    const [of, out] = [only(first), only(second)]
    const fraction = slash && isFraction(terms, at)
    if (of <= out && out < 1900 && !fraction && !isMeasured(terms, sign + 2))
      return { pieces: [ratio(first, second, of, out)], next: sign + 2 }
  }
  for (let middle = at + 1; middle < Math.min(at + 7, terms.length); middle++) {
    const between = terms[middle] as Term
    if (meant(between, 'of')?.reversed) return reversedAt(terms, at, middle)
    if (between.isMark || between.number || between.days) return undefined
  }
  return undefined
}

function reversedAt(terms: readonly Term[], at: number, middle: number): Found | undefined {
  const first = terms[at] as Term
  const adjacent = terms[middle]?.key === '分之'
  if (adjacent && middle !== at + 1) return undefined
  for (let next = middle + 1; next < Math.min(middle + (adjacent ? 2 : 8), terms.length); next++) {
    const second = terms[next] as Term
    if (isCount(second)) {
      const [out, of] = [only(first), only(second)]
      if (of > out || meant(terms[next + 1], 'unit')?.unit === 'percent') return undefined
      const past = meant(terms[next + 1], 'unit')?.unit === 'times' ? 2 : 1
      return { pieces: [ratio(first, second, of, out)], next: next + past }
    }
    if (second.isMark || second.days) return undefined
  }
  return undefined
}

const ratio = (first: Term, second: Term, of: number, out: number): Piece => ({
  is: 'ratio',
  start: first.start,
  end: second.end,
  of,
  out,
  loose: false,
})

/** `3 sessions of 30 minutes` is no ratio, `4 out of 5 days` is one. */
function isMeasured(terms: readonly Term[], at: number): boolean {
  const unit = meant(terms[terms[at]?.key === '-' ? at + 1 : at], 'unit')?.unit
  return unit !== undefined && unit !== 'times' && unit !== 'day' && unit !== 'grade'
}

/** `1/2 hour` is half an hour, `4/5` of the tries is a ratio. */
function isFraction(terms: readonly Term[], at: number): boolean {
  const [of, out] = [only(terms[at] as Term), only(terms[at + 2] as Term)]
  const skip = terms[at + 3]?.key === '-' ? 4 : 3
  const unit = meant(terms[at + skip], 'unit')
  return of < out && out <= 4 && (unit?.factor === 3600 || unit?.unit === 'year' || unit?.unit === 'grade')
}

/** One number or several with a unit they share: `30 minutes`, `80–90 %`, `30 or 45 minutes`, `1 1/2 hours`. */
function numbersAt(terms: readonly Term[], at: number, before: readonly Piece[]): Found | undefined {
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

function isYear({ numbers, spelled }: Numeral): boolean {
  return !spelled && numbers.some((n) => n >= 1900 && n <= 2100)
}

function quantityAt(
  terms: readonly Term[],
  at: number,
  before: readonly Piece[],
): { quantity: Quantity; next: number } | undefined {
  const read = numeralAt(terms, at)
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
  const extra = unit ? undefined : halfHourAt(terms, next)
  if (extra) {
    end = (terms[extra - 1] as Term).end
    next = extra
    plus = 0.5
  }
  const namesYear = unit?.unit === 'year' && isYear(numeral)
  const quantity: Quantity = {
    is: 'quantity',
    ...numeral,
    numbers: numeral.numbers.map((n) => n + plus),
    vague: numeral.vague && plus === 0,
    start: (terms[at] as Term).start,
    end,
    unit: extra ? 'duration' : namesYear ? null : (unit?.unit ?? null),
    factor: extra ? 3600 : (unit?.factor ?? 1),
    per: null,
    role: terms[next]?.key === '页' ? 'page' : null,
  }
  return { quantity, next }
}

/** 一个半小时: one and a half hours. */
function halfHourAt(terms: readonly Term[], at: number): number | undefined {
  const amount = meant(terms[at + 1], 'amount')
  return terms[at]?.key === '个' && amount?.unit === 'duration' && amount.n === 1800 ? at + 2 : undefined
}

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
): { unit: Unit; factor: number; next: number } | undefined {
  let next = at
  for (let words = 0; words <= 2; words++) {
    if (terms[next]?.key === '-' && terms[next + 1]?.number === undefined) next++
    const term = terms[next]
    const unit = meant(term, 'unit')
    if (unit && !isPrefix(terms, next)) {
      const hyphen = terms[next + 1]?.key === '-' ? 2 : 1
      const percentile = meant(terms[next + hyphen], 'unit')?.unit === 'percentile'
      return { unit: percentile ? 'percentile' : unit.unit, factor: unit.factor, next: next + 1 }
    }
    const previous = before.at(-1)
    if (term?.key === '分' && previous?.is === 'quantity' && previous.factor === 3600)
      return { unit: 'duration', factor: 60, next: next + 1 }
    if (!meant(term, 'between')) return undefined
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

/** What stands in front of its number: `grade 3`, `x 2`, `$50`, `Minutes per week: 60`, `Goal 1`, `page 7`. */
function numbersAfter(terms: readonly Term[], at: number, before: readonly Piece[]): Found | undefined {
  const term = terms[at] as Term
  const prefix = meant(term, 'before')
  if (prefix && (prefix.unit !== 'times' || before.at(-1)?.is === 'quantity')) {
    const skip = ':#.'.includes(terms[at + 1]?.key ?? 'none') || linking.has(terms[at + 1]?.key ?? '') ? 2 : 1
    const found = numbersAt(terms, at + skip, before)
    if (found && quantitiesOf(found).every(({ unit }) => unit === null)) {
      for (const quantity of quantitiesOf(found)) {
        quantity.unit = prefix.unit
        quantity.factor = prefix.factor
        quantity.vague = false
      }
      ;(found.pieces[0] as Piece).start = term.start
      return found
    }
  }
  if (meant(term, 'unit')) {
    const labelled = labelledAt(terms, at, before)
    if (labelled) return labelled
  }
  const role = meant(term, 'label') ? 'label' : meant(term, 'page') ? 'page' : null
  if (role) {
    const skip = meant(terms[at + 1], 'label') || terms[at + 1]?.key === '.' ? 2 : 1
    const found = numbersAt(terms, at + skip, before)
    if (found && quantitiesOf(found).every(({ unit }) => unit === null)) {
      for (const quantity of quantitiesOf(found)) quantity.role ??= role
      return role === 'page' ? withTotal(terms, found) : found
    }
  }
  return undefined
}

/** `page 3 of 12`: the 12 counts pages as well. */
function withTotal(terms: readonly Term[], found: Found): Found {
  const total =
    meant(terms[found.next], 'of') && isDigits(terms[found.next + 1]) ? terms[found.next + 1] : undefined
  return total ? { pieces: found.pieces, next: found.next + 2 } : found
}

const linking = new Set(['is', 'of', 'de', 'es', 'là', '是', '为'])

function quantitiesOf({ pieces }: Found): Quantity[] {
  return pieces.filter((piece): piece is Quantity & Piece => piece.is === 'quantity')
}

/** `Minutes: 30`, `Minutes (per week): 60`: a unit that labels the number behind a colon. */
function labelledAt(terms: readonly Term[], at: number, before: readonly Piece[]): Found | undefined {
  const unit = meant(terms[at], 'unit')
  let next = at + 1
  if (terms[next]?.key === '(') next++
  const per = meant(terms[next], 'per')
  if (per) next++
  if (terms[next]?.key === ')') next++
  if (terms[next]?.key !== ':' || !unit) return undefined
  const found = numbersAt(terms, next + 1, before)
  if (!found || quantitiesOf(found).some((quantity) => quantity.unit !== null)) return undefined
  for (const quantity of quantitiesOf(found))
    Object.assign(quantity, { unit: unit.unit, factor: unit.factor, per: per?.per ?? null })
  return found
}

/** `1 hour and 30 minutes` is one amount of time. */
function withCompounds(pieces: Piece[]): Piece[] {
  const joined: Piece[] = []
  for (const piece of pieces) {
    const behindAnd = joined.at(-1)?.is === 'and'
    const hours = joined.at(behindAnd ? -2 : -1)
    if (isTime(piece, 60) && hours && isTime(hours, 3600) && (piece.numbers[0] ?? 60) < 60) {
      if (behindAnd) joined.pop()
      const seconds = (hours.numbers[0] ?? 0) * 3600 + (piece.numbers[0] ?? 0) * 60
      Object.assign(hours, { numbers: [seconds], factor: 1, end: piece.end })
    } else joined.push(piece)
  }
  return joined
}

function isTime(piece: Piece, factor: number): piece is Quantity & Piece {
  return piece.is === 'quantity' && piece.unit === 'duration' && piece.factor === factor
}

function isNumber(term: Term | undefined): term is Term & { number: Numeral } {
  return term?.number !== undefined && term.number.numbers.length > 0
}

function isDigits(term: Term | undefined): term is Term & { number: Numeral } {
  return isNumber(term) && !term.number.spelled && !term.number.ordinal
}

function isCount(term: Term | undefined): term is Term & { number: Numeral } {
  return isNumber(term) && !term.number.ordinal
}

function only({ number }: Term): number {
  return number?.numbers[0] ?? NaN
}
