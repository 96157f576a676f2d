import type { Line } from './layout.ts'

/** A piece of a line with more than a blank before and behind it. */
export interface Cell {
  text: string
  left: number
}

/**
 * The table that begins with this line, as markdown: lines below one another whose cells begin at the same columns.
 * Three lines of two cells are needed for one, or two lines of three. `end` is the first line behind it.
 */
export function tableAt(
  lines: readonly Line[],
  start: number,
): { markdown: string; end: number } | undefined {
  const head = lines[start]
  if (!head || head.cells.length < 2) return undefined
  const columns = head.cells.map(({ left }) => left)
  const rows = [head.cells.map(({ text }) => text)]
  let above = head
  for (const line of lines.slice(start + 1)) {
    const row = rowOf(line, above, columns)
    if (!row) break
    rows.push(row)
    above = line
  }
  if (rows.length < (columns.length === 2 ? 3 : 2)) return undefined
  return { markdown: toMarkdown(rows), end: start + rows.length }
}

/** The line's cells under their columns, or undefined if it is no row of this table. */
function rowOf(line: Line, above: Line, columns: readonly number[]): string[] | undefined {
  const distance = line.baseline - above.baseline
  if (line.cells.length < 2 || distance <= 0 || distance > 3.5 * above.size) return undefined
  const row = columns.map(() => '')
  for (const { text, left } of line.cells) {
    const column = columns.findIndex((at) => Math.abs(at - left) <= 0.8 * line.size)
    if (column === -1 || row[column] !== '') return undefined
    row[column] = text
  }
  return row
}

function toMarkdown([head = [], ...body]: string[][]): string {
  const written = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
  return [written(head), `| ${head.map(() => '---').join(' | ')} |`, ...body.map(written)].join('\n')
}
