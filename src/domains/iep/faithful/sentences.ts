import { blocksOf, type Block } from './blocks.ts'
import { abbreviations, neverLast } from './words/abbreviations.ts'

/**
 * The sentences of a piece of Markdown, word for word, in English, Spanish, Chinese or Vietnamese: of prose and list
 * items each sentence, of a table each row, a heading as a whole. Marks of headings and list items are left out.
 */
export function sentencesOf(text: string): string[] {
  return blocksOf(text).flatMap(sentencesIn)
}

/** The sentences of one block. A row is one: its cells say something only together. */
export function sentencesIn({ kind, raw }: Block): string[] {
  if (kind === 'row' || kind === 'heading') return [raw.slice(0, longest).trim()]
  const sentences: string[] = []
  let from = 0
  for (const end of ends(raw)) {
    while (end - from > longest) {
      const space = raw.lastIndexOf(' ', from + longest)
      const cut = space > from ? space : from + longest
      sentences.push(raw.slice(from, cut).trim())
      from = cut
    }
    const sentence = raw.slice(from, end).trim()
    if (/[\p{L}\p{N}]/u.test(sentence)) sentences.push(sentence)
    from = end
  }
  return sentences.filter((sentence) => sentence !== '')
}

/** Nobody reads a sentence that is longer; what goes on and on without a full stop is cut, rows at their end. */
const longest = 2000

/** Where sentences end. */
function* ends(text: string): Generator<number> {
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] as string
    if (sign === '\n' && breaks(text, at)) {
      yield at + 1
    } else if ('。！？'.includes(sign)) {
      at = afterClosing(text, at + 1) - 1
      yield at + 1
    } else if ('.!?…'.includes(sign)) {
      const after = afterClosing(text, at + 1)
      const more = text[after]
      if (more !== undefined && !/\s/.test(more)) continue
      if (sign === '.' && !isFullStop(text, at, after)) continue
      at = after - 1
      yield after
    }
  }
  yield text.length
}

/** Behind the signs that close what a full stop ends: quotes, brackets, emphasis, more dots. */
function afterClosing(text: string, from: number): number {
  let at = from
  while (at < text.length && '"\'”’»)]）」』】*_.!?…。！？'.includes(text[at] as string)) at++
  return at
}

/** A line ends a sentence when it was broken on purpose, or when the next one begins with a label. */
function breaks(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 2), at)
  const next = text.slice(at + 1, at + 60)
  return before === '  ' || before.endsWith('\\') || /^\s{0,4}(?:\*\*|[^\n:：]{1,40}[:：])/.test(next)
}

function isFullStop(text: string, at: number, after: number): boolean {
  const word = /[\p{L}\p{M}.]{1,20}$/u.exec(text.slice(Math.max(0, at - 20), at))?.[0] ?? ''
  const next = /^\s+["'“‘¿¡([*_]{0,4}(.)/u.exec(text.slice(after, after + 12))?.[1]
  if (next === undefined) return true
  if (/\p{Ll}/u.test(next)) return false
  const key = word.toLowerCase()
  if (neverLast.has(key)) return false
  if (/^\p{Lu}$/u.test(word)) return false
  return !(abbreviations.has(key) && !/\p{Lu}/u.test(next))
}
