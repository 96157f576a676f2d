/**
 * A piece of Markdown that stands on its own: a heading, a paragraph, a list item or a row of a table. `raw` is the
 * text word for word, without the mark of a heading or list item, so that no list number is taken for a fact.
 */
export interface Block {
  kind: 'heading' | 'paragraph' | 'item' | 'row'
  raw: string
  /** The cells of a row, word for word; empty for the others. */
  cells: string[]
  /** The cells of the table's first row, for the rows below it. */
  header: string[] | undefined
}

/** Takes Markdown apart, line by line. Rules between parts and the line under a table's header are dropped. */
export function blocksOf(markdown: string): Block[] {
  const lines = markdown.replaceAll(/\r\n?/g, '\n').split('\n')
  const blocks: Block[] = []
  let open: Block | undefined
  let header: string[] | undefined

  for (const [index, line] of lines.entries()) {
    const text = line.replace(/^(?:\s{0,3}>\s?){1,5}/, '')
    const row = cellsOf(text, header !== undefined, isRule(lines[index + 1] ?? ''))
    if (row && isRule(text)) continue
    if (row) {
      blocks.push({ kind: 'row', raw: text.trim(), cells: row, header })
      if (header === undefined && isRule(lines[index + 1] ?? '')) header = row
      open = undefined
      continue
    }
    header = undefined
    if (text.trim() === '' || isLine(text)) {
      open = undefined
      continue
    }
    const heading = /^\s{0,3}#{1,6}\s/.exec(text)
    const item = heading ? null : mark.exec(text)
    if (heading || item || open === undefined) {
      const raw = (heading ? text.slice(heading[0].length) : text.slice(item?.[0].length ?? 0)).trim()
      open = { kind: heading ? 'heading' : item ? 'item' : 'paragraph', raw, cells: [], header: undefined }
      blocks.push(open)
      if (heading) open = undefined
    } else {
      open.raw += `\n${text}`
    }
  }
  return blocks.map(settled).filter(({ raw }) => /[\p{L}\p{N}]/u.test(raw))
}

/** What stands before a list item: a bullet, `3.`, `(3)`, `b)`, `三、`. */
const mark =
  /^\s{0,12}(?:[-*+•●▪◦‣·–]\s+|\(?\d{1,3}[.)]\s+|\(?[a-z]\)\s+|（?[一二三四五六七八九十]{1,3}[、）]\s{0,3}|\d{1,3}、\s{0,3})(?:\[[ xX]\]\s+)?/

/** The line under the header of a table. */
function isRule(line: string): boolean {
  return line.includes('-') && line.includes('|') && /^[\s|:-]+$/.test(line)
}

/** A line between two parts. */
function isLine(line: string): boolean {
  return /^\s{0,3}(?:-[\s-]*-[\s-]*-|\*[\s*]*\*[\s*]*\*|_[\s_]*_[\s_]*_|=+)[\s=_*-]*$/.test(
    line.slice(0, 300),
  )
}

/** The cells of a row: a line that begins with a bar, or has one inside a table. */
function cellsOf(line: string, inTable: boolean, aboveRule: boolean): string[] | undefined {
  const text = line.trim()
  if (!(text.startsWith('|') || ((inTable || aboveRule) && text.includes('|')))) return undefined
  const inner = text.replace(/^\|/, '').replace(/\|$/, '')
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim())
}

/** A paragraph that is one short bold line is a heading in all but name. */
function settled(block: Block): Block {
  const raw = block.raw.trim()
  const bold = block.kind === 'paragraph' && /^\*\*[^*\n]{1,80}\*\*:?$/.test(raw)
  return { ...block, kind: bold ? 'heading' : block.kind, raw }
}
