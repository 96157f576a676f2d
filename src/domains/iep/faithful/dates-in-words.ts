import type { Language } from '../content.ts'
import { joinsNumber } from './dates-in-digits.ts'
import { isYear, type Dates, type Day } from './day.ts'
import { spelledNumberAt } from './number-words.ts'
import type { Token } from './tokens.ts'
import { doubtfulMonths, englishMonths, spanishMonths } from './words/months.ts'

/** `March 12, 2026`, `12 March 2026`, `September`. */
export function datesInEnglish(tokens: readonly Token[], at: number): Dates | undefined {
  return monthFirst(tokens, at, englishMonths) ?? dayFirst(tokens, at, { ...english, language: 'en' })
}

/** `12 de marzo de 2026`, `marzo de 2026`; also `marzo 12, 2026`, as it is written in the United States. */
export function datesInSpanish(tokens: readonly Token[], at: number): Dates | undefined {
  return dayFirst(tokens, at, { ...spanish, language: 'es' }) ?? monthFirst(tokens, at, spanishMonths)
}

interface Wording {
  months: ReadonlyMap<string, number>
  /** What may stand between day and month, and month and year. */
  of: ReadonlySet<string>
  to: ReadonlySet<string>
}
const english: Wording = {
  months: englishMonths,
  of: new Set(['of', '-', '/', ',', '.']),
  to: new Set(['-', '–', 'to', 'and', 'through', '&']),
}
const spanish: Wording = {
  months: spanishMonths,
  of: new Set(['de', 'del', '-', '/', ',', '.']),
  to: new Set(['-', '–', 'al', 'a', 'y', 'hasta']),
}

/** `March 12, 2026`, `Mar. 12th 2026`, `March 12-14`, `March 2026`, `September`. */
function monthFirst(
  tokens: readonly Token[],
  at: number,
  months: ReadonlyMap<string, number>,
): Dates | undefined {
  const name = tokens[at]
  const month = months.get(name?.key ?? '')
  if (name === undefined || month === undefined) return undefined
  const doubtful = doubtfulMonths.has(name.key) && name.text === name.key
  let next = at + 1
  if (isShortened(tokens, next)) next++
  const from = dayAt(tokens, next) ?? impossibleDayAt(tokens, next)
  if (from && !doubtful) {
    let end = next + from.length
    const day: Day[] = [{ month, day: from.n }]
    if (english.to.has(tokens[end]?.key ?? '')) {
      const to = dayAt(tokens, end + 1)
      if (to && to.n > from.n && tokens[end + 1 + to.length]?.key !== '/') {
        day.push({ month, day: to.n })
        end += 1 + to.length
      }
    }
    return withYear(tokens, end, at, day, new Set([',', 'of', 'de', 'del']))
  }
  const years = withYear(tokens, next, at, [{ month }], new Set([',', 'of', 'de', 'del', '-', '/']))
  const alone = years.days[0]?.[0]?.year === undefined
  if (alone && (doubtfulMonths.has(name.key) || name.key.length <= 4)) {
    // June and July are short and sure, March and May only behind such a word as `in`; an abbreviation alone is not.
    const sure =
      /^(?:june|july|mayo)$/.test(name.key) ||
      (/^(?:march|may)$/.test(name.key) && !doubtful && beforeMonth.has(tokens[at - 1]?.key ?? ''))
    return sure ? { ...years, length: 1 } : undefined
  }
  return alone ? { ...years, length: 1 } : doubtful ? undefined : years
}

/** The dot of `Mar. 12`; one that ends a sentence is no part of a date. */
function isShortened(tokens: readonly Token[], at: number): boolean {
  const next = tokens[at + 1]
  return tokens[at]?.text === '.' && !tokens[at]?.apart && (next?.is === 'number' || next?.text === ',')
}

const beforeMonth = new Set(
  'in by until till since from of during last next this before after early late mid'.split(' '),
)

/** `June 35`: a day that is in no calendar is still meant as one, unless it counts something (`In June 45 minutes`). */
function impossibleDayAt(tokens: readonly Token[], at: number): { n: number; length: number } | undefined {
  const token = tokens[at]
  const next = tokens[at + 1]
  if (token?.is !== 'number' || !/^(?:0|3[2-9]|[4-9]\d)$/.test(token.text)) return undefined
  const isLast = next === undefined || (next.is === 'mark' && !'%-'.includes(next.text))
  return isLast || english.to.has(next.key) ? { n: Number(token.text), length: 1 } : undefined
}

/** `12 March 2026`, `the 12th of March`, `12 de marzo de 2026`, `del 12 al 14 de marzo`. */
function dayFirst(
  tokens: readonly Token[],
  at: number,
  { months, of, to, language }: Wording & { language: Language },
): Dates | undefined {
  const first = dayAt(tokens, at, language)
  if (!first || joinsNumber(tokens, at - 1)) return undefined
  let next = at + first.length
  const days = [first.n]
  if (to.has(tokens[next]?.key ?? '')) {
    const skip = tokens[next + 1]?.key === 'el' ? 1 : 0
    const last = dayAt(tokens, next + 1 + skip, language)
    if (last && last.n > first.n) {
      days.push(last.n)
      next += 1 + skip + last.length
    }
  }
  if (of.has(tokens[next]?.key ?? '')) next++
  const name = tokens[next]
  const month = months.get(name?.key ?? '')
  if (name === undefined || month === undefined) return undefined
  if (doubtfulMonths.has(name.key) && name.text === name.key && language === 'en') return undefined
  next++
  if (isShortened(tokens, next)) next++
  const written = days.map((day) => ({ month, day }))
  return withYear(tokens, next, at, written, of)
}

function withYear(
  tokens: readonly Token[],
  next: number,
  at: number,
  days: Day[],
  between: ReadonlySet<string>,
): Dates {
  const skip = between.has(tokens[next]?.key ?? '') ? 1 : 0
  const token = tokens[next + skip]
  const has = token?.is === 'number' && isYear(token.text) && tokens[next + skip + 1]?.key !== '%'
  const year = has ? { year: Number(token.text) } : {}
  return { days: days.map((day) => [{ ...day, ...year }]), length: (has ? next + skip + 1 : next) - at }
}

/** A day of the month: `12`, `12th`, `1.º`, `primero`, `twelfth`. */
export function dayAt(
  tokens: readonly Token[],
  at: number,
  language: Language = 'en',
): { n: number; length: number } | undefined {
  const token = tokens[at]
  if (token?.is === 'number') {
    const n = Number(token.text)
    if (!/^\d{1,2}$/.test(token.text) || n < 1 || n > 31) return undefined
    let length = 1
    if (tokens[at + 1]?.text === '.' && tokens[at + 2]?.text === 'º') length = 3
    else if (/^(?:st|nd|rd|th|º|er|ro)$/.test(tokens[at + 1]?.key ?? '') && !tokens[at + 1]?.apart) length = 2
    return { n, length }
  }
  const spelled = spelledNumberAt(tokens, at, language)
  if (!spelled || spelled.n < 1 || spelled.n > 31) return undefined
  if (language === 'en' && !spelled.ordinal) return undefined
  return { n: spelled.n, length: spelled.length }
}
