import { DeleteObjectsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { Trouble } from '../errors.ts'

/** The keys below a prefix, page by page: up to 1,000 each, which is as many as one request may remove. */
export async function* listKeys(
  s3: S3Client,
  bucket: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<string[]> {
  let token: string | undefined
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
      within(signal),
    )
    yield (page.Contents ?? []).flatMap(({ Key }) => Key ?? [])
    token = page.NextContinuationToken
  } while (token !== undefined)
}

/**
 * Goes through the listing again and again until it is empty: what arrives meanwhile goes too. One that can't be
 * removed does not save the others.
 */
export async function removeAll(
  s3: S3Client,
  bucket: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (!prefix.endsWith('/')) throw new TypeError('A prefix whose objects are all to go must end in a slash.')
  let removed = 0
  for (let round = 0; round < mostRounds; round += 1) {
    let found = 0
    let left = 0
    for await (const keys of listKeys(s3, bucket, prefix, signal)) {
      found += keys.length
      if (keys.length > 0) left += await removeBatch(s3, bucket, keys, signal)
    }
    removed += found - left
    if (left > 0) throw new Trouble('objects-left', `${left} of ${found} objects could not be removed.`)
    if (found === 0) return removed
  }
  throw new Trouble('objects-left', `After ${mostRounds} rounds of removing there are still objects.`)
}

const mostRounds = 20

/** Tells how many S3 refused to remove: it answers 200 all the same. */
async function removeBatch(
  s3: S3Client,
  bucket: string,
  keys: string[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true }
  const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }), within(signal))
  return Errors.length
}

/** The SDK's way to say until when an answer is wanted. */
export function within(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {}
}
