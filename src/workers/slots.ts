/** So many at once; who comes later waits in line. */
export interface Slots {
  readonly width: number
  take(): Promise<void>
  free(): void
  /** Whether all are taken: then taking nothing more is no fault. */
  full(): boolean
}

export function createSlots(width: number): Slots {
  let open = width
  const line: (() => void)[] = []
  return {
    width,
    take: () => {
      if (open === 0) return new Promise((resolve) => line.push(resolve))
      open -= 1
      return Promise.resolve()
    },
    free: () => {
      const next = line.shift()
      if (next) next()
      else open += 1
    },
    full: () => open === 0,
  }
}
