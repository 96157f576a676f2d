/** Runs in the guarded process: opens a file from a stranger and says what it is. Nothing of its content is told. */
import { readFile } from 'node:fs/promises'
import { countPages } from './count-pages.ts'
import { kindOf } from './kind.ts'
import type { Fault } from './refusals.ts'

export async function guarded({
  file,
  mostPages,
}: {
  file: string
  mostPages: number
}): Promise<{ pages: number } | { fault: Fault }> {
  const bytes = await readFile(file)
  const kind = await kindOf(bytes)
  return kind === 'pdf' ? countPages(bytes, mostPages) : { fault: kind }
}
