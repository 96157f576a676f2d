import type { Language } from '../content.ts'
import type { Day } from './day.ts'
import { backwardRanges } from './backward-ranges.ts'
import { tieFrequencies } from './frequencies.ts'
import { plainText } from './plain-text.ts'
import type { Piece, Quantity } from './pieces.ts'
import { piecesOf } from './quantities.ts'
import { termsOf } from './terms.ts'
import type { Clock } from './times-of-day.ts'
import type { Per, Unit } from './words/lexicon.ts'

/** One thing a value may mean. Numbers are in the unit's measure: a duration in seconds. */
export type Reading =
  | { is: 'number'; n: number; unit: Unit | null; per: Per | null }
  | { is: 'day'; day: Day }
  | { is: 'ratio'; of: number; out: number }
  | { is: 'clock'; clock: Clock }
  | { is: 'code'; code: string }
  /** `once`: not more often than that; `weekly` alone leaves it open. */
  | { is: 'per'; per: Per; once: boolean }
  /** A range of two dates of which the second is the earlier one. */
  | { is: 'backwards'; days: string }

/** A number, date or amount in a text. */
export interface Value {
  kind: 'number' | 'date' | 'amount'
  /** As written, without markup. */
  text: string
  /** Anyone of these may be what is meant. */
  readings: Reading[]
  /** Whether it must be confirmed; `one of the goals` and `daily living` only may be. */
  firm: boolean
  /** Written in words. */
  spelled: boolean
  /** Numbers something (`Goal 1`, `Section 504`) or names a page, instead of counting. */
  role: 'label' | 'section' | 'page' | null
  /** More or less (`a couple of hours`): a translation may leave the number open. */
  rough?: boolean
  /** How often is said once for several amounts, and not beside this one. */
  shared?: boolean
  /** One end of `30 to 45 minutes`, which is not the whole. */
  ofRange?: boolean
  /** Said to be the least or the most, as in `up to 45 minutes`. */
  limit?: boolean
  /** Where it stands in the plain text of its sentence or cell. */
  start: number
  end: number
}

/** The numbers, dates and amounts of one sentence, list item or cell, in the order they stand. */
export function valuesIn(markdown: string, language: Language): Value[] {
  const text = plainText(markdown)
  const pieces = piecesOf(termsOf(text, language))
  tieFrequencies(pieces, language)
  standAlone(pieces)
  return [...pieces.flatMap((piece) => valueOf(piece, text)), ...backwardRanges(pieces, text)]
}

/** `daily` and `annual` are adjectives; alone in a cell, or behind a label with its colon, they say how often. */
function standAlone(pieces: readonly Piece[]): void {
  const colon = pieces.findLastIndex((piece) => piece.is === 'mark' && piece.key === ':')
  const [said, ...others] = pieces.slice(colon + 1).filter(({ is }) => is !== 'mark')
  if (said?.is === 'per' && others.length === 0 && (said.per === 'day' || said.per === 'year'))
    said.loose = false
}

function valueOf(piece: Piece, text: string): Value[] {
  const words = text.slice(piece.start, piece.end).replaceAll(/\s+/g, ' ').trim()
  const { start, end } = piece
  const said = { text: words, firm: true, spelled: false, role: null, start, end }
  switch (piece.is) {
    case 'days':
      return [{ ...said, kind: 'date', readings: piece.days.map((day) => ({ is: 'day', day })) }]
    case 'ratio':
      return [{ ...said, kind: 'amount', readings: ratioReadings(piece), firm: !piece.loose }]
    case 'clock':
      return [{ ...said, kind: 'amount', readings: clockReadings(piece.clock) }]
    case 'code':
      return [{ ...said, kind: 'number', readings: [{ is: 'code', code: piece.code }] }]
    case 'per':
      if (piece.bound) return []
      if (/^(?:an? (?!diario)|in a |trong một )/.test(piece.key)) return one(piece.per, said)
      return [
        {
          ...said,
          kind: 'amount',
          readings: [piece.per, ...piece.or].map((per) => ({ is: 'per', per, once: false })),
          firm: !piece.loose,
        },
      ]
    case 'quantity':
      return [quantityValue(piece, said)]
    case 'unit':
    case 'and':
    case 'word':
    case 'mark':
      return []
  }
}

/** `3/12` may be three of twelve, or the twelfth of March. */
function ratioReadings({ of, out }: { of: number; out: number }): Reading[] {
  const readings: Reading[] = [{ is: 'ratio', of, out }]
  if (of <= 12 && out <= 31) readings.push({ is: 'day', day: { month: of, day: out } })
  return readings
}

function clockReadings(clock: Clock): Reading[] {
  const [hours, minutes] = [Math.floor(clock.minutes / 60), clock.minutes % 60]
  const readings: Reading[] = [{ is: 'clock', clock }]
  return clock.sure ? readings : [...readings, { is: 'ratio', of: hours, out: minutes }]
}

/** `a week` with nothing that comes again: one week. */
function one(per: Per, said: Omit<Value, 'kind' | 'readings'>): Value[] {
  if (per !== 'day' && per !== 'week' && per !== 'month' && per !== 'year') return []
  return [
    {
      ...said,
      kind: 'amount',
      readings: [{ is: 'number', n: 1, unit: per, per: null }],
      firm: false,
      spelled: true,
    },
  ]
}

function quantityValue(quantity: Quantity & Piece, said: Omit<Value, 'kind' | 'readings'>): Value {
  const { numbers, factor, unit, per, orPer = [], spelled, vague, rough = false, ordinal, role } = quantity
  const readings: Reading[] = [per, ...orPer].flatMap((per) =>
    numbers.map((n): Reading => ({ is: 'number', n: rounded(n * factor), unit, per })),
  )
  const isYear = unit === null && !spelled && !ordinal && numbers.find((n) => n >= 1900 && n <= 2100)
  if (isYear) readings.push({ is: 'day', day: { year: isYear } })
  // Once a week says no more than weekly.
  if (per !== null && unit === 'times' && numbers[0] === 1) readings.push({ is: 'per', per, once: true })
  const unsure = vague && (unit === null || (unit === 'times' && per === null))
  const alone = spelled && numbers[0] === 1 && per === null && (unit === null || pronouns.has(unit))
  return {
    ...said,
    kind: unit === null ? 'number' : 'amount',
    readings,
    firm: !unsure && !alone,
    spelled,
    role,
    rough,
    shared: quantity.shared === true,
    ofRange: quantity.ofRange === true,
    limit: quantity.limit === true,
  }
}

/** `one day`, `una vez`: beside these, one may be no more than an article. */
const pronouns: ReadonlySet<Unit> = new Set(['times', 'day', 'week', 'month', 'year'])

/** A number as it compares: what an hour's third is in seconds must not depend on the last bit. */
function rounded(n: number): number {
  return Math.round(n * 1e6) / 1e6
}
