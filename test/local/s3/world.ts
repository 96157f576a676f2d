import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type PutObjectCommandInput,
  type PutObjectCommandOutput,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { startS3, type S3Options, type S3Stack } from '../../../local/s3/server.ts'

export const ada = { accessKeyId: 'ADA', secretAccessKey: 'ada-keeps-this-to-herself' }

/** An S3 to talk to, with a bucket that is nobody else's. */
export interface S3World {
  s3: S3Client
  endpoint: string
  region: string
  bucket: string
  put(
    Key: string,
    Body: NonNullable<PutObjectCommandInput['Body']>,
    input?: Partial<PutObjectCommandInput>,
  ): Promise<PutObjectCommandOutput>
  bytesOf(Key: string): Promise<Buffer>
  textOf(Key: string): Promise<string>
  keysBelow(Prefix: string): Promise<string[]>
  /** A client of the same S3 with something changed. */
  client(config: S3ClientConfig): S3Client
  close(): Promise<void>
}

/**
 * The S3 at S3_CONFORMANCE_ENDPOINT with the standard AWS_… credentials, or else a stand-in of our own. Every bucket
 * it makes is deleted again.
 */
export async function openS3World(): Promise<S3World> {
  const { S3_CONFORMANCE_ENDPOINT: endpoint, AWS_REGION: region = 'us-east-1' } = process.env
  return endpoint ? openWorldAt({ endpoint, region }, async () => {}) : openOwnWorld()
}

/** Starts a stand-in on a folder of its own. */
export async function startOnNewFolder(
  options: Partial<S3Options> = {},
): Promise<{ stack: S3Stack; directory: string; parent: string; remove: () => Promise<void> }> {
  const parent = await mkdtemp(path.join(tmpdir(), 'millrace-s3-'))
  const directory = path.join(parent, 'data')
  const stack = await startS3({ directory, credentials: ada, ...options })
  return { stack, directory, parent, remove: () => rm(parent, { recursive: true }) }
}

export function clientOf(stack: Pick<S3Stack, 'endpoint' | 'region'>, config: S3ClientConfig = {}): S3Client {
  const { endpoint, region } = stack
  return new S3Client({ endpoint, region, credentials: ada, forcePathStyle: true, maxAttempts: 1, ...config })
}

async function openOwnWorld(): Promise<S3World> {
  const { stack, remove } = await startOnNewFolder()
  return openWorldAt({ ...stack, credentials: ada }, async () => {
    await stack.stop()
    await remove()
  })
}

async function openWorldAt(
  place: { endpoint: string; region: string; credentials?: typeof ada },
  closePlace: () => Promise<void>,
): Promise<S3World> {
  const { endpoint, region } = place
  const client = (config: S3ClientConfig): S3Client =>
    new S3Client({ ...place, forcePathStyle: true, maxAttempts: 1, ...config })
  const s3 = client({})
  const bucket = `millrace-conformance-${randomBytes(6).toString('hex')}`
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  return {
    s3,
    endpoint,
    region,
    bucket,
    ...dealingsWith(s3, bucket),
    client,
    async close() {
      await emptyBucket(s3, bucket)
      await s3.send(new DeleteBucketCommand({ Bucket: bucket }))
      s3.destroy()
      await closePlace()
    },
  }
}

/** What most tests do. */
export function dealingsWith(
  s3: S3Client,
  Bucket: string,
): Pick<S3World, 'put' | 'bytesOf' | 'textOf' | 'keysBelow'> {
  const bytesOf = async (Key: string): Promise<Buffer> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
    return Buffer.from(await Body!.transformToByteArray())
  }
  return {
    put: (Key, Body, input = {}) => s3.send(new PutObjectCommand({ Bucket, Key, Body, ...input })),
    bytesOf,
    textOf: async (Key) => (await bytesOf(Key)).toString(),
    keysBelow: (Prefix) => listedKeys(s3, Bucket, Prefix),
  }
}

/** The keys as they are, also those that XML cannot spell. */
async function listedKeys(s3: S3Client, Bucket: string, Prefix: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix, EncodingType: 'url' }))
  return Contents.map(({ Key = '' }) => decodeURIComponent(Key.replaceAll('+', ' ')))
}

export async function refused(request: Promise<unknown>, name: string, status: number): Promise<void> {
  await expect(request).rejects.toMatchObject({ name, $metadata: { httpStatusCode: status } })
}

async function emptyBucket(s3: S3Client, bucket: string): Promise<void> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  for (const { Key, UploadId } of Uploads) {
    await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
  }
  let keys = await listedKeys(s3, bucket, '')
  for (; keys.length > 0; keys = await listedKeys(s3, bucket, '')) {
    for (const Key of keys) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
  }
}
