import { childrenOf, megabytes } from '../../memory.ts'
import type { Stack } from '../../stack.ts'
import { paperOf } from './paper.ts'
import { openPlace } from './place.ts'

/** What a worker took for one document, in megabytes (millions of bytes). */
export interface Memory {
  measured: 'memory'
  pages: number
  megabytesOfFile: number
  /** Resident before the document came, and the most while it was worked on. */
  before: number
  peak: number
  /** The most that the process that looks into the file took; it is gone when it has looked. */
  guarded: number
  seconds: number
}

/** Sends one document through a fresh worker process and watches its memory. Undefined where there is no /proc. */
export async function measureMemory(stack: Stack, pages: number): Promise<Memory | undefined> {
  if (process.platform !== 'linux') return undefined
  await using place = await openPlace(stack, {}, 1)
  const pid = place.workers[0]?.pid ?? -1
  const parent = await place.parent(1)
  const pdf = await paperOf(pages)
  const paper = await place.upload(parent, parent.children[0] ?? '', pdf)
  const before = megabytes(pid, 'VmRSS')
  let guarded = 0
  const looking = setInterval(() => {
    guarded = Math.max(guarded, ...childrenOf(pid).map((child) => megabytes(child, 'VmHWM')))
  }, 20)
  try {
    const began = performance.now()
    await place.arrive(paper)
    await place.processed(paper)
    const seconds = (performance.now() - began) / 1000
    // The kernel's own book of the most that was ever resident.
    const peak = megabytes(pid, 'VmHWM')
    return { measured: 'memory', pages, megabytesOfFile: pdf.length / 1e6, before, peak, guarded, seconds }
  } finally {
    clearInterval(looking)
  }
}
