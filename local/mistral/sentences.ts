/** The sentences of an English line. `Ms. Hopper` and `J. Smith` are no ends. */
export function sentencesIn(text: string): string[] {
  const sentences: string[] = []
  for (const { segment } of segmenter.segment(text)) {
    const last = sentences.at(-1)
    if (last !== undefined && abbreviated.test(last)) sentences[sentences.length - 1] = last + segment
    else sentences.push(segment)
  }
  return sentences.map((sentence) => sentence.trim()).filter(Boolean)
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

const abbreviated = /(?:^|[\s(])(?:Mr|Mrs|Ms|Mx|Dr|Prof|St|No|vs|approx|e\.g|i\.e|min|hrs?|\p{Lu}|\d+)\.\s*$/u
