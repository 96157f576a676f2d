import type { SpelledNumber } from '../number-words.ts'
import type { Token } from '../tokens.ts'

/** `seventy-five`, `one hundred and twenty`, `a hundred`, `two dozen`, `a couple of`, `third`, `twenty-first`. */
export function englishNumberAt(tokens: readonly Token[], at: number): SpelledNumber | undefined {
  const few = coupleAt(tokens, at) ?? halfDozenAt(tokens, at)
  if (few) return few
  const isOne = isArticle(tokens, at)
  let total = 0
  let group = isOne ? 1 : 0
  let last: 'unit' | 'ten' | 'dozen' | 'hundred' | 'thousand' | undefined = isOne ? 'unit' : undefined
  let end = at
  for (let next = isOne ? at + 1 : at; last !== 'dozen';) {
    const key = tokens[next]?.key ?? ''
    const ordinal = ordinals.get(key)
    if (
      ordinal !== undefined &&
      (last === undefined || (last === 'ten' && ordinal < 10) || last === 'hundred')
    ) {
      const n = total + group + ordinal
      return { n, length: next + 1 - at, ordinal: true, vague: last === undefined && ordinal < 3 }
    }
    const ones = small.get(key)
    const ten = tens.get(key)
    if (ones !== undefined && last !== 'unit' && !(last === 'ten' && (ones > 9 || ones === 0))) {
      group += ones
      last = 'unit'
    } else if (ten !== undefined && last !== 'unit' && last !== 'ten') {
      group += ten
      last = 'ten'
    } else if (key === 'dozen' && (last === 'unit' || last === 'ten')) {
      group *= 12
      last = 'dozen'
    } else if (key === 'hundred' && (last === 'unit' || last === 'ten')) {
      group *= 100
      last = 'hundred'
    } else if (key === 'thousand' && last !== undefined && last !== 'thousand') {
      total += group * 1000
      group = 0
      last = 'thousand'
    } else break
    end = next + 1
    next = end
    if (tokens[next]?.key === '-' && (last === 'ten' || scales.has(tokens[next + 1]?.key ?? ''))) next++
    if ((last === 'hundred' || last === 'thousand') && tokens[next]?.key === 'and') next++
  }
  if (end === at) return undefined
  return { n: total + group, length: end - at, ordinal: false, vague: total + group <= 1 }
}

/** Two, more or less; people as well (`a couple`), so what has no unit behind it is not asked for. */
function coupleAt(tokens: readonly Token[], at: number): SpelledNumber | undefined {
  const article = tokens[at]?.key === 'a' ? 1 : 0
  if (tokens[at + article]?.key !== 'couple') return undefined
  const of = tokens[at + article + 1]?.key === 'of' ? 1 : 0
  if (article + of === 0) return undefined
  return { n: 2, length: article + 1 + of, ordinal: false, vague: true, rough: true }
}

function halfDozenAt(tokens: readonly Token[], at: number): SpelledNumber | undefined {
  const phrase = halfDozens.find((keys) => keys.every((key, index) => tokens[at + index]?.key === key))
  return phrase && { n: 6, length: phrase.length, ordinal: false, vague: false }
}

const halfDozens = [
  ['half', 'a', 'dozen'],
  ['a', 'half', 'dozen'],
  ['half', 'dozen'],
]

/** `a hundred`; a hundred chart is a thing to count with. */
function isArticle(tokens: readonly Token[], at: number): boolean {
  if (tokens[at]?.key !== 'a' || !scales.has(tokens[at + 1]?.key ?? '')) return false
  const next = tokens[at + 2]?.key === '-' ? at + 3 : at + 2
  return !/^(?:charts?|grids?|boards?|squares?|blocks?|flats?)$/.test(tokens[next]?.key ?? '')
}

const scales = new Set(['dozen', 'hundred', 'thousand'])

const list = (words: string, from: number, step = 1): Map<string, number> =>
  new Map(words.split(' ').map((word, index) => [word, from + index * step]))

const small = list(
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
  0,
)
const tens = list('twenty thirty forty fifty sixty seventy eighty ninety', 20, 10)
const ordinals = new Map([
  ...list(
    'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth',
    1,
  ),
  ...list('twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth', 20, 10),
])
