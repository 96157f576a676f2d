import type { SpelledNumber } from '../number-words.ts'
import type { Token } from '../tokens.ts'

/**
 * `ba mươi`, `hai mươi lăm`, `một trăm hai mươi`, `hai chục`, `một tá`, `thứ ba`. Many of these syllables mean something else as well
 * (năm: year, ba: father, tư: private, chín: ripe), so some count only where a number can stand.
 */
export function vietnameseNumberAt(tokens: readonly Token[], at: number): SpelledNumber | undefined {
  return numberBelow(10_000, tokens, at)
}

/** `vào thứ 3`, `vào thứ 3 và thứ 5`: Tuesday and Thursday; but `mục tiêu thứ 3` is the third goal. */
function isWeekday(tokens: readonly Token[], at: number): boolean {
  const key = (offset: number): string => tokens[at + offset]?.key ?? ''
  if (!/^[2-7]$/.test(key(1))) return false
  const isAnother = ['và', ',', 'hoặc', 'đến'].includes(key(-1)) && key(-3) === 'thứ'
  return isAnother ? isWeekday(tokens, at - 3) : beforeWeekday.has(key(-1))
}

const beforeWeekday = new Set(['vào', 'sáng', 'chiều', 'tối', 'trưa'])

function numberBelow(limit: number, tokens: readonly Token[], at: number): SpelledNumber | undefined {
  const key = (offset: number): string => tokens[at + offset]?.key ?? ''
  if (key(0) === 'thứ' && isWeekday(tokens, at))
    return { n: Number(key(1)), length: 2, ordinal: true, vague: true }
  if (key(0) === 'thứ') {
    const n = key(1) === 'tư' ? 4 : key(1) === 'nhất' ? 1 : digits.get(key(1))
    return n === undefined ? undefined : { n, length: 2, ordinal: true, vague: true }
  }
  if (key(0) === 'nửa' && key(1) === 'tá') return { n: 6, length: 2, ordinal: false, vague: false }
  let n = 0
  let length = 0
  const first = digits.get(key(0))
  if (key(0) === 'mười') {
    const ones = digits.get(key(1)) ?? (key(1) === 'lăm' ? 5 : undefined)
    const takes = ones !== undefined && !(key(1) === 'năm' && !isCounted(key(2)))
    n = 10 + (takes ? ones : 0)
    length = takes ? 2 : 1
  } else if (first === undefined) {
    return undefined
  } else if (key(1) === 'trăm' || key(1) === 'nghìn' || key(1) === 'ngàn') {
    const scale = key(1) === 'trăm' ? 100 : 1000
    if (scale >= limit) return undefined
    n = first * scale
    length = key(2) === 'linh' || key(2) === 'lẻ' ? 3 : 2
    const rest = numberBelow(scale, tokens, at + length)
    if (rest && !rest.ordinal) {
      n += rest.n
      length += rest.length
    }
  } else if (key(1) === 'mươi') {
    const ones = after.get(key(2)) ?? digits.get(key(2))
    const takes = ones !== undefined && !(key(2) === 'năm' && !isCounted(key(3)))
    n = first * 10 + (takes ? ones : 0)
    length = takes ? 3 : 2
  } else if (key(1) === 'tá' || key(1) === 'chục') {
    n = first * (key(1) === 'tá' ? 12 : 10)
    length = 2
  } else if (isOther(tokens, at)) {
    return undefined
  } else {
    n = first
    length = 1
  }
  return { n, length, ordinal: false, vague: n === 1 }
}

/** A syllable that is no number here: `năm 2026`, `2 năm`, `ba mẹ`. */
function isOther(tokens: readonly Token[], at: number): boolean {
  const key = tokens[at]?.key
  const next = tokens[at + 1]?.key ?? ''
  if (key === 'năm') return !isCounted(next)
  if (key === 'ba') return ['mẹ', 'má', 'em', 'của', 'và'].includes(next)
  if (key === 'chín') return !isCounted(next) && tokens[at - 1]?.is !== 'mark'
  return false
}

/** What is counted: after it a doubtful syllable is a number. */
function isCounted(key: string): boolean {
  return counted.has(key)
}

const counted = new Set(
  'phút giờ giây tiếng lần buổi ngày tuần tháng tuổi phần mươi trăm nghìn ngàn phiên tiết lượt điểm câu từ bài bước trang mục chữ học em người trên trong rưỡi năm'.split(
    ' ',
  ),
)
const digits = new Map(
  'không một hai ba bốn năm sáu bảy tám chín'
    .split(' ')
    .map((word, n): [string, number] => [word, n])
    .slice(1),
)
const after = new Map([
  ['mốt', 1],
  ['tư', 4],
  ['lăm', 5],
  ['nhăm', 5],
])
