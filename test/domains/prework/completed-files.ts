import { randomUUID } from 'node:crypto'
import { findMedia, type Media } from '../../../src/domains/prework/media/media.ts'
import { fileOf } from '../../../src/domains/prework/media/places.ts'
import type { PreworkStore } from '../../../src/domains/prework/store.ts'

/** What is known of files of this user that were uploaded and were good, or are as `fields` says. */
export async function completedFiles(
  store: PreworkStore,
  userId: string,
  count: number,
  fields: Partial<Media> = {},
): Promise<string[]> {
  const files = Array.from({ length: count }, () => ({ ...completed(userId), ...fields }))
  await store.documents.putMany(store.tables.media, files)
  return files.map(({ mediaId }) => mediaId)
}

/** What each of these files is attached to; null where it is attached to nothing. */
export const attachedTo = (store: PreworkStore, files: string[]): Promise<(string | null | undefined)[]> =>
  Promise.all(
    files.map(async (mediaId) => {
      const media = await findMedia(store, mediaId)
      return media && (media.submissionId ?? null)
    }),
  )

function completed(userId: string): Media {
  const mediaId = randomUUID()
  const now = new Date().toISOString()
  const sha256 = 'ada'.padEnd(64, '0')
  return {
    mediaId,
    userId,
    fileName: 'notes.txt',
    contentType: 'text/plain',
    uploadStatus: 'completed',
    uploadUntil: now,
    file: { key: fileOf({ userId, mediaId }, sha256), bytes: 12, sha256 },
    version: 1,
    createdAt: now,
    createdBy: userId,
    updatedAt: now,
    updatedBy: userId,
  }
}
