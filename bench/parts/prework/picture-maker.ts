import { link, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { makePictures } from '../../../src/domains/prework/media/process-pictures.ts'
import { say } from '../../programs/say.ts'
import { insideOf, wantPicture } from './check.ts'
import { inLanes } from './lanes.ts'
import type { Photo } from './photos.ts'

/** What is asked of the process that makes pictures: one way of doing it, so many at once, with these photographs. */
export interface PictureOrder {
  way: 'bare thumbnails' | 'bare, all three' | 'guarded'
  photos: Photo[]
  atOnce: number
  directory: string
}

process.on('message', (order: PictureOrder) => void carryOut(order))
say('up')

async function carryOut({ way, photos, atOnce, directory }: PictureOrder): Promise<void> {
  const work: { photo: Photo; own: string; file: string }[] = []
  for (const photo of photos) {
    // Under a name that was never seen: sharp remembers what it read under one.
    const own = await mkdtemp(path.join(directory, 'picture-'))
    const file = path.join(own, 'photo.jpeg')
    await link(photo.file, file)
    work.push({ photo, own, file })
  }
  const made = await inLanes(work, atOnce, ({ file, own }) => ways[way](file, own))
  for (const { photo, own } of work) {
    await check(way, photo, own)
    await rm(own, { recursive: true })
  }
  say('made', made)
}

const ways: Record<PictureOrder['way'], (file: string, directory: string) => Promise<void>> = {
  'bare thumbnails': makeThumbnails,
  'bare, all three': async (file, directory) => {
    const copy = sharp(file).autoOrient().toColourspace('srgb').jpeg({ quality: 90 })
    await copy.toFile(path.join(directory, 'clean'))
    await makeThumbnails(file, directory)
  },
  guarded: async (file, directory) => {
    const made = await makePictures(file, directory, { signal: new AbortController().signal })
    if ('problem' in made) throw new Error(`A photograph was refused: ${made.problem}.`)
  },
}

/** What one would write in ten minutes, with sharp as it comes. */
async function makeThumbnails(file: string, directory: string): Promise<void> {
  const large = sharp(file).autoOrient().resize({ width: 1200, height: 1200, fit: 'inside' })
  await large.webp({ quality: 82 }).toFile(path.join(directory, 'large.webp'))
  const small = sharp(file).autoOrient().resize({ width: 300, height: 300, fit: 'cover' })
  await small.webp({ quality: 82 }).toFile(path.join(directory, 'small.webp'))
}

async function check(way: PictureOrder['way'], photo: Photo, directory: string): Promise<void> {
  await wantPicture(path.join(directory, 'small.webp'), { width: 300, height: 300 })
  await wantPicture(path.join(directory, 'large.webp'), insideOf(photo))
  if (way !== 'bare thumbnails') await wantPicture(path.join(directory, 'clean'), photo)
}
