/** One piece of a document, top to bottom. */
export type Piece =
  | { kind: 'page'; title: string }
  | { kind: 'heading'; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'field'; label: string; value: string }
  | { kind: 'item'; text: string }
  | { kind: 'table'; head: string[]; rows: string[][] }

/**
 * Reads the little Markdown the sample is written in: `# ` begins a page, `## ` a part of it; lines `**Label:** value`,
 * lists, tables and paragraphs of one line each.
 * @throws Error that names the line of a table whose rows differ in length.
 */
export function readMarkdown(source: string): Piece[] {
  const pieces: Piece[] = []
  let table: Extract<Piece, { kind: 'table' }> | undefined
  for (const [index, line] of source.split('\n').entries()) {
    if (!line.startsWith('|')) table = undefined
    if (line.trim() === '' || /^\|[-| ]+\|$/.test(line)) continue
    if (!line.startsWith('|')) {
      pieces.push(readLine(line))
      continue
    }
    const cells = cellsOf(line)
    if (!table) {
      table = { kind: 'table', head: cells, rows: [] }
      pieces.push(table)
    } else if (cells.length === table.head.length) table.rows.push(cells)
    else throw new Error(`line ${index + 1} has ${cells.length} cells and not ${table.head.length}`)
  }
  return pieces
}

function readLine(line: string): Piece {
  if (line.startsWith('# ')) return { kind: 'page', title: line.slice(2) }
  if (line.startsWith('## ')) return { kind: 'heading', text: line.slice(3) }
  if (line.startsWith('- ')) return { kind: 'item', text: line.slice(2) }
  const field = /^\*\*(?<label>[^*]+)\*\* (?<value>.+)$/.exec(line)?.groups
  if (field) return { kind: 'field', label: field['label'] ?? '', value: field['value'] ?? '' }
  return { kind: 'paragraph', text: line }
}

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
