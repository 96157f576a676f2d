import type { Language } from '../content.ts'
import { spelledNumberAt } from './number-words.ts'
import type { Token } from './tokens.ts'
import { englishMonths, doubtfulMonths, spanishMonths, vietnameseMonths } from './words/months.ts'

/** A day, or as much of it as is written: `March 2026` has no day, `12 de marzo` no year. */
export interface Day {
  year?: number
  month?: number
  day?: number
}

/** Dates that begin at a token, two for a range; of each, all the days it may mean. */
export interface Dates {
  days: Day[][]
  length: number
}

/** The date, or range of days, that begins at a token in any form it is written in the language. */
export function datesAt(tokens: readonly Token[], at: number, language: Language): Dates | undefined {
  return inDigits(tokens, at, language) ?? inWords[language](tokens, at)
}

/** Whether two dates may be the same. What only one of them says (a year) does not part them. */
export function agree(a: Day, b: Day): boolean {
  const same = (x: number | undefined, y: number | undefined): boolean =>
    x === undefined || y === undefined || x === y
  return same(a.year, b.year) && same(a.month, b.month) && same(a.day, b.day)
}

/** `3/12/2026`, `2026-03-12`, `12.3.2026`, `03/2026`, `2025-26`. */
function inDigits(tokens: readonly Token[], at: number, language: Language): Dates | undefined {
  const first = tokens[at]
  if (first?.is !== 'number' || joinsNumber(tokens, at - 1)) return undefined
  if (first.text.split('.').length === 3) {
    const [a = '', b = '', c = ''] = first.text.split('.')
    const days = c.length === 4 || a.length === 4 ? readings(a, b, c, language) : []
    return days.length > 0 ? { days: [days], length: 1 } : undefined
  }
  const sign = tokens[at + 1]
  const second = tokens[at + 2]
  if (sign === undefined || second?.is !== 'number' || !'/-–.'.includes(sign.text)) return undefined
  const third = tokens[at + 4]
  if (
    tokens[at + 3]?.text === sign.text &&
    third?.is === 'number' &&
    !joinsNumber(tokens, at + 5, sign.text)
  ) {
    const days = readings(first.text, second.text, third.text, language)
    return days.length > 0 ? { days: [days], length: 5 } : undefined
  }
  if (joinsNumber(tokens, at + 3, sign.text)) return undefined
  return ofYears(first.text, sign.text, second.text)
}

/** Whether a sign ties the number beside it to yet another one, as in a telephone number. */
function joinsNumber(tokens: readonly Token[], at: number, sign = '/-'): boolean {
  const mark = tokens[at]
  if (mark?.is !== 'mark' || !sign.includes(mark.text) || mark.apart) return false
  return tokens[at - 1]?.is === 'number' && tokens[at + 1]?.is === 'number'
}

function readings(a: string, b: string, c: string, language: Language): Day[] {
  if (!/^\d+$/.test(a + b + c)) return []
  if (a.length === 4) return valid([{ year: Number(a), month: Number(b), day: Number(c) }])
  if (a.length > 2 || b.length > 2 || (c.length !== 4 && c.length !== 2)) return []
  const year = c.length === 4 ? Number(c) : Number(c) + (Number(c) < 70 ? 2000 : 1900)
  const monthFirst = valid([{ year, month: Number(a), day: Number(b) }])
  const dayFirst = valid([{ year, month: Number(b), day: Number(a) }])
  // American documents say the month first. A translation may keep that, or write it the way its readers do.
  if (language === 'es' || language === 'vi') return [...monthFirst, ...dayFirst]
  return monthFirst.length > 0 ? monthFirst : dayFirst
}

function valid(days: { year: number; month: number; day: number }[]): Day[] {
  return days.filter(
    ({ year, month, day }) =>
      year >= 1900 && year <= 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31,
  )
}

function ofYears(first: string, sign: string, second: string): Dates | undefined {
  if (sign === '.') return undefined
  if (sign === '/' && /^\d{1,2}$/.test(first) && isYear(second) && Number(first) >= 1 && Number(first) <= 12)
    return { days: [[{ year: Number(second), month: Number(first) }]], length: 3 }
  if (!isYear(first) || !/^\d{2}$/.test(second)) return undefined
  if (Number(second) === (Number(first) + 1) % 100)
    return { days: [[{ year: Number(first) }], [{ year: Number(first) + 1 }]], length: 3 }
  if (Number(second) >= 1 && Number(second) <= 12 && sign !== '–')
    return { days: [[{ year: Number(first), month: Number(second) }]], length: 3 }
  return undefined
}

function isYear(text: string | undefined): boolean {
  return text !== undefined && /^(?:19|20)\d\d$/.test(text)
}

