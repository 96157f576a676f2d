import sharp from 'sharp'
import type { Photo } from './photos.ts'

type Size = Pick<Photo, 'width' | 'height'>

/** The right way up, of the right size, and with nothing beside the pixels: everybody has to have made the same. */
export async function wantPicture(picture: string | Uint8Array, { width, height }: Size): Promise<void> {
  const found = await sharp(picture).metadata()
  if (found.width !== width || found.height !== height)
    throw new Error(`A picture is ${found.width} × ${found.height} and not ${width} × ${height}.`)
  if (found.exif || found.xmp || found.orientation) throw new Error('A picture has EXIF or XMP still.')
}

/** What fits into the large thumbnail. */
export function insideOf({ width, height }: Size): Size {
  const scale = 1200 / Math.max(width, height)
  return { width: Math.round(width * scale), height: Math.round(height * scale) }
}
