import type { Content, Finding } from '../content.ts'
import { sentencesOf } from '../faithful/sentences.ts'

/**
 * What is not verified in the English, at the sentences of the translation that say it. A translation keeps numbers
 * and names, and so the sentence is found by them; without them the doubt is about the place as a whole.
 */
export function doubtsIn(translation: Content, doubts: readonly Finding[]): Finding[] {
  return doubts.flatMap((doubt) => {
    const sentences = sentencesOf(textAt(translation, doubt)).filter((sentence) =>
      says(sentence, doubt.value),
    )
    const at = (sentence: string): Finding => ({ ...doubt, sentence })
    return sentences.length > 0 ? sentences.map(at) : [at('')]
  })
}

function textAt(content: Content, { place }: Finding): string {
  if (place === 'summary') return content.summary
  return content.sections.find(({ key }) => key === place)?.content ?? ''
}

/** All the numbers of a value stand in the sentence; of a value without numbers, all of it. */
function says(sentence: string, value: string): boolean {
  if (value === '') return false
  const numbers = value.match(/\d+(?:[.,:/]\d+)*/g)
  if (!numbers) return sentence.includes(value)
  const said = new Set(sentence.match(/\d+(?:[.,:/]\d+)*/g))
  return numbers.every((number) => said.has(number))
}
