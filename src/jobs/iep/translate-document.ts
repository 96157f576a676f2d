import { z } from 'zod'
import { languages, type Translated } from '../../domains/iep/content.ts'
import { noTranslation } from '../../domains/iep/sentences.ts'
import { endNeedlessWait } from '../../domains/iep/steps.ts'
import { translate } from '../../domains/iep/translate.ts'
import {
  beginVersion,
  englishOf,
  failVersion,
  processedWhenComplete,
  storeVersion,
} from '../../domains/iep/versions.ts'
import { afterCommit } from '../../shared/database.ts'
import { minutes } from '../../shared/time.ts'
import { defineJob, type Uses } from '../define.ts'
import { countValues } from './count-values.ts'
import { configured, documentData, holdIfThere, keyOf, ownerOf, persistently, takeStep } from './step.ts'

/**
 * Makes one language's version of a document from the English one. The languages know nothing of one another; whichever
 * ends last, well or badly, makes the document PROCESSED.
 */
export const translateDocument = defineJob({
  name: 'iep.translate-document',
  queue: 'documents',
  data: documentData.extend({ language: z.enum(languages).exclude(['en']) }),
  key: ({ language, ...document }) => `${keyOf(document)} ${language}`,
  owner: ownerOf,
  again: 'afterSettled',
  retry: persistently,
  timeout: minutes(60),

  run: (
    { language, ...document },
    { sql, model, metrics, signal }: Uses<'sql' | 'model' | 'metrics' | 'signal'>,
  ) =>
    takeStep({
      document,
      sql,
      begin: (tx) => beginVersion(tx, document, language),
      asks: { step: 'translate', language },
      work: async () => {
        const { source, doubts } = await englishOf(sql, document)
        const chat = configured(model, 'MISTRAL_API_KEY')
        const version = await translate({ model: chat, document, source, doubts, language, signal })
        return async (tx) => {
          await storeVersion(tx, document, language, version)
          const processed = await processedWhenComplete(tx, document)
          if (processed) afterCommit(tx, () => metrics.iepDocuments.inc({ outcome: 'processed' }))
          return countValues(tx, metrics, language, version.verification)
        }
      },
    }),

  async onFailed(tx, { language, ...document }, verdict) {
    const held = await holdIfThere(tx, document)
    if (!held) return []
    await failVersion(tx, document, language satisfies Translated, noTranslation(language, verdict))
    await processedWhenComplete(tx, document)
    if (!held.consent) await endNeedlessWait(tx, document)
    return []
  },
})
