import type { Finding } from '../content.ts'

/** The faults of an answer, one line each, as they are sent back to the model. '' when there are none. */
export function describeForModel(findings: Finding[]): string {
  const shown = findings.slice(0, mostLines).map(lineOf)
  const more = findings.length - shown.length
  return [...shown, ...(more > 0 ? [`- And ${more} more faults of these kinds.`] : [])].join('\n')
}

/** A model that got everything wrong learns no more from a thousand lines than from these. */
const mostLines = 100

function lineOf({ place, sentence, message }: Finding): string {
  const words = sentence.replaceAll(/\s+/g, ' ')
  const quoted = words.length > 300 ? `${words.slice(0, 300)}…` : words
  return `- ${place}: ${message}${quoted === '' ? '' : ` It stands in: "${quoted}"`}`
}
