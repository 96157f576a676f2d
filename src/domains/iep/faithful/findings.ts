import type { Content, Finding, Place } from '../content.ts'

/** What a check came to. */
export interface Checked {
  findings: Finding[]
  /** How many values (numbers, dates, amounts, names) were looked at. */
  checked: number
}

/** Where the words of a content are: the summary and its sections, the first of a kind only. */
export interface Words {
  place: Place
  text: string
  pages: number[]
}

export function wordsOf(content: Content): Words[] {
  const places = new Map<Place, Words>()
  places.set('summary', { place: 'summary', text: content.summary, pages: content.summaryPages })
  for (const { key, content: text, pages } of content.sections)
    if (!places.has(key)) places.set(key, { place: key, text, pages })
  return [...places.values()]
}

/** A finding about a place as a whole. */
export function aboutPlace(place: Place, kind: Finding['kind'], message: string, value = ''): Finding {
  return { place, kind, sentence: '', value, message }
}

/** The same fault in the same sentence is told once. */
export function onlyOnce(findings: Finding[]): Finding[] {
  const told = new Map<string, Set<string>>()
  return findings.filter(({ place, kind, sentence, value, message }) => {
    const faults = told.get(sentence) ?? new Set()
    told.set(sentence, faults)
    const fault = JSON.stringify([place, kind, value, message])
    const isNew = !faults.has(fault)
    faults.add(fault)
    return isNew
  })
}

/** `section goals` or `summary`, as messages name a place. */
export function named(place: Place): string {
  return place === 'summary' ? 'summary' : `section ${place}`
}
