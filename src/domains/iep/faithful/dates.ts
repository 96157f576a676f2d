import type { Language } from '../content.ts'
import { datesInChinese } from './dates-in-chinese.ts'
import { datesInDigits } from './dates-in-digits.ts'
import { datesInVietnamese } from './dates-in-vietnamese.ts'
import { datesInEnglish, datesInSpanish } from './dates-in-words.ts'
import type { Dates } from './day.ts'
import type { Token } from './tokens.ts'

/** The date, or range of days, that begins at a token in any form it is written in the language. */
export function datesAt(tokens: readonly Token[], at: number, language: Language): Dates | undefined {
  return datesInDigits(tokens, at, language) ?? inWords[language](tokens, at)
}

const inWords: Record<Language, (tokens: readonly Token[], at: number) => Dates | undefined> = {
  en: datesInEnglish,
  es: datesInSpanish,
  vi: datesInVietnamese,
  zh: datesInChinese,
}
