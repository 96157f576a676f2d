import type { Language } from './content.ts'
import type { DocumentRef } from './document.ts'
import { createCompleter } from './models/complete.ts'
import type { ModelParts } from './models/parts.ts'
import { createReader } from './models/read.ts'

/** The paid models, one question at a time: asked in turn with everybody else, never paid twice for one answer. */
export interface Model {
  /**
   * Reads pages (counted from 0) and stores each in iep.pages, in the transaction that writes down what it cost.
   * Pages that are stored already are not asked for.
   * @throws DocumentGone, GiveUp when the document cannot be read, Throttled, or anything that may pass.
   */
  read(reading: { document: DocumentRef; url: string; pages: number[]; signal: AbortSignal }): Promise<void>
  /**
   * One chat completion, parsed from JSON and otherwise unchecked. The same question about the same document is
   * answered from what was answered before.
   * @throws DocumentGone, GiveUp, Throttled, Trouble('unusable-answer') for JSON that breaks off, or anything that may pass.
   */
  complete(question: Question): Promise<{ answer: unknown; model: string }>
}

export interface Question {
  document: DocumentRef
  step: 'summarise' | 'translate'
  language: Language
  messages: { role: 'system' | 'user' | 'assistant'; content: string }[]
  /** The JSON schema the answer must have, and its name. */
  schema: { name: string; schema: Record<string, unknown> }
  signal: AbortSignal
}

/** The models of Mistral, each call in its turn, each answer stored together with what it cost. Nothing to close. */
export function createModel(parts: ModelParts): Model {
  return { read: createReader(parts), complete: createCompleter(parts) }
}
