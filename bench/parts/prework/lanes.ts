/** How long each took in milliseconds, and all together in seconds. */
export interface Timed {
  times: number[]
  seconds: number
}

/** Works on all of them, so many at once, in their order. */
export async function inLanes<Each>(
  all: readonly Each[],
  atOnce: number,
  work: (each: Each) => Promise<void>,
): Promise<Timed> {
  const times: number[] = []
  const left = all.values()
  const began = performance.now()
  const lane = async (): Promise<void> => {
    for (const each of left) {
      const from = performance.now()
      await work(each)
      times.push(performance.now() - from)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return { times, seconds: (performance.now() - began) / 1000 }
}
