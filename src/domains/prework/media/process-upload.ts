import path from 'node:path'
import { TooLarge } from '../../../shared/bucket.ts'
import { Trouble } from '../../../shared/errors.ts'
import { inScratch } from '../../../shared/scratch.ts'
import type { Origin } from '../audit.ts'
import type { PreworkBuckets } from '../buckets.ts'
import type { PreworkStore } from '../store.ts'
import { isOfType, type KeptAsItCame } from './content.ts'
import { findMedia, type MediaProblem, type StoredFile } from './media.ts'
import { fileOf, thumbnailOf, uploadOf, type Place } from './places.ts'
import { makePictures, type Pictures } from './process-pictures.ts'
import { removeUnused } from './remove-unused.ts'
import { endingOf, isAwaited, settleUpload, type Ending } from './settle.ts'
import { BYTES_AT_MOST, mediaTypes, type MediaType } from './types.ts'

/** An object that is said to have arrived. */
export interface Arrived extends Place {
  bucket: 'uploads' | 'documents'
  /** Tells one writing of the object from another. */
  writing: string
}

export interface Around {
  store: PreworkStore
  buckets: PreworkBuckets
  signal: AbortSignal
  /** What the audit log says of where it comes from. */
  origin: Origin
}

/**
 * Looks into what has arrived, keeps what is good of it, and writes down what came of it. What is kept is written before
 * it is told of, under keys that name its bytes: whoever does it once more does the same. `absent`: there is no object.
 * @throws the signal's reason, or an error of the stores or of this machine: try again
 */
export async function processUpload(
  arrived: Arrived,
  around: Around,
): Promise<Ending | { outcome: 'absent' }> {
  const media = await findMedia(around.store, arrived.mediaId)
  if (!isAwaited(media, arrived)) return endingOf(media, arrived)
  const found = await inScratch((directory) => keep(arrived, media.contentType, directory, around))
  if (found === 'absent') return { outcome: 'absent' }
  return settleUpload(arrived, found, around)
}

/** Gives an upload up that could not be processed: says so, unless it is settled, and removes what was made of it. */
export async function abandonUpload(arrived: Arrived, around: Around): Promise<void> {
  await settleUpload(arrived, { problem: 'could-not-process' }, around)
  await removeUnused(arrived, around)
}

type Kept = { contentType: MediaType; file: StoredFile }

async function keep(
  arrived: Arrived,
  announced: MediaType,
  directory: string,
  { buckets, signal }: Around,
): Promise<Kept | { problem: MediaProblem } | 'absent'> {
  const file = path.join(directory, 'upload')
  const upload = await download(arrived, file, { buckets, signal })
  if (upload === 'absent') return 'absent'
  if (upload === 'too-large') return { problem: 'too-large' }
  if (upload.bytes === 0) return { problem: 'damaged' }
  if (isPicture(announced)) {
    const pictures = await makePictures(file, directory, { signal, whose: arrived.userId })
    return 'problem' in pictures ? pictures : keepPictures(arrived, upload, pictures, { buckets, signal })
  }
  if (!(await isOfType(file, announced, { signal, whose: arrived.userId }))) return { problem: 'wrong-type' }
  return keepAsItCame(arrived, upload, announced, { buckets, signal })
}

type Stores = Pick<Around, 'buckets' | 'signal'>

interface Upload {
  bytes: number
  sha256: string
  etag: string
}

async function download(
  arrived: Arrived,
  file: string,
  { buckets, signal }: Stores,
): Promise<Upload | 'absent' | 'too-large'> {
  try {
    const options = { maxBytes: BYTES_AT_MOST, signal }
    const found = await buckets[arrived.bucket].download(uploadOf(arrived), file, options)
    return found ? { ...found, sha256: found.sha256.toString('hex') } : 'absent'
  } catch (error) {
    if (error instanceof TooLarge) return 'too-large'
    throw error
  }
}

const isPicture = (type: MediaType): type is Exclude<MediaType, KeptAsItCame> =>
  mediaTypes[type].kind === 'image'

/** What people download says nothing of where it was taken; a picture is of the type it is, whatever was announced. */
async function keepPictures(
  arrived: Arrived,
  { bytes, sha256 }: Upload,
  { original, clean, small, large }: Pictures,
  { buckets, signal }: Stores,
): Promise<Kept> {
  const contentType = `image/${original.type}` as MediaType
  const key = fileOf(arrived, sha256)
  await buckets[arrived.bucket].upload(key, clean, { contentType, signal })
  const keepThumbnail = async (size: 'small' | 'large', { file, width, height }: Pictures[typeof size]) => {
    const thumbnail = { key: thumbnailOf(arrived, sha256, size), width, height }
    await buckets.thumbnails.upload(thumbnail.key, file, { contentType: 'image/webp', signal })
    return thumbnail
  }
  const thumbnails = {
    small: await keepThumbnail('small', small),
    large: await keepThumbnail('large', large),
  }
  const { width, height } = original
  return { contentType, file: { key, bytes, sha256, width, height, thumbnails } }
}

/** Out of the reach of the form, which may be filled once more, and exactly the bytes that were looked at. */
async function keepAsItCame(
  arrived: Arrived,
  { bytes, sha256, etag }: Upload,
  contentType: MediaType,
  { buckets, signal }: Stores,
): Promise<Kept> {
  const key = fileOf(arrived, sha256)
  const copied = await buckets[arrived.bucket].copy(uploadOf(arrived), key, {
    etag,
    sha256,
    contentType,
    signal,
  })
  if (!copied) throw new Trouble('upload-changed', 'The upload was replaced while it was looked at.')
  return { contentType, file: { key, bytes, sha256 } }
}
