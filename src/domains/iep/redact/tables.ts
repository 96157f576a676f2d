import { labelOf, plainId } from './labelled.ts'
import type { Label } from './labels.ts'
import type { Span } from './spans.ts'
import { digitsIn, isDateAt } from './surroundings.ts'
import { valueAt } from './values.ts'

/** What stands under a heading such as `Student ID` in the tables of a page, whose rows are lines between bars. */
export function columns(page: string): Span[] {
  const spans: Span[] = []
  let headings: (Label | 'address' | undefined)[] = []
  let last: Cell[] = []
  for (const line of linesOf(page)) {
    const cells = line.text.trimStart().startsWith('|') ? cellsOf(line) : []
    if (cells.length === 0) headings = []
    else if (isRule(line.text)) headings = headingsOf(last)
    else for (const [index, cell] of cells.entries()) spans.push(...valuesIn(page, cell, headings[index]))
    last = cells
  }
  return spans
}

interface Cell {
  text: string
  start: number
}

function* linesOf(page: string): Generator<Cell> {
  let start = 0
  while (start <= page.length) {
    const found = page.indexOf('\n', start)
    const end = found < 0 ? page.length : found
    yield { text: page.slice(start, end), start }
    start = end + 1
  }
}

function cellsOf({ text, start }: Cell): Cell[] {
  const cells: Cell[] = []
  let from = text.indexOf('|') + 1
  while (from > 0 && from <= text.length) {
    const bar = text.indexOf('|', from)
    const end = bar < 0 ? text.length : bar
    cells.push({ text: text.slice(from, end), start: start + from })
    from = bar < 0 ? -1 : bar + 1
  }
  return cells
}

const isRule = (line: string): boolean => /^[ |:-]+$/.test(line) && line.includes('--')

/** A row that holds a number is no row of headings but a field and its value. */
function headingsOf(cells: Cell[]): (Label | 'address' | undefined)[] {
  return cells.some(({ text }) => /\d/.test(text)) ? [] : cells.map(({ text }) => labelOf(text))
}

function valuesIn(page: string, cell: Cell, label: Label | 'address' | undefined): Span[] {
  if (label === undefined) return []
  const lead = /^[ *_#(]*/.exec(cell.text)?.[0].length ?? 0
  const start = cell.start + lead
  const text = cell.text.slice(lead).trimEnd()
  if (label === 'address')
    return /\d/.test(text) ? [{ kind: 'address', start, end: start + text.length }] : []
  const value = valueAt(page, start, label, false)
  if (value && value.end <= cell.start + cell.text.length) return [value]
  return label.kind === 'id' &&
    digitsIn(text) >= (label === plainId ? 5 : 4) &&
    /^[A-Z\d -]+$/i.test(text) &&
    !isDateAt(text, 0)
    ? [{ kind: 'id', start, end: start + text.length }]
    : []
}
