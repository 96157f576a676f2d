import type { Day } from './day.ts'
import type { Numeral } from './terms.ts'
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
  /** What else `per` may be. */
  orPer?: readonly Per[]
  /** Joined to the number before it, with which it shares a unit: the second of `2 to 3 times`. */
  joined?: boolean
  /** One end of a range or one of a choice. */
  ofRange?: boolean
  /** Said to be the least or the most. */
  limit?: boolean
  /** A number that numbers something (`Goal 1`), a part of a law (`Section 504`) or a page (`page 7`). */
  role: 'label' | 'section' | 'page' | null
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
  | { is: 'per'; per: Per; or: readonly Per[]; loose: boolean; bound: boolean; key: string }
  | { is: 'unit'; unit: Unit; key: string }
  | { is: 'and' }
  | { is: 'word'; key: string }
  | { is: 'mark'; key: string }
)

/** Pieces that were put together, and the term after them. */
export interface Found {
  pieces: Piece[]
  next: number
}
