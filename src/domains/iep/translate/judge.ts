import type { Content, Finding, Place, Section, Translated } from '../content.ts'
import { checkTranslation } from '../faithful/check-translation.ts'
import { named } from '../faithful/findings.ts'
import { fault, parseAnswer, pick, type Judged } from '../prompts/answer.ts'
import { fixedWords } from '../prompts/fixed-words.ts'

/** Judges translations by the English they are made from. */
export function judgeTranslation(source: Content, language: Translated): (answer: unknown) => Judged {
  return (answer) => {
    const parsed = parseAnswer(answer)
    if ('judged' in parsed) return parsed.judged
    const { content, findings: shape, filled } = inTheShapeOf(source, parsed.content, language)
    const { findings: facts, checked } = checkTranslation(source, content, language)
    return {
      content,
      missing: shape.filter(({ kind }) => kind === 'missing').length,
      // Our own sentences need no check, and that a section is missing says it all.
      findings: [...shape, ...facts.filter(({ place }) => !filled.has(place))],
      checked,
    }
  }
}

interface Shaped {
  content: Content
  findings: Finding[]
  /** Where our own sentences stand, put there here and not by the model. */
  filled: Set<Place>
}

/** Only words are taken from the answer; everything else is the source's. */
function inTheShapeOf(source: Content, answer: Content, language: Translated): Shaped {
  const findings: Finding[] = []
  const filled = new Set<Place>()
  const fill = (place: Place, ours: string): string => {
    filled.add(place)
    return ours
  }
  const wordsFor = (place: Place, text: string | undefined): string => {
    if (text && !isOurs(text)) return text
    // A section that is not there at all is named by whoever looked for it.
    if (text !== undefined) {
      const instead = text === '' ? 'is empty' : 'only says that it could not be done'
      findings.push(fault(place, 'missing', `The ${named(place)} ${instead}; translate it.`))
    }
    return fill(place, fixedWords[language].untranslated)
  }
  const summary = isOurs(source.summary)
    ? fill('summary', fixedFor(source.summary, language))
    : wordsFor('summary', answer.summary.trim())
  const sections = source.sections.map((original): Section => {
    const title = fixedWords[language].titles[original.key]
    if (!original.found || isOurs(original.content))
      return { ...original, title, content: fill(original.key, fixedFor(original.content, language)) }
    const { section, findings: wrong } = pick(answer.sections, original.key)
    findings.push(...wrong)
    return { ...original, title, content: wordsFor(original.key, section?.content.trim()) }
  })
  return { content: { summary, summaryPages: source.summaryPages, sections }, findings, filled }
}

/** The fixed sentence that stands in the English, in another language. */
function fixedFor(english: string, language: Translated): string {
  return english === fixedWords.en.unknown ? fixedWords[language].unknown : fixedWords[language].notFound
}

/** Whether a text is no more than one of our fixed sentences, in whatever language and dress. */
function isOurs(text: string): boolean {
  return ours.has(bare(text))
}

function bare(text: string): string {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[^\p{L}]/gu, '')
}

const ours = new Set(
  Object.values(fixedWords).flatMap(({ notFound, unknown, untranslated }) =>
    [notFound, unknown, untranslated].map(bare),
  ),
)
