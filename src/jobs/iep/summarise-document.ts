import { redactedPages } from '../../domains/iep/redacting.ts'
import { reasonFor } from '../../domains/iep/sentences.ts'
import { failDocument } from '../../domains/iep/steps.ts'
import { summarise } from '../../domains/iep/summarise.ts'
import { beginVersion, failVersion, openTranslations, storeVersion } from '../../domains/iep/versions.ts'
import { minutes } from '../../shared/time.ts'
import { defineJob, type Uses } from '../define.ts'
import { countValues } from './count-values.ts'
import { configured, documentData, holdIfThere, keyOf, ownerOf, persistently, takeStep } from './step.ts'

type Wants = 'sql' | 'model' | 'nextSteps' | 'metrics' | 'signal' | 'progress'

/** Makes the English version of a document from its redacted pages, checked against them. */
export const summariseDocument = defineJob({
  name: 'iep.summarise-document',
  queue: 'documents',
  data: documentData,
  key: keyOf,
  owner: ownerOf,
  again: 'afterSettled',
  retry: persistently,
  timeout: minutes(60),

  run: (document, { sql, model, nextSteps, metrics, signal, progress }: Uses<Wants>) =>
    takeStep({
      document,
      sql,
      nextSteps,
      begin: (tx) => beginVersion(tx, document, 'en'),
      asks: { step: 'summarise', language: 'en' },
      work: async () => {
        const pages = await redactedPages(sql, document)
        const chat = configured(model, 'MISTRAL_API_KEY')
        const english = await summarise({ model: chat, document, pages, signal, progress })
        return async (tx) => {
          await storeVersion(tx, document, 'en', english)
          await openTranslations(tx, document)
          return countValues(tx, metrics, 'en', english.verification)
        }
      },
    }),

  async onFailed(tx, document, verdict) {
    const held = await holdIfThere(tx, document)
    if (!held) return []
    const reason = reasonFor('summarise', verdict, held.problemCode)
    await failVersion(tx, document, 'en', reason.message)
    await failDocument(tx, document, 'FAILED', reason)
    return []
  },
})
