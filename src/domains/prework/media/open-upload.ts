import { randomUUID } from 'node:crypto'
import { minutes } from '../../../shared/time.ts'
import type { Write } from '../../../shared/dynamodb.ts'
import { auditPut, type Acting } from '../audit.ts'
import { mayUploadFor } from '../permissions.ts'
import { Refused } from '../refused.ts'
import { born, type AskedOnce } from '../revisions.ts'
import { stillMay } from '../still-may.ts'
import type { PreworkStore } from '../store.ts'
import { readUser } from '../users.ts'
import { writeTogether } from '../write-together.ts'
import { safeFileName } from './file-name.ts'
import { findOpened, mediaFields, type Media } from './media.ts'
import type { Place } from './places.ts'
import type { MediaType } from './types.ts'

/** How long something may be uploaded once that was asked for. */
export const UPLOAD_SECONDS = minutes(60) / 1000

/**
 * Where an upload for this person would go. Nothing is written: what clears an abandoned one away is to be promised
 * before there is one.
 * @throws Refused no-such-user, forbidden, not-in-this-state for whoever is not active, asked-differently or gone
 */
export async function placeFor(
  store: PreworkStore,
  by: Acting,
  userId: string,
  once?: AskedOnce,
): Promise<Place> {
  if (by.userId !== userId) {
    const owner = await readUser(store, by, userId)
    if (mayUploadFor(by, owner) && !owner.isActive) throw new Refused('not-in-this-state', 'userId')
  }
  if (!mayUploadFor(by, { userId })) throw new Refused('forbidden')
  // Nothing is promised about what is over.
  if (once) await findOpened(store, once)
  return { userId, mediaId: once?.id ?? randomUUID() }
}

/** What is to be uploaded, to a place that `placeFor` gave, and until when it may be (ISO 8601). */
export interface UploadAsked {
  place: Place
  fileName: string
  contentType: MediaType
  uploadUntil: string
}

/**
 * Opens an upload. What was asked once is not opened again, but told as it is now.
 * @throws Refused forbidden, not-in-this-state, asked-differently or gone
 */
export async function openUpload(
  store: PreworkStore,
  by: Acting,
  { place, fileName, contentType, uploadUntil }: UploadAsked,
  once?: AskedOnce,
): Promise<Media> {
  const now = new Date().toISOString()
  const media: Media = {
    ...place,
    fileName: safeFileName(fileName, contentType),
    contentType,
    uploadStatus: 'uploading',
    uploadUntil,
    ...born(by, now, once),
  }
  const isNew = 'attribute_not_exists(mediaId)'
  const failed = await writeTogether(store, {
    media: { Put: { TableName: store.tables.media, Item: media, ConditionExpression: isNew } },
    owner: by.userId === place.userId ? undefined : isActive(store, place.userId),
    entry: auditPut(store, by, {
      entityType: 'media',
      entityId: media.mediaId,
      action: 'create',
      at: now,
      before: {},
      after: media,
      fields: mediaFields,
    }),
    actor: stillMay(store, by),
  })
  if (failed.has('actor')) throw new Refused('forbidden')
  if (once && failed.has('media')) return openedBefore(store, once)
  if (failed.has('owner')) throw new Refused('not-in-this-state', 'userId')
  if (failed.size > 0) throw new Error('An id that was drawn by chance is there already.')
  return media
}

/** Seconds for which it may be uploaded still; 0 when that is over, or it was uploaded already. */
export function secondsLeft({ uploadStatus, uploadUntil }: Media, now = Date.now()): number {
  const left = Math.ceil((Date.parse(uploadUntil) - now) / 1000)
  return uploadStatus === 'uploading' ? Math.max(0, left) : 0
}

const isActive = ({ tables }: PreworkStore, userId: string): Write => ({
  ConditionCheck: {
    TableName: tables.users,
    Key: { userId },
    ConditionExpression: '#active = :yes',
    ExpressionAttributeNames: { '#active': 'active' },
    ExpressionAttributeValues: { ':yes': 'yes' },
  },
})

async function openedBefore(store: PreworkStore, once: AskedOnce): Promise<Media> {
  const media = await findOpened(store, once)
  if (!media) throw new Refused('gone')
  return media
}
