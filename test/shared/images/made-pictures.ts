import { crc32, deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'

export type Colour = readonly [number, number, number]

export const colours = {
  red: [220, 40, 40],
  green: [40, 200, 60],
  blue: [40, 60, 210],
  white: [250, 250, 250],
} as const satisfies Record<string, Colour>

/** A picture of one colour. */
export const plain = (width: number, height: number, [r, g, b]: Colour = colours.red): Sharp =>
  sharp({ create: { width, height, channels: 3, background: { r, g, b } } })

/** One that does not compress to nothing, so that its middle is the middle of its pixels. */
export const noise = (width: number, height: number): Sharp =>
  sharp({
    create: {
      width,
      height,
      channels: 3,
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
      background: '#000',
    },
  })

/** Several frames in one file, each of one colour. */
export const moving = (...frames: Colour[]): Promise<Sharp> =>
  Promise.all(frames.map((frame) => plain(64, 48, frame).png().toBuffer())).then((made) =>
    sharp(made, { join: { animated: true } }),
  )

/**
 * A JPEG that is to be looked at as 64 × 32 pixels, red and green above blue and white, and is stored the way a camera
 * does that was held as the orientation says. Source: Exif 2.3, tag Orientation: where the first row and column are.
 */
export function held(orientation: number): Promise<Buffer> {
  const [W, H] = [64, 32]
  const turned = orientation > 4
  const [width, height] = turned ? [H, W] : [W, H]
  const pixels = Buffer.alloc(width * height * 3)
  for (let y = 0; y < H; y += 1)
    for (let x = 0; x < W; x += 1) {
      const [row, column] = stored[orientation]!(x, y, W - 1, H - 1)
      pixels.set(quarters(x / W, y / H), (row * width + column) * 3)
    }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .withMetadata({ orientation })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer()
}

/** What is at a place of the picture, told in parts of its width and height. */
export const quarters = (x: number, y: number): Colour =>
  y < 0.5 ? (x < 0.5 ? colours.red : colours.green) : x < 0.5 ? colours.blue : colours.white

/** Row and column of what is seen at x, y. */
const stored: Record<number, (x: number, y: number, right: number, bottom: number) => [number, number]> = {
  1: (x, y) => [y, x],
  2: (x, y, right) => [y, right - x],
  3: (x, y, right, bottom) => [bottom - y, right - x],
  4: (x, y, _right, bottom) => [bottom - y, x],
  5: (x, y) => [x, y],
  6: (x, y, right) => [right - x, y],
  7: (x, y, right, bottom) => [right - x, bottom - y],
  8: (x, y, _right, bottom) => [x, bottom - y],
}

/** A PNG with these chunks between its head and its end, however little sense they make. */
export function png(
  size: { width: number; height: number; bits?: number },
  ...chunks: [string, Buffer][]
): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(size.width, 0)
  head.writeUInt32BE(size.height, 4)
  head[8] = size.bits ?? 8
  const all: [string, Buffer][] = [['IHDR', head], ...chunks, ['IEND', Buffer.alloc(0)]]
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...all.map(chunkOf)])
}

/** The rows of a grey picture of 8 bits, as the chunk of a PNG. */
export const rows = (width: number, height: number, grey: number): [string, Buffer] => [
  'IDAT',
  deflateSync(Buffer.alloc((width + 1) * height, Buffer.from([0, ...Buffer.alloc(width, grey)]))),
]

/** A colour profile that unfolds into a quarter of a gigabyte. */
export const largeProfile = (): [string, Buffer] => [
  'iCCP',
  Buffer.concat([Buffer.from('large\0\0', 'latin1'), deflateSync(Buffer.alloc(256 * 2 ** 20), { level: 1 })]),
]

function chunkOf([type, data]: [string, Buffer]): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
