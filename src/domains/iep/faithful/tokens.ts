import type { Language } from '../content.ts'
import { numbersIn } from './numbers.ts'

/**
 * A number as written, a word, one Chinese character or one mark. `key` is what words are looked up by.
 * `apart` says that a space stands before it.
 */
export interface Token {
  is: 'number' | 'word' | 'mark'
  text: string
  key: string
  start: number
  end: number
  apart: boolean
}

/** Takes plain text apart, in one pass. Letters and digits that touch are two tokens: `30min`, `3rd`. */
export function tokensOf(text: string, language: Language = 'en'): Token[] {
  const tokens: Token[] = []
  const take = (is: Token['is'], text: string, start: number): void => {
    const apart = start !== tokens.at(-1)?.end
    tokens.push({ is, text, key: text.toLowerCase(), start, end: start + text.length, apart })
  }
  for (const match of text.matchAll(piece)) {
    const [whole, number, word] = match
    if (number === undefined) take(word === undefined ? 'mark' : 'word', whole, match.index)
    else if (isOne(number, language)) take('number', number, match.index)
    else
      for (const part of number.matchAll(/\d+|[.,]/g))
        take(/\d/.test(part[0]) ? 'number' : 'mark', part[0], match.index + part.index)
  }
  return tokens
}

/** A decimal may begin with its dot (`.5 hours`), but behind a blank or bracket only: `1.2.5` and `p.5` are others. */
const piece =
  /((?<=^|[\s\(\[\{<\|])\.\d+(?![.,]?\d)|\d+(?:[.,]\d+)*)|(\p{sc=Han}|[[\p{L}\p{M}]--\p{sc=Han}]+(?:'[[\p{L}\p{M}]--\p{sc=Han}]+)*)|\S/gv

/** `1,200` and `12.3.2026` are one; `12,2026` is two, with a space forgotten. */
function isOne(text: string, language: Language): boolean {
  return (
    numbersIn(text, language).length > 0 ||
    /^(?:\d{4}\.\d{1,2}\.\d{1,2}|\d{1,2}\.\d{1,2}\.\d{2,4})$/.test(text)
  )
}
