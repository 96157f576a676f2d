/**
 * The process in which documents are opened: it gets one message, answers it and is killed. Started by
 * `read-document.ts` alone, which watches its time and memory.
 */
import type { PDFiumDocument } from '@hyzyla/pdfium'
import { getDocumentProxy } from 'unpdf'
import { openForDrawing } from '../pdf/picture.ts'
import { readPage, type Leaf } from './page.ts'
import { isWanted, type PageRange } from './page-selection.ts'

export interface Request {
  kind: 'pdf' | 'image'
  bytes: Uint8Array
  pages: PageRange[] | undefined
  mostPages: number
  /** The page to begin with. */
  from: number
  /** After so many pictures it is enough for one answer. */
  mostPictures: number
}

export type Readout =
  | { leaves: Leaf[]; next: number | undefined }
  | { tooManyPages: number }
  | { encrypted: true }
  | { damaged: string }

process.once('disconnect', () => process.exit()) // the parent is gone, nobody waits for the answer
process.once('message', (request: Request) => void answer(request))

async function answer(request: Request): Promise<void> {
  const readout = await read(request).catch((error: unknown): Readout =>
    nameOf(error) === 'PasswordException' ? { encrypted: true } : { damaged: nameOf(error) },
  )
  process.send?.(readout)
}

async function read(request: Request): Promise<Readout> {
  const { kind, bytes, pages: wanted, mostPages, from, mostPictures } = request
  if (kind === 'image')
    return {
      leaves: isWanted(0, wanted) ? [await readPage({ index: 0, image: bytes })] : [],
      next: undefined,
    }

  const document = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 })
  if (document.numPages > mostPages) return { tooManyPages: document.numPages }
  let drawing: Promise<PDFiumDocument> | undefined
  const leaves: Leaf[] = []
  let pictures = 0
  for (let index = from; index < document.numPages; index += 1) {
    if (!isWanted(index, wanted)) continue
    if (pictures === mostPictures) return { leaves, next: index }
    const page = await document.getPage(index + 1)
    const leaf = await readPage({ index, page, drawing: () => (drawing ??= openForDrawing(bytes)) })
    page.cleanup()
    leaves.push(leaf)
    if (leaf.picture) pictures += 1
  }
  return { leaves, next: undefined }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')
