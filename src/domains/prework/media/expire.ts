import { auditPut, type Origin } from '../audit.ts'
import type { PreworkBuckets } from '../buckets.ts'
import { removal } from '../remains.ts'
import { changeWhatIsThere } from '../revisions.ts'
import type { PreworkStore } from '../store.ts'
import { writeTogether } from '../write-together.ts'
import { findMedia, mediaFields, type Media } from './media.ts'
import { uploadOf, type Place } from './places.ts'
import { serverFrom } from './settle.ts'
import { mediaTypes } from './types.ts'

/** `expired`: nothing was there, and it is forgotten. `settled`: there was nothing to decide. */
export type Expiry = { outcome: 'expired' | 'settled' } | { unheard: 'uploads' | 'documents' }

/**
 * Looks where an upload was to arrive when it cannot any more. Tells the bucket where something lies that nobody was
 * told of; a place that was never filled is forgotten, with an entry in the audit log.
 */
export async function expire(
  place: Place,
  {
    store,
    buckets,
    signal,
    origin,
  }: { store: PreworkStore; buckets: PreworkBuckets; signal: AbortSignal; origin: Origin },
): Promise<Expiry> {
  return changeWhatIsThere<Expiry>(undefined, async () => {
    const media = await findMedia(store, place.mediaId)
    if (media?.uploadStatus !== 'uploading' || media.userId !== place.userId) return { outcome: 'settled' }
    const { bucket } = mediaTypes[media.contentType]
    if (await buckets[bucket].head(uploadOf(place), signal)) return { unheard: bucket }
    return forget(store, media, origin)
  })
}

/** Undefined when somebody else was faster. */
async function forget(store: PreworkStore, media: Media, origin: Origin): Promise<Expiry | undefined> {
  const failed = await writeTogether(store, {
    media: removal(store.tables.media, { mediaId: media.mediaId }, media),
    entry: auditPut(store, serverFrom(origin), {
      entityType: 'media',
      entityId: media.mediaId,
      action: 'expire',
      at: new Date().toISOString(),
      before: media,
      after: {},
      fields: mediaFields,
    }),
  })
  return failed.size > 0 ? undefined : { outcome: 'expired' }
}
