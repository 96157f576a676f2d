import type { SpelledNumber } from '../number-words.ts'
import type { Token } from '../tokens.ts'

/** `treinta y cinco`, `ciento veinte`, `veintiún`, `tercer`. Ordinals are ordinary words as well, so they are vague. */
export function spanishNumberAt(tokens: readonly Token[], at: number): SpelledNumber | undefined {
  if (/^amb[oa]s$/.test(tokens[at]?.key ?? '')) return { n: 2, length: 1, ordinal: false, vague: true }
  const ordinal = ordinals.get(tokens[at]?.key ?? '')
  if (ordinal !== undefined) return { n: ordinal, length: 1, ordinal: true, vague: true }
  let total = 0
  let group = 0
  let last = Infinity
  let end = at
  for (let next = at; ;) {
    const key = tokens[next]?.key ?? ''
    const value = cardinals.get(key)
    if (key === 'mil' && total === 0) {
      total = (group || 1) * 1000
      group = 0
      last = 1000
    } else if (value !== undefined && value < last && fits(value, last)) {
      group += value
      last = value
    } else break
    end = next + 1
    next = end
    if (last >= 30 && last < 100 && tokens[next]?.key === 'y') next++
  }
  if (end === at) return undefined
  return { n: total + group, length: end - at, ordinal: false, vague: total + group === 1 }
}

/** After hundreds come tens, after thirty and more come ones; nothing comes after the others. */
function fits(value: number, last: number): boolean {
  if (last >= 100) return value < 100 || last === Infinity || last === 1000
  return last >= 30 && value < 10
}

const cardinals = new Map<string, number>([
  ...'cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve'
    .split(' ')
    .map((word, n): [string, number] => [word, n]),
  ...'treinta cuarenta cincuenta sesenta setenta ochenta noventa'
    .split(' ')
    .map((word, n): [string, number] => [word, 30 + n * 10]),
  ...'cien doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos'
    .split(' ')
    .map((word, n): [string, number] => [word, 100 + n * 100]),
  ['un', 1],
  ['una', 1],
  ['veintiún', 21],
  ['veintiuna', 21],
  ['veintidos', 22],
  ['veintitres', 23],
  ['veintiseis', 26],
  ['dieciseis', 16],
  ['ciento', 100],
  ['doscientas', 200],
  ['trescientas', 300],
])

const ordinals = new Map<string, number>([
  ...'primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo undécimo duodécimo'
    .split(' ')
    .flatMap((word, n): [string, number][] => [
      [word, n + 1],
      [word.replace(/o$/, 'a'), n + 1],
    ]),
  ['primer', 1],
  ['tercer', 3],
  ['septimo', 7],
  ['decimo', 10],
])
