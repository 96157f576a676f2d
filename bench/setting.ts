import type { Options } from './options.ts'
import type { Stack } from './stack.ts'

/** What every part of the bench works with. */
export interface Setting {
  stack: Stack
  options: Options
  /** Shows progress to whoever waits. */
  say: (line: string) => void
}
