import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runGuarded } from '../../../src/shared/guarded.ts'
import { reencodeImage, type Limits, type Rendering } from '../../../src/shared/images/reencode.ts'
import type * as manyAtOnce from './many-at-once.ts'
import {
  colours,
  held,
  largeProfile,
  moving,
  noise,
  plain,
  png,
  quarters,
  rows,
  type Colour,
} from './made-pictures.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'millrace-pictures-'))
})

afterAll(() => rm(directory, { recursive: true }))

const { signal } = new AbortController()
let made = 0

async function write(bytes: Buffer | string, name = 'picture'): Promise<string> {
  const file = path.join(directory, `${(made += 1)} ${name}`)
  await writeFile(file, bytes)
  return file
}

const allTypes = ['jpeg', 'png', 'webp', 'gif'] as const
const square = { width: 512, height: 512, fit: 'cover', format: 'webp', quality: 80 } as const
const small = { width: 64, height: 64, fit: 'inside', format: 'webp', quality: 90 } as const

type Told = Awaited<ReturnType<typeof reencodeImage>>

/** What is told of the bytes, and what was made of them. */
async function reencode(
  bytes: Buffer | string,
  output: Rendering = square,
  limits: Partial<Limits> = {},
): Promise<{ told: Told; out: string }> {
  const [file, out] = [await write(bytes), path.join(directory, `${made} out.webp`)]
  const told = await reencodeImage(file, [{ ...output, file: out }], { signal, ...limits })
  return { told, out }
}

/** As `reencode`, all in one process: the start of each would take longer than its work. */
async function reencodeAll(
  pictures: (Buffer | string)[],
  output: Rendering = square,
): Promise<{ told: Told; out: string }[]> {
  const tasks = await Promise.all(
    pictures.map(async (bytes) => {
      const file = await write(bytes)
      const outputs = [{ ...output, file: `${file} out.webp` }]
      return { file, outputs, mostPixels: 52e6, types: allTypes }
    }),
  )
  const outs = tasks.map(({ file }) => `${file} out.webp`)
  const guard = { ms: 20_000, memoryBytes: 400e6, signal, addons: true, writes: outs }
  const { told } = await runGuarded<typeof manyAtOnce>(
    new URL('many-at-once.ts', import.meta.url),
    { tasks, others: [] },
    { ...guard, reads: tasks.map(({ file }) => file) },
  )
  return told.map((each, index) => ({ told: each, out: outs[index]! }))
}

const problemIn = (told: Told): string | undefined => ('problem' in told ? told.problem : undefined)

const problemOf = async (bytes: Buffer | string, limits: Partial<Limits> = {}) =>
  problemIn((await reencode(bytes, square, limits)).told)

const problemsOf = async (...pictures: (Buffer | string)[]) =>
  (await reencodeAll(pictures)).map(({ told }) => problemIn(told))

/** The colour at a place, told in parts of width and height, with what shines through. */
async function pixel(file: string, x = 0.5, y = 0.5): Promise<number[]> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true })
  const at = Math.floor(y * info.height) * info.width + Math.floor(x * info.width)
  return [...data.subarray(at * info.channels, (at + 1) * info.channels)]
}

function expectNear(pixel: number[], colour: Colour, within = 12): void {
  for (const [index, part] of colour.entries())
    expect(Math.abs((pixel[index] ?? NaN) - part), `${pixel.join()} is ${colour.join()}`).toBeLessThanOrEqual(
      within,
    )
}

