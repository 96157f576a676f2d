import type { SpelledNumber } from '../number-words.ts'
import type { Token } from '../tokens.ts'

/** `treinta y cinco`, `ciento veinte`, `veintiún`, `una docena de`, `un par de`, `tercer`. Ordinals are ordinary words as well, so they are vague. */
export function spanishNumberAt(tokens: readonly Token[], at: number): SpelledNumber | undefined {
  if (/^amb[oa]s$/.test(tokens[at]?.key ?? '')) return { n: 2, length: 1, ordinal: false, vague: true }
  const ordinal = ordinals.get(tokens[at]?.key ?? '')
  if (ordinal !== undefined) return { n: ordinal, length: 1, ordinal: true, vague: true }
  const few = coupleAt(tokens, at) ?? halfDozenAt(tokens, at)
  if (few) return few
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
  const many = collectives.get(tokens[end]?.key ?? '')
  if (many !== undefined)
    return { n: (total + group) * many, length: withOf(tokens, end + 1) - at, ordinal: false, vague: false }
  return { n: total + group, length: end - at, ordinal: false, vague: total + group === 1 }
}

/** Two, more or less. */
function coupleAt(tokens: readonly Token[], at: number): SpelledNumber | undefined {
  const par = tokens[at]?.key === 'un' ? at + 1 : at
  if (tokens[par]?.key !== 'par' || tokens[par + 1]?.key !== 'de') return undefined
  return { n: 2, length: par + 2 - at, ordinal: false, vague: true, rough: true }
}

function halfDozenAt(tokens: readonly Token[], at: number): SpelledNumber | undefined {
  if (tokens[at]?.key !== 'media' || tokens[at + 1]?.key !== 'docena') return undefined
  return { n: 6, length: withOf(tokens, at + 2) - at, ordinal: false, vague: false }
}

/** The `de` before what is counted belongs to the number: `una docena de minutos`. */
function withOf(tokens: readonly Token[], end: number): number {
  return tokens[end]?.key === 'de' ? end + 1 : end
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

const collectives = new Map([
  ['decena', 10],
  ['decenas', 10],
  ['docena', 12],
  ['docenas', 12],
  ['centena', 100],
  ['centenar', 100],
  ['centenares', 100],
  ['millar', 1000],
  ['millares', 1000],
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
