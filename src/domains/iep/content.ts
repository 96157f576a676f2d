import { z } from 'zod'

/** English first: it is made from the pages, and the others are made from it. */
export const languages = ['en', 'es', 'zh', 'vi'] as const
export type Language = (typeof languages)[number]
export type Translated = Exclude<Language, 'en'>

/** What an Individualized Education Program must have, in the order a parent reads it. */
export const sectionKeys = [
  'presentLevels',
  'eligibility',
  'placement',
  'goals',
  'services',
  'accommodations',
  'informedConsent',
  'keyPeople',
  'strengths',
] as const
export type SectionKey = (typeof sectionKeys)[number]

const pageNumbers = z.array(z.int().min(1))

/**
 * One section. One that the document lacks says so in `content`, has `found: false` and cites nothing.
 * Page numbers count from 1, as people do.
 */
export const section = z.object({
  key: z.enum(sectionKeys),
  title: z.string(),
  /** Markdown: paragraphs, lists and tables. */
  content: z.string(),
  found: z.boolean(),
  pages: pageNumbers,
})
export type Section = z.output<typeof section>

/** A document in one language: what a parent reads. The sections are all there, in the order of `sectionKeys`. */
export const content = z.object({
  summary: z.string(),
  summaryPages: pageNumbers,
  sections: z.array(section),
})
export type Content = z.output<typeof content>

/** Where in a content something is. */
export type Place = 'summary' | SectionKey

/** Something that a check did not find confirmed. */
export const finding = z.object({
  place: z.enum(['summary', ...sectionKeys]),
  kind: z.enum(['number', 'date', 'amount', 'name', 'citation', 'missing', 'structure', 'language']),
  /** The sentence it stands in, word for word, or '' when it is about the whole place. */
  sentence: z.string(),
  /** What was not confirmed, such as `45 minutes`; '' when it is about the whole place. */
  value: z.string(),
  /** One sentence that tells the model what is wrong. */
  message: z.string(),
})
export type Finding = z.output<typeof finding>

/** What checking a content came to, kept and shown beside it. */
export const verification = z.object({
  /** Nothing is left unconfirmed. */
  verified: z.boolean(),
  /** How many values (numbers, dates, amounts, names) were looked at. */
  checked: z.number(),
  /** How often it was sent back to the model. */
  corrections: z.number(),
  /** What is still not confirmed, sentence by sentence. */
  unverified: z.array(finding),
})
export type Verification = z.output<typeof verification>
