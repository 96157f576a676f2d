import { dayAt } from './dates-in-words.ts'
import { isYear, type Dates } from './day.ts'
import { spelledNumberAt } from './number-words.ts'
import type { Token } from './tokens.ts'
import { vietnameseMonths } from './words/months.ts'

/** `ngày 12 tháng 3 năm 2026`, `12 tháng 3, 2026`, `tháng 3/2026`, `tháng ba`, `năm 2026`. */
export function datesInVietnamese(tokens: readonly Token[], at: number): Dates | undefined {
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
