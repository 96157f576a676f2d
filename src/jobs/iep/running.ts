import { languages, type Translated } from '../../domains/iep/content.ts'
import type { DocumentRef } from '../../domains/iep/document.ts'
import type { Run } from '../../shared/database.ts'
import type { Ask } from '../define.ts'
import { idsOf } from '../ledger/find.ts'
import { see } from '../ledger/read.ts'
import { readDocument } from './read-document.ts'
import { redactDocument } from './redact-document.ts'
import { summariseDocument } from './summarise-document.ts'
import { translateDocument } from './translate-document.ts'

/** The ids of all steps that were ever asked for about these documents, settled ones too; in the order in which rows are locked. */
export async function stepsOf(run: Run, documents: DocumentRef[]): Promise<string[]> {
  const ids: string[] = []
  for (const job of [readDocument, redactDocument, summariseDocument])
    ids.push(...(await idsOf(run, job.name, documents.map(job.key))))
  const translations = documents.flatMap((document) =>
    translated.map((language) => translateDocument.key({ ...document, language })),
  )
  ids.push(...(await idsOf(run, translateDocument.name, translations)))
  return ids.sort()
}

/** Of these wishes those whose job is not still to end by itself. Locks nothing, so that no job that settles is waited for. */
export async function withoutUnsettled(run: Run, wishes: Ask[]): Promise<Ask[]> {
  const left: Ask[] = []
  for (const wish of wishes) {
    const [id] = await idsOf(run, wish.job.name, [wish.job.key(wish.data)])
    const state = id && (await see(run, [id])).get(id)?.state
    if (!state || !unsettled.has(state)) left.push(wish)
  }
  return left
}

const unsettled = new Set<string>(['waiting', 'delayed', 'active'])
const translated = languages.filter((language): language is Translated => language !== 'en')
