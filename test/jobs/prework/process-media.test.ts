import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Media, StoredFile } from '../../../src/domains/prework/media/media.ts'
import { fileOf, thumbnailOf, uploadOf } from '../../../src/domains/prework/media/places.ts'
import { BYTES_AT_MOST, type MediaType } from '../../../src/domains/prework/media/types.ts'
import {
  colours,
  held,
  moving,
  noise,
  plain,
  png,
  quarters,
  rows,
} from '../../shared/images/made-pictures.ts'
import { startUploads, type Uploads } from './uploads.ts'

let uploads: Uploads
beforeAll(async () => {
  uploads = await startUploads()
})
afterAll(() => uploads[Symbol.asyncDispose]())

const sha256Of = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')
const fileIn = (media: Media) => media.file as StoredFile
const thumbnailsIn = (media: Media) => fileIn(media).thumbnails as Required<StoredFile>['thumbnails']

/** The clean copy and the thumbnails. */
async function picturesOf(media: Media): Promise<{ clean: Buffer; small: Buffer; large: Buffer }> {
  const { small, large } = thumbnailsIn(media)
  const [clean, smaller, larger] = await Promise.all([
    uploads.bytes('uploads', fileIn(media).key),
    uploads.bytes('thumbnails', small.key),
    uploads.bytes('thumbnails', large.key),
  ])
  return { clean, small: smaller, large: larger }
}

async function pixel(bytes: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  const at = Math.floor(y * info.height) * info.width + Math.floor(x * info.width)
  return [...data.subarray(at * info.channels, at * info.channels + 3)]
}
const isNear = (pixel: number[], colour: readonly number[], within = 14) =>
  colour.every((part, index) => Math.abs((pixel[index] ?? NaN) - part) <= within)

