import { plainText } from './plain-text.ts'
import type { Value } from './values.ts'

/** A kind of therapy or instruction that has minutes of its own. */
export type Service =
  | 'speech'
  | 'occupational'
  | 'physical'
  | 'counseling'
  | 'academic'
  | 'consultation'
  | 'nursing'

/** The services a text speaks of. Text to speech is none. */
export function servicesNamed(markdown: string): Set<Service> {
  return new Set(mentionsIn(plainText(markdown)).map(({ service }) => service))
}

/**
 * Tells which service an amount of a sentence is about: the one named right behind it (`60 minutes of speech therapy`),
 * else the last one named before it (`Speech therapy: 60 minutes`); nothing if the sentence names none.
 */
export function servicesBeside(sentence: string): (value: Value) => Service | undefined {
  const text = plainText(sentence)
  const mentions = mentionsIn(text)
  return ({ start, end }) => {
    if (mentions.length === 0) return undefined
    const behind = /^[^.;:,()\d]{0,60}/.exec(text.slice(end, end + 60))?.[0].length ?? 0
    return (
      mentions.find(({ at }) => at >= end && at < end + behind)?.service ??
      mentions.findLast(({ at }) => at < start)?.service
    )
  }
}

function mentionsIn(text: string): { service: Service; at: number }[] {
  return words
    .flatMap(({ service, pattern }) =>
      Array.from(text.matchAll(pattern), ({ index }) => ({ service, at: index })),
    )
    .sort((a, b) => a.at - b.at)
}

const words: { service: Service; pattern: RegExp }[] = [
  { service: 'speech', pattern: /(?<!to[- ])\b(?:[Ss]peech|SPEECH)\b(?![- ]to\b)|\bSLP\b/g },
  { service: 'occupational', pattern: /\b[Oo]ccupational\b|\bOCCUPATIONAL\b|\bOT\b/g },
  { service: 'physical', pattern: /\b[Pp]hysical [Tt]herap|\bPHYSICAL THERAP|\bPT\b/g },
  { service: 'counseling', pattern: /\bcounsell?ing\b/gi },
  { service: 'academic', pattern: /\bacademic instruction\b|\bSAI\b/gi },
  { service: 'consultation', pattern: /\bconsult(?:s|ation)?\b/gi },
  { service: 'nursing', pattern: /\bnurs(?:e|ing)\b/gi },
]
