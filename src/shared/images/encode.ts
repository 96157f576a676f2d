/** Runs in the guarded process: opens a picture from a stranger and makes others of it. */
import { writeFile } from 'node:fs/promises'
import sharp, { type Metadata, type Sharp } from 'sharp'
import { kindOf, type ImageType } from './kind.ts'
import type { ImageProblem, Original, Output } from './reencode.ts'

export async function guarded({
  file,
  outputs,
  mostPixels,
}: {
  file: string
  outputs: Output[]
  mostPixels: number
}): Promise<{ original: Original } | { problem: ImageProblem }> {
  const type = await kindOf(file)
  if (type === 'unsupported' || type === 'not-an-image') return { problem: type }
  readOnly(type)
  const seen = await orDamaged(sharp(file, { limitInputPixels: false }).metadata())
  if (!seen) return { problem: 'damaged' }
  if (isTooLarge(seen, mostPixels)) return { problem: 'too-many-pixels' }

  // One after the other: each needs the memory of all.
  for (const output of outputs) {
    const made = await orDamaged(render(sharp(file, { ...strict, limitInputPixels: mostPixels }), output))
    if (!made) return { problem: 'damaged' }
    await writeFile(output.file, made, { mode: 0o600 })
  }
  return { original: { type, ...seen.autoOrient } }
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

const render = (picture: Sharp, { fit, width, height, format, quality }: Output): Promise<Buffer> =>
  picture
    .autoOrient()
    .resize({ width, height, fit, withoutEnlargement: fit === 'inside' })
    .toColourspace('srgb')
    .toFormat(format, { quality })
    .toBuffer()

/** Undefined when libvips refuses. The file was there a moment ago, and what is wrong with the disk is said by others. */
async function orDamaged<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}
