import { once } from 'node:events'
import Pdf from 'pdfkit'

/** A PDF with a text layer: each text is a page of its own. */
export async function pdf(pages: string[]): Promise<Buffer> {
  const document = new Pdf({ autoFirstPage: false })
  const chunks: Buffer[] = []
  document.on('data', (chunk: Buffer) => chunks.push(chunk))
  for (const text of pages) document.addPage().text(text)
  document.end()
  await once(document, 'end')
  return Buffer.concat(chunks)
}

/** The document itself as an address. */
export const dataUrl = (bytes: Buffer): string => `data:application/pdf;base64,${bytes.toString('base64')}`
