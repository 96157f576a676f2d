import type { Language } from '../content.ts'
import { plainText } from './plain-text.ts'
import { meant, termsOf } from './terms.ts'
import { isTimeUnit, type Per, type Unit } from './words/lexicon.ts'

/** What the numbers under a heading are: `Minutes per week`, `Age`, `%`, `Frequency`. */
export function measureOf(heading: string, language: Language): Measure | undefined {
  const terms = termsOf(plainText(heading).slice(0, 200), language)
  const per = terms.map((term) => meant(term, 'per')).find((meaning) => meaning !== undefined)?.per ?? null
  const units = terms
    .filter(({ key }) => key !== 'time' && key !== 'x')
    .map((term) => meant(term, 'unit') ?? meant(term, 'before'))
    .filter((meaning) => meaning !== undefined)
  const unit = units.find(({ unit }) => unit === 'duration') ?? units[0]
  if (unit) return { unit: unit.unit, factor: unit.factor, per }
  const counts = /^\s*(?:frequency|freq\.?|how often)\b/i.test(heading)
  return counts || per ? { unit: 'times', factor: 1, per } : undefined
}

export interface Measure {
  unit: Unit
  factor: number
  per: Per | null
}

/** Whether two headings measure time in different units: hours where the other says minutes. */
export function measureDiffers(one: Measure | undefined, other: Measure | undefined): boolean {
  if (!one || !other || !isTimeUnit(one.unit) || !isTimeUnit(other.unit)) return false
  return one.unit !== other.unit || one.factor !== other.factor
}
