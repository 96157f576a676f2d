import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { quantile } from '../../numbers.ts'
import type { Stack } from '../../stack.ts'
import { openChain } from './chain.ts'
import { openMaker, type Made, type Maker } from './maker.ts'
import { makePhotos, small, whole, type Photo } from './photos.ts'

/** From the fewest calls to everything we do. */
export const ways = ['bare thumbnails', 'bare, all three', 'guarded', 'whole job'] as const
export type Way = (typeof ways)[number]

/** Photographs made into pictures in one way. */
export interface Pictures extends Omit<Made, 'seconds'> {
  measured: 'pictures'
  way: Way
  atOnce: number
  /** How many, and of how many millions of pixels. */
  photos: number
  megapixels: number
  perSecond: number
  p50: number
  p99: number
}

export const atOnces = [1, 2]

/** Each way in turns, one photograph at a time and two at once; each round another way goes first. */
export async function measurePictures(
  stack: Stack,
  {
    quick,
    rounds,
    wants,
    say,
    heard,
  }: {
    quick: boolean
    rounds: number
    wants: (way: Way) => boolean
    say: (line: string) => void
    heard: (sample: Pictures) => void
  },
): Promise<void> {
  const photos = await takePhotos(stack, quick, say)
  await using closing = new AsyncDisposableStack()
  const field: { way: Way; atOnce: number; maker: Maker }[] = []
  for (const way of ways.filter(wants)) {
    const open = (): Promise<Maker> => (way === 'whole job' ? openChain(stack) : openMaker(stack, way))
    // What two at once leave in the memory of a process is not there for one; there is only one worker, as it is.
    const first = closing.use(await open())
    const second = way === 'whole job' ? first : closing.use(await open())
    for (const maker of new Set([first, second])) await maker.make(photos.slice(0, 1), 1)
    field.push({ way, atOnce: 1, maker: first }, { way, atOnce: 2, maker: second })
  }
  for (let round = 0; round < rounds; round += 1) {
    const from = (2 * round) % photos.length
    const pair = photos.slice(from, from + 2)
    for (const index of field.keys()) {
      const turn = (index + 2 * round) % field.length
      const { way, atOnce, maker } = field[turn] as (typeof field)[number]
      heard(sampleOf(way, atOnce, pair, await maker.make(pair, atOnce)))
    }
  }
}

async function takePhotos(stack: Stack, quick: boolean, say: (line: string) => void): Promise<Photo[]> {
  const directory = path.join(stack.directory, 'photos')
  await mkdir(directory, { recursive: true })
  const began = performance.now()
  const photos = await makePhotos(directory, quick ? 2 : 4, quick ? small : whole)
  const megabytes = photos.map(({ bytes }) => (bytes / 1e6).toFixed(1))
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  say(`pictures: ${photos.length} photographs of ${megabytes.join(', ')} MB taken in ${seconds} s`)
  return photos
}

function sampleOf(way: Way, atOnce: number, photos: Photo[], { seconds, ...made }: Made): Pictures {
  const [photo] = photos
  return {
    measured: 'pictures',
    way,
    atOnce,
    photos: photos.length,
    megapixels: ((photo?.width ?? 0) * (photo?.height ?? 0)) / 1e6,
    perSecond: photos.length / seconds,
    p50: quantile(made.times, 0.5),
    p99: quantile(made.times, 0.99),
    ...made,
  }
}
