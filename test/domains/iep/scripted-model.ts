import { sectionKeys, type Content, type SectionKey } from '../../../src/domains/iep/content.ts'
import type { DocumentRef } from '../../../src/domains/iep/document.ts'
import type { Model, Question } from '../../../src/domains/iep/model.ts'

export const document: DocumentRef = {
  iepId: 'a7c0f1de-0000-4000-8000-000000000001',
  userId: 'ada',
  revision: 1,
}

/** What it answers, at once or later. */
type Answering = (question: Question) => unknown

/** Plays the paid model: answers from a list, the last one again and again, or by a rule, and keeps the questions. */
export class ScriptedModel implements Model {
  readonly questions: Question[] = []
  readonly #answering: Answering

  constructor(script: unknown[] | Answering) {
    this.#answering =
      typeof script === 'function' ? script : () => script[Math.min(this.questions.length, script.length) - 1]
  }

  read(): Promise<void> {
    return Promise.reject(new Error('Nobody reads pages here.'))
  }

  async complete(question: Question): Promise<{ answer: unknown; model: string }> {
    this.questions.push(question)
    return { answer: structuredClone(await this.#answering(question)), model: 'scripted-1' }
  }

  /** The last message of each question: what the model is to act on. */
  get said(): string[] {
    return this.questions.map(({ messages }) => messages.at(-1)?.content ?? '')
  }
}

/** An answer that has the given sections and lacks the others. */
export function account(
  summary: [text: string, ...pages: number[]],
  sections: Partial<Record<SectionKey, [text: string, ...pages: number[]]>>,
): Content {
  const [text, ...summaryPages] = summary
  return {
    summary: text,
    summaryPages,
    sections: sectionKeys.map((key) => {
      const [content = '', ...pages] = sections[key] ?? []
      return { key, title: key, content, found: key in sections, pages }
    }),
  }
}

/** The text of a place of a content. */
export function textOf(content: Content, key: SectionKey): string {
  return content.sections.find((section) => section.key === key)?.content ?? ''
}
