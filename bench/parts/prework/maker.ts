import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { cpuOf } from '../../cpu.ts'
import { watchMemory, type MostMemory } from '../../memory.ts'
import type { Message } from '../../program.ts'
import type { Stack } from '../../stack.ts'
import type { Timed } from './lanes.ts'
import type { Photo } from './photos.ts'
import type { PictureOrder } from './picture-maker.ts'

/** Whoever makes a copy and thumbnails of photographs. */
export interface Maker extends AsyncDisposable {
  make(photos: Photo[], atOnce: number): Promise<Made>
}

export interface Made extends Timed {
  /** Milliseconds of processor for each: of who makes them with all it starts, and of the stores. Linux only. */
  cpu: { maker: number; stores: number } | undefined
  memory: MostMemory | undefined
}

/** A process that does nothing else. */
export async function openMaker(stack: Stack, way: PictureOrder['way']): Promise<Maker> {
  const directory = path.join(stack.directory, 'pictures')
  await mkdir(directory, { recursive: true })
  const program = stack.start('parts/prework/picture-maker.ts')
  await program.says('up')
  return {
    make: async (photos, atOnce) => {
      using spending = watchSpending(program.pid, [])
      program.tell({ way, photos, atOnce, directory } satisfies PictureOrder)
      const { times, seconds } = await program.says<Message & Timed>('made')
      return { times, seconds, ...spending.of(photos.length) }
    },
    [Symbol.asyncDispose]: () => program.end(),
  }
}

/** Watches what a process and all it starts take, and what stores do meanwhile, until it is disposed of. */
export function watchSpending(
  maker: number,
  stores: number[],
): Disposable & { of(photos: number): Pick<Made, 'cpu' | 'memory'> } {
  const memory = watchMemory(maker)
  const before = secondsOf(maker, stores)
  return {
    of: (photos) => {
      const after = secondsOf(maker, stores)
      const each = (spent: number): number => (spent * 1000) / photos
      const cpu = before &&
        after && { maker: each(after.maker - before.maker), stores: each(after.stores - before.stores) }
      return { cpu, memory: memory?.most() }
    },
    [Symbol.dispose]: () => memory?.[Symbol.dispose](),
  }
}

function secondsOf(maker: number, stores: number[]): { maker: number; stores: number } | undefined {
  const own = cpuOf(maker)
  if (own === undefined) return undefined
  return { maker: own, stores: stores.reduce((sum, store) => sum + (cpuOf(store) ?? 0), 0) }
}
