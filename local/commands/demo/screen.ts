import { stripVTControlCharacters } from 'node:util'
import type { Say } from '../../stack/progress.ts'

/** Where a story is told: line after line, and at its end one line that changes in place. */
export interface Screen {
  say: Say
  /**
   * Shows a line until the next one, told either way, takes its place. On what is not a terminal every line that
   * differs from the one before is a line of its own.
   */
  live: Say
  /** Leaves the changing line as it is. */
  keep(): void
  /** How many columns a picture may take; 0 where 24-bit colours are not shown. */
  canvas(): number
}

export function createScreen(stream: NodeJS.WriteStream): Screen {
  let shown = ''
  const say: Say = (line) => {
    if (stream.isTTY && shown) stream.write(erase)
    shown = ''
    stream.write(`${line}\n`)
  }
  const live: Say = (line) => {
    if (line === shown) return
    if (!stream.isTTY) stream.write(`${line}\n`)
    else stream.write(`${shown ? erase : ''}${fit(line, stream.columns)}`)
    shown = line
  }
  const keep = (): void => {
    if (stream.isTTY && shown) stream.write('\n')
    shown = ''
  }
  const canvas = (): number => (stream.isTTY && stream.getColorDepth() >= 24 ? stream.columns || 80 : 0)
  return { say, live, keep, canvas }
}

/** Back to the beginning of the line, which is emptied. */
const erase = '\r\u001B[2K'

/** A line that wraps could not be erased. */
const fit = (line: string, columns: number): string =>
  stripVTControlCharacters(line).slice(0, Math.max(20, (columns || 80) - 1))
