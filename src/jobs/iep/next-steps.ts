import type { DocumentRef } from '../../domains/iep/document.ts'
import { missingSteps, type Step } from '../../domains/iep/steps.ts'
import type { Sql } from '../../shared/database.ts'
import { ask, type Ask } from '../define.ts'
import { readDocument } from './read-document.ts'
import { redactDocument } from './redact-document.ts'
import { summariseDocument } from './summarise-document.ts'
import { translateDocument } from './translate-document.ts'

/**
 * What follows for a document, whoever asks: after a step, when consent is given, when a parent wants what failed tried
 * again. Only what is missing is asked for; nothing while consent is. Reads, and writes nothing.
 *
 * The runner locks a step's row before its document's. Who asks from elsewhere should accept these wishes before
 * locking the document, or one of the two may be turned back by Postgres and have to try again.
 */
export async function nextSteps(db: Sql, { iepId, userId, revision }: DocumentRef): Promise<Ask[]> {
  const document = { iepId, userId, revision }
  return (await missingSteps(db, document)).map((missing) => wishFor(missing, document))
}

function wishFor(missing: Step, document: DocumentRef): Ask {
  switch (missing.step) {
    case 'read':
      return ask(readDocument, document)
    case 'redact':
      return ask(redactDocument, document)
    case 'summarise':
      return ask(summariseDocument, document)
    case 'translate':
      return ask(translateDocument, { ...document, language: missing.language })
  }
}
