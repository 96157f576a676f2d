import { sentencesIn } from '../sentences.ts'
import type { LabelledPage } from './labelled-pages.ts'
import { opensTopic, topicOf } from './topics.ts'

/** Stands before every text that was put together of a document's own sentences, so that nobody takes it for a summary. */
export const extractLabel = '[This is an extract, made without a language model]'

/** How a text about something that the document lacks begins. */
export const absent = 'The document has no section about this:'

/** What the pages say about something, in their own words, and which pages these are. */
export interface Extracted {
  title: string
  text: string
  found: boolean
  pages: number[]
}

/** Where texts come from that are to cite pages. */
export interface CitedSource {
  /** What there is about the topic that a key such as `presentLevels` names. */
  about(key: string): Extracted
  summary(): Extracted
}

/** A line of a document, or what is a line once broken ones are put together. */
interface Piece {
  page: number
  text: string
  /** 0 for what is no heading; 1 to 6 as in markdown; 7 for a bare line that reads like one. */
  level: number
}

const most = { pieces: 14, characters: 1600, sentences: 4 }

/** Quotes labelled pages: sentence by sentence, word for word, each with the page it stands on. */
export class Extract implements CitedSource {
  readonly #pieces: Piece[]

  constructor(pages: readonly LabelledPage[]) {
    this.#pieces = pages.flatMap(piecesOf)
  }

  about(key: string): Extracted {
    const { title, heading, words } = topicOf(key)
    const pieces = this.#under(heading)
    const found = pieces.length ? pieces : this.#mentioning(words)
    if (found.length === 0)
      return {
        title,
        text: `${absent} ${title.toLowerCase()}.`,
        found: false,
        pages: [],
      }
    const text = found.map((piece) => piece.text).join('\n')
    return { title, text: `${extractLabel}\n\n${text}`, found: true, pages: pagesOf(found) }
  }

  /** A few sentences from all over the document, those under its headings first. */
  summary(): Extracted {
    const heads = this.#pieces.flatMap((piece, index) => {
      const next = piece.level > 0 ? this.#pieces[index + 1] : undefined
      return next && opensTopic(bare(piece.text)) ? sentencesOf(next) : []
    })
    const all = heads.length >= 3 ? heads : this.#pieces.flatMap(sentencesOf)
    const chosen = [...new Map(all.map((sentence) => [sentence.text, sentence])).values()].slice(0, 6)
    if (chosen.length === 0)
      return {
        title: 'Summary',
        text: `${extractLabel}\n\nThere is nothing to quote.`,
        found: false,
        pages: [],
      }
    const text = chosen.map(({ text }) => text).join(' ')
    return { title: 'Summary', text: `${extractLabel}\n\n${text}`, found: true, pages: pagesOf(chosen) }
  }

  /** What stands under headings of this kind, as far as the next heading. */
  #under(heading: RegExp): Piece[] {
    const found: Piece[] = []
    let under: Piece | undefined
    for (const piece of this.#pieces) {
      if (piece.level > 0 && heading.test(bare(piece.text))) under = piece
      else if (under && piece.level > 0 && (piece.level <= under.level || opensTopic(bare(piece.text))))
        under = undefined
      else if (under && fits(found, piece)) found.push(piece)
    }
    return found
  }

  #mentioning(words: RegExp): Piece[] {
    return this.#pieces
      .filter(({ level }) => level === 0)
      .flatMap(sentencesOf)
      .filter(({ text }) => words.test(text))
      .slice(0, most.sentences)
  }
}

/** The lines of a page, those that were broken in the middle of a sentence put together again. */
function piecesOf({ number: page, lines }: LabelledPage): Piece[] {
  const full = 0.75 * Math.max(...lines.filter((line) => !line.startsWith('|')).map((line) => line.length))
  const pieces: Piece[] = []
  let before = ''
  for (const line of lines.map((line) => line.trim())) {
    if (line === '') {
      before = ''
      continue
    }
    const level = levelOf(line)
    const last = pieces.at(-1)
    if (last && level === 0 && last.level === 0 && goesOn(before, line, last.text, full))
      last.text += ` ${line}`
    else pieces.push({ page, text: level ? line : line.replace(/^>\s*/, ''), level })
    before = line
  }
  return pieces.filter(({ text }) => text.startsWith('|') || /[\p{L}\p{N}]/u.test(text))
}

/** Whether a line goes on with the sentence of the one before. The item of a list does so with a small letter only. */
function goesOn(before: string, line: string, piece: string, full: number): boolean {
  if (before === '' || /[.!?:;|]$/.test(before) || startsAnew.test(line)) return false
  if (/^[\p{Ll}\d]/u.test(line)) return before.length > 40
  return before.length >= full && !isItem.test(piece)
}

const startsAnew = /^(?:[-*+•] |\d+[.)] |\||[\p{L}\d ]{2,30}: )/u

const isItem = /^(?:[-*+•]|\d+[.)])\s/

/** A bare line is a heading only if it names a topic and little else. */
function levelOf(line: string): number {
  const marks = /^#{1,6}(?= )/.exec(line)?.[0].length
  if (marks) return marks
  const isShort = line.length <= 70 && !/[.;,!?]$/.test(line) && !/^[-*+•|]/.test(line)
  const isField = /:\s*\S/.test(line) && !/^(?:measurable )?annual goals\b/i.test(bare(line))
  return isShort && !isField && opensTopic(bare(line)) ? 7 : 0
}

/** A heading without its marks and without a number in front. */
const bare = (heading: string): string =>
  heading
    .replace(/^#+\s*/, '')
    .replaceAll('**', '')
    .replace(/^(?:section\s+)?(?:\d+(?:\.\d+)*|[ivx]+|[a-z])[.):]\s+/i, '')
    .trim()

/** The sentences of a piece; an item of a list is one, without its mark. */
function sentencesOf({ page, text, level }: Piece): Piece[] {
  if (level > 0 || text.startsWith('|')) return []
  const item = /^(?:[-*+•]|\d+[.)])\s+(.*)$/s.exec(text)?.[1]
  const sentences = item === undefined ? sentencesIn(text) : [/[.!?]$/.test(item) ? item : `${item}.`]
  return sentences.filter((text) => text.length >= 15).map((text) => ({ page, text, level }))
}

const fits = (found: readonly Piece[], { text }: Piece): boolean =>
  found.length < most.pieces &&
  found.reduce((sum, piece) => sum + piece.text.length, text.length) <= most.characters

const pagesOf = (pieces: readonly Piece[]): number[] =>
  [...new Set(pieces.map(({ page }) => page))].sort((a, b) => a - b)
