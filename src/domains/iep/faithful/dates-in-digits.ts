import type { Language } from '../content.ts'
import { isYear, type Dates, type Day } from './day.ts'
import type { Token } from './tokens.ts'

/** `3/12/2026`, `2026-03-12`, `12.3.2026`, `03/2026`, `2025-26`. */
export function datesInDigits(tokens: readonly Token[], at: number, language: Language): Dates | undefined {
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
export function joinsNumber(tokens: readonly Token[], at: number, sign = '/-'): boolean {
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
