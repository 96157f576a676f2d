/** Tells a person one line. */
export type Say = (line: string) => void

/**
 * Does one step of a longer way and says in one line what came of it and how long it took. A step that fails says
 * nothing: its error is told by whoever asked.
 */
export async function step<Result extends { note: string }>(
  say: Say,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const start = performance.now()
  const result = await work()
  say(`  ${name.padEnd(10)} ${tookSince(start)}  ${result.note}`)
  return result
}

/** `  0.4 s`, always seven wide up to a thousand seconds. */
export function tookSince(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1).padStart(5)} s`
}
