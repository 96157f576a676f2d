/** Numbers side by side, for people. */
export interface Table {
  title: string
  columns: string[]
  rows: string[][]
  notes?: string[]
}

/** A table as lines of text: the first column to the left, numbers to the right, a last column of words to the left. */
export function drawTable({ title, columns, rows, notes = [] }: Table): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)),
  )
  const line = (cells: string[]): string =>
    cells
      .map((cell, index) => {
        const numeric = index > 0 && rows.every((row) => /^[\d.,…x× -]*( ms| s)?$/.test(row[index] ?? ''))
        return numeric ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)
      })
      .join('   ')
      .trimEnd()
  return [
    title,
    ...[columns, ...rows].map((cells) => `  ${line(cells)}`),
    ...notes.map((note) => `  ${note}`),
  ].join('\n')
}
