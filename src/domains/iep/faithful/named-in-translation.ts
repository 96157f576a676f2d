import type { Translated } from '../content.ts'
import { folded, foldedParts } from './fold.ts'
import { runsIn, type Word } from './name-runs.ts'
import { namesIn, type Mention } from './names.ts'
import { plainText } from './plain-text.ts'
import { looksOrdinary } from './words/endings.ts'
import { ordinaryWords, organisations } from './words/ordinary.ts'
import { spanishEndings, spanishOrdinary } from './words/spanish-ordinary.ts'

/** The words of a text in Latin letters, folded, those with hyphens taken apart. */
export function latinWords(text: string): Set<string> {
  const words = plainText(text).match(/[[\p{L}\p{M}]--\p{sc=Han}]+(?:'[[\p{L}\p{M}]--\p{sc=Han}]+)*/gv) ?? []
  return new Set(words.map(folded))
}

/** Names in a sentence of a translation of which the source has no word. Better one too few than a false alarm. */
export function namesAdded(
  sentence: string,
  language: Translated,
  { source, lower }: { source: ReadonlySet<string>; lower: ReadonlySet<string> },
): Mention[] {
  return finders[language](sentence, lower).filter(({ words }) => words.some((word) => !source.has(word)))
}

/** `lower`: words in lower case in the translation. */
const finders: Record<Translated, (sentence: string, lower: ReadonlySet<string>) => Mention[]> = {
  // Among Chinese characters every English word with a capital letter stands out.
  zh: (sentence, lower) =>
    namesIn(plainText(sentence).replaceAll(/\p{sc=Han}+/gu, ' 字 '), { lower, names: new Set() }),
  es: namesInSpanish,
  vi: namesInVietnamese,
}

function namesInSpanish(sentence: string, lower: ReadonlySet<string>): Mention[] {
  return runsIn(plainText(sentence)).flatMap(({ words, titled, opens }) => {
    const likely = words.filter(
      ({ text }, at) => !isOrdinarySpanish(text, lower) && (titled || !opens || at > 0 || words.length > 1),
    )
    return likely.length === 0 ? [] : [mentionOf(likely)]
  })
}

function isOrdinarySpanish(word: string, lower: ReadonlySet<string>): boolean {
  if (/^\p{Lu}+s?$/u.test(word)) return true
  return foldedParts(word).every(
    (part) =>
      spanishOrdinary.has(part) ||
      ordinaryWords.has(part) ||
      organisations.has(part) ||
      lower.has(part) ||
      spanishEndings.test(part) ||
      looksOrdinary(part),
  )
}

function mentionOf(words: Word[]): Mention {
  return {
    text: words.map(({ text }) => text).join(' '),
    words: words.flatMap(({ text }) => foldedParts(text)),
    initials: [],
  }
}

/** Words that no Vietnamese syllable can be, and what stands behind a form of address. */
function namesInVietnamese(sentence: string): Mention[] {
  const plain = plainText(sentence)
  const foreign = runsIn(plain).flatMap(({ words }) => {
    const likely = words.filter(({ text }) => isForeign(text))
    return likely.length === 0 ? [] : [mentionOf(likely)]
  })
  const addressed = Array.from(plain.matchAll(address), ([, name = '']) => name)
    .filter((name) => !notAddressed.has(folded(name)) && syllable.test(folded(name)))
    .map((name) => ({ text: name, words: [folded(name)], initials: [] }))
  return [...foreign, ...addressed]
}

function isForeign(word: string): boolean {
  if (/^\p{Lu}+s?$/u.test(word) || looksOrdinary(folded(word))) return false
  return foldedParts(word).some(
    (part) => !syllable.test(part) && !ordinaryWords.has(part) && !organisations.has(part),
  )
}

const syllable =
  /^(?:ngh?|nh|ch|gh?|gi|kh|ph|qu|th|tr|[bcdhklmnprstvx])?(?:[aeiouy]{1,3})(?:ch|ng|nh|[cmnpt])?$/
const address = /(?<![\p{L}])(?:[Cc]ô|[Tt]hầy|[Bb]à|[Ôô]ng|[Bb]ác sĩ|[Tt]iến sĩ)\s(\p{Lu}[\p{L}\p{M}]+)/gu
const notAddressed = new Set('giao ba co thay phu hieu truong noi ngoai'.split(' '))
