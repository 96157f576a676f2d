import { tokensOf, type Token } from '../tokens.ts'

/** What an amount is measured in. Hours, minutes and seconds are all `duration`, counted in seconds. */
export type Unit =
  | 'duration'
  | 'day'
  | 'week'
  | 'month'
  | 'year'
  | 'percent'
  | 'percentile'
  | 'dollar'
  | 'grade'
  | 'times'

/** Whether a unit measures time. */
export function isTimeUnit(unit: Unit): boolean {
  return unit === 'duration' || unit === 'day' || unit === 'week' || unit === 'month' || unit === 'year'
}

/** In which time an amount comes again. Nobody knows whether `bimonthly` is twice a month or every two months. */
export type Per =
  | 'minute'
  | 'hour'
  | 'session'
  | 'day'
  | '2 days'
  | 'half-week'
  | 'week'
  | '2 weeks'
  | 'half-month'
  | 'month'
  | 'bimonth'
  | '2 months'
  | 'quarter'
  | 'term'
  | 'half-year'
  | 'year'

/** What a phrase says about the numbers around it. */
export type Meaning =
  | { is: 'unit'; unit: Unit; factor: number }
  /** A unit in front of its number: `grade 3`, `age 8`, `百分之八十`. */
  | { is: 'before'; unit: Unit; factor: number }
  /**
   * `loose` ones are ordinary adjectives as well (`annual`, `daily`) and count only beside an amount or alone in their
   * cell. `or`: what else it may be, such as a school's term for `trimestre`.
   */
  | { is: 'per'; per: Per; loose: boolean; or: readonly Per[] }
  /** An amount in one phrase: `twice`, `half an hour`. `vague` ones count only when something is said per week. */
  | { is: 'amount'; n: number; unit: Unit; vague: boolean }
  | { is: 'half' }
  /** As much of the unit behind it: `half a day`; `a` only with more between, as in `a full hour`. */
  | { is: 'portion'; n: number }
  | { is: 'to' }
  | { is: 'and' }
  /** `4 out of 5`; `reversed` for `五分之四` and `5 次中的 4 次`. */
  | { is: 'of'; reversed: boolean }
  | { is: 'one to one' }
  /** `two thirds`. */
  | { is: 'fraction'; of: number; out: number }
  /** May stand between a number and its unit: `60 instructional minutes`. */
  | { is: 'between' }
  /** Numbers things instead of counting them: `Goal 1`. */
  | { is: 'label' }
  /** Numbers parts of a law (`Section 504`), or of the document. */
  | { is: 'section' }
  | { is: 'page' }

/** The phrases of one language, found by their first word, longest first. */
export type Lexicon = ReadonlyMap<string, readonly Phrase[]>
interface Phrase {
  keys: string[]
  meaning: Meaning
}

/** Each line: what is meant, and the phrases that mean it, with commas between them. */
export function lexicon(lines: readonly (readonly [Meaning, string])[]): Lexicon {
  const phrases = new Map<string, Phrase[]>()
  for (const [meaning, list] of lines) {
    for (const phrase of list.split(',').filter((text) => text.trim() !== '')) {
      const keys = tokensOf(phrase.trim()).map(({ key }) => key)
      const first = keys[0] as string
      phrases.set(first, [...(phrases.get(first) ?? []), { keys, meaning }])
    }
  }
  for (const list of phrases.values()) list.sort((a, b) => b.keys.length - a.keys.length)
  return phrases
}

/** What the longest phrase that begins at a token may mean: `grade` stands before its number, or behind. */
export function phraseAt(
  lexicon: Lexicon,
  tokens: readonly Token[],
  at: number,
): { meanings: Meaning[]; length: number } | undefined {
  const phrases = lexicon.get(tokens[at]?.key ?? '')
  const fits = ({ keys }: Phrase): boolean => keys.every((key, index) => tokens[at + index]?.key === key)
  const length = phrases?.find(fits)?.keys.length
  if (phrases === undefined || length === undefined) return undefined
  const same = phrases.filter((phrase) => phrase.keys.length === length && fits(phrase))
  return { meanings: same.map(({ meaning }) => meaning), length }
}

export const unit = (unit: Unit, factor = 1): Meaning => ({ is: 'unit', unit, factor })
export const before = (unit: Unit, factor = 1): Meaning => ({ is: 'before', unit, factor })
export const per = (per: Per, ...or: Per[]): Meaning => ({ is: 'per', per, loose: false, or })
export const loosely = (per: Per, ...or: Per[]): Meaning => ({ is: 'per', per, loose: true, or })
export const amount = (n: number, unit: Unit): Meaning => ({ is: 'amount', n, unit, vague: false })
export const vaguely = (n: number, unit: Unit): Meaning => ({ is: 'amount', n, unit, vague: true })
export const portion = (n: number): Meaning => ({ is: 'portion', n })
export const fraction = (of: number, out: number): Meaning => ({ is: 'fraction', of, out })
