import { sectionKeys, type Content, type Finding, type Section, type SectionKey } from '../content.ts'
import { checkAgainstPages } from '../faithful/check-pages.ts'
import { fault, parseAnswer, pick, type Judged } from '../prompts/answer.ts'
import { fixedWords } from '../prompts/fixed-words.ts'
import type { RedactedPage } from '../redacting.ts'

/** Judges English answers by the pages they are about. */
export function judgeAgainst(pages: readonly RedactedPage[]): (answer: unknown) => Judged {
  const texts = new Map<number, string>()
  // A page that was cut comes in pieces.
  for (const { number, text } of pages) texts.set(number, (texts.get(number) ?? '') + text)

  return (answer) => {
    const parsed = parseAnswer(answer)
    if ('judged' in parsed) return parsed.judged
    const { content, findings: shape } = inOrder(parsed.content)
    const { findings: facts, checked } = checkAgainstPages(content, texts)
    return {
      content: withoutFalseCitations(content, texts),
      missing: shape.filter(({ kind }) => kind === 'missing').length,
      findings: [...shape, ...facts],
      checked,
    }
  }
}

/** The sections in our order, with our titles, and our words in those that the document lacks. */
function inOrder(answer: Content): { content: Content; findings: Finding[] } {
  const settled = sectionKeys.map((key) => settle(key, answer.sections))
  const findings = settled.flatMap(({ findings }) => findings)
  if (answer.summary.trim() === '') findings.unshift(fault('summary', 'missing', 'The summary is empty.'))
  return {
    content: {
      summary: answer.summary.trim() || fixedWords.en.unknown,
      summaryPages: inOrderOnce(answer.summaryPages),
      sections: settled.map(({ section }) => section),
    },
    findings,
  }
}

function settle(key: SectionKey, sections: Section[]): { section: Section; findings: Finding[] } {
  const { section, findings } = pick(sections, key)
  const title = fixedWords.en.titles[key]
  const lacking = (content: string): Section => ({ key, title, content, found: false, pages: [] })
  if (!section) return { section: lacking(fixedWords.en.unknown), findings }
  const content = section.content.trim()
  if (!section.found) {
    if (section.pages.length > 0)
      findings.push(
        fault(
          key,
          'structure',
          `The section ${key} says that it was not found and cites pages; only one can be right.`,
        ),
      )
    return { section: lacking(fixedWords.en.notFound), findings }
  }
  if (content === '')
    return {
      section: lacking(fixedWords.en.unknown),
      findings: [
        ...findings,
        fault(key, 'missing', `The section ${key} says that it was found and is empty.`),
      ],
    }
  return { section: { key, title, content, found: true, pages: inOrderOnce(section.pages) }, findings }
}

/** What is shown cites only pages that there are; that it did otherwise is among the findings. */
function withoutFalseCitations(content: Content, texts: ReadonlyMap<number, string>): Content {
  const real = (pages: number[]): number[] => pages.filter((page) => texts.has(page))
  return {
    ...content,
    summaryPages: real(content.summaryPages),
    sections: content.sections.map((section) => ({ ...section, pages: real(section.pages) })),
  }
}

const inOrderOnce = (pages: number[]): number[] => [...new Set(pages)].sort((a, b) => a - b)
