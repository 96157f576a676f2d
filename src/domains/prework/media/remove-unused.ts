import type { PreworkBuckets } from '../buckets.ts'
import type { PreworkStore } from '../store.ts'
import { findMedia, type Media } from './media.ts'
import { folderOf, uploadOf, type Place } from './places.ts'
import { mediaTypes } from './types.ts'

/**
 * Removes the objects of an upload that are of no use: none while it is awaited or looked at, all but what is kept once
 * it is completed, and all of one that failed or is gone. What is known of it is older than its objects: where nothing
 * is known nothing ever will be. Tells how many there were.
 */
export async function removeUnused(
  place: Place,
  { store, buckets, signal }: { store: PreworkStore; buckets: PreworkBuckets; signal: AbortSignal },
): Promise<number> {
  const found = await findMedia(store, place.mediaId)
  const media = found?.userId === place.userId ? found : undefined
  if (media?.uploadStatus === 'uploading') return 0
  const used = keysInUse(media)
  let removed = 0
  for (const [name, bucket] of Object.entries(buckets) as [keyof PreworkBuckets, PreworkBuckets['uploads']][])
    for (const prefix of [folderOf(place), uploadOf(place)])
      for await (const keys of bucket.list(prefix, signal))
        for (const key of keys) {
          if (used.has(`${name} ${key}`)) continue
          await bucket.remove(key, signal)
          removed += 1
        }
  return removed
}

/** Each with the name of its bucket before it. */
function keysInUse(media: Media | undefined): Set<string> {
  if (!media?.file) return new Set()
  const { key, thumbnails } = media.file
  const { bucket } = mediaTypes[media.contentType]
  const pictures = thumbnails ? [thumbnails.small, thumbnails.large] : []
  return new Set([`${bucket} ${key}`, ...pictures.map((picture) => `thumbnails ${picture.key}`)])
}
