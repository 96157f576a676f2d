import { folded } from './fold.ts'
import { roles, titles } from './words/ordinary.ts'

/** Capitalised words that follow one another, and what stands around them. */
export interface Run {
  words: Word[]
  /** `Ms.` or its like stood before. */
  titled: boolean
  /** The first word begins a sentence, a cell, or what follows a colon. */
  opens: boolean
  /** Stands behind `Teacher:` or its like. */
  behindRole: boolean
  /** The word behind, or `'s`. */
  next: string
  /** Tied by `of` or `for` to other capitalised words, as programmes are. */
  linked: boolean
}

export interface Word {
  text: string
  start: number
  end: number
}

/** The runs of capitalised words in a plain text. A title is no part of its run. */
export function runsIn(text: string): Run[] {
  const words: Word[] = Array.from(text.matchAll(/[\p{L}\p{M}]+(?:['-][\p{L}\p{M}]+)*/gu), (match) => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }))
  const runs: Run[] = []
  for (let at = 0; at < words.length;) {
    const first = words[at] as Word
    const titled = isCapitalised(first.text) && titles.has(folded(first.text)) && isTied(text, words, at)
    const from = titled ? at + 1 : at
    let to = from
    while (goesOn(text, words, from, to)) to++
    if (to > from) runs.push(runOf(text, words.slice(from, to), first.start, titled))
    at = Math.max(to, at + 1)
  }
  return runs
}

/** A title belongs to the word right behind it. */
function isTied(text: string, words: readonly Word[], at: number): boolean {
  const [one, other] = [words[at], words[at + 1]]
  return one !== undefined && other !== undefined && /^\.? {0,2}$/.test(text.slice(one.end, other.start))
}

/** Only a space stands between words of one name, or the dot of an initial. */
function goesOn(text: string, words: readonly Word[], from: number, at: number): boolean {
  const word = words[at]
  if (word === undefined || !isCapitalised(word.text)) return false
  if (at === from) return true
  const before = words[at - 1] as Word
  const between = text.slice(before.end, word.start)
  if (titles.has(folded(word.text))) return false
  return /^ {1,3}$/.test(between) || (before.text.length === 1 && /^\. {0,2}$/.test(between))
}

function isCapitalised(word: string): boolean {
  return /^\p{Lu}/u.test(word)
}

function runOf(text: string, words: Word[], start: number, titled: boolean): Run {
  const end = (words.at(-1) as Word).end
  const before = text.slice(Math.max(0, start - 60), start)
  const behind = text.slice(end, end + 30)
  return {
    words,
    titled,
    opens: /(?:^|[.!?:;|•"([–—])\s*$/.test(before),
    behindRole: roles.has(folded(/([\p{L}\p{M}]+)\s?:\s*$/u.exec(before)?.[1] ?? '')),
    next: words.at(-1)?.text.endsWith("'s") ? "'s" : (/^\s+([\p{L}\p{M}]+)/u.exec(behind)?.[1] ?? ''),
    linked:
      /\p{Lu}[\p{L}\p{M}-]*\s+(?:of|for|on)\s+(?:the\s+)?$/u.test(before) ||
      /^\s+(?:of|for|on)\s+(?:the\s+)?\p{Lu}/u.test(behind),
  }
}
