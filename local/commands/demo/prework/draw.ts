import sharp from 'sharp'

/** So many pixels, three bytes each, row by row from the top. */
export interface Pixels {
  data: Uint8Array
  width: number
  height: number
}

/** Draws pictures of one height beside each other, for a terminal with 24-bit colours. */
export async function drawSideBySide(pictures: Buffer[], rows: number): Promise<string[]> {
  const drawn = await Promise.all(
    pictures.map(async (picture) => drawPicture(await shrink(picture, rows * 2))),
  )
  return Array.from({ length: rows }, (_, row) => drawn.map((lines) => lines[row]).join('   '))
}

/** A line shows two rows of pixels: the upper one as the ink of half a block, the lower one as its ground. */
export function drawPicture({ data, width, height }: Pixels): string[] {
  const colour = (x: number, y: number): string => {
    const at = (y * width + x) * 3
    return data.subarray(at, at + 3).join(';')
  }
  const cell = (x: number, y: number): string =>
    `\u001B[38;2;${colour(x, y)}m\u001B[48;2;${colour(x, y + 1)}m▀`
  return Array.from({ length: Math.floor(height / 2) }, (_, line) => {
    const cells = Array.from({ length: width }, (_each, x) => cell(x, line * 2))
    return `${cells.join('')}\u001B[0m`
  })
}

async function shrink(picture: Buffer, height: number): Promise<Pixels> {
  const { data, info } = await sharp(picture)
    .resize({ height })
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}
