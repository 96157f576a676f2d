/** A page of a document as it stands in a question, under a line such as `=== page 3 ===`. */
export interface LabelledPage {
  number: number
  lines: string[]
}

/** The labelled pages in what was said; none if it is about something else. */
export function labelledPages(messages: readonly string[]): LabelledPage[] {
  const pages = messages.flatMap(pagesIn)
  return withoutFurniture(pages)
}

function pagesIn(message: string): LabelledPage[] {
  const pages: LabelledPage[] = []
  let page: LabelledPage | undefined
  for (const line of message.split('\n')) {
    const [isLabel, number] = label.exec(line) ?? []
    if (number !== undefined) pages.push((page = { number: Number(number), lines: [] }))
    else if (isLabel !== undefined) page = undefined
    else page?.lines.push(line.trimEnd())
  }
  return pages
}

/** Another line of the same kind, such as `=== end ===`, ends the page. */
const label = /^\s*={3,}\s*(?:page\s+(\d+)(?:\s+of\s+\d+)?|[\p{L}\d ]+?)\s*={3,}\s*$/iu

/** Without what stands on most pages, such as `Page 3 of 12`: it is about the paper, not about the child. */
function withoutFurniture(pages: readonly LabelledPage[]): LabelledPage[] {
  const counts = new Map<string, number>()
  for (const { lines } of pages) {
    for (const line of new Set(lines.map(shape))) counts.set(line, (counts.get(line) ?? 0) + 1)
  }
  const isFurniture = (line: string): boolean =>
    shape(line) !== '' && (counts.get(shape(line)) ?? 0) > Math.max(2, pages.length / 2)
  return pages.map(({ number, lines }) => ({ number, lines: lines.filter((line) => !isFurniture(line)) }))
}

const shape = (line: string): string => line.trim().replaceAll(/\d+/g, '#')
