import { folded } from './fold.ts'
import type { Mention } from './names.ts'
import { stretchesOf } from './name-stretches.ts'
import { plainText } from './plain-text.ts'
import { ordinaryWords, titles } from './words/ordinary.ts'

/** The words of the pages, to look names up in. */
export interface NamedOnPages {
  /** Whether the cited pages name somebody so, first and last name together in any order. */
  isNamed(mention: Mention, cited: readonly number[]): boolean
}

/**
 * Reads the words of all pages once. The child's own name counts as if it stood on every page: forms say it on the
 * first page and speak of the student afterwards.
 */
export function namedOnPages(pages: ReadonlyMap<number, string>): NamedOnPages {
  const words = new Map([...pages].map(([number, text]) => [number, positionsIn(text)]))
  const child = childsName(pages)
  const half = pages.size / 2
  const isEverywhere = (word: string): boolean =>
    child.has(word) || (pages.size > 2 && [...words.values()].filter((page) => page.has(word)).length >= half)
  return {
    isNamed: (mention, cited) => {
      if (mention.words.every(isEverywhere))
        return mention.words.length === 1 || isOnOne(mention, [...words.values()])
      const there = cited.map((number) => words.get(number)).filter((page) => page !== undefined)
      return isOnOne(mention, there)
    },
  }
}

type Positions = Map<string, number[]>

function positionsIn(text: string): Positions {
  const positions: Positions = new Map()
  let at = 0
  for (const stretch of stretchesOf(text)) {
    const words = stretch.match(/[\p{L}\p{M}]+(?:'[\p{L}\p{M}]+)*/gu) ?? []
    for (const [index, word] of words.entries()) {
      at += index === 0 ? apart : stepTo(words, index)
      const key = folded(word)
      const list = positions.get(key)
      if (list) list.push(at)
      else positions.set(key, [at])
    }
  }
  return positions
}

/** How far a word is from the one before it: a word that is no part of a name has one name on each side, not within. */
function stepTo(words: readonly string[], at: number): number {
  const [first = '', second = '', word = ''] = [words[at - 2], words[at - 1], words[at]]
  // `Grace and Linus Lovelace` have one last name, `Grace Hopper and Linus Lovelace` two.
  if (word.toLowerCase() === 'and' && isOfName(first) && isOfName(second)) return apart
  return mayBeWithin(second) === mayBeWithin(word) ? 1 : Math.ceil(apart / 2)
}

function isOfName(word: string): boolean {
  return /^\p{Lu}/u.test(word) && !titles.has(folded(word)) && !ordinaryWords.has(folded(word))
}

function mayBeWithin(word: string): boolean {
  return /^\p{Lu}/u.test(word) || within.has(word)
}

/** Small words that stand in names, or between first and last name in forms. */
const within = new Set(
  `de la las los lo del da das do dos di du le van von der den ter ten el al bin ibn bint y e i and
  name names first given middle last family surname legal full maiden preferred initial nickname goes by aka`.split(
    /\s+/,
  ),
)

function isOnOne(mention: Mention, pages: readonly Positions[]): boolean {
  return pages.some((page) => stands(mention, page))
}

/** All words of the name near one another, and something that begins as its initials do. */
function stands({ words: [first, ...others], initials }: Mention, page: Positions): boolean {
  const places = page.get(first ?? '')?.slice(0, most)
  if (!places || !others.every((word) => page.has(word))) return false
  if (others.length === 0 && initials.length === 0) return true
  const begins = initials.map((initial) =>
    [...page].filter(([word]) => word.startsWith(initial)).flatMap(([, at]) => at.slice(0, most)),
  )
  return places.some(
    (place) =>
      others.every((word) => page.get(word)?.some((at) => Math.abs(at - place) <= reach)) &&
      begins.every((list) => list.some((at) => at !== place && Math.abs(at - place) <= reach)),
  )
}

/** Words between first and last name at most: `First name: Ada  Last name: Lovelace`. */
const reach = 5
/** Farther than that. */
const apart = reach + 1
/** A word that stands on a page more often than this is no better found by looking further. */
const most = 500

/** The words behind `Student name:` and its like; behind `Name:` on the first page only. */
function childsName(pages: ReadonlyMap<number, string>): Set<string> {
  const first = Math.min(...pages.keys())
  const names = new Set<string>()
  for (const [number, text] of pages) {
    const label = number === first ? anyName : studentName
    for (const [, name = ''] of plainText(text).matchAll(label)) {
      for (const [word] of name.matchAll(/[\p{L}\p{M}]{2,}(?:'[\p{L}\p{M}]+)*/gu)) names.add(folded(word))
    }
  }
  return names
}

const capitalised = String.raw`((?:\p{Lu}[\p{L}\p{M}'.-]{0,30}[ ,]{0,2}){1,4})`
const studentName = new RegExp(
  String.raw`\b(?:student|child|pupil)(?:'s)?(?: (?:full |legal )?name)?[ ]{0,2}[:|][ ]{0,3}${capitalised}`,
  'giu',
)
const anyName = new RegExp(
  String.raw`\b(?:student|child|pupil|(?:student|child|pupil)(?:'s)? (?:full |legal )?name|name)[ ]{0,2}[:|][ ]{0,3}${capitalised}`,
  'giu',
)
