import { tableAt, type Cell } from './tables.ts'

/** A run of characters as pdf.js gives it. */
export interface Glyphs {
  str: string
  transform: number[]
  width: number
  hasEOL: boolean
}

/** PDF units to pixels with the origin at the top left. */
export type Matrix = readonly [number, number, number, number, number, number]

export interface Line {
  text: string
  /** Height of the letters; the lengths are pixels. */
  size: number
  left: number
  right: number
  baseline: number
  /** The same text where it stands in columns; one cell for a line that doesn't. */
  cells: Cell[]
}

/** A piece of the page as the API's `blocks` describe it. */
export interface Block {
  type: 'title' | 'text' | 'table'
  content: string
  top_left_x: number
  top_left_y: number
  bottom_right_x: number
  bottom_right_y: number
}

/** A block and how it is written: 0 for a paragraph, else the level of its heading. */
export interface Piece {
  level: number
  block: Block
}

/** Puts runs of characters together to lines, in the order in which the document draws them. */
export function toLines(runs: readonly Glyphs[], toPixels: Matrix, scale: number): Line[] {
  const lines: Line[] = []
  let line: Line | undefined
  for (const run of runs) {
    const { x, y, size } = place(run, toPixels)
    const isBlank = run.str.trim() === ''
    if (line && !isBlank && Math.abs(y - line.baseline) > Math.max(size, line.size) / 2) line = undefined
    if (!line) {
      if (isBlank) continue
      line = { text: '', size, left: x, right: x, baseline: y, cells: [] }
      lines.push(line)
    }
    write(line, run.str, x, isBlank ? 0 : size)
    // A blank may be as large as what comes after it, and belongs to no line.
    if (!isBlank) line.size = Math.max(line.size, size)
    if (!isBlank) line.right = Math.max(line.right, x + run.width * scale)
    if (run.hasEOL) line = undefined
  }
  for (const line of lines) line.text = tidy(line.text)
  return lines
}

/** Puts lines together to titles and paragraphs: what is set clearly larger than most of the page is a title. */
export function toPieces(lines: readonly Line[]): Piece[] {
  const usual = usualSize(lines)
  const pieces: Piece[] = []
  let above: Line | undefined
  let behindTable = 0
  for (const [index, line] of lines.entries()) {
    if (index < behindTable) continue
    const table = tableAt(lines, index)
    if (table) {
      pieces.push(tablePiece(lines.slice(index, table.end), table.markdown))
      behindTable = table.end
      above = undefined
      continue
    }
    const level = titleLevel(line, usual)
    const piece = pieces.at(-1)
    if (piece && above && piece.level === level && follows(line, above)) extend(piece, line)
    else pieces.push({ level, block: blockOf(line, level) })
    above = line
  }
  return pieces
}

export const toMarkdown = (pieces: readonly Piece[]): string =>
  pieces
    .map(({ level, block }) => (level ? `${'#'.repeat(level)} ${block.content}` : block.content))
    .join('\n\n')

function place({ transform }: Glyphs, m: Matrix): { x: number; y: number; size: number } {
  const [, , c = 0, d = 0, e = 0, f = 0] = transform
  return {
    x: m[0] * e + m[2] * f + m[4],
    y: m[1] * e + m[3] * f + m[5],
    size: Math.hypot(m[0] * c + m[2] * d, m[1] * c + m[3] * d),
  }
}

/** Adds a run to a line; one that stands apart begins a cell. */
function write(line: Line, text: string, left: number, size: number): void {
  line.text += text
  if (size === 0) return
  const cell = line.cells.at(-1)
  if (!cell || left - line.right > 0.5 * size) line.cells.push({ text: tidy(text), left })
  else cell.text = tidy(left - line.right > 0.1 * size ? `${cell.text} ${text}` : cell.text + text)
}

const tidy = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

function tablePiece(lines: readonly Line[], content: string): Piece {
  const piece: Piece = { level: 0, block: { ...blockOf(lines[0] as Line, 0), type: 'table' } }
  for (const line of lines) extend(piece, line)
  piece.block.content = content
  return piece
}

/** The size in which most characters are set. */
function usualSize(lines: readonly Line[]): number {
  const characters = new Map<number, number>()
  for (const { size, text } of lines) {
    characters.set(Math.round(size), (characters.get(Math.round(size)) ?? 0) + text.length)
  }
  return [...characters].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [0, 0])[0]
}

function titleLevel({ size, text }: Line, usual: number): number {
  if (size < usual * 1.15 || text.length > 120) return 0
  return size >= usual * 1.5 ? 1 : 2
}

/** Whether the line is the next one of the same paragraph. */
const follows = (line: Line, above: Line): boolean =>
  Math.abs(line.baseline - above.baseline) <= 1.7 * above.size &&
  Math.abs(line.size - above.size) < 0.1 * above.size

function blockOf(line: Line, level: number): Block {
  return {
    type: level ? 'title' : 'text',
    content: line.text,
    top_left_x: Math.round(line.left),
    top_left_y: Math.round(line.baseline - line.size),
    bottom_right_x: Math.round(line.right),
    bottom_right_y: Math.round(line.baseline),
  }
}

/** A title over two lines is still one heading; the lines of a paragraph stay lines, since in forms they mean something. */
function extend({ level, block }: Piece, line: Line): void {
  block.content += `${level ? ' ' : '\n'}${line.text}`
  block.top_left_x = Math.min(block.top_left_x, Math.round(line.left))
  block.bottom_right_x = Math.max(block.bottom_right_x, Math.round(line.right))
  block.bottom_right_y = Math.max(block.bottom_right_y, Math.round(line.baseline))
}