describe('a photo', () => {
  test('is kept as a clean copy with two thumbnails, and what was uploaded goes', async () => {
    const bytes = await noise(1600, 900).jpeg().toBuffer()

    const media = await uploads.upload('image/jpeg', bytes)

    const sha256 = sha256Of(bytes)
    const [small, large] = [thumbnailOf(media, sha256, 'small'), thumbnailOf(media, sha256, 'large')]
    expect(media).toMatchObject({ uploadStatus: 'completed', contentType: 'image/jpeg', version: 2 })
    expect(media.file).toEqual({
      key: fileOf(media, sha256),
      bytes: bytes.length,
      sha256,
      width: 1600,
      height: 900,
      thumbnails: {
        small: { key: small, width: 300, height: 300 },
        large: { key: large, width: 1200, height: 675 },
      },
    })
    expect(await uploads.left(media)).toEqual(
      [`uploads ${fileOf(media, sha256)}`, `thumbnails ${small}`, `thumbnails ${large}`].sort(),
    )
    const pictures = await picturesOf(media)
    expect(await sharp(pictures.clean).metadata()).toMatchObject({ format: 'jpeg', width: 1600, height: 900 })
    expect(await sharp(pictures.small).metadata()).toMatchObject({ format: 'webp', width: 300, height: 300 })
    expect(await sharp(pictures.large).metadata()).toMatchObject({ format: 'webp', width: 1200, height: 675 })
    expect(await uploads.buckets.uploads.head(fileOf(media, sha256))).toMatchObject({
      contentType: 'image/jpeg',
    })
    expect(await uploads.buckets.thumbnails.head(small)).toMatchObject({ contentType: 'image/webp' })
  })

  test('has one entry in the audit log that says what it has come to be, and by whom', async () => {
    const media = await uploads.upload('image/png', await plain(40, 30).png().toBuffer())

    expect(await uploads.trail(media)).toEqual([
      expect.objectContaining({
        action: 'complete',
        entityType: 'media',
        userId: 'server',
        ip: '',
        userAgent: 'prework.process-media',
        requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
        before: { uploadStatus: 'uploading', file: null, fileName: 'Ada at home' },
        after: { uploadStatus: 'completed', file: media.file, fileName: 'Ada at home.png' },
      }),
    ])
  })

  test('is turned the way up it was taken, in every copy', async () => {
    const orientations = [3, 6] // all eight are in the test of the images
    const pictures = await Promise.all(
      orientations.map(async (each) => ['image/jpeg', await held(each)] as const),
    )
    const all = await uploads.uploadAll(pictures)
    for (const [at, media] of all.entries()) {
      const orientation = orientations[at]
      expect(media.file, `orientation ${orientation}`).toMatchObject({ width: 64, height: 32 })
      const { clean, large } = await picturesOf(media)
      for (const picture of [clean, large]) {
        expect((await sharp(picture).metadata()).orientation).toBeUndefined()
        for (const [x, y] of [
          [0.25, 0.25],
          [0.75, 0.25],
          [0.25, 0.75],
          [0.75, 0.75],
        ] as const)
          expect(isNear(await pixel(picture, x, y), quarters(x, y)), `${orientation} ${x} ${y}`).toBe(true)
      }
    }
  })

  test('says nothing of where, when and by whom it was taken, in any copy', async () => {
    const exif = {
      IFD0: { ImageDescription: 'Ada at home', Artist: 'Grace', Copyright: 'Linus' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100', GPSLongitudeRef: 'W' },
    }
    const xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/">Linus</x:xmpmeta>'
    const personal = /Ada at home|Grace|Linus|Exif|EXIF|GPS|xmpmeta|ICC_PROFILE|iCCP|eXIf|iTXt|tEXt/
    const types = ['jpeg', 'png', 'webp'] as const
    const telling = plain(80, 60).withIccProfile('p3').withExif(exif).withXmp(xmp)
    const pictures = await Promise.all(types.map((type) => telling.clone().toFormat(type).toBuffer()))
    for (const bytes of pictures) expect(bytes.toString('latin1')).toContain('Ada at home')

    const all = await uploads.uploadAll(types.map((type, n) => [`image/${type}`, pictures[n] as Buffer]))

    for (const [n, media] of all.entries()) {
      const type = types[n]
      for (const picture of Object.values(await picturesOf(media))) {
        expect(picture.toString('latin1'), type).not.toMatch(personal)
        const { exif: left, icc, iptc, xmp: xmpLeft } = await sharp(picture).metadata()
        expect([left, icc, iptc, xmpLeft]).toEqual([undefined, undefined, undefined, undefined])
      }
    }
  })

  test('of any kind keeps its colours: CMYK, 16 bits, of a wide profile', async () => {
    const red = plain(40, 30)
    const cmyk = await red.clone().toColourspace('cmyk').jpeg().toBuffer()
    const fine = await red.clone().toColourspace('rgb16').png().toBuffer()
    const wide = await red.clone().withIccProfile('p3').png().toBuffer()

    const all = await uploads.uploadAll([
      ['image/jpeg', cmyk],
      ['image/png', fine],
      ['image/png', wide],
    ])

    for (const [n, media] of all.entries()) {
      const [within, depth] = [[40, 3, 5][n], n === 1 ? 'ushort' : 'uchar']
      const { clean, large } = await picturesOf(media)
      expect(await sharp(clean).metadata()).toMatchObject({ depth })
      expect(isNear(await pixel(large, 0.5, 0.5), colours.red, within)).toBe(true)
      expect(isNear(await pixel(await sharp(clean).png().toBuffer(), 0.5, 0.5), colours.red, within)).toBe(
        true,
      )
    }
  })

  test('as a PNG loses nothing of its pixels', async () => {
    const fine = Buffer.from(Uint16Array.from({ length: 64 * 64 * 3 }, (_, at) => (at * 7919) % 65536).buffer)
    const raw = { width: 64, height: 64, channels: 3 } as const
    const deep = sharp(new Uint16Array(fine.buffer, fine.byteOffset, fine.length / 2), { raw }).toColourspace(
      'rgb16',
    )
    const flat = await noise(64, 64).ensureAlpha(0.5).png().toBuffer()

    const pictures = [flat, await deep.png().toBuffer()]

    const all = await uploads.uploadAll(pictures.map((bytes) => ['image/png', bytes]))

    for (const [n, bytes] of pictures.entries()) {
      const { clean } = await picturesOf(all[n] as Media)
      const [is, was] = [clean, bytes].map((png) =>
        sharp(png).toColourspace('rgb16').raw({ depth: 'ushort' }).toBuffer(),
      )
      expect((await is)?.equals((await was) as Buffer)).toBe(true)
    }
  })

  test('that moves is its first frame', async () => {
    const webp = await (await moving(colours.red, colours.blue)).webp().toBuffer()
    const apng = png(
      { width: 8, height: 8 },
      ['acTL', Buffer.from('0000000100000000', 'hex')],
      rows(8, 8, 128),
    )

    const [first, second] = (await uploads.uploadAll([
      ['image/webp', webp],
      ['image/png', apng],
    ])) as [Media, Media]

    const { clean } = await picturesOf(first)
    expect((await sharp(clean).metadata()).pages).toBeUndefined()
    expect(isNear(await pixel(clean, 0.5, 0.5), colours.red)).toBe(true)
    expect(second).toMatchObject({ uploadStatus: 'completed', file: { width: 8, height: 8 } })
    const { clean: still } = await picturesOf(second)
    expect(still.toString('latin1')).not.toContain('acTL')
  })

  test('is taken as what it is, and its name ends so, when it was announced as another picture', async () => {
    const media = await uploads.upload('image/jpeg', await plain(20, 10).png().toBuffer())

    expect(media).toMatchObject({ contentType: 'image/png', fileName: 'Ada at home.png' })
    expect(await uploads.buckets.uploads.head(fileIn(media).key)).toMatchObject({ contentType: 'image/png' })
  })

  test('with something behind it has nothing of that in any copy', async () => {
    const page = '<script>alert(1)</script>PK stands for a ZIP %PDF-1.7'
    const polyglot = Buffer.concat([await plain(20, 20).jpeg().toBuffer(), Buffer.from(page)])

    const media = await uploads.upload('image/jpeg', polyglot)

    for (const picture of Object.values(await picturesOf(media)))
      expect(picture.toString('latin1')).not.toMatch(/script|%PDF|PK stands/)
  })
})

const iso = (brand: string) =>
  Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}\0\0\0\0isommp42`), Buffer.alloc(64)])
const riff = Buffer.concat([Buffer.from('RIFF\x24\0\0\0WAVEfmt '), Buffer.alloc(64)])
const ebml = (docType: string) =>
  Buffer.concat([
    Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 0x80 + docType.length + 3, 0x42, 0x82, 0x80 + docType.length]),
    Buffer.from(docType),
    Buffer.alloc(64),
  ])
const mp3 = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x44]), Buffer.alloc(413)])

describe('what is no picture', () => {
  test('is kept byte for byte, as the type it was announced as', async () => {
    const good: [MediaType, Buffer | string][] = [
      ['application/pdf', '%PDF-1.7\n%\xe2\xe3\n'],
      ['text/plain', 'Grüße an Ada\r\n\ttab ✓ \u{1f600}\n'],
      ['text/plain', '<html><script>alert(1)</script></html>'],
      ['video/mp4', iso('isom')],
      ['video/mp4', iso('M4V ')],
      ['video/quicktime', iso('qt  ')],
      ['video/webm', ebml('webm')],
      ['audio/mp4', iso('M4A ')],
      ['audio/mpeg', mp3],
      ['audio/wav', riff],
    ]
    const all = await uploads.uploadAll(good)

    for (const [n, [type, bytes]] of good.entries()) {
      const media = all[n] as Media
      const which = type === 'application/pdf' || type === 'text/plain' ? 'documents' : 'uploads'
      const sha256 = sha256Of(bytes)
      const key = fileOf(media, sha256)
      expect(media, type).toMatchObject({
        uploadStatus: 'completed',
        contentType: type,
        file: { key, sha256 },
      })
      expect(await uploads.left(media)).toEqual([`${which} ${key}`])
      expect((await uploads.bytes(which, key)).equals(Buffer.from(bytes))).toBe(true)
      expect(await uploads.buckets[which].head(key)).toMatchObject({ contentType: type })
      expect(Object.keys(fileIn(media)).sort()).toEqual(['bytes', 'key', 'sha256'])
    }
  })
})

describe('nothing is kept', () => {
  const truncated = async (format: 'jpeg' | 'png') => {
    const whole = await noise(300, 200).toFormat(format).toBuffer()
    return whole.subarray(0, whole.length / 2)
  }
  const cases: [name: string, MediaType, () => Promise<Buffer> | Buffer | string, problem: string][] = [
    ['half a JPEG', 'image/jpeg', () => truncated('jpeg'), 'damaged'],
    ['half a PNG', 'image/png', () => truncated('png'), 'damaged'],
    [
      'what unfolds into gigabytes',
      'image/png',
      () => png({ width: 30_000, height: 30_000, bits: 1 }, ['IDAT', Buffer.alloc(0)]),
      'too-many-pixels',
    ],
    ['HEIC called JPEG', 'image/jpeg', () => iso('heic'), 'unsupported'],
    ['GIF called PNG', 'image/png', () => plain(9, 9).gif().toBuffer(), 'unsupported'],
    [
      'a drawing with a script called PNG',
      'image/png',
      () => '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
      'not-an-image',
    ],
    ['a PDF called JPEG', 'image/jpeg', () => '%PDF-1.7\n', 'not-an-image'],
    ['an MP4 called MOV', 'video/quicktime', () => iso('mp42'), 'wrong-type'],
    ['a film of another kind called WebM', 'video/webm', () => ebml('matroska'), 'wrong-type'],
    ['a photo called PDF', 'application/pdf', () => plain(9, 9).png().toBuffer(), 'wrong-type'],
    ['a page called PDF', 'application/pdf', () => '<html>%PDF-1.7', 'wrong-type'],
    ['text with a NUL', 'text/plain', () => 'Ada\0Grace', 'wrong-type'],
    ['text that is not UTF-8', 'text/plain', () => Buffer.from('Grüße', 'latin1'), 'wrong-type'],
    ['text that ends inside a letter', 'text/plain', () => Buffer.from('Grü').subarray(0, 3), 'wrong-type'],
    [
      'a program called MP3',
      'audio/mpeg',
      () => Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(99)]),
      'wrong-type',
    ],
  ]
  test('of what is not what it says, with the reason', async () => {
    const made = await Promise.all(cases.map(async ([, type, make]) => [type, await make()] as const))

    const all = await uploads.uploadAll(made)

    for (const [n, [name, , , problem]] of cases.entries()) {
      expect(all[n], name).toMatchObject({ uploadStatus: 'failed', problem, version: 2 })
      expect(all[n], name).not.toHaveProperty('file')
      expect(await uploads.left(all[n] as Media), name).toEqual([])
    }
  })

  test('of nothing, which no form takes, and of a byte too many', async () => {
    const [empty, large] = [await uploads.open('text/plain'), await uploads.open('text/plain')]
    await uploads.put('documents', uploadOf(empty), '')
    await uploads.put('documents', uploadOf(large), Buffer.alloc(BYTES_AT_MOST + 1, 'a'))
    await uploads.settle()

    expect(await uploads.now(empty)).toMatchObject({ uploadStatus: 'failed', problem: 'damaged' })
    expect(await uploads.now(large)).toMatchObject({ uploadStatus: 'failed', problem: 'too-large' })
    expect([await uploads.left(empty), await uploads.left(large)]).toEqual([[], []])
    expect(await uploads.trail(large)).toEqual([
      expect.objectContaining({
        action: 'fail',
        before: { uploadStatus: 'uploading', problem: null },
        after: { uploadStatus: 'failed', problem: 'too-large' },
      }),
    ])
  })
})
