import { sectionKeys, type Content, type Place } from '../../../../../src/domains/iep/content.ts'

export const places: Place[] = ['summary', ...sectionKeys]

/** A content with nothing but one place in it. */
export function only(content: Content, place: Place): Content {
  if (place === 'summary') return { ...content, sections: [] }
  return { summary: '', summaryPages: [], sections: content.sections.filter(({ key }) => key === place) }
}

export function textAt(content: Content, place: Place): string {
  if (place === 'summary') return content.summary
  return content.sections.find(({ key }) => key === place)?.content ?? ''
}

export function withText(content: Content, place: Place, text: string): Content {
  if (place === 'summary') return { ...content, summary: text }
  return {
    ...content,
    sections: content.sections.map((section) =>
      section.key === place ? { ...section, content: text } : section,
    ),
  }
}

/** The text with one digit changed, for each digit of it that is no list number. */
export function* changedDigits(text: string): Generator<{ text: string; around: string }> {
  for (const { 0: digit, index } of text.matchAll(/\d/g)) {
    if (/(?:^|\n)\s*\d*$/.test(text.slice(0, index)) && /^\d+\. /.test(text.slice(index))) continue
    const other = (Number(digit) + 1 + (index % 9)) % 10
    const changed = `${text.slice(0, index)}${other}${text.slice(index + 1)}`
    yield { text: changed, around: changed.slice(Math.max(0, index - 12), index + 12) }
  }
}
