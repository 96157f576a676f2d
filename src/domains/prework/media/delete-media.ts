import type { Write } from '../../../shared/dynamodb.ts'
import { auditPut, type Acting } from '../audit.ts'
import { mayDeleteMedia } from '../permissions.ts'
import { Refused } from '../refused.ts'
import { removal } from '../remains.ts'
import { changeWhatIsThere, revised, unchanged } from '../revisions.ts'
import { stillMay } from '../still-may.ts'
import type { PreworkStore } from '../store.ts'
import { findSubmission, isOpen, submissionFields, type Submission } from '../submissions/submission.ts'
import { writeTogether } from '../write-together.ts'
import { mediaFields, type Media } from './media.ts'
import { readMedia } from './read-media.ts'

/** Something that may be removed, with the submission it is attached to. */
export interface Removable {
  media: Media
  submission: Submission | undefined
}

/** @throws Refused no-such-media, forbidden, or media-attached to a submission that cannot be changed any more */
export async function readRemovable(store: PreworkStore, by: Acting, mediaId: string): Promise<Removable> {
  const media = await readMedia(store, by, mediaId)
  if (!mayDeleteMedia(by, media)) throw new Refused('forbidden')
  const { submissionId } = media
  const submission = submissionId === undefined ? undefined : await findSubmission(store, submissionId)
  if (submission && !isOpen(submission)) throw new Refused('media-attached')
  return { media, submission }
}

/**
 * Removes what is known of an upload, and it from its submission. Its objects are left to whoever asked before that they
 * be removed. @throws Refused as `readRemovable`
 */
export async function deleteMedia(store: PreworkStore, by: Acting, mediaId: string): Promise<void> {
  await changeWhatIsThere(undefined, async () => {
    const removable = await readRemovable(store, by, mediaId)
    return (await remove(store, by, removable)) ? removable : undefined
  })
}

/** False when somebody else was faster. */
async function remove(store: PreworkStore, by: Acting, { media, submission }: Removable): Promise<boolean> {
  const { mediaId } = media
  const at = new Date().toISOString()
  const changed = submission && without(store, by, { media, submission, at })
  const failed = await writeTogether(store, {
    media: removal(store.tables.media, { mediaId }, media),
    entry: auditPut(store, by, {
      entityType: 'media',
      entityId: mediaId,
      action: 'delete',
      at,
      before: media,
      after: {},
      fields: mediaFields,
    }),
    submission: changed?.write,
    submissionEntry: changed?.entry,
    actor: stillMay(store, by),
  })
  if (failed.has('actor')) throw new Refused('forbidden')
  return failed.size === 0
}

/** As what was read is still open, and its version is in the condition, this leaves alone what was handed in meanwhile. */
function without(
  store: PreworkStore,
  by: Acting,
  { media, submission, at }: { media: Media; submission: Submission; at: string },
): { write: Write; entry: Write } {
  const next: Submission = {
    ...submission,
    mediaFiles: submission.mediaFiles.filter((mediaId) => mediaId !== media.mediaId),
    ...revised(submission, by, at),
  }
  return {
    write: { Put: { TableName: store.tables.submissions, Item: next, ...unchanged(submission) } },
    entry: auditPut(store, by, {
      entityType: 'submission',
      entityId: submission.submissionId,
      action: 'update',
      at,
      before: submission,
      after: next,
      fields: submissionFields,
    }),
  }
}
