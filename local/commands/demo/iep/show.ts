import type { Say } from '../../../stack/progress.ts'
import { languages, type Document, type Language, type Verification } from './answers.ts'

export interface Shown {
  document: Document
  hidden: Record<string, number>
  tookMs: number
}

/** Shows what a parent gets, what of it was checked, what the chat model did not get to see, and what it cost. */
export function show({ document, hidden, tookMs }: Shown, say: Say): void {
  say(`    there after ${(tookMs / 1000).toFixed(1)} s. The summary, shortened:`)
  for (const language of languages)
    for (const [index, line] of wrap(document.summaries[language], 100, 3).entries())
      say(`      ${index === 0 ? language : '  '}  ${line}`)

  say('    Its sections, with the pages they came from:')
  say(`      ${sectionsIn(document)}`)

  say('    Numbers, dates, times and names, looked for in those pages and compared between languages:')
  for (const language of languages) for (const line of checks(language, document)) say(`      ${line}`)

  say(`    The chat model was not shown ${listed(hidden)}.`)
  say(`    ${costs(document)}`)
}

function sectionsIn({ sectionPages: { en } }: Document): string {
  return Object.entries(en)
    .map(([title, pages]) => `${title} ${pages.length > 0 ? pages.join(', ') : '(not in the document)'}`)
    .join(' · ')
}

/** A few of what was not confirmed are shown; the API tells all. */
function checks(language: Language, { verification }: Document): string[] {
  const { verified, checked, corrections, unverified } = verification[language]
  const asked = corrections > 0 ? `, sent back ${times(corrections)}` : ''
  if (verified) return [`${language}  ${checked} looked at, all of them found${asked}`]
  return [
    `${language}  ${checked} looked at, ${unverified.length} not confirmed and flagged${asked}:`,
    ...unverified.slice(0, 2).map((finding) => `      ${flagged(finding)}`),
  ]
}

function flagged({ place, kind, sentence, value }: Verification['unverified'][number]): string {
  const what = value ? `${kind} "${shorten(value, 30)}"` : kind
  return `${place}: ${what}${sentence ? ` in "${shorten(sentence, 60)}"` : ''}`
}

function listed(hidden: Record<string, number>): string {
  const kinds = Object.entries(hidden).filter(([, count]) => count > 0)
  return kinds.length > 0 ? kinds.map(([kind, count]) => `${count} × ${kind}`).join(', ') : 'anything less'
}

function costs({
  usage: { calls, repeated, pages, promptTokens, completionTokens, costUsd },
}: Document): string {
  const again = repeated > 0 ? `, ${repeated} of them again` : ''
  return (
    `${pages} pages read, ${count(promptTokens)} tokens sent and ${count(completionTokens)} received in ` +
    `${calls} calls${again}. From Mistral that would have cost $${costUsd.toFixed(4)}.`
  )
}

const count = (number: number): string => number.toLocaleString('en-US')
const times = (number: number): string => (number === 1 ? 'once' : `${number} times`)

/** The beginning of a text on one line, so many columns wide. */
export const shorten = (text: string, columns: number): string => wrap(text, columns, 1).join('')

/** The beginning of a text in lines of so many columns; a Chinese character takes two. */
export function wrap(text: string, columns: number, most: number): string[] {
  const lines = ['']
  const words = new Intl.Segmenter(undefined, { granularity: 'word' })
  for (const { segment } of words.segment(text.replaceAll(/\s+/g, ' ').trim())) {
    const line = lines.at(-1) ?? ''
    if (widthOf(line + segment.trimEnd()) <= columns) lines[lines.length - 1] = line + segment
    else if (lines.length < most) lines.push(segment.trimStart())
    else return [...lines.slice(0, -1).map(trimmed), `${trimmed(line)}…`]
  }
  return lines.map(trimmed)
}

const trimmed = (line: string): string => line.trimEnd()

const widthOf = (text: string): number => text.replaceAll(wide, '  ').length
const wide = /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE4F\uFF00-\uFF60\uFFE0-\uFFE6]/g
