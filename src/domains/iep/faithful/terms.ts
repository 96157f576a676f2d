import type { Language } from '../content.ts'
import { datesAt } from './dates.ts'
import type { Day } from './day.ts'
import { spelledNumberAt } from './number-words.ts'
import { numbersIn } from './numbers.ts'
import { clockAt, type Clock } from './times-of-day.ts'
import { tokensOf, type Token } from './tokens.ts'
import { isWeekday } from './words/chinese-numbers.ts'
import { chinese } from './words/chinese.ts'
import { english } from './words/english.ts'
import { phraseAt, type Lexicon, type Meaning } from './words/lexicon.ts'
import { spanish } from './words/spanish.ts'
import { vietnamese } from './words/vietnamese.ts'

/** A number, in digits or in words, with all it may mean. */
export interface Numeral {
  numbers: number[]
  spelled: boolean
  ordinal: boolean
  vague: boolean
  /** More or less: `a couple of`. */
  rough?: boolean
}

/** The smallest piece of a text that says something: a number, a date, a phrase of the lexicon, a word, a mark. */
export interface Term {
  start: number
  end: number
  key: string
  isMark: boolean
  apart: boolean
  number?: Numeral
  days?: Day[][]
  clock?: Clock
  /** Digits in groups that are no amount: a telephone number, a case number. */
  code?: string
  meanings: readonly Meaning[]
}

/** What a term means, if it may mean that. */
export function meant<Is extends Meaning['is']>(
  term: Term | undefined,
  is: Is,
): Extract<Meaning, { is: Is }> | undefined {
  return term?.meanings.find((meaning): meaning is Extract<Meaning, { is: Is }> => meaning.is === is)
}

/** The terms of a plain text, from left to right; where two readings begin, the longer one wins. */
export function termsOf(text: string, language: Language): Term[] {
  const tokens = tokensOf(text, language)
  const terms: Term[] = []
  for (let at = 0; at < tokens.length;) {
    const { length, ...found } = termAt(tokens, at, language, terms.at(-1))
    const first = tokens[at] as Token
    const last = tokens[at + length - 1] as Token
    const key = length === 1 ? first.key : text.slice(first.start, last.end).toLowerCase()
    terms.push({
      start: first.start,
      end: last.end,
      key,
      isMark: length === 1 && first.is === 'mark',
      apart: first.apart,
      meanings: [],
      ...found,
    })
    at += length
  }
  return terms
}

type Found = Partial<Pick<Term, 'number' | 'days' | 'clock' | 'code' | 'meanings'>> & { length: number }

function termAt(tokens: readonly Token[], at: number, language: Language, previous: Term | undefined): Found {
  const dates = datesAt(tokens, at, language)
  if (dates) return { days: dates.days, length: dates.length }
  const clock = clockAt(tokens, at, language)
  if (clock) return { clock: clock.clock, length: clock.length }
  const token = tokens[at] as Token
  const phrase = phraseAt(lexicons[language], tokens, at)
  if (language === 'zh' && phrase && isWeekday(tokens, at + phrase.length))
    return { length: phrase.length + 1 }
  if (token.is === 'number') {
    const code = codeAt(tokens, at)
    if (code) return code
    if (phrase && phrase.length > 1) return phrase
    const numbers = numbersIn(token.text, language)
    const ordinal = ordinalAt(tokens, at + 1)
    return { number: { numbers, spelled: false, ordinal: ordinal > 0, vague: false }, length: 1 + ordinal }
  }
  const spelled = spelledNumberAt(tokens, at, language)
  if (spelled && spelled.length >= (phrase?.length ?? 0) && !isUnitHere(phrase?.meanings, previous)) {
    const { n, ordinal, vague, rough = false, length } = spelled
    return { number: { numbers: [n], spelled: true, ordinal, vague, rough }, length }
  }
  return phrase ?? { length: 1 }
}

const lexicons: Record<Language, Lexicon> = { en: english, es: spanish, vi: vietnamese, zh: chinese }

/** `30 seconds` and `the second goal`: behind a number it is a unit. */
function isUnitHere(meanings: readonly Meaning[] | undefined, previous: Term | undefined): boolean {
  return previous?.number !== undefined && meanings?.some(({ is }) => is === 'unit') === true
}

/** How many tokens make the number before them an ordinal: `rd`, `º`, `. º`, `er`. */
function ordinalAt(tokens: readonly Token[], at: number): number {
  const glued = tokens[at] !== undefined && !tokens[at].apart
  if (glued && /^(?:st|nd|rd|th|º|er|ro|do|to|vo|mo|ra|da|ta)$/.test(tokens[at]?.key ?? '')) return 1
  return glued && tokens[at]?.key === '.' && /^(?:º|er|ª)$/.test(tokens[at + 1]?.key ?? '') ? 2 : 0
}

/** Three groups of digits or more, tied together, or a number too long to be counted with. */
function codeAt(tokens: readonly Token[], at: number): Found | undefined {
  let end = at + 1
  let groups = 1
  while (
    tokens[end]?.is === 'mark' &&
    '-.'.includes(tokens[end]?.text ?? '') &&
    !tokens[end]?.apart &&
    tokens[end + 1]?.is === 'number' &&
    !tokens[end + 1]?.apart
  ) {
    end += 2
    groups++
  }
  const digits = tokens
    .slice(at, end)
    .map(({ text }) => text.replaceAll(/\D/g, ''))
    .join('')
  if (groups >= 3 || (groups === 2 && digits.length === 7)) return { code: digits, length: end - at }
  const alone = (tokens[at] as Token).text
  return /^\d{10,}$/.test(alone) ? { code: alone, length: 1 } : undefined
}
