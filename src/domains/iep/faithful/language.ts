import type { Finding, Place, Translated } from '../content.ts'
import { detector } from './detector.ts'
import { aboutPlace, named } from './findings.ts'
import { folded } from './fold.ts'
import { plainText } from './plain-text.ts'
import { simplifiedOnly, traditionalOnly } from './words/han.ts'

/** What a place is called in, and what is no evidence of a language in it. */
export interface Claim {
  place: Place
  language: Translated
  /** Sentences of the source in the same place, word for word. */
  source: readonly string[]
  /** Words of names, folded: they stay as they are in every language. */
  names: ReadonlySet<string>
}

/**
 * Whether the sentences of a place are in the language they claim. Longer ones are judged one by one, short ones only
 * together or when they are the very words of the source. Names, numbers and acronyms are no evidence.
 */
export function languageFaults(sentences: readonly string[], claim: Claim): Finding[] {
  const { place, language, source } = claim
  const english = new Set(source.map(flat))
  const kept = new Set([...claim.names, ...capitalised(source)])
  const judged = sentences.map((sentence) => {
    const words = tellingWords(sentence, claim.names)
    const copied = english.has(flat(sentence)) && words.filter(isPlain).length >= 2
    return { sentence, words, wrong: copied || isOther(withoutTerms(words, kept), language) }
  })
  const wrong = judged.filter(({ wrong }) => wrong)
  const count = (list: typeof judged): number => list.reduce((sum, { words }) => sum + words.length, 0)
  const all = judged.flatMap(({ words }) => withoutTerms(words, kept))
  if (count(wrong) * 2 > count(judged) || isAnother(all, language))
    return [aboutPlace(place, 'language', `The ${named(place)} is not in ${called[language]}.`)]
  const findings = wrong.map(({ sentence }): Finding => ({
    place,
    kind: 'language',
    sentence,
    value: '',
    message: `This sentence in the ${named(place)} is not in ${called[language]}.`,
  }))
  return language === 'zh' ? [...findings, ...traditional(place, sentences)] : findings
}

const called: Record<Translated, string> = {
  es: 'Spanish',
  zh: 'Chinese in simplified characters',
  vi: 'Vietnamese with its accents',
}

function flat(sentence: string): string {
  return plainText(sentence).toLowerCase().replaceAll(/\s+/g, ' ').trim()
}

/** The words that tell the language: no names, no acronyms, no single letters. A Chinese character is a word. */
function tellingWords(sentence: string, names: ReadonlySet<string>): string[] {
  const words = plainText(sentence).match(/\p{sc=Han}|[[\p{L}\p{M}]--\p{sc=Han}]+/gv) ?? []
  return words.filter(
    (word) => isHan(word) || (word.length > 1 && !/^\p{Lu}+s?$/u.test(word) && !names.has(folded(word))),
  )
}

/** Words with a capital letter in the source: a term or test in brackets behind its translation is no fault. */
function capitalised(sentences: readonly string[]): string[] {
  return sentences.flatMap((sentence) => sentence.match(/\p{Lu}[\p{L}\p{M}]+/gu) ?? []).map(folded)
}

function withoutTerms(words: string[], kept: ReadonlySet<string>): string[] {
  return words.filter((word, at) => at === 0 || !/^\p{Lu}/u.test(word) || !kept.has(folded(word)))
}

/** A word that is no term, name or beginning: in lower case, and more than an `of`. */
function isPlain(word: string): boolean {
  return /^\p{Ll}/u.test(word) && word.length > 2
}

function isHan(word: string): boolean {
  return /^\p{sc=Han}$/u.test(word)
}

/** Whether a sentence is in another language; for one of few words nobody can tell. */
function isOther(words: string[], language: Translated): boolean {
  if (language === 'zh') {
    const han = words.filter(isHan).length
    const other = words.length - han
    const kana = words.join('').match(/[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]/gu)?.length ?? 0
    if (kana > 2 && kana * 3 > han) return true
    return (han === 0 && words.filter(isPlain).length >= 2) || (other >= 4 && other * 2 > han)
  }
  if (words.length < fewest) return false
  if (words.filter(isHan).length * 3 > words.length) return true
  if (language === 'vi' && words.filter(isAccented).length * 4 < words.length) return true
  const { language: likely, lead } = detector().among(words.join(' '), language)
  return likely !== language && likely !== '' && lead > 0.1
}

const fewest = 6

/** Most Vietnamese words have a mark on a letter; without marks it is hard to read. */
function isAccented(word: string): boolean {
  return /[đĐ]|\p{M}/u.test(word.normalize('NFD'))
}

/** Whether a longer text is in a language that is none of ours: all pieces of it must say so. */
function isAnother(words: string[], language: Translated): boolean {
  if (language === 'zh' || words.length < 15) return false
  const pieces: string[] = []
  for (let at = 0; at < words.length && pieces.length < 5; at += 40) {
    const piece = words.slice(at, at + 40)
    if (piece.length >= 15) pieces.push(piece.join(' '))
  }
  return pieces.every((piece) => detector().any(piece) !== language)
}

/** Traditional characters where simplified ones are meant; a single one may be part of a name. */
function traditional(place: Place, sentences: readonly string[]): Finding[] {
  const found = sentences.map((sentence) => ({ sentence, ...countHan(sentence) }))
  const sum = (key: 'traditional' | 'simplified'): number =>
    found.reduce((total, one) => total + one[key].length, 0)
  const message = `The ${named(place)} is written in traditional characters; use simplified ones.`
  if (sum('traditional') >= 3 && sum('traditional') > sum('simplified'))
    return [aboutPlace(place, 'language', message)]
  return found
    .filter(({ traditional }) => traditional.length >= 2)
    .map(({ sentence, traditional }) => ({
      place,
      kind: 'language',
      sentence,
      value: [...new Set(traditional)].join(''),
      message: `This sentence in the ${named(place)} has traditional characters; use simplified ones.`,
    }))
}

function countHan(sentence: string): { traditional: string[]; simplified: string[] } {
  const characters = sentence.match(/\p{sc=Han}/gu) ?? []
  return {
    traditional: characters.filter((character) => traditionalOnly.has(character)),
    simplified: characters.filter((character) => simplifiedOnly.has(character)),
  }
}
