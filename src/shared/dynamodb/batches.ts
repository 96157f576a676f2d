import { insist, pause, type Insisting } from './insist.ts'

/**
 * Hands everything over in batches of at most `size`, one after another. `hand` says what of a batch was left undone,
 * and that is handed over again until nothing is left.
 * @throws Unavailable when what is left does not become less for as long as the patience lasts
 */
export async function inBatches<Each>(
  all: readonly Each[],
  size: number,
  insisting: Insisting,
  hand: (batch: Each[]) => Promise<Each[]>,
): Promise<void> {
  const { patience, signal } = insisting
  let left = [...all]
  let tries = 0
  let until = performance.now() + patience
  while (left.length > 0) {
    const batch = left.slice(0, size)
    const undone = await insist(() => hand(batch), insisting)
    left = [...undone, ...left.slice(size)]
    if (undone.length < batch.length) until = performance.now() + patience
    tries = undone.length === 0 ? 0 : tries + 1
    // It did what it could, and wants to be asked for the rest more slowly.
    if (tries > 0) await pause({ cause: 'throttled', tries, until, signal })
  }
}
