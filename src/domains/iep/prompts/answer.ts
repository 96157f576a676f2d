import { z } from 'zod'
import { content, sectionKeys, type Content, type Finding, type Place, type SectionKey } from '../content.ts'
import type { Question } from '../model.ts'

/** The form every answer must have. */
export const answerForm: Question['schema'] = { name: 'iep_content', schema: strictSchema() }

/** What an answer is worth. `content` is undefined when it has not even the form. */
export interface Judged {
  content: Content | undefined
  /** Sections that are not there and ought to be. */
  missing: number
  findings: Finding[]
  checked: number
}

/** The answer in its form, or what is wrong with the form. */
export function parseAnswer(answer: unknown): { content: Content } | { judged: Judged } {
  const parsed = content.safeParse(answer)
  if (parsed.success) return { content: parsed.data }
  const findings = parsed.error.issues
    .slice(0, 20)
    .map(({ path, message }) => fault('summary', 'structure', `${placeOf(path)}: ${message}.`))
  return { judged: { content: undefined, missing: sectionKeys.length, findings, checked: 0 } }
}

/** The one section with a key, and what is wrong when there is none or another. */
export function pick(
  sections: Content['sections'],
  key: SectionKey,
): { section: Content['sections'][number] | undefined; findings: Finding[] } {
  const [section, ...more] = sections.filter((section) => section.key === key)
  if (!section) return { section, findings: [fault(key, 'missing', `The section ${key} is missing.`)] }
  const findings =
    more.length > 0 ? [fault(key, 'structure', `The section ${key} is there more than once; join them.`)] : []
  return { section, findings }
}

/** Something wrong with a place as a whole. */
export function fault(place: Place, kind: Finding['kind'], message: string): Finding {
  return { place, kind, sentence: '', value: '', message }
}

function placeOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'The answer' : `The field ${path.map(String).join('.')}`
}

/** Without what zod says about how far whole numbers go, which is nobody's concern. */
function strictSchema(): Record<string, unknown> {
  const schema: Record<string, unknown> = z.toJSONSchema(content, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  })
  delete schema.$schema
  return schema
}
