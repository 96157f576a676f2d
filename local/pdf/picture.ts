import type { PDFiumDocument } from '@hyzyla/pdfium'
import type { Sharp } from 'sharp'

/** A page as an eye sees it: a grey PNG. */
export interface Picture {
  png: Uint8Array
  /** How many pixels of the page, or of the image as it came, one pixel of the PNG stands for. */
  scale: number
}

/** The longest side. A page may call itself kilometres long; twelve inches at 250 dpi are enough to read by. */
const longest = 3000

/** A side shorter than this holds no letter. */
const shortest = 12

/** Opens a PDF whose pages are to be drawn. PDFium is loaded here and not before: most documents have their text. */
export async function openForDrawing(bytes: Uint8Array): Promise<PDFiumDocument> {
  const { PDFiumLibrary } = await import('@hyzyla/pdfium')
  const library = await PDFiumLibrary.init()
  return await library.loadDocument(bytes)
}

/** Draws a page at `dpi`, or smaller if it is large. Undefined if there is nothing to see on it. */
export async function drawPage(
  document: PDFiumDocument,
  index: number,
  dpi: number,
): Promise<Picture | undefined> {
  const page = document.getPage(index)
  const { originalWidth, originalHeight } = page.getOriginalSize()
  const wanted = dpi / 72
  const scale = Math.min(wanted, longest / Math.max(originalWidth, originalHeight, 1))
  const { data, width, height } = await page.render({ scale, colorSpace: 'Gray', renderFormFields: true })
  if (width < shortest || height < shortest || isBlank(data)) return undefined

  const { default: sharp } = await import('sharp')
  const raw = sharp(data, { raw: { width, height, channels: 1 } })
  return { png: await toPng(raw), scale: wanted / scale }
}

/** Makes an image of any kind ready to be looked at, with its size. Throws for one that cannot be decoded. */
export async function openImage(
  bytes: Uint8Array,
): Promise<{ width: number; height: number; picture?: Picture }> {
  const { default: sharp } = await import('sharp')
  const image = sharp(bytes, { limitInputPixels: 50e6 }).autoOrient()
  const { autoOrient: size } = await image.metadata()
  if (Math.min(size.width, size.height) < shortest) return size

  const scale = Math.min(1, longest / Math.max(size.width, size.height))
  const fitting = image
    .resize(Math.max(1, Math.round(size.width * scale)), Math.max(1, Math.round(size.height * scale)))
    .flatten({ background: 'white' })
    .greyscale()
  return { ...size, picture: { png: await toPng(fitting), scale: 1 / scale } }
}

/** Not compressed much: it is looked at once and thrown away. */
const toPng = (image: Sharp): Promise<Buffer> =>
  image.toColourspace('b-w').png({ compressionLevel: 2 }).toBuffer()

const isBlank = (pixels: Uint8Array): boolean => pixels.every((pixel) => pixel === pixels[0])
