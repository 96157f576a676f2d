/**
 * The process in which documents are opened: it gets one message, answers it and is killed. Started by
 * `read-document.ts` alone, which watches its time and memory.
 */
import { getDocumentProxy } from 'unpdf'
import { readPage, type Page } from './page.ts'
import { isWanted, type PageRange } from './page-selection.ts'

export interface Request {
  kind: 'pdf' | 'image'
  bytes: Uint8Array
  pages: PageRange[] | undefined
  mostPages: number
}

export type Readout = { pages: Page[] } | { tooManyPages: number } | { encrypted: true } | { damaged: string }

process.once('disconnect', () => process.exit()) // the parent is gone, nobody waits for the answer
process.once('message', (request: Request) => void answer(request))

async function answer(request: Request): Promise<void> {
  const readout = await read(request).catch((error: unknown): Readout =>
    nameOf(error) === 'PasswordException' ? { encrypted: true } : { damaged: nameOf(error) },
  )
  process.send?.(readout)
}

async function read({ kind, bytes, pages: wanted, mostPages }: Request): Promise<Readout> {
  if (kind === 'image')
    return { pages: isWanted(0, wanted) ? [await readPage({ index: 0, image: bytes })] : [] }

  const document = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 })
  if (document.numPages > mostPages) return { tooManyPages: document.numPages }
  const pages: Page[] = []
  for (let index = 0; index < document.numPages; index += 1) {
    if (!isWanted(index, wanted)) continue
    const page = await document.getPage(index + 1)
    pages.push(await readPage({ index, page }))
    page.cleanup()
  }
  return { pages }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')
