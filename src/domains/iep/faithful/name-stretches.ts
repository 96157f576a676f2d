import { blocksOf, type Block } from './blocks.ts'
import { plainText } from './plain-text.ts'
import { sentencesIn } from './sentences.ts'

/**
 * The pieces of a page, as plain text, in which words that stand near one another may be one name: a sentence, a line
 * of a form or list, a row of a table. Rows that name two persons are two; `First name: Ada` and `Last name: Lovelace`
 * are one wherever they follow each other.
 */
export function stretchesOf(page: string): string[] {
  const blocks = blocksOf(page.replaceAll(/<\/(?:tr|li|h[1-6])>/gi, '\n\n'))
  return [...joined(blocks.flatMap(piecesOf)), ...brokenCells(blocks)]
}

function piecesOf(block: Block): string[] {
  if (block.kind === 'row' || block.kind === 'heading') return [plainText(block.raw)]
  return entriesOf(block.raw.split('\n')).flatMap((entry) => {
    // A word that was parted at the end of a line is whole again.
    const whole = plainText(entry).replaceAll(/(\p{Ll})-\n\s{0,8}(\p{Ll})/gu, '$1$2')
    return sentencesIn({ ...block, raw: whole.replaceAll('\n', ' ') })
  })
}

/** Running text goes on over the ends of its lines; forms and lists have one person a line. */
function entriesOf(lines: string[]): string[] {
  const entries: string[] = []
  for (const [at, line] of lines.entries()) {
    const before = lines[at - 1]
    const isNew = before === undefined || opensEntry(line, before)
    if (isNew) entries.push(line)
    else entries.push(`${entries.pop()}\n${line}`)
  }
  return entries
}

function opensEntry(line: string, before: string): boolean {
  if (boldLabel.test(line)) return true
  return [label, person].some((pattern) => pattern.test(before) && pattern.test(line))
}

/** `**Teacher:** Grace Hopper`. */
const boldLabel = /^\s{0,4}\*\*[^*:\n]{1,60}(?::\s?\*\*|\*\*\s?:)/
/** `Teacher: Grace Hopper`. */
const label = /^\s{0,4}\*{0,2}\p{Lu}[^:|\n]{0,40}:(?:\*\*|\s|$)/u
/** `Ms. Grace Hopper, teacher`, `Hopper, Grace`: a name that stands at the start of a line and ends there or at a mark. */
const person =
  /^\s{0,4}(?:(?:Mr|Mrs|Ms|Mx|Dr|Miss|Prof)\b\.? ?)?\p{Lu}[\p{L}\p{M}'’-]{0,30}(?:,? \p{Lu}[\p{L}\p{M}'’.-]{0,30}){1,3}\s{0,3}(?:[,;:(|–—-]|$)/u

/** Puts together what a form has parted into first and last name, or into label and name. */
function joined(pieces: readonly string[]): string[] {
  const stretches: string[] = []
  let seen = new Set<string>()
  let before = ''
  for (const piece of pieces) {
    const kinds = Array.from(piece.matchAll(nameLabel), ([, kind = '']) => kindOf(kind))
    const completes = seen.size > 0 && opensWithLabel.test(piece) && !seen.has(kinds[0] as string)
    if (completes || isBareLabel.test(before)) {
      stretches.push(`${stretches.pop()} ${piece}`)
      seen = new Set([...seen, ...kinds])
    } else {
      stretches.push(piece)
      seen = new Set(kinds)
    }
    before = piece
  }
  return stretches
}

const nameLabel = /\b(first|given|middle|last|family|sur)[ -]?name\b/giu
const opensWithLabel =
  /^[\s|]{0,4}(?:[\p{L}']{1,20} ){0,3}(?:first|given|middle|last|family|sur)[ -]?name\b/iu
const isBareLabel =
  /^[\s|]{0,4}(?:[\p{L}']{1,20} ){0,3}(?:first|given|middle|last|family|sur)[ -]?name[\s:|]{0,6}$/iu

function kindOf(label: string): string {
  const kind = label.toLowerCase()
  return kind === 'given' ? 'first' : kind === 'family' || kind === 'sur' ? 'last' : kind
}

/** A cell with a word and one with another below it may be a name that was too long for its column. */
function brokenCells(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block, at) => {
    const above = blocks[at - 1]?.cells ?? []
    return block.cells.flatMap((cell, column) => {
      const pair = [above[column] ?? '', cell].map(plainText)
      return pair.every((word) => oneName.test(word)) ? [pair.join(' ')] : []
    })
  })
}

const oneName = /^\p{Lu}[\p{L}\p{M}'-]{1,40}$/u
