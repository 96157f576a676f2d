import type { SpelledNumber } from '../number-words.ts'
import type { Token } from '../tokens.ts'

/** `seventy-five`, `one hundred and twenty`, `third`, `twenty-first`. */
export function englishNumberAt(tokens: readonly Token[], at: number): SpelledNumber | undefined {
  let total = 0
  let group = 0
  let last: 'unit' | 'ten' | 'hundred' | 'thousand' | undefined
  let end = at
  for (let next = at; ;) {
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
    if (last === 'ten' && tokens[next]?.key === '-') next++
    if ((last === 'hundred' || last === 'thousand') && tokens[next]?.key === 'and') next++
  }
  if (end === at) return undefined
  return { n: total + group, length: end - at, ordinal: false, vague: total + group <= 1 }
}

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
