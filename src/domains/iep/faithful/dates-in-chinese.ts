import type { Dates, Day } from './day.ts'
import { spelledNumberAt } from './number-words.ts'
import type { Token } from './tokens.ts'

/** `2026年3月12日`, `3月12日至14日`, `2026年3月`, `二〇二六年`, `3月`; not `3个月`, `3年`. */
export function datesInChinese(tokens: readonly Token[], at: number): Dates | undefined {
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
