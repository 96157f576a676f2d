import { finishRedacting, redactMissingPages } from '../../domains/iep/redacting.ts'
import { reasonFor } from '../../domains/iep/sentences.ts'
import { failDocument } from '../../domains/iep/steps.ts'
import { minutes } from '../../shared/time.ts'
import { defineJob, type Uses } from '../define.ts'
import { documentData, holdIfThere, keyOf, ownerOf, persistently, takeStep } from './step.ts'

/** Takes out of the pages what a chat model need not know. Until that is done for every page, none is sent. */
export const redactDocument = defineJob({
  name: 'iep.redact-document',
  queue: 'documents',
  data: documentData,
  key: keyOf,
  owner: ownerOf,
  again: 'afterSettled',
  retry: persistently,
  timeout: minutes(10),

  run: (document, { sql, nextSteps, signal, progress }: Uses<'sql' | 'nextSteps' | 'signal' | 'progress'>) =>
    takeStep({
      document,
      sql,
      nextSteps,
      work: async () => {
        await redactMissingPages(document, { db: sql, signal, progress })
        return (tx) => finishRedacting(tx, document)
      },
    }),

  async onFailed(tx, document, verdict) {
    const held = await holdIfThere(tx, document)
    if (held) await failDocument(tx, document, 'FAILED', reasonFor('redact', verdict, held.problemCode))
    return []
  },
})
