import type { Language } from '../content.ts'
import type { Token } from './tokens.ts'
import { chineseNumberAt } from './words/chinese-numbers.ts'
import { englishNumberAt } from './words/english-numbers.ts'
import { spanishNumberAt } from './words/spanish-numbers.ts'
import { vietnameseNumberAt } from './words/vietnamese-numbers.ts'

/** A number in words. `vague` ones (`one of the goals`, `first`) need not be numbers at all. */
export interface SpelledNumber {
  n: number
  length: number
  ordinal: boolean
  vague: boolean
  /** `a couple of`: two, more or less. */
  rough?: boolean
}

type Reader = (tokens: readonly Token[], at: number) => SpelledNumber | undefined

/** The spelled-out number that begins at a token, as far as it goes. */
export function spelledNumberAt(
  tokens: readonly Token[],
  at: number,
  language: Language,
): SpelledNumber | undefined {
  return readers[language](tokens, at)
}

const readers: Record<Language, Reader> = {
  en: englishNumberAt,
  es: spanishNumberAt,
  vi: vietnameseNumberAt,
  zh: chineseNumberAt,
}
