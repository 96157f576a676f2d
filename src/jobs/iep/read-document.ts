import { readMissingPages } from '../../domains/iep/reading.ts'
import { reasonFor } from '../../domains/iep/sentences.ts'
import { failDocument, finishReading } from '../../domains/iep/steps.ts'
import { minutes } from '../../shared/time.ts'
import { defineJob, type Uses } from '../define.ts'
import { configured, documentData, holdIfThere, keyOf, ownerOf, persistently, takeStep } from './step.ts'

type Wants = 'sql' | 'iepBucket' | 'model' | 'nextSteps' | 'signal' | 'progress'

/** Reads the pages of a document, ten at a time: what was read stays read, whatever becomes of the rest. */
export const readDocument = defineJob({
  name: 'iep.read-document',
  queue: 'documents',
  data: documentData,
  key: keyOf,
  owner: ownerOf,
  again: 'afterSettled',
  retry: persistently,
  timeout: minutes(60),

  run: (document, { sql, iepBucket, model, nextSteps, signal, progress }: Uses<Wants>) =>
    takeStep({
      document,
      sql,
      nextSteps,
      work: async () => {
        const bucket = configured(iepBucket, 'IEP_BUCKET')
        const reader = configured(model, 'MISTRAL_API_KEY')
        await readMissingPages(document, { db: sql, bucket, model: reader, signal, progress })
        return (tx) => finishReading(tx, document)
      },
    }),

  async onFailed(tx, document, verdict) {
    const held = await holdIfThere(tx, document)
    if (held) await failDocument(tx, document, 'OCR_FAILED', reasonFor('read', verdict, held.problemCode))
    return []
  },
})
