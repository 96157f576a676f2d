/** Runs in the guarded process: opens a picture from a stranger and makes others of it. */
import { writeFile } from 'node:fs/promises'
import sharp, { type Metadata, type OutputInfo, type Sharp } from 'sharp'
import { kindOf, type ImageType } from './kind.ts'
import type { Fitted, ImageProblem, Made, Output, Size } from './reencode.ts'

export async function guarded({
  file,
  outputs,
  mostPixels,
  types,
}: {
  file: string
  outputs: Output[]
  mostPixels: number
  types: readonly ImageType[]
}): Promise<Made | { problem: ImageProblem }> {
  const type = await kindOf(file)
  if (type === 'unsupported' || type === 'not-an-image') return { problem: type }
  if (!types.includes(type)) return { problem: 'unsupported' }
  readOnly(type)
  const seen = await orDamaged(sharp(file, { limitInputPixels: false }).metadata())
  if (!seen) return { problem: 'damaged' }
  if (isTooLarge(seen, mostPixels)) return { problem: 'too-many-pixels' }

  const picture: Picture = {
    open: () => sharp(file, { ...strict, limitInputPixels: mostPixels }).autoOrient(),
    type,
    isFine: seen.depth === 'ushort',
    reduced: undefined,
  }
  const sizes: Size[] = []
  // One after the other: each needs the memory of all.
  for (const output of outputs) {
    const made = await orDamaged(make(picture, output))
    if (!made) return { problem: 'damaged' }
    await writeFile(output.file, made.data, { mode: 0o600 })
    sizes.push({ width: made.info.width, height: made.info.height })
  }
  return { original: { type, ...seen.autoOrient }, sizes }
}

/** Whatever a file pretends to be, only the one reader is there that was chosen. */
function readOnly(type: ImageType): void {
  sharp.cache(false)
  sharp.concurrency(1)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: [readers[type]] })
}

const readers: Record<ImageType, string> = {
  jpeg: 'VipsForeignLoadJpegFile',
  png: 'VipsForeignLoadPngFile',
  webp: 'VipsForeignLoadWebpFile',
  gif: 'VipsForeignLoadNsgifFile',
}

/** Longer sides than these no JPEG has; sums of them could become too large for those who reckon with them. */
const LONGEST = 65_535

const isTooLarge = ({ width, height }: Metadata, mostPixels: number): boolean =>
  width * height > mostPixels || Math.max(width, height) > LONGEST

/**
 * A picture that breaks off is refused. What a camera wrote a little wrong, and every program shows all the same, is
 * shown here as well.
 */
const strict = { failOn: 'error' } as const

interface Picture {
  open(): Sharp
  type: ImageType
  /** Of 16 bits a colour. */
  isFine: boolean
  /** All of it in a smaller size, once there is one: to read the file once more takes longer than all the rest. */
  reduced: Pixels | undefined
}

interface Pixels {
  data: Buffer
  info: OutputInfo
}

async function make(picture: Picture, output: Output): Promise<Pixels> {
  const format = output.format === 'same' ? picture.type : output.format
  if (output.fit === undefined) return encode(inFull(picture, format), format, output).toBuffer(withSize)
  const reduced = await reduce(picture, output)
  // One that covers shows not all of it.
  if (output.fit === 'inside') picture.reduced = reduced
  return encode(opened(reduced), format, output).toBuffer(withSize)
}

const withSize = { resolveWithObject: true } as const

/** Only a PNG can hold colours as fine as those of a PNG of 16 bits. */
const inFull = ({ open, isFine }: Picture, format: ImageType): Sharp =>
  open().toColourspace(format === 'png' && isFine ? 'rgb16' : 'srgb')

function reduce({ open, reduced }: Picture, { width, height, fit }: Fitted): Promise<Pixels> {
  const isEnough = reduced && reduced.info.width >= 2 * width && reduced.info.height >= 2 * height
  return (isEnough ? opened(reduced) : open())
    .resize({ width, height, fit, withoutEnlargement: fit === 'inside' })
    .toColourspace('srgb')
    .raw()
    .toBuffer(withSize)
}

const opened = ({ data, info: { width, height, channels } }: Pixels): Sharp =>
  sharp(data, { raw: { width, height, channels } })

function encode(picture: Sharp, format: ImageType, { quality, fit }: Output): Sharp {
  // One that is told a quality gives up colours for it.
  if (format === 'png' || format === 'gif') return picture.toFormat(format)
  // The best codes for a JPEG take all of it in memory once more, and save a twentieth of the file.
  if (format === 'jpeg') return picture.jpeg({ quality: quality ?? 90, optimiseCoding: false })
  // Large pictures take a quarter of the time like this. With even less effort the largest could not be written at all.
  return picture.webp({ quality: quality ?? 90, effort: fit === undefined ? 2 : 4 })
}

/** Undefined when libvips refuses. The file was there a moment ago, and what is wrong with the disk is said by others. */
async function orDamaged<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}
