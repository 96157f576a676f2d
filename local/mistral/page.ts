import type { getDocumentProxy } from 'unpdf'
import { toLines, toMarkdown, toPieces, type Block, type Matrix } from './layout.ts'

type PdfPage = Awaited<ReturnType<Awaited<ReturnType<typeof getDocumentProxy>>['getPage']>>

/** A page to read: of a PDF, or an image that is one page. */
export type Sheet = { index: number; page: PdfPage } | { index: number; image: Uint8Array }

/** What is on a page. Lengths are in pixels at 200 dpi, the resolution the API works at. */
export interface Page {
  index: number
  markdown: string
  blocks: Block[]
  hyperlinks: string[]
  dimensions: { dpi: number; height: number; width: number } | null
}

const dpi = 200

/**
 * Reads one page. This is the only place where a page turns into text: whoever teaches the stand-in to see (optical
 * recognition of images and of PDF pages without a text layer) does it here. Until then such a page is there, and
 * empty.
 */
export async function readPage(sheet: Sheet): Promise<Page> {
  if ('image' in sheet) {
    return { index: sheet.index, markdown: '', blocks: [], hyperlinks: [], dimensions: null }
  }

  const { index, page } = sheet
  const viewport = page.getViewport({ scale: dpi / 72 })
  const content = await page.getTextContent()
  const runs = content.items.filter((item) => 'str' in item)
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = viewport.transform
  const toPixels: Matrix = [a, b, c, d, e, f]
  const pieces = toPieces(toLines(runs, toPixels, viewport.scale))
  return {
    index,
    markdown: toMarkdown(pieces),
    blocks: pieces.map(({ block }) => block),
    hyperlinks: await linksOn(page),
    dimensions: { dpi, height: Math.round(viewport.height), width: Math.round(viewport.width) },
  }
}

async function linksOn(page: PdfPage): Promise<string[]> {
  const annotations = (await page.getAnnotations()) as { url?: string }[]
  return annotations.flatMap(({ url }) => (url ? [url] : []))
}
