/** Says something to the bench that started this process. */
export function say(is: string, more: object = {}): void {
  process.send?.({ is, at: performance.timeOrigin + performance.now(), ...more })
}

/** Counts attempts; says when the first and the last of them ran. */
export function countTo(expected: number): () => void {
  let count = 0
  return () => {
    count += 1
    if (count === 1) say('first')
    if (count === expected) say('last')
  }
}

/** Calls `stop` once, at the first wish to end; then the process ends by itself. */
export function onEnd(stop: () => Promise<void>): void {
  let stopping: Promise<void> | undefined
  process.on('SIGTERM', () => {
    stopping ??= stop().then(() => process.exit(0))
  })
}

/** A variable of the environment that the bench always sets. */
export function given(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is missing`)
  return value
}
