import type { PDFiumDocument } from '@hyzyla/pdfium'
import type { getDocumentProxy } from 'unpdf'
import { drawPage, openImage, type Picture } from '../pdf/picture.ts'
import type { Sight, SightWord } from '../pdf/sight.ts'
import { toLines, toMarkdown, toPieces, type Block, type Line, type Matrix, type Piece } from './layout.ts'

type PdfPage = Awaited<ReturnType<Awaited<ReturnType<typeof getDocumentProxy>>['getPage']>>

/** A page to read: of a PDF, or an image that is one page. */
export type Sheet =
  | { index: number; page: PdfPage; drawing: () => Promise<PDFiumDocument> }
  | { index: number; image: Uint8Array }

/** What is on a page. Lengths are in pixels at 200 dpi, the resolution the API works at, or those of the image. */
export interface Page {
  index: number
  markdown: string
  blocks: Block[]
  hyperlinks: string[]
  dimensions: { dpi: number; height: number; width: number } | null
  /** How sure the reader is of each word it had to look at. None for a page whose text was written in it. */
  words?: SightWord[]
}

/** A page as far as its text is written in it, and its picture if it is to be looked at. */
export interface Leaf {
  page: Page
  picture?: Picture
}

const dpi = 200

/** A page with less than this may carry a stamp or a page number, but its content is a picture. */
const fewLetters = 16

/** Reads what is written in a page. A page without a text layer comes with its picture, for `lookedAt`. */
export async function readPage(sheet: Sheet): Promise<Leaf> {
  if ('image' in sheet) return await readImage(sheet.index, sheet.image)

  const page = await readTextLayer(sheet.index, sheet.page)
  if (letters(page.markdown) >= fewLetters) return { page }
  const picture = await drawPage(await sheet.drawing(), sheet.index, dpi)
  return picture ? { page, picture } : { page }
}

/** The page with what was made out on its picture, unless there was more in its text layer. */
export function lookedAt(page: Page, { scale }: Picture, { paragraphs }: Sight): Page {
  const pieces = toPieces(paragraphs.flatMap(({ lines }) => ofOneSize(lines, scale))).map(asSeen)
  const markdown = toMarkdown(pieces)
  if (letters(markdown) <= letters(page.markdown)) return page
  const words = paragraphs.flatMap(({ lines }) => lines.flatMap((line) => line.words))
  return { ...page, markdown, blocks: pieces.map(({ block }) => block), words }
}

async function readImage(index: number, image: Uint8Array): Promise<Leaf> {
  const { width, height, picture } = await openImage(image)
  const page = { index, markdown: '', blocks: [], hyperlinks: [], dimensions: { dpi, height, width } }
  return picture ? { page, picture } : { page }
}

async function readTextLayer(index: number, page: PdfPage): Promise<Page> {
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

/** The lines in pixels of the page. Lines of a paragraph differ by what letters happen to stand in them: they are set alike. */
function ofOneSize(lines: readonly Line[], scale: number): Line[] {
  const sizes = lines.map(({ size }) => size).sort((a, b) => a - b)
  const size = (sizes[Math.floor(sizes.length / 2)] ?? 0) * scale
  return lines.map(({ text, left, right, baseline, cells }) => ({
    text,
    cells: cells.map((cell) => ({ text: cell.text, left: cell.left * scale })),
    size,
    left: left * scale,
    right: right * scale,
    baseline: baseline * scale,
  }))
}

/** The height of seen letters is not exact: what reads like a sentence is no title, however large it seems. */
function asSeen(piece: Piece): Piece {
  const { level, block } = piece
  if (level === 0 || (block.content.length <= 90 && !/[.;,]$/.test(block.content))) return piece
  return { level: 0, block: { ...block, type: 'text' } }
}

const letters = (text: string): number => text.match(/[\p{L}\p{N}]/gu)?.length ?? 0
