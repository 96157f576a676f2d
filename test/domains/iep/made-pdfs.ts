import { createDeflate } from 'node:zlib'
import Pdf from 'pdfkit'

/** A PDF by its objects, numbered from 1; the first is the catalog. The cross-reference table is right. */
export function pdfOf(objects: (string | Buffer)[], trailer = ''): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')]
  const offsets: number[] = []
  let length = 9
  const write = (part: string | Buffer): void => {
    const bytes = Buffer.from(part as string)
    parts.push(bytes)
    length += bytes.length
  }
  for (const [index, object] of objects.entries()) {
    offsets.push(length)
    write(`${index + 1} 0 obj\n`)
    write(object)
    write('\nendobj\n')
  }
  const start = length
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`)
  write(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows.join('')}`)
  write(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer} >>\nstartxref\n${start}\n%%EOF\n`)
  return Buffer.concat(parts)
}

export const catalog = (more = ''): string => `<< /Type /Catalog /Pages 2 0 R ${more} >>`

export const tree = (kids: number[], count = kids.length): string =>
  `<< /Type /Pages /Count ${count} /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] /MediaBox [0 0 612 792] >>`

export const page = (content?: number): string =>
  `<< /Type /Page /Parent 2 0 R${content === undefined ? '' : ` /Contents ${content} 0 R`} >>`

export const stream = (data: Buffer, filter?: string): Buffer =>
  Buffer.concat([
    Buffer.from(`<< /Length ${data.length}${filter ? ` /Filter ${filter}` : ''} >>\nstream\n`),
    data,
    Buffer.from('\nendstream'),
  ])

/** Blank pages, as many as told, of which the document says that there are `count`. */
export function blankPages(pages: number, count = pages): Buffer {
  const kids = Array.from({ length: pages }, (_, index) => index + 3)
  return pdfOf([catalog(), tree(kids, count), ...kids.map(() => page())])
}

/** Some pages of text as a word processor would print them, with passwords if so wished. */
export async function printed(
  pages: number,
  options: { userPassword?: string; ownerPassword?: string; pdfVersion?: string } = {},
): Promise<Buffer> {
  const document = new Pdf({ autoFirstPage: false, ...(options as object) })
  for (let index = 0; index < pages; index += 1)
    document.addPage().text(`Ada's goals, page ${index + 1}. `.repeat(40))
  document.end()
  const chunks: Buffer[] = []
  for await (const chunk of document as unknown as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** One page whose content is a megabyte and a half that unfolds into one and a half gigabytes of blanks. */
export async function bomb(): Promise<Buffer> {
  const blanks = Buffer.alloc(2 ** 20, ' ')
  const packer = createDeflate({ level: 9 })
  const packed = (async () => {
    const chunks: Buffer[] = []
    for await (const chunk of packer as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks)
  })()
  for (let written = 0; written < 1500; written += 1)
    if (!packer.write(blanks)) await new Promise((resolve) => packer.once('drain', resolve))
  packer.end()
  return pdfOf([catalog(), tree([3]), page(4), stream(await packed, '/FlateDecode')])
}

/**
 * One page that draws a form that draws another ten times, and so on: ten to the power of twelve words in three
 * kilobytes.
 */
export function laughs(): Buffer {
  const depth = 12
  const forms = Array.from({ length: depth }, (_, level) => {
    const next = level + 6
    const resources = `/Resources << /XObject << /X ${next} 0 R >> /Font << /F ${depth + 5} 0 R >> >>`
    const content = '/X Do '.repeat(10)
    return `<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] ${resources} /Length ${content.length} >>\nstream\n${content}\nendstream`
  })
  const word = 'BT /F 9 Tf (ha) Tj ET'
  const last = `<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F ${depth + 5} 0 R >> >> /Length ${word.length} >>\nstream\n${word}\nendstream`
  return pdfOf([
    catalog(),
    tree([3]),
    '<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>',
    stream(Buffer.from('/X Do')),
    ...forms.slice(0, -1),
    last,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ])
}
