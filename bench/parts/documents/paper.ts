import { readFileSync } from 'node:fs'
import path from 'node:path'
import { readMarkdown } from '../../../local/samples/markdown.ts'
import { typesetPdf } from '../../../local/samples/typeset.ts'

/** A PDF with a text layer of as many pages: those of the sample program, over and over. */
export function paperOf(pages: number): Promise<Buffer> {
  const leaves = leavesOfTheSample()
  const chosen = Array.from({ length: pages }, (_, index) => leaves[index % leaves.length] ?? [])
  return typesetPdf(chosen.flat())
}

type Pieces = ReturnType<typeof readMarkdown>

function leavesOfTheSample(): Pieces[] {
  const leaves: Pieces[] = []
  for (const piece of readMarkdown(readFileSync(sample, 'utf8')))
    if (piece.kind === 'page') leaves.push([piece])
    else leaves.at(-1)?.push(piece)
  return leaves
}

const sample = path.resolve(import.meta.dirname, '..', '..', '..', 'local', 'samples', 'iep.md')
