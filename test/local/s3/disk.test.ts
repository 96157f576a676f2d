import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startS3, type S3Stack } from '../../../local/s3/server.ts'
import { ada, clientOf, dealingsWith, refused, startOnNewFolder, type S3World } from './world.ts'

/** What the stand-in keeps on disk, and what it must not keep. */

const Bucket = 'documents'
let own: Awaited<ReturnType<typeof startOnNewFolder>>
let stack: S3Stack
let s3: S3Client
let bucket: Pick<S3World, 'put' | 'bytesOf' | 'textOf' | 'keysBelow'>

beforeEach(async () => {
  own = await startOnNewFolder()
  use(own.stack)
  await s3.send(new CreateBucketCommand({ Bucket }))
})

afterEach(async () => {
  expect(await incomingFiles()).toEqual([])
  await stack.stop()
  await own.remove()
})

describe('a restart', () => {
  test('changes nothing of objects, tags and settings', async () => {
    const bytes = randomBytes(300_000)
    await bucket.put('ada/é.pdf', bytes, {
      ContentType: 'application/pdf',
      Metadata: { by: 'ada' },
      Tagging: 'a=b',
    })
    const rule = { AllowedMethods: ['GET'], AllowedOrigins: ['http://app.local'] }
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }))
    const headCommand = new HeadObjectCommand({ Bucket, Key: 'ada/é.pdf', ChecksumMode: 'ENABLED' })
    const { $metadata: _, ...before } = await s3.send(headCommand)

    await restart()

    const { $metadata: __, ...after } = await s3.send(headCommand)
    expect(after).toEqual(before)
    expect((await bucket.bytesOf('ada/é.pdf')).equals(bytes)).toBe(true)
    const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'ada/é.pdf' }))
    expect(TagSet).toEqual([{ Key: 'a', Value: 'b' }])
    expect((await s3.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toMatchObject([rule])
  })

  test('lets an unfinished upload go on', async () => {
    const Key = 'parts.bin'
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ Bucket, Key, Metadata: { by: 'grace' } }),
    )
    const first = randomBytes(5 * 2 ** 20)
    const one = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: first }))

    await restart()

    const { Parts = [] } = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }))
    expect(Parts.map(({ ETag }) => ETag)).toEqual([one.ETag])
    const two = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 2, Body: 'end' }))
    const MultipartUpload = {
      Parts: [
        { PartNumber: 1, ETag: one.ETag },
        { PartNumber: 2, ETag: two.ETag },
      ],
    }
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
    expect((await bucket.bytesOf(Key)).equals(Buffer.concat([first, Buffer.from('end')]))).toBe(true)
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({ Metadata: { by: 'grace' } })
  })

  test('after a sudden death shows what was whole, and clears away what was not', async () => {
    await stack.stop()
    const child = fork(path.join(import.meta.dirname, 'stand-in-process.ts'), [own.directory])
    const [endpoint] = (await once(child, 'message')) as [string]
    use({ ...stack, endpoint, stop: async () => {} })
    await bucket.put('whole.txt', 'all of it')
    const half = sendHalf(await presignedPut('half.bin'))
    await expect.poll(incomingBytes).toBeGreaterThan(0)

    child.kill('SIGKILL')
    await once(child, 'exit')
    await half
    expect(await incomingFiles()).toHaveLength(1)
    await restart()

    expect(await bucket.keysBelow('')).toEqual(['whole.txt'])
    expect(await bucket.textOf('whole.txt')).toBe('all of it')
  })

  test('removes bytes that belong to no object, as a death between two steps leaves them', async () => {
    await bucket.put('kept.txt', 'kept')
    const bodies = path.join(own.directory, 'buckets', Bucket, 'bodies')
    const orphan = 'ab'.repeat(16)
    await mkdir(path.join(bodies, 'ab'), { recursive: true })
    await writeFile(path.join(bodies, 'ab', orphan), 'nobody knows me')

    await restart()

    expect((await readdir(bodies, { recursive: true })).map((name) => path.basename(name))).not.toContain(
      orphan,
    )
    expect(await bucket.textOf('kept.txt')).toBe('kept')
  })
})

