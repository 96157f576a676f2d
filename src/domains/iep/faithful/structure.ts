import type { Content, Finding, Place } from '../content.ts'
import type { Block } from './blocks.ts'
import { aboutPlace, named } from './findings.ts'

/** Whether a translation has the sections of its source, in their order, found and cited as there. */
export function sectionsKept(source: Content, translation: Content): Finding[] {
  const findings: Finding[] = []
  const keys = translation.sections.map(({ key }) => key)
  for (const { key, found, pages } of source.sections) {
    const [section, ...more] = translation.sections.filter((section) => section.key === key)
    if (!section) {
      findings.push(aboutPlace(key, 'missing', `The section ${key} of the source is missing.`))
      continue
    }
    if (more.length > 0)
      findings.push(aboutPlace(key, 'structure', `The section ${key} is there more than once.`))
    if (section.found !== found)
      findings.push(aboutPlace(key, 'structure', `The section ${key} must keep "found": ${found}.`))
    findings.push(...pagesKept(key, pages, section.pages))
  }
  const known = source.sections.map(({ key }) => key)
  for (const key of new Set(keys.filter((key) => !known.includes(key))))
    findings.push(aboutPlace(key, 'structure', `The source has no section ${key}.`))
  const order = [...new Set(keys.filter((key) => known.includes(key)))]
  const misplaced = order.find((key, at) => known.filter((one) => order.includes(one))[at] !== key)
  if (misplaced)
    findings.push(
      aboutPlace(misplaced, 'structure', `The section ${misplaced} is not where the source has it.`),
    )
  return [...findings, ...pagesKept('summary', source.summaryPages, translation.summaryPages)]
}

function pagesKept(place: Place, source: number[], translation: number[]): Finding[] {
  if (source.join() === translation.join()) return []
  const message = `The ${named(place)} must cite the pages of the source: ${source.join(', ') || 'none'}.`
  return [aboutPlace(place, 'structure', message, translation.join(', '))]
}

/** What of paragraphs, lists, tables and headings differs between a place and its source; nothing if all is kept. */
export function blocksKept(place: Place, source: readonly Block[], translation: readonly Block[]): Finding[] {
  const differing = kinds.filter(({ is }) => source.filter(is).length !== translation.filter(is).length)
  if (differing.length > 0)
    return differing.map(({ is, words }) => {
      const [has, had] = [translation.filter(is).length, source.filter(is).length]
      const message = `The ${named(place)} has ${words(has)} where the source has ${words(had)}.`
      return aboutPlace(place, 'structure', message)
    })
  const at = source.findIndex((block, index) => !isSame(block, translation[index] as Block))
  if (at === -1) return []
  const [block, other] = [source[at] as Block, translation[at] as Block]
  const message =
    block.kind === 'row' && other.kind === 'row'
      ? `A row of a table in the ${named(place)} has ${other.cells.length} columns where the source has ${block.cells.length}.`
      : `The paragraphs, lists, tables and headings of the ${named(place)} are not in the order of the source.`
  return [{ ...aboutPlace(place, 'structure', message), sentence: other.raw.includes('\n') ? '' : other.raw }]
}

function isSame(one: Block, other: Block): boolean {
  return one.kind === other.kind && one.cells.length === other.cells.length
}

const kinds = [
  counted('paragraph', 'paragraph', 'paragraphs'),
  counted('item', 'list item', 'list items'),
  counted('row', 'table row', 'table rows'),
  counted('heading', 'heading', 'headings'),
]

function counted(kind: Block['kind'], one: string, many: string) {
  return {
    is: (block: Block): boolean => block.kind === kind,
    words: (count: number): string => (count === 1 ? `1 ${one}` : `${count} ${many}`),
  }
}
