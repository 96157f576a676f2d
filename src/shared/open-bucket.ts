import { createHash, hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  type GetObjectCommandOutput,
} from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { TooLarge, type Bucket } from './bucket.ts'
import type { Config } from './config.ts'
import { copyObject } from './open-bucket/copying.ts'
import { listKeys, removeAll, within } from './open-bucket/listing.ts'
import { seconds } from './time.ts'

/** The bucket of that name, with the SDK's client behind it. Nothing is asked of S3 before a method is called. */
export function openBucket(aws: Config['aws'], name: string): Bucket & { close(): void } {
  const s3 = openS3(aws)
  return {
    name,

    presignPut({ key, contentType, seconds: expiresIn }) {
      const command = new PutObjectCommand({ Bucket: name, Key: key, ContentType: contentType })
      // Not signed unless named, and then anything could be uploaded.
      return getSignedUrl(s3, command, { expiresIn, signableHeaders: new Set(['content-type']) })
    },

    presignPost: ({ key, contentType, maxBytes, seconds: expires }) =>
      createPresignedPost(s3, {
        Bucket: name,
        Key: key,
        Expires: expires,
        Conditions: [['content-length-range', 1, maxBytes]],
        Fields: { 'Content-Type': contentType },
      }),

    presignGet({ key, seconds: expiresIn, fileName, contentType = 'application/octet-stream' }) {
      const saved = fileName !== undefined && {
        ResponseContentDisposition: attachment(fileName),
        ResponseContentType: contentType,
      }
      return getSignedUrl(s3, new GetObjectCommand({ Bucket: name, Key: key, ...saved }), { expiresIn })
    },

    async head(key, signal) {
      const head = await orMissing(s3.send(new HeadObjectCommand({ Bucket: name, Key: key }), within(signal)))
      if (head)
        return { bytes: head.ContentLength ?? 0, etag: plainEtag(head), contentType: head.ContentType }
      // The answer to HEAD does not say what is missing, and a bucket that is not there must not pass for an empty one.
      await s3.send(new HeadBucketCommand({ Bucket: name }), within(signal))
      return undefined
    },

    async download(key, file, { maxBytes, signal }) {
      const command = new GetObjectCommand({ Bucket: name, Key: key, ChecksumMode: 'ENABLED' })
      const object = await orMissing(s3.send(command, within(signal)))
      return object && save(object, file, maxBytes, signal)
    },

    async upload(key, file, { contentType, cacheControl, ifAbsent = false, signal }) {
      // Not as a stream, which could not be sent once more.
      const Body = await readFile(file)
      const command = new PutObjectCommand({
        Bucket: name,
        Key: key,
        Body,
        ChecksumSHA256: hash('sha256', Body, 'base64'),
        ContentType: contentType,
        ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
        ...(ifAbsent ? { IfNoneMatch: '*' } : {}),
      })
      return unlessThere(s3.send(command, within(signal)))
    },

    copy: (from, to, options) => copyObject(s3, name, from, to, options),

    list: (prefix, signal) => listKeys(s3, name, prefix, signal),

    async remove(key, signal) {
      await s3.send(new DeleteObjectCommand({ Bucket: name, Key: key }), within(signal))
    },

    removeAll: (prefix, signal) => removeAll(s3, name, prefix, signal),

    close: () => s3.destroy(),
  }
}

function openS3({ region, credentials, s3Endpoint }: Config['aws']): S3Client {
  return new S3Client({
    region,
    ...(credentials ? { credentials } : {}),
    ...(s3Endpoint ? { endpoint: s3Endpoint, forcePathStyle: true } : {}),
    // Otherwise a presigned PUT carries the checksum of an empty body, which S3s other than Amazon's refuse.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // All calls may be repeated: they read, write a whole object, or remove what is to be gone.
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: seconds(3),
      /** Until the answer begins. */
      requestTimeout: seconds(20),
      throwOnRequestTimeout: true,
      /** Without a byte either way. */
      socketTimeout: seconds(20),
    },
  })
}

/** Undefined when the object does not exist; a bucket that does not exist is an error like any other. */
async function orMissing<Output>(sent: Promise<Output>): Promise<Output | undefined> {
  try {
    return await sent
  } catch (error) {
    if (error instanceof S3ServiceException && (error.name === 'NoSuchKey' || error.name === 'NotFound'))
      return undefined
    throw error
  }
}

/** False when there was an object already, and it was to stay. */
async function unlessThere(sent: Promise<unknown>): Promise<boolean> {
  try {
    await sent
    return true
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'PreconditionFailed') return false
    throw error
  }
}

async function save(object: GetObjectCommandOutput, file: string, maxBytes: number, signal?: AbortSignal) {
  const body = object.Body as Readable
  const sha256 = createHash('sha256')
  let bytes = 0
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new TooLarge(maxBytes)
      sha256.update(chunk)
      yield chunk
    }
  }
  try {
    if ((object.ContentLength ?? 0) > maxBytes) throw new TooLarge(maxBytes)
    await pipeline(body, counted, createWriteStream(file, { mode: 0o600 }), signal ? { signal } : {})
    return { bytes, sha256: sha256.digest(), etag: plainEtag(object) }
  } catch (error) {
    body.destroy()
    await rm(file, { force: true })
    signal?.throwIfAborted()
    throw error
  }
}

function plainEtag({ ETag }: { ETag?: string | undefined }): string {
  if (!ETag) throw new Error('S3 told no etag.')
  return ETag.replace(/^"|"$/g, '')
}

/** As RFC 6266 has it: a plain name for old browsers, and the real one, percent-encoded as RFC 5987 demands. */
function attachment(fileName: string): string {
  const name = fileName.toWellFormed()
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^ -~]|["\\%]/gu, '_')
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
