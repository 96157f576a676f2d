import { addressLabel, labels, nextLabel, type Label } from './labels.ts'
import type { Span } from './spans.ts'
import { before, digitsIn, isDateAt } from './surroundings.ts'
import { valueAt } from './values.ts'

/**
 * What forms ask for by name: the label says what it is, so that much less is asked of how the value looks. The value
 * stands behind the label, in the next cell of its row, or on the next line. Bilingual labels (`Phone / Teléfono:`)
 * are passed over together.
 */
export function labelled(page: string): Span[] {
  return [
    ...labels.flatMap((label) =>
      Array.from(page.matchAll(patterns.get(label) as RegExp)).flatMap((match) => {
        const behind = match.index + match[0].length
        return valuesBehind(page, behind, label)
      }),
    ),
    ...labelledAddresses(page),
  ]
}

/** How a cell of a table under a heading is to be read; undefined when the heading asks for nothing of ours. */
export function labelOf(heading: string): Label | 'address' | undefined {
  const text = heading.replace(/[*_`#]/g, ' ').trim()
  if (text.length > 80) return undefined
  if (/^i\.? ?d\.?(?: (?:no|num|number|nbr)\.?)?:?$/i.test(text)) return plainId
  const label = labels.find((label) => text.search(patterns.get(label) as RegExp) >= 0)
  if (label) return label
  return text.search(addressLabel) === 0 ? 'address' : undefined
}

/** A column that is called just `ID`: short numbers in it only count the rows. */
export const plainId: Label = { kind: 'id', value: 'long-id', pattern: 'id' }

const patterns = new Map(
  labels.map((label) => [label, new RegExp(label.pattern, label.exact ? 'gu' : 'giu')]),
)

/** Blanks, colons, the edges of cells, tags, and small words that stand between a label and its value. */
const between =
  /^(?:[ \n:|*_#=>.,;()[\]/–—-]|<\/?[a-z][a-z0-9]{0,9}(?: [^<>\n]{0,80})?>|(?:number|no\.|num\.|n[úu]m\.|n[úu]mero|is|es|optional|opcional|if known|home|cell|work|casa)(?![\p{L}\p{N}]))*/iu
const mostBetween = 80

function valuesBehind(page: string, behind: number, label: Label): Span[] {
  const at = valueStart(page, behind)
  const gap = page.slice(behind, at)
  if (at - behind > mostBetween) return []
  const value = valueAt(page, at, label, gap.includes('\n'))
  if (value) return [value]
  return label.kind === 'id' || label.kind === 'ssn' ? underHeadings(page, behind, label) : []
}

/** Passes over what stands between, and over the same label in another language. */
function valueStart(page: string, behind: number): number {
  let at = behind
  for (let labelsPassed = 0; labelsPassed < 3; labelsPassed += 1) {
    at += between.exec(page.slice(at, at + mostBetween + 40))?.[0].length ?? 0
    if (!/[/(]/.test(page.slice(behind, at))) return at
    const another = anyLabel.exec(page.slice(at, at + 60))
    if (!another) return at
    at += another[0].length
  }
  return at
}

const anyLabel = new RegExp(
  `^(?:${[...labels.map(({ pattern }) => pattern), addressLabel.source].join('|')})`,
  'iu',
)

/**
 * A line of labels alone, with the values on the next line: every long number there that is no date is taken, since
 * the columns can't be told any more.
 */
function underHeadings(page: string, behind: number, label: Label): Span[] {
  const lineEnd = endOfLine(page, behind)
  const line = before(page, behind, 400) + page.slice(behind, lineEnd)
  if (line.length > 600 || /\d/.test(line) || line.includes('|')) return []
  const next = /\S/.exec(page.slice(lineEnd, lineEnd + 200))
  if (!next) return []
  const from = lineEnd + next.index
  const values = page.slice(from, Math.min(endOfLine(page, from), from + 400))
  if (values.startsWith('|')) return []
  return Array.from(values.matchAll(/(?<![\p{L}\d/$.-])(?=[A-Z\d-]{0,20}\d)[A-Z\d-]{5,24}(?![\p{L}\d/%-])/gu))
    .filter((match) => digitsIn(match[0]) >= 5 && !isDateAt(values, match.index))
    .map((match) => ({
      kind: label.kind,
      start: from + match.index,
      end: from + match.index + match[0].length,
    }))
}

function labelledAddresses(page: string): Span[] {
  return Array.from(page.matchAll(addressLabel)).flatMap((match) => {
    const behind = match.index + match[0].length
    if (!beginsSomething(page, match.index)) return []
    const sign = hardBetween.exec(page.slice(behind, behind + 60))
    if (!sign) return []
    const start = valueStart(page, behind)
    const newLine = page.slice(behind, start).includes('\n')
    const end = endOfAddress(page, start)
    const value = page.slice(start, end)
    return looksLikeAddress(value, newLine || isHeadingRow(page, start))
      ? [{ kind: 'address' as const, start, end }]
      : []
  })
}

/** A line, a cell, or what comes after a sign that ends something. */
function beginsSomething(page: string, at: number): boolean {
  const from = Math.max(0, at - 12)
  const lead = page.slice(from, at)
  return from === 0 && /^[\s|>*_#(-]*$/.test(lead)
    ? true
    : /(?:[\n|>:;.,)/*]| {2})[ *_#>(•-]{0,6}$/.test(lead)
}

/** A label is followed by a sign or by the number of the house; `Address the needs …` is a sentence. */
const hardBetween = /^[ *_)]{0,4}(?:[:|\n=]|\*\*|<\/|[/(]|[-–—] | {2})|^ \d{1,6} \p{Lu}/u

/** The end of the line or the cell, of the ZIP code, or where the form asks for something else. */
function endOfAddress(page: string, start: number): number {
  const most = page.slice(start, Math.min(endOfLine(page, start), start + 200))
  const edge = most.search(/ *[|<]/)
  const value = edge < 0 ? most : most.slice(0, edge)
  const zip = /(?<!\d)\d{5}(?:-\d{4})?(?!\d)/g
  // The number of a house may have five digits as well: a ZIP code comes behind a word.
  const firstZip = Array.from(value.matchAll(zip)).find(({ index }) => /\p{L}/u.test(value.slice(0, index)))
  const ends = [value.length, firstZip ? firstZip.index + firstZip[0].length : value.length]
  const next = value.search(nextLabel)
  if (next >= 0) ends.push(next)
  return start + value.slice(0, Math.min(...ends)).trimEnd().length
}

/** @param unsure the value may as well be the next field of the form: it has to begin as addresses do. */
function looksLikeAddress(value: string, unsure: boolean): boolean {
  if (
    !/[\p{L}\d]/u.test(value) ||
    /^(?:same|n\/?a\b|none|unknown|igual|mism[ao]|ningun[ao]|see |ver )/i.test(value)
  )
    return false
  if (/^\[[A-Z]+\]$/.test(value)) return false
  if (ofTheNeeds.test(value)) return false
  if (!unsure) return true
  return (
    /^#?\d{1,6}[A-Z]?(?:-\d+)?,? +(?!min|hour|times|day|week|%|de\b|veces|out\b|of\b)[\p{L}\d]/iu.test(
      value,
    ) || /^(?:p\.? ?o\.? ?box|calle|avenida|apt)/i.test(value)
  )
}

/** `Address/Accommodations: extra time`: the form asks for something else as well. */
const ofTheNeeds =
  /^(?:accommodations?|modifications?|goals?|(?:areas? of )?needs?|services?|supports?|concerns?|strategies|behaviou?rs?)[ *_)]{0,4}:/i

/** A row of nothing but headings: what stands in the next cell is another heading. */
function isHeadingRow(page: string, at: number): boolean {
  const lineEnd = endOfLine(page, at)
  return /^\n[ |]{0,3}:?-{2,}/.test(page.slice(lineEnd, lineEnd + 12))
}

/** No line is looked at for longer than this. */
const longestLine = 1000

function endOfLine(page: string, at: number): number {
  const end = page.slice(at, at + longestLine).indexOf('\n')
  return end < 0 ? Math.min(page.length, at + longestLine) : at + end
}
