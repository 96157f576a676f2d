import type { Bucket } from '../../../shared/bucket.ts'
import { minutes } from '../../../shared/time.ts'
import type { PreworkBuckets } from '../buckets.ts'
import { Refused } from '../refused.ts'
import { safeFileName } from './file-name.ts'
import type { Media, Thumbnail } from './media.ts'
import { uploadOf } from './places.ts'
import { fileOfCompleted } from './read-media.ts'
import { BYTES_AT_MOST, mediaTypes } from './types.ts'

/** What is sent where to upload something: a form with these fields and the file as the last, or the bare file. */
export type Upload =
  | { method: 'POST'; url: string; fields: Record<string, string> }
  | { method: 'PUT'; url: string; headers: Record<string, string> }

/**
 * Where it is uploaded to within these seconds. The form takes its type and at most as many bytes as are wanted; a PUT
 * takes its type only, and what is too large is found out when it is looked at.
 */
export async function uploadTo(
  buckets: PreworkBuckets,
  media: Media,
  { method, seconds }: { method: 'post' | 'put'; seconds: number },
): Promise<Upload> {
  const { contentType } = media
  const wanted = { key: uploadOf(media), contentType, seconds }
  const bucket = bucketOf(buckets, media)
  if (method === 'post')
    return { method: 'POST', ...(await bucket.presignPost({ ...wanted, maxBytes: BYTES_AT_MOST })) }
  const url = await bucket.presignPut(wanted)
  return { method: 'PUT', url, headers: { 'content-type': contentType } }
}

/** How long an address to look at something, or to save it, is good for. */
export const ADDRESS_SECONDS = minutes(15) / 1000

/** Where to save it from, under its name. @throws Refused media-not-ready or media-failed */
export async function downloadOf(buckets: PreworkBuckets, media: Media) {
  const { key } = fileOfCompleted(media)
  const { contentType } = media
  const fileName = nameOf(media)
  const saved = { key, seconds: ADDRESS_SECONDS, fileName, contentType }
  return { url: await bucketOf(buckets, media).presignGet(saved), fileName, contentType }
}

/** Where its thumbnails are. @throws Refused media-not-ready, media-failed, or no-thumbnails for what is no picture */
export async function thumbnailsOf({ thumbnails: bucket }: PreworkBuckets, media: Media) {
  // That there will never be any is known before it is uploaded.
  if (mediaTypes[media.contentType].kind !== 'image') throw new Refused('no-thumbnails')
  const { thumbnails } = fileOfCompleted(media)
  if (!thumbnails) throw new Refused('no-thumbnails')
  const address = async ({ key, width, height }: Thumbnail) => ({
    url: await bucket.presignGet({ key, seconds: ADDRESS_SECONDS }),
    width,
    height,
  })
  const [small, large] = await Promise.all([address(thumbnails.small), address(thumbnails.large)])
  return { small, large }
}

/** Its name, with the ending of what it turned out to be. */
export const nameOf = ({ fileName, contentType }: Media): string => safeFileName(fileName, contentType)

const bucketOf = (buckets: PreworkBuckets, { contentType }: Media): Bucket =>
  buckets[mediaTypes[contentType].bucket]
