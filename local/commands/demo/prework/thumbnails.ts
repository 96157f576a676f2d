import sharp from 'sharp'
import { Plain } from '../../../launch/plain.ts'
import type { Stack } from '../../../stack/run.ts'
import type { Screen } from '../screen.ts'
import { sizes, type Download, type Media, type Size, type Thumbnails } from './answers.ts'
import { drawSideBySide } from './draw.ts'
import type { Person } from './people.ts'
import { CAMERA, mill, type Photo } from './photo.ts'

export interface PicturesFacts {
  thumbnails: Record<Size, Picture>
  download: Picture & { fileName: string }
}

export interface Picture {
  width: number
  height: number
  format: string
  bytes: number
}

/** Fetches what became of the photo, looks into it, and shows the thumbnails where the terminal can. */
export async function tellPictures(
  { stack, screen, person }: { stack: Stack; screen: Screen; person: Person },
  { mediaId }: Media,
  photo: Photo,
): Promise<PicturesFacts> {
  const ask = <Body>(action: string): Promise<Body> =>
    person.ask<Body>({ method: 'POST', path: '/media', body: { action, mediaId }, expected: 200 })
  const { thumbnails } = await ask<{ thumbnails: Thumbnails }>('thumbnail')
  const { url, fileName } = await ask<Download>('download')
  const [small, large, whole] = await Promise.all(
    [thumbnails.small.url, thumbnails.large.url, url].map((address) => fetchPicture(stack, address)),
  )
  if (!small || !large || !whole) throw new Plain('a picture is missing')

  const looked = {
    small: await lookAt(small, { name: 'the small thumbnail', ...expected.small }),
    large: await lookAt(large, { name: 'the large thumbnail', ...expected.large }),
  }
  for (const size of sizes)
    if (looked[size].width !== thumbnails[size].width || looked[size].height !== thumbnails[size].height)
      throw new Plain(`the ${size} thumbnail has another size than the API says`)
  const { width, height } = photo
  const clean = await lookAt(whole, { name: 'the picture to download', format: 'jpeg', width, height })

  screen.say('    its thumbnails stand upright, and neither says where it was taken, nor with what:')
  const drawn = screen.canvas() >= COLUMNS ? await drawSideBySide([small, large], ROWS) : []
  for (const line of drawn) screen.say(`      ${line}`)
  for (const size of sizes) {
    screen.say(`      ${lineOf(size, looked[size])}`)
    if (drawn.length === 0) screen.say(`        ${thumbnails[size].url}`)
  }
  screen.say(`      ${lineOf('download', clean)}  as ${fileName}, made anew without a note of the camera's`)
  return { thumbnails: looked, download: { ...clean, fileName } }
}

/** The large one is inside 1200 × 1200. */
const expected = {
  small: { format: 'webp', width: 300, height: 300 },
  large: { format: 'webp', width: 900, height: 1200 },
}

/** Of the terminal, both together, with what is around them. */
const [ROWS, COLUMNS] = [18, 76]

/** As anybody sees it who has the address. */
async function fetchPicture({ signal }: Stack, url: string): Promise<Buffer> {
  const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]) })
  if (!answer.ok) throw new Plain(`S3 answered ${answer.status} for a picture: ${await answer.text()}`)
  return Buffer.from(await answer.arrayBuffer())
}

/**
 * Looks at a picture made of the photo.
 * @throws Plain when it is not what is expected, not upright, or holds anything but pixels
 */
export async function lookAt(
  picture: Buffer,
  wanted: { name: string; format: string; width: number; height: number },
): Promise<Picture> {
  const { name } = wanted
  const { format, width, height, exif, xmp, iptc, orientation } = await sharp(picture).metadata()
  if (format !== wanted.format || width !== wanted.width || height !== wanted.height)
    throw new Plain(
      `${name} is ${width} × ${height}, ${format}, instead of ${wanted.width} × ${wanted.height}, ${wanted.format}`,
    )
  if (exif || xmp || iptc || orientation !== undefined || picture.includes(CAMERA))
    throw new Plain(`${name} still has what the camera wrote into it`)
  const difference = await differenceFrom(picture, width / height)
  if (difference > ALIKE) throw new Plain(`${name} does not show the photo the way up it was taken`)
  return { width, height, format, bytes: picture.length }
}

/** Steps of 255. Made small it is a few away from what it was made of; lying on its side, dozens. */
const ALIKE = 8

/** How far a picture is from the middle of the mill in that shape, in the mean. */
async function differenceFrom(picture: Buffer, shape: number): Promise<number> {
  const [width, height] = [Math.round(SIDE * shape), SIDE]
  const pixels = async (of: Buffer): Promise<Buffer> =>
    sharp(of).resize({ width, height }).removeAlpha().toColourspace('srgb').raw().toBuffer()
  const [seen, wanted] = await Promise.all([pixels(picture), pixels(Buffer.from(mill))])
  const apart = seen.reduce((sum, value, index) => sum + Math.abs(value - (wanted[index] ?? 0)), 0)
  return apart / seen.length
}

const SIDE = 40

const lineOf = (name: string, { width, height, format, bytes }: Picture): string =>
  `${name.padEnd(8)}  ${`${width} × ${height}`.padStart(11)}  ${format.padEnd(4)}  ${kilobytes(bytes).padStart(6)}`

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`
