import { folded, foldedParts } from './fold.ts'
import { runsIn, type Run, type Word } from './name-runs.ts'
import { plainText } from './plain-text.ts'
import { looksOrdinary } from './words/endings.ts'
import { ordinaryWords, organisations, personVerbs, roles } from './words/ordinary.ts'

/** Somebody named in a sentence. */
export interface Mention {
  /** As written, without the title: `Grace Hopper-Lopez`. */
  text: string
  /** The words of the name, folded, those with hyphens taken apart. */
  words: string[]
  /** First letters that stand for names: `J. Lopez`. */
  initials: string[]
}

/** What is known of the words of some texts besides the lists, folded. */
export interface Vocabulary {
  /** Seen without a capital letter somewhere: likely no names. */
  lower: ReadonlySet<string>
  /** Names for sure, as they stand inside a sentence somewhere: at the start of one they are names as well. */
  names: ReadonlySet<string>
}

/**
 * The persons named in an English text. A capital letter says little at the start of a sentence, in a title or in this
 * field's many terms, so a word is taken for a name only if nothing speaks against it: a title stands before it
 * (`Ms.`), or it is a capitalised word inside a sentence, or at its start before such a word as `receives`, that is
 * neither in the list of ordinary terms nor seen in lower case, nor part of a school, a test or a programme.
 */
export function namesIn(markdown: string, vocabulary: Vocabulary, isHeading = false): Mention[] {
  return runsIn(plainText(markdown)).flatMap((run) => mentionsIn(run, vocabulary, isHeading))
}

/** What the texts of one document say of their words; `context` are texts that tell only what is written in lower case. */
export function vocabularyOf(texts: readonly string[], context: Iterable<string> = []): Vocabulary {
  const lower = lowerCaseWords([...texts, ...context])
  const none = { lower, names: new Set<string>() }
  return { lower, names: new Set(texts.flatMap((text) => namesIn(text, none)).flatMap(({ words }) => words)) }
}

/** The words that stand without a capital letter in some texts, folded. */
export function lowerCaseWords(texts: Iterable<string>): Set<string> {
  const seen = new Set<string>()
  for (const text of texts)
    // Without e-mail addresses, which are names in lower case.
    for (const [word] of plainText(text).matchAll(/(?<![\p{L}\p{M}'’])\p{Ll}[\p{L}\p{M}]+/gu))
      seen.add(folded(word))
  return seen
}

function mentionsIn(run: Run, vocabulary: Vocabulary, isHeading: boolean): Mention[] {
  if (run.titled) return run.words.some(({ text }) => roles.has(folded(text))) ? [] : [mention(run.words)]
  if (run.words.some(({ text }) => foldedParts(text).some((part) => organisations.has(part)))) return []
  if (run.linked && run.words.some(({ text }) => isListed(text))) return []

  // Listed terms part a run: `Case Manager Grace Hopper` has a name of two words.
  const groups: Word[][] = [[]]
  for (const word of run.words) {
    if (word.text.length > 1 && isListed(word.text)) groups.push([])
    else groups.at(-1)?.push(word)
  }
  return groups.filter((group) => isName(group, run, vocabulary, isHeading)).map(mention)
}

function isName(group: Word[], run: Run, { lower, names }: Vocabulary, isHeading: boolean): boolean {
  const full = group.filter(({ text }) => text.length > 1 && !isLikeWords(text))
  if (full.every(({ text }) => isIn(text, lower))) return false
  if (full.length >= 2) return true
  if (isHeading || run.linked) return false
  if (!run.opens || group[0] !== run.words[0] || group.some(({ text }) => text.length === 1)) return true
  const [only] = full
  if (only && isIn(only.text, names)) return true
  return run.behindRole || run.next === "'s" || personVerbs.has(run.next.toLowerCase())
}

function mention(words: Word[]): Mention {
  return {
    text: words
      .map(({ text }) => (text.length === 1 ? `${text}.` : text))
      .join(' ')
      .replace(/'s$/, ''),
    words: words.filter(({ text }) => text.length > 1).flatMap(({ text }) => foldedParts(text)),
    initials: words.filter(({ text }) => text.length === 1).map(({ text }) => folded(text)),
  }
}

/** Every part of a word with hyphens is a known term or an acronym (`IEP`, `ADHD`, `IEPs`). */
function isListed(word: string): boolean {
  return word
    .split('-')
    .every((part) => ordinaryWords.has(folded(part)) || (/^\p{Lu}{2,}s?$/u.test(part) && part.length <= 6))
}

/** `Noise-Canceling`, `Additionally`: one part that is a word is enough. */
function isLikeWords(word: string): boolean {
  const parts = foldedParts(word)
  return (
    looksOrdinary(folded(word)) ||
    parts.some((part) => parts.length > 1 && (ordinaryWords.has(part) || looksOrdinary(part)))
  )
}

function isIn(word: string, words: ReadonlySet<string>): boolean {
  return foldedParts(word).every((part) => words.has(part))
}
