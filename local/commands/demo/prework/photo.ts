import sharp from 'sharp'

/** A photo as a phone takes it: held upright, written lying on its side, with where that was. */
export interface Photo {
  bytes: Buffer
  /** In pixels, the way up it is looked at. */
  width: number
  height: number
}

/** The model of the camera, which is in a photo's own notes and nowhere in its pixels. */
export const CAMERA = 'Millrace Box Camera'

const [width, height] = [3024, 4032]

/** Twelve megapixels, with the position of Greenwich. */
export async function takePhoto(): Promise<Photo> {
  const bytes = await sharp(Buffer.from(mill))
    .rotate(270)
    .withMetadata({ orientation: 6 })
    .withExif({
      IFD0: { Model: CAMERA, Orientation: '6' },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '51/1 28/1 38/1',
        GPSLongitudeRef: 'W',
        GPSLongitude: '0/1 0/1 5/1',
      },
    })
    .jpeg({ quality: 90 })
    .toBuffer()
  return { bytes, width, height }
}

/** A mill by the water, under a sky: what is up and what is down can be seen from its colours. */
export const mill = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 300 400">
  <defs>
    <linearGradient id="sky" x2="0" y2="1"><stop stop-color="#2f6fb5"/><stop offset="1" stop-color="#f6d7a7"/></linearGradient>
    <linearGradient id="water" x2="0" y2="1"><stop stop-color="#5fa8a0"/><stop offset="1" stop-color="#173f4f"/></linearGradient>
  </defs>
  <rect width="300" height="400" fill="url(#sky)"/><circle cx="225" cy="80" r="32" fill="#fff3c4"/>
  <path d="M0 230L70 130L130 210L190 140L300 240V300H0Z" fill="#6d7b93"/>
  <path d="M0 260Q80 215 160 250T300 240V320H0Z" fill="#4d7a3a"/><rect y="300" width="300" height="100" fill="url(#water)"/>
  <path d="M40 190L95 150L150 190Z" fill="#8c3b2a"/><path d="M50 190h90v125h-90z" fill="#e9dcc3"/>
  <path d="M65 208h20v20h-20zM105 208h20v20h-20z" fill="#3b4a5a"/><path d="M82 262h26v53h-26z" fill="#5a3a22"/>
  <g transform="translate(172 285)" stroke="#3f2a18" stroke-width="7" fill="none">
    <circle r="44"/><circle r="30" stroke-width="4"/><path d="M-48 0H48M0-48V48M-34-34L34 34M34-34L-34 34"/>
  </g>
</svg>`
