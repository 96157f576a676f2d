import type { Numeral, Term } from './terms.ts'

/** A number in digits or words. */
export function isNumber(term: Term | undefined): term is Term & { number: Numeral } {
  return term?.number !== undefined && term.number.numbers.length > 0
}

/** A number in digits. */
export function isDigits(term: Term | undefined): term is Term & { number: Numeral } {
  return isNumber(term) && !term.number.spelled && !term.number.ordinal
}

/** A number that counts, in digits or words. */
export function isCount(term: Term | undefined): term is Term & { number: Numeral } {
  return isNumber(term) && !term.number.ordinal
}

/** The first thing a number may mean. */
export function only({ number }: Term): number {
  return number?.numbers[0] ?? NaN
}

/** Whether a number may be a year of our time. */
export function isYear({ numbers, spelled }: Numeral): boolean {
  return !spelled && numbers.some((n) => n >= 1900 && n <= 2100)
}