describe('what is made', () => {
  test('has the size, type and place that were asked for, one file each', async () => {
    const file = await write(await noise(900, 600).jpeg().toBuffer())
    const [cover, inside] = [path.join(directory, 'cover.webp'), path.join(directory, 'inside.webp')]

    const told = await reencodeImage(
      file,
      [
        { ...square, file: cover },
        { ...small, file: inside },
      ],
      { signal },
    )

    expect(told).toEqual({
      original: { type: 'jpeg', width: 900, height: 600 },
      sizes: [
        { width: 512, height: 512 },
        { width: 64, height: 43 },
      ],
    })
    expect(await sharp(cover).metadata()).toMatchObject({ format: 'webp', width: 512, height: 512 })
    expect(await sharp(inside).metadata()).toMatchObject({ format: 'webp', width: 64, height: 43 })
    expect((await stat(cover)).mode & 0o777).toBe(0o600)
  })

  test('is as large as the original, and of its type, where that is asked for', async () => {
    const pictures = await Promise.all(
      (['jpeg', 'png', 'webp'] as const).map((type) => noise(90, 60).toFormat(type).toBuffer()),
    )
    const all = await reencodeAll(pictures, { format: 'same', quality: 90 })
    const [jpeg] = await reencodeAll([pictures[1] as Buffer], { format: 'jpeg', quality: 50 })
    const [still] = await reencodeAll([pictures[2] as Buffer], { format: 'png' })

    const formats = await Promise.all([...all, jpeg, still].map((each) => sharp(each?.out).metadata()))
    expect(formats.map(({ format }) => format)).toEqual(['jpeg', 'png', 'webp', 'jpeg', 'png'])
    for (const { told } of all) expect(told).toMatchObject({ sizes: [{ width: 90, height: 60 }] })
    const [was, is] = [pictures[1], all[1]?.out].map((png) => sharp(png).raw().toBuffer())
    expect((await is)?.equals((await was) as Buffer), 'a PNG loses nothing').toBe(true)
  })

  test('of a picture of which smaller ones have been made looks as it does when it is made alone', async () => {
    const file = await write(await held(6))
    const wide = await write(
      await sharp(await held(6))
        .autoOrient()
        .resize(900, 100, { fit: 'fill' })
        .png()
        .toBuffer(),
    )
    for (const each of [file, wide]) {
      const [large, after, alone] = [
        `${each} large.webp`,
        `${each} after.webp`,
        `${each} alone.webp`,
      ] as const
      const tiny = { width: 30, height: 30, fit: 'cover', format: 'webp', quality: 90 } as const
      await reencodeImage(
        each,
        [
          { ...small, file: large },
          { ...tiny, file: after },
        ],
        { signal },
      )
      await reencodeImage(each, [{ ...tiny, file: alone }], { signal })

      expect(await sharp(after).metadata()).toMatchObject({ width: 30, height: 30 })
      for (const x of [0.2, 0.8])
        for (const y of [0.2, 0.8])
          expectNear(await pixel(after, x, y), (await pixel(alone, x, y)) as never, 15)
    }
  })

  test('grows to cover, and never to fit inside', async () => {
    const bytes = await plain(20, 10).png().toBuffer()

    const [covered] = await reencodeAll([bytes], square)
    const [fitted] = await reencodeAll([bytes], small)

    expect(await sharp(covered?.out).metadata()).toMatchObject({ width: 512, height: 512 })
    expect(await sharp(fitted?.out).metadata()).toMatchObject({ width: 20, height: 10 })
  })

  test('is turned the way up it was taken, however the camera was held', async () => {
    const orientations = [1, 2, 3, 4, 5, 6, 7, 8]
    const pictures = await Promise.all(orientations.map(held))
    const all = await reencodeAll(pictures, small)
    const full = await reencodeAll(pictures, { format: 'same', quality: 95 })

    for (const { told, out } of [...all, ...full]) {
      expect(told).toMatchObject({ original: { type: 'jpeg', width: 64, height: 32 } })
      for (const x of [0.25, 0.75])
        for (const y of [0.25, 0.75]) expectNear(await pixel(out, x, y), quarters(x, y))
    }
    expect([all.length, full.length]).toEqual([8, 8])
    for (const { out } of full) expect((await sharp(out).metadata()).orientation).toBeUndefined()
  })

  test('says nothing of where, when and by whom it was taken', async () => {
    const bytes = await plain(80, 60)
      .withExif({
        IFD0: { ImageDescription: 'Ada at home', Artist: 'Grace' },
        IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100', GPSLongitudeRef: 'W' },
      })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">Linus</x:xmpmeta>')
      .jpeg()
      .toBuffer()
    expect(bytes.toString('latin1')).toMatch(/Ada at home[^]*Linus/)

    const { out } = await reencode(bytes)

    const { exif, xmp, icc, iptc } = await sharp(out).metadata()
    expect([exif, xmp, icc, iptc]).toEqual([undefined, undefined, undefined, undefined])
    expect((await readFile(out)).toString('latin1')).not.toMatch(/Ada|Grace|Linus|GPS|EXIF/)
  })

  test('has the colours the profile of the original gives them, and no profile', async () => {
    const bytes = await plain(40, 40, [200, 100, 50]).withIccProfile('p3').png().toBuffer()
    const [stored] = [...(await sharp(bytes, { ignoreIcc: true }).raw().toBuffer())]
    expect(stored, 'other numbers for the same colour').toBeLessThan(190)

    const { out } = await reencode(bytes)

    expectNear(await pixel(out), [200, 100, 50], 5)
    expect((await sharp(out).metadata()).icc).toBeUndefined()
  })

  test('of any kind of file that is read is the same in sRGB', async () => {
    const red = plain(40, 30)
    const kinds: [() => Promise<Buffer>, object, number][] = [
      [() => red.clone().toColourspace('cmyk').jpeg().toBuffer(), { space: 'cmyk' }, 40],
      [() => red.clone().toColourspace('rgb16').png().toBuffer(), { depth: 'ushort' }, 5],
      [() => red.clone().gif().toBuffer(), { format: 'gif' }, 5],
      [() => red.clone().webp().toBuffer(), { format: 'webp' }, 5],
      [() => red.clone().jpeg({ progressive: true }).toBuffer(), { isProgressive: true }, 5],
      [() => red.clone().png({ palette: true }).toBuffer(), { isPalette: true }, 5],
    ]
    const pictures = await Promise.all(kinds.map(([make]) => make()))

    const all = await reencodeAll(pictures)

    for (const [index, [, is, within]] of kinds.entries()) {
      const out = all[index]?.out as string
      expect(await sharp(pictures[index]).metadata()).toMatchObject(is)
      expect(await sharp(out).metadata()).toMatchObject({ space: 'srgb', depth: 'uchar', width: 512 })
      expectNear(await pixel(out), colours.red, within)
    }
  })

  test('of a grey picture that lets the ground shine through, does so as well', async () => {
    const pixels = Buffer.from(
      Array.from({ length: 64 * 64 }, (_, at) => (at % 64 < 32 ? [90, 255] : [90, 0])).flat(),
    )
    const bytes = await sharp(pixels, { raw: { width: 64, height: 64, channels: 2 } })
      .toColourspace('b-w')
      .png()
      .toBuffer()
    expect(await sharp(bytes).metadata()).toMatchObject({ channels: 2, space: 'b-w' })

    const { out } = await reencode(bytes)

    expectNear(await pixel(out, 0.2), [90, 90, 90])
    expect((await pixel(out, 0.2))[3]).toBe(255)
    expect((await pixel(out, 0.8))[3]).toBe(0)
  })

  test('of a picture that moves is its first frame', async () => {
    const frames = await moving(colours.red, colours.blue)
    const pictures = [await frames.clone().gif().toBuffer(), await frames.clone().webp().toBuffer()]
    for (const bytes of pictures) expect(await sharp(bytes).metadata()).toMatchObject({ pages: 2 })

    for (const { told, out } of await reencodeAll(pictures)) {
      expect(told).toMatchObject({ original: { width: 64, height: 48 } })
      expect((await sharp(out).metadata()).pages).toBeUndefined()
      expectNear(await pixel(out), colours.red)
    }
  })

  test('of a PNG that moves is what programs show that know nothing of it', async () => {
    const frames: [string, Buffer] = ['acTL', Buffer.from('0000000100000000', 'hex')]
    const { told, out } = await reencode(png({ width: 8, height: 8 }, frames, rows(8, 8, 128)))

    expect(told).toMatchObject({ original: { type: 'png', width: 8, height: 8 } })
    expectNear(await pixel(out), [128, 128, 128])
  })

  test('of a single pixel, a line and a thread is a square as of any other', async () => {
    const sizes = [
      { width: 1, height: 1 },
      { width: 10_000, height: 1 },
      { width: 1, height: 60_000 },
    ]
    const pictures = sizes.map(({ width, height }) => plain(width, height).png().toBuffer())

    const all = await reencodeAll(await Promise.all(pictures))

    expect(all.map(({ told }) => told)).toMatchObject(
      sizes.map((size) => ({ original: { type: 'png', ...size } })),
    )
    for (const { out } of all) {
      expect(await sharp(out).metadata()).toMatchObject({ width: 512, height: 512 })
      expectNear(await pixel(out), colours.red)
    }
  })

  test('of a picture with a document behind it has nothing of the document', async () => {
    const document = Buffer.from('%PDF-1.7\n1 0 obj << /JavaScript (app.alert) >>\n%%EOF')
    const { told, out } = await reencode(Buffer.concat([await plain(40, 40).jpeg().toBuffer(), document]))

    expect(told).toMatchObject({ original: { type: 'jpeg' } })
    expect((await readFile(out)).toString('latin1')).not.toMatch(/PDF|JavaScript/)
  })
})

