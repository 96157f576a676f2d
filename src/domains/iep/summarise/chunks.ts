import type { Redacted } from '../redact.ts'
import type { RedactedPage } from '../redacting.ts'

/** Pages for one question. */
export type Chunk = RedactedPage[]

/**
 * Pages in order, as many together as fit into `most` characters. A page that does not fit alone is cut, at a line if
 * there is one, and its pieces keep its number.
 */
export function inChunks(pages: readonly RedactedPage[], most: number): Chunk[] {
  const chunks: Chunk[] = []
  let room = 0
  for (const { number, text } of pages)
    for (const piece of piecesOf(text, most)) {
      if (piece.length > room || chunks.length === 0) {
        chunks.push([])
        room = most
      }
      chunks.at(-1)?.push({ number, text: piece })
      room -= piece.length
    }
  return chunks
}

function piecesOf(text: Redacted, most: number): Redacted[] {
  const pieces: Redacted[] = []
  let from = 0
  while (text.length - from > most) {
    const line = text.lastIndexOf('\n', from + most)
    // A line that begins in the second half of the room is a good place; else the cut is made where the room ends.
    const end = line > from + most / 2 ? line : from + most
    pieces.push(text.slice(from, end) as Redacted)
    from = end
  }
  // A piece of what is redacted is redacted.
  pieces.push(text.slice(from) as Redacted)
  return pieces
}
