import { isCount, isDigits, only } from './numerals.ts'
import type { Found, Piece } from './pieces.ts'
import { meant, type Term } from './terms.ts'
import { isTimeUnit } from './words/lexicon.ts'

/** `1:1`, `8:15` without minutes to it: two numbers with a colon. */
export function pairAt(terms: readonly Term[], at: number): Found | undefined {
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
export function ratioAt(terms: readonly Term[], at: number): Found | undefined {
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

/** `3 sessions of 30-45 minutes` is no ratio, `4 out of 5 days` is one. */
function isMeasured(terms: readonly Term[], at: number): boolean {
  const range = meant(terms[at], 'to') && isCount(terms[at + 1]) ? 2 : 0
  const next = at + range
  const unit = meant(terms[terms[next]?.key === '-' ? next + 1 : next], 'unit')?.unit
  return unit !== undefined && unit !== 'times' && unit !== 'day' && unit !== 'grade'
}

/** `1/2 hour` is half an hour and `1/2 day` half a day, `4/5` of the tries is a ratio. */
export function isFraction(terms: readonly Term[], at: number): boolean {
  if (terms[at + 1]?.key !== '/' || !terms[at + 2]?.number) return false
  const [of, out] = [only(terms[at] as Term), only(terms[at + 2] as Term)]
  const skip = terms[at + 3]?.key === '-' ? 4 : 3
  const unit = meant(terms[at + skip], 'unit')
  if (of === 1 && out === 2 && unit && isTimeUnit(unit.unit)) return true
  return of < out && out <= 4 && (unit?.factor === 3600 || unit?.unit === 'year' || unit?.unit === 'grade')
}
