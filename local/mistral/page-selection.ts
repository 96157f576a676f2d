import { invalid } from './errors.ts'

/** First and last page, counted from zero, both included. */
export type PageRange = readonly [first: number, last: number]

/**
 * The `pages` of an OCR request: `[0, 2]`, `'0,2-4'`, or nothing for all of them. Stays a list of ranges, since
 * `'0-9999999999'` is a valid thing to ask for. Throws the API's 422 for anything else.
 */
export function parsePages(pages: unknown): PageRange[] | undefined {
  if (pages === undefined || pages === null) return undefined
  if (typeof pages === 'string') return pages.split(',').map((part) => parseRange(part.trim(), pages))
  if (Array.isArray(pages) && pages.every(isPage)) return pages.map((page) => [page, page] as const)
  throw invalid('pages', 'Input should be a list of page numbers or a string such as 0,2-4', pages)
}

/** Whether the page is asked for. Pages that the document does not have are simply not there (our choice). */
export const isWanted = (page: number, wanted: readonly PageRange[] | undefined): boolean =>
  wanted === undefined || wanted.some(([first, last]) => page >= first && page <= last)

function parseRange(part: string, input: string): PageRange {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? []
  if (first === undefined || Number(last) < Number(first)) {
    throw invalid('pages', `${part} is not a page or a range of pages`, input)
  }
  return [Number(first), Number(last)]
}

const isPage = (page: unknown): page is number => Number.isInteger(page) && (page as number) >= 0
