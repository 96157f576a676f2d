import { z } from 'zod'
import { verification, type Content } from '../../../domains/iep/content.ts'
import { languageStates, type FoundDocument, type StepUsage } from '../../../domains/iep/documents.ts'

const time = z.number().meta({ description: 'Milliseconds since 1970.' })
const byLanguage = <T extends z.ZodType>(value: T) =>
  z.object({ en: value.optional(), es: value.optional(), zh: value.optional(), vi: value.optional() })
const pageNumbers = z.array(z.number()).meta({ description: 'Counted from 1.' })

export const languageState = z.enum(['waiting', 'working', 'ready', 'failed'])
export const problem = z.object({ code: z.string(), message: z.string() })
export const rejectedUpload = z
  .object({ iepId: z.string(), fileName: z.string(), message: z.string(), at: time })
  .meta({ description: 'A newer file that was refused when it arrived; this document stays as it was.' })

const spent = {
  calls: z.number(),
  repeated: z.number().meta({ description: 'Calls that had been made before without an answer.' }),
  pages: z.number(),
  promptTokens: z.number(),
  completionTokens: z.number(),
  costUsd: z.number(),
}

/** The body of an answer about a child's document. */
export const shownDocument = z
  .object({
    iepId: z.string(),
    childId: z.string(),
    documentUrl: z.string(),
    status: z.enum(['PROCESSING', 'OCR_COMPLETED', 'OCR_FAILED', 'PROCESSED', 'FAILED']),
    summaries: byLanguage(z.string()).meta({ description: 'Of the languages that are ready.' }),
    sections: byLanguage(z.record(z.string(), z.string())).meta({
      description: 'Markdown by section title, of the languages that are ready.',
    }),
    summaryPages: byLanguage(pageNumbers),
    sectionPages: byLanguage(z.record(z.string(), pageNumbers)).meta({
      description: 'The pages each section came from; none for a section the document lacks.',
    }),
    verification: byLanguage(verification).meta({ description: 'What checking against the pages came to.' }),
    languages: z.record(z.string(), z.object({ state: languageState, message: z.string().optional() })),
    waitingFor: z.literal('consent').optional(),
    problem: problem.optional().meta({ description: 'Only when FAILED or OCR_FAILED.' }),
    rejectedUpload: rejectedUpload.optional(),
    usage: z.object({
      ...spent,
      steps: z.array(z.object({ step: z.string(), language: z.string().nullable(), ...spent })),
    }),
    ocrData: z
      .object({
        pages: z.array(
          z.object({
            index: z.number().meta({ description: 'Counted from 0.' }),
            markdown: z.string(),
            images: z.array(z.unknown()),
            dimensions: z.record(z.string(), z.unknown()),
          }),
        ),
        model: z.string(),
        usage: z.object({ pages_processed: z.number(), document_size_bytes: z.number() }),
        success: z.boolean(),
      })
      .optional(),
    ocrCompletedAt: z.string().optional().meta({ format: 'date-time' }),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'IepDocument' })

export type ShownDocument = z.output<typeof shownDocument>

/** A document as its parent's app knows it, with what we add beside: pages, checks, states and costs. */
export function show(found: FoundDocument, bucket: string): ShownDocument {
  const ready = found.versions.flatMap(({ language, state, content, verification }) =>
    state === 'ready' && content ? [{ language, verification, content, titled: titled(content) }] : [],
  )
  const each = <T>(of: (version: (typeof ready)[number]) => T | null): Record<string, T> =>
    Object.fromEntries(
      ready.flatMap((version) => {
        const value = of(version)
        return value === null ? [] : [[version.language, value]]
      }),
    )
  return {
    iepId: found.iepId,
    childId: found.childId,
    documentUrl: `s3://${bucket}/${found.key}`,
    status: found.status,
    summaries: each(({ content }) => content.summary),
    sections: each(({ titled }) => Object.fromEntries(titled.map(({ title, content }) => [title, content]))),
    summaryPages: each(({ content }) => content.summaryPages),
    sectionPages: each(({ titled }) => Object.fromEntries(titled.map(({ title, pages }) => [title, pages]))),
    verification: each(({ verification }) => verification),
    languages: shownLanguages(found),
    ...(found.waitingFor === null ? {} : { waitingFor: found.waitingFor }),
    ...(found.problem === null ? {} : { problem: found.problem }),
    ...(found.rejected === null ? {} : { rejectedUpload: found.rejected }),
    usage: shownUsage(found.usage),
    ...ocrOf(found),
    ...(found.ocrCompletedAt === null
      ? {}
      : { ocrCompletedAt: new Date(found.ocrCompletedAt).toISOString() }),
    createdAt: found.createdAt,
    updatedAt: found.updatedAt,
  }
}

/** Sections are told by their titles; should two have the same one, neither may hide the other. */
function titled({ sections }: Content): { title: string; content: string; pages: number[] }[] {
  const seen = new Map<string, number>()
  return sections.map(({ title, content, pages }) => {
    const count = (seen.get(title) ?? 0) + 1
    seen.set(title, count)
    return { title: count === 1 ? title : `${title} (${count})`, content, pages }
  })
}

function shownLanguages({ status, versions }: FoundDocument): ShownDocument['languages'] {
  const states = Object.entries(languageStates(status, versions)).map(([language, state]) => {
    const message = versions.find((version) => version.language === language)?.message
    return [language, { state, ...(state === 'failed' && message ? { message } : {}) }]
  })
  return Object.fromEntries(states) as ShownDocument['languages']
}

function shownUsage(steps: StepUsage[]): ShownDocument['usage'] {
  const sum = (of: (step: StepUsage) => number): number => steps.reduce((total, step) => total + of(step), 0)
  return {
    calls: sum((step) => step.calls),
    repeated: sum((step) => step.repeated),
    pages: sum((step) => step.pages),
    promptTokens: sum((step) => step.promptTokens),
    completionTokens: sum((step) => step.completionTokens),
    costUsd: sum((step) => step.cost) / 1e6,
    steps: steps.map(({ cost, ...step }) => ({ ...step, costUsd: cost / 1e6 })),
  }
}

/** In the form of the model that read the pages. */
function ocrOf({ pages, byteSize, ocrCompletedAt }: FoundDocument): Pick<ShownDocument, 'ocrData'> {
  const [first] = pages
  if (!first) return {}
  return {
    ocrData: {
      pages: pages.map(({ index, markdown, images, dimensions }) => ({
        index,
        markdown,
        images,
        dimensions,
      })),
      model: first.model,
      usage: { pages_processed: pages.length, document_size_bytes: byteSize },
      success: ocrCompletedAt !== null,
    },
  }
}
