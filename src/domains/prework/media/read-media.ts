import type { Acting } from '../audit.ts'
import { Refused } from '../refused.ts'
import { readPage } from '../read-page.ts'
import type { Page, PageAsked, PreworkStore } from '../store.ts'
import { ownerSeenBy } from '../submissions/owner.ts'
import { readSubmission } from '../submissions/read-submissions.ts'
import { readUser } from '../users.ts'
import { findMedia, type Media, type StoredFile } from './media.ts'

/** @throws Refused no-such-media, also for whoever may not see what its owner has */
export async function readMedia(store: PreworkStore, by: Acting, mediaId: string): Promise<Media> {
  const media = await findMedia(store, mediaId)
  const owner = media && (await ownerSeenBy(store, by, media.userId))
  if (!owner) throw new Refused('no-such-media')
  return media
}

/** What somebody has uploaded, or may upload yet, in no order that means anything. @throws Refused no-such-user */
export async function listMediaOf(
  store: PreworkStore,
  by: Acting,
  userId: string,
  asked: PageAsked,
): Promise<Page<Media>> {
  await readUser(store, by, userId)
  return readPage(store, { table: 'media', index: 'UserIdIndex', name: 'userId', value: userId }, asked)
}

/** What is attached to a submission, in no order that means anything. @throws Refused no-such-submission */
export async function listMediaIn(
  store: PreworkStore,
  by: Acting,
  submissionId: string,
  asked: PageAsked,
): Promise<Page<Media>> {
  await readSubmission(store, by, submissionId)
  return readPage(
    store,
    { table: 'media', index: 'SubmissionIdIndex', name: 'submissionId', value: submissionId },
    asked,
  )
}

/** What is kept of an upload. @throws Refused media-not-ready or media-failed */
export function fileOfCompleted({ uploadStatus, file }: Media): StoredFile {
  if (uploadStatus === 'uploading') throw new Refused('media-not-ready')
  if (uploadStatus === 'failed') throw new Refused('media-failed')
  if (!file) throw new Error('An upload is completed and has no file.')
  return file
}