const inWords: Record<Language, (tokens: readonly Token[], at: number) => Dates | undefined> = {
  en: (tokens, at) =>
    monthFirst(tokens, at, englishMonths) ?? dayFirst(tokens, at, { ...english, language: 'en' }),
  es: (tokens, at) =>
    dayFirst(tokens, at, { ...spanish, language: 'es' }) ?? monthFirst(tokens, at, spanishMonths),
  vi: inVietnamese,
  zh: inChinese,
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
function dayAt(
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

/** `ngày 12 tháng 3 năm 2026`, `12 tháng 3, 2026`, `tháng 3/2026`, `tháng ba`, `năm 2026`. */
function inVietnamese(tokens: readonly Token[], at: number): Dates | undefined {
  const key = (offset: number): string => tokens[at + offset]?.key ?? ''
  if (key(0) === 'năm' && isYear(key(1))) return { days: [[{ year: Number(key(1)) }]], length: 2 }
  if (key(0) === 'năm' && key(1) === 'học' && isYear(key(2)) && key(3) !== '-' && key(3) !== '–')
    return { days: [[{ year: Number(key(2)) }]], length: 3 }

  let next = at
  const days: number[] = []
  if (key(0) === 'ngày' || key(0) === 'mùng' || tokens[at]?.is === 'number') {
    if (tokens[at]?.is !== 'number') next++
    const first = dayAt(tokens, next, 'vi')
    if (!first) return undefined
    next += first.length
    days.push(first.n)
    if (['đến', 'tới', '-', '–', 'và'].includes(tokens[next]?.key ?? '')) {
      const skip = tokens[next + 1]?.key === 'ngày' ? 1 : 0
      const last = dayAt(tokens, next + 1 + skip, 'vi')
      if (last && tokens[next + 1 + skip + last.length]?.key === 'tháng') {
        days.push(last.n)
        next += 1 + skip + last.length
      }
    }
    if (tokens[next]?.key === ',' || tokens[next]?.key === '-') next++
  }
  if (tokens[next]?.key !== 'tháng') return undefined
  if (days.length === 0 && isCounted(tokens, next)) return undefined
  const month = monthAt(tokens, next + 1)
  if (!month) return undefined
  next += 1 + month.length
  if (counting.has(tokens[next]?.key ?? '')) return undefined
  let after = next
  if ([',', '/', '-', 'của'].includes(tokens[after]?.key ?? '')) after++
  if (tokens[after]?.key === 'năm') after++
  const year = isYear(tokens[after]?.text) ? { year: Number(tokens[after]?.text) } : {}
  const length = (isYear(tokens[after]?.text) ? after + 1 : next) - at
  if (days.length === 0) return { days: [[{ month: month.n, ...year }]], length }
  return { days: days.map((day) => [{ month: month.n, day, ...year }]), length }
}

/** Months that are counted or that come again are no dates: `2 tháng`, `mỗi tháng 2 lần`. */
function isCounted(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]
  if (before === undefined) return false
  return before.is === 'number' || ['mỗi', 'hàng', 'hằng', 'một', 'hai', 'trên', '/'].includes(before.key)
}

const counting = new Set('lần buổi phút giờ tiếng phiên tiết lượt ngày tuần'.split(' '))

function monthAt(tokens: readonly Token[], at: number): { n: number; length: number } | undefined {
  const named = vietnameseMonths.get(tokens[at]?.key ?? '')
  if (named !== undefined) return { n: named, length: 1 }
  const token = tokens[at]
  const spelled =
    token?.key === 'năm' && !isYear(tokens[at + 1]?.text) && tokens[at + 1]?.key === 'năm'
      ? { n: 5, length: 1 }
      : spelledNumberAt(tokens, at, 'vi')
  const n = token?.is === 'number' ? { n: Number(token.text), length: 1 } : spelled
  return n && Number.isInteger(n.n) && n.n >= 1 && n.n <= 12 ? n : undefined
}

/** `2026年3月12日`, `3月12日至14日`, `2026年3月`, `二〇二六年`, `3月`; not `3个月`, `3年`. */
function inChinese(tokens: readonly Token[], at: number): Dates | undefined {
  let next = at
  const day: Day = {}
  const year = numeralAt(tokens, next)
  if (year && year.n >= 1900 && year.n <= 2100 && tokens[next + year.length]?.key === '年') {
    day.year = year.n
    next += year.length + 1
  }
  const month = numeralAt(tokens, next)
  if (month && month.n >= 1 && month.n <= 12 && tokens[next + month.length]?.key === '月') {
    day.month = month.n
    next += month.length + 1
    const of = numeralAt(tokens, next)
    if (of && of.n >= 1 && of.n <= 31 && '日号'.includes(tokens[next + of.length]?.key ?? '无')) {
      day.day = of.n
      next += of.length + 1
    }
  }
  if (next === at || (day.month === undefined && tokens[next]?.key === '级')) return undefined
  const days = [[day]]
  const to = numeralAt(tokens, next + 1)
  const isRange = day.day !== undefined && '至到-–~和、'.includes(tokens[next]?.key ?? '无')
  if (isRange && to && to.n <= 31 && '日号'.includes(tokens[next + 1 + to.length]?.key ?? '无')) {
    days.push([{ ...day, day: to.n }])
    next += to.length + 2
  }
  return { days, length: next - at }
}

function numeralAt(tokens: readonly Token[], at: number): { n: number; length: number } | undefined {
  const token = tokens[at]
  if (token?.is === 'number')
    return /^\d{1,4}$/.test(token.text) ? { n: Number(token.text), length: 1 } : undefined
  const spelled = spelledNumberAt(tokens, at, 'zh')
  return spelled?.ordinal ? undefined : spelled
}
