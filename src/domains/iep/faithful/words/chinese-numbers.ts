import type { SpelledNumber } from '../number-words.ts'
import type { Token } from '../tokens.ts'

/**
 * `三十`, `一百二十`, `两`, `二〇二六`, `第三`, `一点五`. One character alone is part of many words (一些, 统一, 万一), so
 * what has no unit behind it is not asked for; weekdays (`周三`) are no numbers.
 */
export function chineseNumberAt(tokens: readonly Token[], at: number): SpelledNumber | undefined {
  if (tokens[at]?.key === '第') {
    const number = chineseNumberAt(tokens, at + 1)
    return number && { ...number, length: number.length + 1, ordinal: true, vague: true }
  }
  if (!digits.has(tokens[at]?.key ?? '') && !scales.has(tokens[at]?.key ?? '')) return undefined
  if (isWeekday(tokens, at)) return undefined

  let end = at
  while (isNumeral(tokens[end]) && end - at < 12) end++
  let n = valueOf(tokens.slice(at, end).map(({ key }) => key))
  if (n === undefined) return undefined
  const decimals = decimalsAt(tokens, end)
  if (decimals !== undefined) {
    n += decimals.value
    end += decimals.length
  }
  return { n, length: end - at, ordinal: false, vague: n === 1 && end === at + 1 }
}

function isNumeral(token: Token | undefined): boolean {
  return token !== undefined && (digits.has(token.key) || scales.has(token.key))
}

/** Whether the numeral at a token ends the name of a weekday: 周三, but not 每周三次. */
export function isWeekday(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]?.key
  if (!'一二三四五六日天'.includes(tokens[at]?.key ?? '无')) return false
  const isWeek = before === '周' || (before === '期' && tokens[at - 2]?.key === '星') || before === '拜'
  return isWeek && !measures.has(tokens[at + 1]?.key ?? '') && !scales.has(tokens[at + 1]?.key ?? '')
}

/** `点五` behind a number: a decimal when a unit follows, a time of day otherwise. */
function decimalsAt(tokens: readonly Token[], at: number): { value: number; length: number } | undefined {
  const digit = digits.get(tokens[at + 1]?.key ?? '')
  const next = tokens[at + 2]?.key ?? ''
  if (tokens[at]?.key !== '点' || digit === undefined || !'小个岁年倍天周'.includes(next) || next === '')
    return undefined
  return { value: digit / 10, length: 2 }
}

/** Nothing for a row of characters that is no number: a scale without what it scales, such as 千万. */
function valueOf(keys: string[]): number | undefined {
  if (keys.length > 1 && keys.every((key) => digits.has(key)))
    return Number(keys.map((key) => digits.get(key)).join(''))
  let total = 0
  let group = 0
  let digit: number | undefined
  for (const key of keys) {
    const scale = scales.get(key)
    if (scale === undefined) {
      digit = digits.get(key)
    } else if (scale === 10_000) {
      if (group === 0 && digit === undefined) return undefined
      total = (total + group + (digit ?? 0)) * scale
      group = 0
      digit = undefined
    } else {
      if (digit === undefined && scale !== 10) return undefined
      group += (digit ?? 1) * scale
      digit = undefined
    }
  }
  return total + group + (digit ?? 0)
}

const digits = new Map(Array.from('〇一二三四五六七八九', (key, n): [string, number] => [key, n]))
digits.set('零', 0).set('两', 2)
const scales = new Map([
  ['十', 10],
  ['百', 100],
  ['千', 1000],
  ['万', 10_000],
])
/** What follows a count, not a weekday: 每周三次 is three times, 每周三 is Wednesday. */
const measures = new Set('次回节天个小分堂场项名位人')
