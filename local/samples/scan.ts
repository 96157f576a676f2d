import { PDFiumLibrary } from '@hyzyla/pdfium'
import Pdf from 'pdfkit'
import sharp from 'sharp'
import { collect, written } from './typeset.ts'

/**
 * A document as it comes back from a scanner: each page a grey JPEG of 150 dots per inch, a little askew and noisy, and
 * no text. `only` names the pages to scan, counted from 1. The same document is always scanned to the same bytes.
 */
export async function scanPdf(printed: Buffer, only?: number[]): Promise<Buffer> {
  const document = new Pdf({ autoFirstPage: false, info: { CreationDate: written } })
  const bytes = collect(document)
  for (const { number, picture } of await photograph(printed, only)) {
    document.addPage({ size: 'LETTER', margin: 0 })
    const { width, height } = document.page
    document.image(await wear(picture, number), 0, 0, { width, height })
  }
  document.end()
  return bytes
}

/** How many pages a PDF has. */
export async function countPages(bytes: Buffer): Promise<number> {
  return reading(bytes, async (document) => document.getPageCount())
}

interface Picture {
  width: number
  height: number
  /** One byte of grey per dot. */
  data: Uint8Array
}

async function photograph(
  printed: Buffer,
  only: number[] | undefined,
): Promise<{ number: number; picture: Picture }[]> {
  return reading(printed, async (document) => {
    const pictures = []
    for (const page of document.pages()) {
      if (only && !only.includes(page.number + 1)) continue
      const picture = await page.render({ scale: 150 / 72, render: 'bitmap', colorSpace: 'Gray' })
      pictures.push({ number: page.number + 1, picture: { ...picture, data: picture.data.slice() } })
    }
    return pictures
  })
}

async function reading<Answer>(
  bytes: Buffer,
  work: (document: Awaited<ReturnType<PDFiumLibrary['loadDocument']>>) => Promise<Answer>,
): Promise<Answer> {
  const library = await PDFiumLibrary.init()
  try {
    const document = await library.loadDocument(bytes)
    try {
      return await work(document)
    } finally {
      document.destroy()
    }
  } finally {
    library.destroy()
  }
}

/** Lays the sheet down askew, and adds what dust and a cheap sensor add. */
async function wear({ data, width, height }: Picture, number: number): Promise<Buffer> {
  const angle = (((number * 37) % 13) - 6) / 10
  const turned = await sharp(data, { raw: { width, height, channels: 1 } })
    .rotate(angle, { background: '#ffffff' })
    .resize(width, height, { fit: 'cover' })
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const chance = chancesFrom(number)
  for (let dot = 0; dot < turned.data.length; dot += 1) {
    const grey = (turned.data[dot] ?? 0) * 0.93 + (chance() + chance() - 1) * 26
    turned.data[dot] = Math.max(0, Math.min(255, Math.round(grey)))
  }
  return sharp(turned.data, { raw: { width, height, channels: turned.info.channels } })
    .jpeg({ quality: 60 })
    .toBuffer()
}

/** Numbers from 0 to 1 that look like chance and are the same every time (a linear congruential generator). */
function chancesFrom(seed: number): () => number {
  let state = seed * 2_654_435_761
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
