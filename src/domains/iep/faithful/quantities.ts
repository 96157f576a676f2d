import type { Found, Piece, Quantity } from './pieces.ts'
import { pairAt, ratioAt } from './ratios.ts'
import { meant, type Term } from './terms.ts'
import { numbersAfter } from './units-before.ts'
import { numbersAt } from './units-behind.ts'
import type { Unit } from './words/lexicon.ts'

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
  if (per) return { is: 'per', start, end, per: per.per, or: per.or, loose: per.loose, bound: false, key }
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
