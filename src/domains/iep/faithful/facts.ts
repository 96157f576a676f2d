import type { Language } from '../content.ts'
import { blocksOf, type Block } from './blocks.ts'
import { plainText } from './plain-text.ts'
import { sentencesIn } from './sentences.ts'
import { measureOf, type Measure } from './measures.ts'
import { meant, termsOf } from './terms.ts'
import { valuesIn, type Reading, type Value } from './values.ts'

/** A sentence, heading or row, word for word, and the values in it. */
export interface Said {
  block: Block
  sentence: string
  values: Value[]
}

/** All sentences of a piece of Markdown with their values; the cells of a table with the units of their columns. */
export function saidIn(markdown: string, language: Language): Said[] {
  return blocksOf(markdown).flatMap((block) => saidInBlock(block, language))
}

export function saidInBlock(block: Block, language: Language): Said[] {
  return sentencesIn(block).map((sentence) => ({
    block,
    sentence,
    values: block.kind === 'row' ? valuesInRow(block, language) : valuesIn(sentence, language),
  }))
}

/**
 * The values of a row. Under `Minutes per week` a bare 60 is that amount, as it is beside it in a table with its labels
 * on the left; and a cell that says only `weekly` or `month` is about the count in its row.
 */
function valuesInRow({ cells, header }: Block, language: Language): Value[] {
  const label =
    cells.length === 2 && !/\d/.test(cells[0] ?? '') ? measureOf(cells[0] ?? '', language) : undefined
  const values = cells.flatMap((cell, column) => {
    const heading = header?.[column] ?? ''
    const measure =
      (/\d/.test(heading) ? undefined : measureOf(heading, language)) ?? (column > 0 ? label : undefined)
    return [
      ...lonePeriod(cell, language),
      ...valuesIn(cell, language).map((value) => measured(value, measure)),
    ]
  })
  const lone = values.find(({ readings: [reading] }) => reading?.is === 'per' && !reading.once)
  const [reading] = lone?.readings ?? []
  const count = values.flatMap(({ readings }) => readings).find(isCount)
  if (reading?.is !== 'per' || !count) return values
  count.per = reading.per
  return values.filter((value) => value !== lone)
}

/** A bare number with the measure of its column. */
function measured(value: Value, measure: Measure | undefined): Value {
  const bare = value.kind === 'number' && value.role === null && value.readings.every(isBare)
  if (!measure || !bare) return value
  const { unit, factor, per } = measure
  const readings: Reading[] = value.readings
    .filter((reading) => reading.is === 'number')
    .map(({ n }) => ({ is: 'number', n: n * factor, unit, per }))
  return { ...value, kind: 'amount', readings }
}

function isBare(reading: Reading): boolean {
  return reading.is === 'number' && reading.unit === null && reading.per === null
}

/** `Week` alone in a cell says how often. */
function lonePeriod(cell: string, language: Language): Value[] {
  if (cell.length > 20 || /\d/.test(cell)) return []
  const [term, ...rest] = termsOf(plainText(cell), language)
  const unit = meant(term, 'unit')?.unit
  if (rest.length > 0 || (unit !== 'day' && unit !== 'week' && unit !== 'month' && unit !== 'year')) return []
  const readings: Reading[] = [{ is: 'per', per: unit, once: false }]
  return [{ kind: 'amount', text: cell, readings, firm: false, spelled: true, role: null, start: 0, end: 0 }]
}

function isCount(reading: Reading): reading is Extract<Reading, { is: 'number' }> {
  return reading.is === 'number' && reading.unit === 'times' && reading.per === null && reading.n > 1
}
