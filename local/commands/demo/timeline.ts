/** A stretch of time with a name. Times are milliseconds since 1970. */
export interface Stretch {
  name: string
  from: number
  to: number
}

/** Draws stretches below each other, each from where the one before ends, on one scale. */
export function drawTimeline(stretches: Stretch[], width = 48): string[] {
  const begin = Math.min(...stretches.map(({ from }) => from))
  const end = Math.max(...stretches.map(({ to }) => to))
  const scale = width / Math.max(end - begin, 1)
  const names = Math.max(...stretches.map(({ name }) => name.length))
  return stretches.map(({ name, from, to }) => {
    const start = Math.min(Math.round((from - begin) * scale), width - 1)
    const length = Math.max(Math.round((to - begin) * scale) - start, 1)
    const bar = `${' '.repeat(start)}${'━'.repeat(length)}`.padEnd(width)
    return `${name.padEnd(names)}  ${bar}  ${String(Math.round(to - from)).padStart(4)} ms`
  })
}