describe('a client that goes away', () => {
  test('in the middle of a presigned upload leaves nothing, and what was there stays', async () => {
    await bucket.put('half.bin', 'the former')
    const gone = sendHalf(await presignedPut('half.bin'))
    await expect.poll(incomingBytes).toBeGreaterThan(0)

    ;(await gone).destroy()

    await expect.poll(incomingFiles).toEqual([])
    expect(await bucket.textOf('half.bin')).toBe('the former')
  })

  test('in the middle of a posted form leaves nothing', async () => {
    const { url, fields } = await createPresignedPost(s3, { Bucket, Key: 'half.bin', Expires: 60 })
    const gone = sendHalf(url, 'POST', { 'content-type': 'multipart/form-data; boundary=b' }, formOf(fields))
    await expect.poll(incomingBytes).toBeGreaterThan(0)

    ;(await gone).destroy()

    await expect.poll(incomingFiles).toEqual([])
    expect(await bucket.keysBelow('')).toEqual([])
  })

  test('after its form was refused disturbs nobody', async () => {
    const { url, fields } = await createPresignedPost(s3, { Bucket, Key: 'refused.bin', Expires: -10 })
    const gone = await sendHalf(
      url,
      'POST',
      { 'content-type': 'multipart/form-data; boundary=b' },
      formOf(fields),
    )
    const [{ statusCode }] = (await once(gone, 'response')) as [IncomingMessage]

    gone.destroy()
    await once(gone, 'close')

    expect(statusCode).toBe(403)
    expect(await bucket.keysBelow('')).toEqual([])
  })

  test('in the middle of an aws-chunked upload, or of a part, leaves nothing', async () => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'half.bin' }))
    for (const send of [
      (Body: PassThrough, abortSignal: AbortSignal) =>
        s3.send(new PutObjectCommand({ Bucket, Key: 'half.bin', Body, ContentLength: tenMiB }), {
          abortSignal,
        }),
      (Body: PassThrough, abortSignal: AbortSignal) => {
        const part = { Bucket, Key: 'half.bin', UploadId, PartNumber: 1 }
        return s3.send(new UploadPartCommand({ ...part, Body, ContentLength: tenMiB }), { abortSignal })
      },
    ]) {
      const body = new PassThrough()
      const leaving = new AbortController()
      const outcome = send(body, leaving.signal).catch((error: Error) => error.name)
      body.write(Buffer.alloc(2 ** 20))
      await expect.poll(incomingBytes).toBeGreaterThan(0)

      leaving.abort()

      expect(await outcome).toBe('AbortError')
      await expect.poll(incomingFiles).toEqual([])
    }
    expect(await bucket.keysBelow('')).toEqual([])
    const { Parts } = await s3.send(new ListPartsCommand({ Bucket, Key: 'half.bin', UploadId }))
    expect(Parts).toBeUndefined()
  })

  test('in the middle of a download disturbs nobody', async () => {
    const bytes = randomBytes(8 * 2 ** 20)
    await bucket.put('large.bin', bytes)
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'large.bin' }))
    const leaving = Body as unknown as NodeJS.ReadableStream & { destroy(): void }
    await once(leaving, 'readable')

    leaving.destroy()

    expect((await bucket.bytesOf('large.bin')).equals(bytes)).toBe(true)
  })

  test('does not keep the stand-in from stopping', async () => {
    const gone = sendHalf(await presignedPut('half.bin'))
    await expect.poll(incomingBytes).toBeGreaterThan(0)

    await stack.stop()

    expect(await incomingFiles()).toEqual([])
    await gone
    use(await startS3({ directory: own.directory, credentials: ada }))
    expect(await bucket.keysBelow('')).toEqual([])
  })
})

