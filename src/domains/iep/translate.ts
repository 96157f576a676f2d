import type { Content, Finding, Translated } from './content.ts'
import type { DocumentRef } from './document.ts'
import type { Model } from './model.ts'
import { answerForm } from './prompts/answer.ts'
import { fenced } from './prompts/fence.ts'
import { loadGlossary, loadPrompt } from './prompts/load.ts'
import { askUntilRight, correction } from './prompts/until-right.ts'
import { doubtsIn } from './translate/doubts.ts'
import { judgeTranslation } from './translate/judge.ts'
import type { Version } from './versions.ts'

export interface Translating {
  model: Model
  document: DocumentRef
  /** The English version. */
  source: Content
  /** What of the English is not verified: a translation of it is not either. */
  doubts: readonly Finding[]
  language: Translated
  signal: AbortSignal
}

/**
 * Translates the English version of a document. Only language comes from the model: keys, order, pages, titles and
 * the fixed sentences are put there by code. Each answer is checked by code against the English, sent back with its
 * faults named twice at most, and what still does not hold is told in `verification`, beside what did not hold in the
 * English already.
 * @throws DocumentGone, GiveUp, Throttled, and whatever else `Model.complete` throws
 */
export async function translate(work: Translating): Promise<Version> {
  const { model, document, source, doubts, language, signal } = work
  const { name, style } = manners[language]
  const rules = prompt.textWith({ language: name, style, glossary: glossaries[language] })
  const {
    content,
    findings,
    checked,
    corrections,
    model: answeredBy,
  } = await askUntilRight(
    model,
    {
      document,
      step: 'translate',
      language,
      messages: [
        { role: 'system', content: rules },
        {
          role: 'user',
          content: fenced([{ label: 'account', text: toTranslate(source) }], 'end of the account'),
        },
      ],
      schema: answerForm,
      signal,
    },
    judgeTranslation(source, language),
  )
  const unverified = [...findings, ...doubtsIn(content, doubts)]
  return {
    content,
    verification: { verified: unverified.length === 0, checked, corrections, unverified },
    promptVersion: `${prompt.version} ${correction.version}`,
    model: answeredBy,
  }
}

const prompt = loadPrompt('translate', ['language', 'style', 'glossary'])

const glossaries: Record<Translated, string> = {
  es: loadGlossary('es'),
  zh: loadGlossary('zh'),
  vi: loadGlossary('vi'),
}

/** What the model is told of each language. */
const manners: Record<Translated, { name: string; style: string }> = {
  es: {
    name: 'Latin American Spanish',
    style:
      'Write the Spanish of Latin American families in the United States; address the parent as "usted".',
  },
  zh: {
    name: 'Simplified Chinese',
    style: 'Write Mandarin in simplified characters, never in traditional ones; address the parent as "您".',
  },
  vi: {
    name: 'Vietnamese',
    style:
      'Write Vietnamese with all its marks, as families from every region read it; address the parent as "quý vị".',
  },
}

/** Without the sections that the document lacks: what stands there is ours in every language. */
function toTranslate(source: Content): string {
  return JSON.stringify({ ...source, sections: source.sections.filter(({ found }) => found) }, null, 1)
}