describe('what is refused', () => {
  test('as no image: what is none by its content, and what is drawn', async () => {
    const picture = await plain(40, 40).jpeg().toBuffer()
    const files = {
      'nothing at all': '',
      'a text that is called a picture': 'Dear Ada, this is no picture.',
      'a drawing with a program': '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
      'a drawing in XML':
        '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
      'a drawing, packed': gzipSync('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      'a web page': '<!doctype html><img src=x onerror=alert(1)>',
      'a PDF': '%PDF-1.7\n%%EOF',
      'a PDF with a picture behind it': Buffer.concat([Buffer.from('%PDF-1.7\n'), picture]),
      'a program': Buffer.from('7f454c4602010100000000000000000002003e00', 'hex'),
    }
    const problems = await problemsOf(...Object.values(files))

    for (const [index, name] of Object.keys(files).entries())
      expect(problems[index], name).toBe('not-an-image')
  })

  test('as of a type that is not read here: HEIC, AVIF, TIFF, BMP', async () => {
    const problems = await problemsOf(
      Buffer.from('00000018667479706865696300000000686569636d696631', 'hex'),
      await plain(16, 16).avif({ effort: 0 }).toBuffer(),
      await plain(16, 16).tiff().toBuffer(),
      Buffer.concat([Buffer.from('BM'), Buffer.alloc(64)]),
    )
    expect(problems).toEqual(Array(4).fill('unsupported'))
  })

  test('as of a type that is read and not wanted', async () => {
    const bytes = await plain(16, 16).gif().toBuffer()
    expect(await problemOf(bytes, { types: ['jpeg', 'png'] })).toBe('unsupported')
  })

  test('as damaged: half of one, or its head alone', async () => {
    const types = ['jpeg', 'png', 'webp', 'gif'] as const
    const whole = await Promise.all(types.map((type) => noise(300, 200).toFormat(type).toBuffer()))
    const halves = whole.map((bytes) => bytes.subarray(0, bytes.length / 2))
    const heads = whole.map((bytes) => bytes.subarray(0, 40))

    expect(await problemsOf(...whole)).toEqual(Array(4).fill(undefined))
    expect(await problemsOf(...halves, ...heads)).toEqual(Array(8).fill('damaged'))
  })

  test('as damaged: a drawing behind the first letters of a GIF', async () => {
    const bytes = `GIF89a\x05\0\x05\0\0\0\0<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`
    expect(await problemsOf(bytes)).toEqual(['damaged'])
  })

  test('as too large: what unfolds from a few bytes into gigabytes', async () => {
    const bomb = png({ width: 30_000, height: 30_000, bits: 1 }, ['IDAT', Buffer.alloc(0)])
    const screen = Buffer.from(
      '474946383961ffffffff800000000000ffffff2c00000000ffffffff0002024401003b',
      'hex',
    )
    const strip = png({ width: 70_000, height: 1 }, rows(70_000, 1, 9))
    expect(bomb.length).toBeLessThan(100)

    expect(await problemsOf(bomb, screen, strip)).toEqual(Array(3).fill('too-many-pixels'))
  })

  test('as too large: a pixel more than is wanted', async () => {
    const bytes = await plain(100, 50).png().toBuffer()
    expect(await problemOf(bytes, { mostPixels: 5000 })).toBeUndefined()
    expect(await problemOf(bytes, { mostPixels: 4999 })).toBe('too-many-pixels')
  })

  test('as too complex: what takes more time or memory than it may', async () => {
    const bytes = await plain(7200, 7200).png({ progressive: true, compressionLevel: 1 }).toBuffer()

    expect(await problemOf(bytes)).toBeUndefined()
    expect(await problemOf(bytes, { memoryBytes: 180e6 })).toBe('too-complex')
    expect(await problemOf(bytes, { ms: 20 })).toBe('too-complex')
  })

  test('or harmless: a profile that unfolds into a quarter of a gigabyte', async () => {
    const bytes = png({ width: 8, height: 8 }, largeProfile(), rows(8, 8, 128))
    const { told, out } = await reencode(bytes, small, { memoryBytes: 200e6 })

    expect(told).toMatchObject({ original: { type: 'png', width: 8, height: 8 } })
    expectNear(await pixel(out), [128, 128, 128])
  })
})

test('in the process that looks inside nothing else can be opened than what the file is', async () => {
  const file = await write(await plain(20, 20).jpeg().toBuffer(), 'a.jpg')
  const others = [
    await write('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'a.svg'),
    await write(await plain(9, 9).png().toBuffer(), 'a.png'),
    await write(await plain(9, 9).tiff().toBuffer(), 'a.tiff'),
    await write(await plain(9, 9).avif({ effort: 0 }).toBuffer(), 'a.avif'),
    await write('P3 1 1 255 9 9 9', 'a.ppm'),
    await write('#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\nxxxx', 'a.hdr'),
  ]
  const out = path.join(directory, 'restricted.webp')
  const task = { file, outputs: [{ ...small, file: out }], mostPixels: 1e6, types: allTypes }
  const input = { tasks: [task], others: [...others, file] }

  const { told, opened } = await runGuarded<typeof manyAtOnce>(
    new URL('many-at-once.ts', import.meta.url),
    input,
    {
      ms: 20_000,
      memoryBytes: 400e6,
      signal,
      reads: [...others, file],
      writes: [out],
      addons: true,
    },
  )

  expect(told).toMatchObject([{ original: { type: 'jpeg', width: 20, height: 20 } }])
  expect(opened).toEqual([file])
})

describe('what is not the fault of the file', () => {
  test('is an error to try again: a file that is gone, a disk that cannot be written to', async () => {
    const file = await write(await plain(20, 20).jpeg().toBuffer())
    const nowhere = path.join(directory, 'nowhere', 'out.webp')
    const outputs = [{ ...small, file: nowhere }]

    await expect(reencodeImage(file, outputs, { signal })).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(reencodeImage(path.join(directory, 'gone'), outputs, { signal })).rejects.toMatchObject({
      code: 'ENOENT',
    })
  })

  test('is the reason of whoever does not want it any more', async () => {
    const file = await write(await plain(20, 20).jpeg().toBuffer())
    const before = await readdir(directory)
    const stopping = new AbortController()
    const outputs = [{ ...small, file: path.join(directory, 'never.webp') }]
    const working = reencodeImage(file, outputs, { signal: stopping.signal })
    stopping.abort(new Error('The worker stops.'))

    await expect(working).rejects.toThrow('The worker stops.')
    expect(await readdir(directory)).toEqual(before)
  })
})