describe('at the same time', () => {
  test('a reader gets the bytes it began with, though the object is replaced and removed meanwhile', async () => {
    const former = randomBytes(16 * 2 ** 20)
    await bucket.put('large.bin', former)
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'large.bin' }))

    await bucket.put('large.bin', 'the latter')

    expect(await bucket.textOf('large.bin')).toBe('the latter')
    expect(Buffer.from(await Body!.transformToByteArray()).equals(former)).toBe(true)
    expect(await bodies()).toHaveLength(1)
  })

  test('writers of one key leave one of their objects, whole', async () => {
    const versions = Array.from({ length: 8 }, (_, n) => Buffer.alloc(200_000, n))
    await Promise.all(versions.map((version) => bucket.put('contested.bin', version)))

    const found = await bucket.bytesOf('contested.bin')
    expect(versions.some((version) => version.equals(found))).toBe(true)
    expect(await bodies()).toHaveLength(1)
  })

  test('of two completions of one upload one succeeds', async () => {
    const Key = 'twice.bin'
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'x' }))
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    const complete = () =>
      s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
    const outcomes = await Promise.allSettled([complete(), complete()])

    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refusals.map(({ reason }) => (reason as Error).name)).toEqual(['NoSuchUpload'])
    expect(await bucket.textOf(Key)).toBe('x')
    expect(await readdir(path.join(own.directory, 'buckets', Bucket, 'uploads'))).toEqual([])
  })

  test('an upload that outlives its bucket is refused, and the bucket stays gone', async () => {
    const url = await presignedPut('late.bin')
    const status = await sendInTwo(url, () => s3.send(new DeleteBucketCommand({ Bucket })))

    expect(status).toBe(404)
    await restart()
    await refused(s3.send(new GetObjectCommand({ Bucket, Key: 'late.bin' })), 'NoSuchBucket', 404)
  })

  test('a part that outlives its upload is refused, and leaves nothing', async () => {
    const Key = 'aborted.bin'
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1 })
    const url = await getSignedUrl(s3, part, { expiresIn: 60 })
    const abort = new AbortMultipartUploadCommand({ Bucket, Key, UploadId })

    expect(await sendInTwo(url, () => s3.send(abort))).toBe(404)
    expect(await readdir(path.join(own.directory, 'buckets', Bucket, 'uploads'))).toEqual([])
  })
})

const tenMiB = 10 * 2 ** 20

function use(next: S3Stack): void {
  stack = next
  s3 = clientOf(next)
  bucket = dealingsWith(s3, Bucket)
}

async function restart(): Promise<void> {
  await stack.stop()
  use(await startS3({ directory: own.directory, credentials: ada }))
}

function presignedPut(Key: string): Promise<string> {
  return getSignedUrl(s3, new PutObjectCommand({ Bucket, Key }), { expiresIn: 60 })
}

/** Promises 10 MiB and sends one; settles when that is with the kernel or the connection is broken. */
async function sendHalf(
  url: string,
  method = 'PUT',
  headers: Record<string, string> = {},
  before = '',
): Promise<ReturnType<typeof request>> {
  const sending = request(url, { method, headers: { ...headers, 'content-length': tenMiB } })
  sending.on('error', (error: NodeJS.ErrnoException) => expect(['ECONNRESET', 'EPIPE']).toContain(error.code))
  sending.write(before)
  await new Promise<void>((resolve) => {
    sending.write(Buffer.alloc(2 ** 20), () => resolve())
  })
  return sending
}

/** Sends one byte, does something else when it has reached the disk, sends the last byte. */
async function sendInTwo(url: string, between: () => Promise<unknown>): Promise<number | undefined> {
  const sending = request(url, { method: 'PUT', headers: { 'content-length': 2 } })
  const answer = once(sending, 'response') as Promise<[IncomingMessage]>
  sending.write('x')
  await expect.poll(incomingBytes).toBeGreaterThan(0)
  await between()
  sending.end('y')
  const [{ statusCode }] = await answer
  return statusCode
}

/** A form up to where its file begins. */
function formOf(fields: Record<string, string>): string {
  return [...Object.entries(fields), ['file"; filename="f', '']]
    .map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}`)
    .join('\r\n')
}

function incomingFiles(): Promise<string[]> {
  return readdir(path.join(own.directory, 'incoming'))
}

/** How much of what is on its way has reached the disk. */
async function incomingBytes(): Promise<number> {
  const files = await incomingFiles()
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(path.join(own.directory, 'incoming', file))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function bodies(): Promise<string[]> {
  const entries = await readdir(path.join(own.directory, 'buckets', Bucket, 'bodies'), {
    recursive: true,
    withFileTypes: true,
  })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}
