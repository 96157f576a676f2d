import { auditPut, type Acting, type Origin } from '../audit.ts'
import { SERVER } from '../permissions.ts'
import { changeWhatIsThere, revised, unchanged } from '../revisions.ts'
import type { PreworkStore } from '../store.ts'
import { writeTogether } from '../write-together.ts'
import { safeFileName } from './file-name.ts'
import { findMedia, mediaFields, type Media, type MediaProblem, type StoredFile } from './media.ts'
import type { Place } from './places.ts'
import { mediaTypes, type MediaType } from './types.ts'

/** What came of an upload. `late`: nobody waited for it, or nobody does any more. */
export type Ending = { outcome: 'completed' | 'late' } | { outcome: 'failed'; problem: MediaProblem }

/** One writing of an object. */
interface Writing extends Place {
  bucket: 'uploads' | 'documents'
  writing: string
}

/** Whether something is to arrive here, and has not been settled. */
export const isAwaited = (media: Media | undefined, { userId, bucket }: Writing): media is Media =>
  media?.uploadStatus === 'uploading' &&
  media.userId === userId &&
  mediaTypes[media.contentType].bucket === bucket

/** What came of a writing that is not awaited: an earlier attempt may have settled it. */
export function endingOf(media: Media | undefined, { userId, writing }: Writing): Ending {
  if (media?.userId !== userId || media.settledFor !== writing) return { outcome: 'late' }
  const { problem } = media
  return problem === undefined ? { outcome: 'completed' } : { outcome: 'failed', problem }
}

/** Writes down what came of an upload, in one transaction with its entry in the audit log, unless it is settled. */
export async function settleUpload(
  written: Writing,
  found: { contentType: MediaType; file: StoredFile } | { problem: MediaProblem },
  { store, origin }: { store: PreworkStore; origin: Origin },
): Promise<Ending> {
  const by = serverFrom(origin)
  return changeWhatIsThere(undefined, async () => {
    const media = await findMedia(store, written.mediaId)
    if (!isAwaited(media, written)) return endingOf(media, written)
    const next: Media = {
      ...media,
      ...found,
      // Of a picture that is not what it was announced as, the name is to tell the truth.
      ...('problem' in found ? {} : { fileName: safeFileName(media.fileName, found.contentType) }),
      uploadStatus: 'problem' in found ? 'failed' : 'completed',
      settledFor: written.writing,
      ...revised(media, by, new Date().toISOString()),
    }
    const failed = await writeTogether(store, {
      media: { Put: { TableName: store.tables.media, Item: next, ...unchanged(media) } },
      entry: auditPut(store, by, {
        entityType: 'media',
        entityId: media.mediaId,
        action: 'problem' in found ? 'fail' : 'complete',
        at: next.updatedAt,
        before: media,
        after: next,
        fields: mediaFields,
      }),
    })
    return failed.size > 0 ? undefined : endingOf(next, written)
  })
}

/** Who does what happens by itself. */
export const serverFrom = (origin: Origin): Acting => ({ userId: SERVER, role: 'administrator', origin })
