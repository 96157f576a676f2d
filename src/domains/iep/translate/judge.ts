import type { Content, Finding, Section, Translated } from '../content.ts'
import { checkTranslation } from '../faithful/check-translation.ts'
import { fault, parseAnswer, pick, type Judged } from '../prompts/answer.ts'
import { fixedWords } from '../prompts/fixed-words.ts'

/** Judges translations by the English they are made from. */
export function judgeTranslation(source: Content, language: Translated): (answer: unknown) => Judged {
  return (answer) => {
    const parsed = parseAnswer(answer)
    if ('judged' in parsed) return parsed.judged
    const { content, findings: shape } = inTheShapeOf(source, parsed.content, language)
    const { findings: facts, checked } = checkTranslation(source, content, language)
    const fixed = new Set(
      content.sections.filter((section) => isFixed(section.content, language)).map(({ key }) => key),
    )
    return {
      content,
      missing: shape.filter(({ kind }) => kind === 'missing').length,
      // Our own sentences need no check, and that a section is missing says it all.
      findings: [
        ...shape,
        ...facts.filter(({ place }) =>
          place === 'summary' ? !isFixed(content.summary, language) : !fixed.has(place),
        ),
      ],
      checked,
    }
  }
}

/** Only words are taken from the answer; everything else is the source's. */
function inTheShapeOf(
  source: Content,
  answer: Content,
  language: Translated,
): { content: Content; findings: Finding[] } {
  const { untranslated } = fixedWords[language]
  const findings: Finding[] = []
  const summary = answer.summary.trim()
  if (summary === '') findings.push(fault('summary', 'missing', 'The summary is empty.'))
  const sections = source.sections.map((original): Section => {
    const title = fixedWords[language].titles[original.key]
    if (!original.found) return { ...original, title, content: fixedFor(original.content, language) }
    const { section, findings: wrong } = pick(answer.sections, original.key)
    const content = section?.content.trim() ?? ''
    findings.push(...wrong)
    if (section && content === '')
      findings.push(fault(original.key, 'missing', `The section ${original.key} is empty; translate it.`))
    return { ...original, title, content: content || untranslated }
  })
  return {
    content: { summary: summary || untranslated, summaryPages: source.summaryPages, sections },
    findings,
  }
}

/** The fixed sentence that stands in the English, in another language. */
function fixedFor(english: string, language: Translated): string {
  return english === fixedWords.en.unknown ? fixedWords[language].unknown : fixedWords[language].notFound
}

function isFixed(text: string, language: Translated): boolean {
  const { notFound, unknown, untranslated } = fixedWords[language]
  return [notFound, unknown, untranslated].includes(text)
}
