import type { Language } from '../content.ts'
import { spelledNumberAt } from './number-words.ts'
import type { Token } from './tokens.ts'

/** A time of day, in minutes after midnight; without a.m. or p.m. (`sure: false`) it may be twelve hours later. */
export interface Clock {
  minutes: number
  sure: boolean
}

/** `8:30`, `8:30 a.m.`, `2 p.m.`, `8 giờ 30 sáng`, `下午2点半`. */
export function clockAt(
  tokens: readonly Token[],
  at: number,
  language: Language,
): { clock: Clock; length: number } | undefined {
  const front = language === 'zh' ? halves.find(({ keys }) => matches(tokens, at, keys)) : undefined
  const start = at + (front?.keys.length ?? 0)
  const hour = hourAt(tokens, start, language)
  if (!hour) return undefined
  const rest = minutesAt(tokens, start + hour.length, language)
  const end = start + hour.length + (rest?.length ?? 0)
  const back = language === 'zh' ? undefined : halves.find(({ keys }) => matches(tokens, end, keys))
  const half = front ?? back
  if (!rest?.sure && !half) return undefined
  if (rest?.hours && !half) return undefined
  if (!rest && language === 'zh') return undefined
  const h = half ? (hour.n % 12) + (half.pm ? 12 : 0) : hour.n
  return {
    clock: { minutes: h * 60 + (rest?.n ?? 0), sure: half !== undefined || hour.n > 12 },
    length: end + (back?.keys.length ?? 0) - at,
  }
}

/** Whether two clocks may show the same time. */
export function sameTime(a: Clock, b: Clock): boolean {
  return a.sure && b.sure ? a.minutes === b.minutes : a.minutes % 720 === b.minutes % 720
}

function hourAt(tokens: readonly Token[], at: number, language: Language) {
  const token = tokens[at]
  if (token?.is === 'number')
    return /^\d{1,2}$/.test(token.text) && Number(token.text) <= 24
      ? { n: Number(token.text), length: 1 }
      : undefined
  if (language !== 'zh') return undefined
  const spelled = spelledNumberAt(tokens, at, 'zh')
  return spelled && !spelled.ordinal && spelled.n <= 24 && Number.isInteger(spelled.n) ? spelled : undefined
}

/** What follows the hour. `hours`: it may as well be a number of hours, so a.m. or p.m. must follow. */
function minutesAt(
  tokens: readonly Token[],
  at: number,
  language: Language,
): { n: number; length: number; sure: boolean; hours: boolean } | undefined {
  const key = tokens[at]?.key
  const next = tokens[at + 1]
  const isMinutes = next?.is === 'number' && /^[0-5]\d$/.test(next.text)
  if (key === ':' && !tokens[at]?.apart && isMinutes && !next.apart)
    return { n: Number(next.text), length: 2, sure: true, hours: false }
  if (language === 'vi' && (key === 'giờ' || key === 'h')) {
    if (isMinutes)
      return {
        n: Number(next.text),
        length: tokens[at + 2]?.key === 'phút' ? 3 : 2,
        sure: false,
        hours: true,
      }
    return { n: 0, length: 1, sure: false, hours: true }
  }
  if (language === 'zh' && (key === '点' || key === '时')) {
    if (next?.key === '半') return { n: 30, length: 2, sure: true, hours: false }
    const minutes = hourOrMore(tokens, at + 1)
    if (
      minutes &&
      tokens[at + 1 + minutes.length]?.key === '分' &&
      tokens[at + 2 + minutes.length]?.key !== '钟'
    )
      return { n: minutes.n, length: 2 + minutes.length, sure: true, hours: false }
    if (minutes && tokens[at + 1]?.is === 'number' && isMinutes)
      return { n: minutes.n, length: 2, sure: true, hours: false }
    return { n: 0, length: tokens[at + 1]?.key === '钟' ? 2 : 1, sure: true, hours: false }
  }
  return undefined
}

function hourOrMore(tokens: readonly Token[], at: number): { n: number; length: number } | undefined {
  const token = tokens[at]
  if (token?.is === 'number')
    return /^\d{1,2}$/.test(token.text) ? { n: Number(token.text), length: 1 } : undefined
  return spelledNumberAt(tokens, at, 'zh')
}

function matches(tokens: readonly Token[], at: number, keys: string[]): boolean {
  return keys.every((key, index) => tokens[at + index]?.key === key)
}

const halves = [
  ...['a . m .', 'a . m', 'am', 'de la mañana', 'giờ sáng', 'sáng', '上 午', '早 上', '早 晨', '凌 晨'].map(
    (text) => ({
      keys: text.split(' '),
      pm: false,
    }),
  ),
  ...[
    'p . m .',
    'p . m',
    'pm',
    'de la tarde',
    'de la noche',
    'chiều',
    'tối',
    'trưa',
    '下 午',
    '晚 上',
    '中 午',
  ].map((text) => ({ keys: text.split(' '), pm: true })),
]
