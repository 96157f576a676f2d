import { CopyObjectCommand, DeleteObjectCommand, S3ServiceException, type S3Client } from '@aws-sdk/client-s3'
import { within } from './listing.ts'

/**
 * Copies an object if it is the one meant. The etag keeps most others from being copied at all; being an MD5, it does
 * not keep away one that was made to have the same, which the digest does.
 */
export async function copyObject(
  s3: S3Client,
  bucket: string,
  from: string,
  to: string,
  {
    etag,
    sha256,
    contentType,
    signal,
  }: { etag: string; sha256: string; contentType: string; signal?: AbortSignal },
): Promise<boolean> {
  const command = new CopyObjectCommand({
    Bucket: bucket,
    CopySource: `${bucket}/${from.split('/').map(encodeURIComponent).join('/')}`,
    CopySourceIfMatch: `"${etag}"`,
    Key: to,
    ContentType: contentType,
    MetadataDirective: 'REPLACE',
    TaggingDirective: 'REPLACE',
    ChecksumAlgorithm: 'SHA256',
  })
  const copied = await unlessAnother(s3.send(command, within(signal)))
  if (!copied) return false
  const digest = copied.CopyObjectResult?.ChecksumSHA256
  if (digest === Buffer.from(sha256, 'hex').toString('base64')) return true
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: to }), within(signal))
  if (digest === undefined) throw new Error('S3 told no digest of a copy.')
  return false
}

/** Undefined when the object is another one or gone; a bucket that does not exist is an error like any other. */
async function unlessAnother<Output>(sent: Promise<Output>): Promise<Output | undefined> {
  try {
    return await sent
  } catch (error) {
    if (error instanceof S3ServiceException && others.has(error.name)) return undefined
    throw error
  }
}

const others = new Set(['PreconditionFailed', 'NoSuchKey'])
