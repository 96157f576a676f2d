import { z } from 'zod'
import { overdueUploads, removeExpiredDocuments, removeExpiredProfiles } from '../../domains/iep/expiry.ts'
import { minutes, seconds } from '../../shared/time.ts'
import { ask, backingOff, commit, defineJob, done } from '../define.ts'
import { receiveDocument } from './receive-document.ts'
import { removeObjects } from './remove-objects.ts'

/** Removes what has outlived its time: uploads that were never filled, documents, and parents with all they had. */
export const expireRecords = defineJob({
  name: 'iep.expire-records',
  queue: 'maintenance',
  data: z.strictObject({ slot: z.iso.datetime() }),
  key: ({ slot }) => slot,
  again: 'never',
  retry: backingOff(5, seconds(30)),
  timeout: minutes(5),

  run: async () =>
    commit(async (tx) => {
      const { profiles, children } = await removeExpiredProfiles(tx)
      const documents = await removeExpiredDocuments(tx)
      const uploads = await overdueUploads(tx)
      return done(
        { profiles, documents: documents.length, uploads: uploads.length },
        ...[...children, ...documents].map((place) => ask(removeObjects, place)),
        ...uploads.map((place) => ask(receiveDocument, { ...place, writing: 'overdue' })),
      )
    }),
})
