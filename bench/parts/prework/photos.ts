import path from 'node:path'
import sharp from 'sharp'

export interface PhotoSize {
  width: number
  height: number
}

/** A photograph of a file, as a camera would have written it. */
export interface Photo {
  file: string
  bytes: number
  /** The way up it is looked at: half of the cameras were held upright. */
  width: number
  height: number
}

/** What a camera of 20 megapixels takes, and a quarter of that for trying. */
export const whole: PhotoSize = { width: 5472, height: 3648 }
export const small: PhotoSize = { width: 2736, height: 1824 }

/**
 * Photographs as JPEGs, the same in every run: soft colours, edges, detail and the grain of a sensor, which make a file of
 * about three bits for each pixel; turned by EXIF, and with a place on earth in it.
 */
export async function makePhotos(directory: string, count: number, size: PhotoSize): Promise<Photo[]> {
  const photos: Photo[] = []
  for (let seed = 1; seed <= count; seed += 1)
    photos.push(await take(path.join(directory, `photo-${seed}.jpeg`), seed, size))
  return photos
}

async function take(file: string, seed: number, { width, height }: PhotoSize): Promise<Photo> {
  const chance = startChance(seed)
  const layers: { weight: number; pixels: Buffer }[] = []
  for (const { across, kernel, weight } of layersOf(width)) {
    const down = Math.round((across * height) / width)
    const dots = Buffer.from(Uint8Array.from({ length: across * down * 3 }, () => chance() * 256))
    const pixels = await sharp(dots, { raw: { width: across, height: down, channels: 3 } })
      .resize({ width, height, fit: 'fill', kernel })
      .raw()
      .toBuffer()
    layers.push({ weight, pixels })
  }
  const orientation = orientations[(seed - 1) % orientations.length] ?? 1
  const { size: bytes } = await sharp(mixed(layers, chance), { raw: { width, height, channels: 3 } })
    .withExif(exif)
    .withMetadata({ orientation })
    .jpeg({ quality: 92 })
    .toFile(file)
  return { file, bytes, ...(orientation >= 5 ? { width: height, height: width } : { width, height }) }
}

const layersOf = (width: number): { across: number; kernel: 'cubic' | 'nearest'; weight: number }[] => [
  { across: 8, kernel: 'cubic', weight: 0.5 },
  { across: 60, kernel: 'nearest', weight: 0.2 },
  { across: Math.round(width / 8), kernel: 'cubic', weight: 0.2 },
]

/** Upright either way, as it is, upside down. */
const orientations = [6, 1, 8, 3]

const exif = {
  IFD0: { Make: 'Linus', Model: 'Twenty' },
  IFD3: {
    GPSLatitudeRef: 'N',
    GPSLatitude: '51/1 30/1 2600/100',
    GPSLongitudeRef: 'W',
    GPSLongitude: '0/1 7/1 3900/100',
  },
}

/** Grain as strong as that of a good sensor in daylight. */
const GRAIN = 16

function mixed(layers: { weight: number; pixels: Buffer }[], chance: () => number): Buffer {
  const [first, second, third] = layers.map(({ pixels }) => pixels) as [Buffer, Buffer, Buffer]
  const [one, two, three] = layers.map(({ weight }) => weight) as [number, number, number]
  // A prime: its end never meets the end of a row.
  const grain = Float32Array.from({ length: 1_000_003 }, () => (chance() + chance() - 1) * GRAIN + 13)
  const pixels = Buffer.allocUnsafe(first.length)
  for (let at = 0, turn = 0; at < pixels.length; at += 1) {
    pixels[at] =
      (first[at] as number) * one +
      (second[at] as number) * two +
      (third[at] as number) * three +
      (grain[turn] as number)
    turn = turn + 1 === grain.length ? 0 : turn + 1
  }
  return pixels
}

/** Numbers from 0 to 1 that look like chance and are the same for the same seed (mulberry32). */
function startChance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mix = Math.imul(state ^ (state >>> 15), state | 1)
    mix ^= mix + Math.imul(mix ^ (mix >>> 7), mix | 61)
    return ((mix ^ (mix >>> 14)) >>> 0) / 2 ** 32
  }
}
