import { languages, type Translated } from '../../domains/iep/content.ts'
import type { DocumentRef } from '../../domains/iep/document.ts'
import type { Run } from '../../shared/database.ts'
import { idsOf } from '../ledger/find.ts'
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

const translated = languages.filter((language): language is Translated => language !== 'en')
