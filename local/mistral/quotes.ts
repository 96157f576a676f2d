/** Stands before every sentence that the stand-in puts into an answer, so that nobody takes it for a model's words. */
export const label = '[local stand-in]'

/**
 * Hands out the sentences of a text, each with the label. Nothing is made up and nothing is translated: a question for
 * a summary in Spanish is answered by an English sentence of an English text.
 */
export class Quotes {
  readonly text: string
  readonly #sentences: string[]
  readonly #used = new Set<number>()
  /** The words of each sentence, found once: a long document answers many fields. */
  #words: Set<string>[] | undefined

  constructor(text: string) {
    this.text = text
    this.#sentences = split(text)
  }

  /** How many sentences there are. */
  get size(): number {
    return this.#sentences.length
  }

  /** The sentence that has most words in common with the hint, one that wasn't quoted yet if there is any. */
  next(hint = ''): string {
    if (this.#used.size >= this.#sentences.length) this.#used.clear()
    const index = this.#bestFor(wordsOf(hint))
    this.#used.add(index)
    return `${label} ${this.#sentences[index] ?? 'there is nothing to quote'}`
  }

  #bestFor(wanted: Set<string>): number {
    this.#words ??= this.#sentences.map(wordsOf)
    let best = { index: -1, score: -1 }
    for (const [index, words] of this.#words.entries()) {
      if (this.#used.has(index)) continue
      const score = common(wanted, words)
      if (score > best.score) best = { index, score }
      if (wanted.size === 0) break // the next one in order is as good as any
    }
    return best.index
  }
}

/** Sentences in any language: the segmenter knows the full stops of Chinese as well. */
function split(text: string): string[] {
  const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' })
  return text
    .split(/\n+/)
    .flatMap((line) => Array.from(sentences.segment(line.replace(/^[#>*\s|-]+/, ''))))
    .map(({ segment }) => segment.replaceAll(/\s+/g, ' ').trim())
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence))
}

/** The telling words of a name or a sentence: `presentLevels` is two. */
function wordsOf(text: string): Set<string> {
  const words = text.replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2').toLowerCase()
  return new Set(words.match(/[\p{L}\p{N}]{4,}/gu))
}

function common(some: Set<string>, others: Set<string>): number {
  return [...some].filter((word) => others.has(word)).length
}
