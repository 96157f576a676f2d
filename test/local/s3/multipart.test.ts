import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openS3World, refused, type S3World } from './world.ts'

/** How S3 behaves towards the real SDK: our stand-in, and whatever S3_CONFORMANCE_ENDPOINT names. */

let world: S3World
let s3: S3Client
let Bucket: string

beforeAll(async () => {
  world = await openS3World()
  ;({ s3, bucket: Bucket } = world)
})

afterAll(() => world.close())

describe('multipart uploads', () => {
  const fiveMiB = randomBytes(5 * 2 ** 20)

  test('a long stream is sent in parts and becomes one object', async () => {
    const whole = randomBytes(12 * 2 ** 20)
    const Body = Readable.from([whole.subarray(0, 7_000_000), whole.subarray(7_000_000)])
    const params = { Bucket, Key: 'big.bin', Body, ContentType: 'video/mp4', Metadata: { k: 'v' } }
    const done = await new Upload({ client: s3, params, partSize: 5 * 2 ** 20 }).done()

    const found = await s3.send(new GetObjectCommand({ Bucket, Key: 'big.bin' }))
    expect(Buffer.from(await found.Body!.transformToByteArray()).equals(whole)).toBe(true)
    expect(found).toMatchObject({ ContentType: 'video/mp4', Metadata: { k: 'v' }, ETag: done.ETag })
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-3"$/)
  })

  test('an aborted stream leaves neither an object nor parts', async () => {
    const params = { Bucket, Key: 'aborted.bin', Body: Readable.from([fiveMiB, fiveMiB, fiveMiB]) }
    const upload = new Upload({ client: s3, params, partSize: 5 * 2 ** 20, queueSize: 1 })
    upload.on('httpUploadProgress', () => void upload.abort())

    await expect(upload.done()).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
    await refused(s3.send(new HeadObjectCommand({ Bucket, Key: 'aborted.bin' })), 'NotFound', 404)
    await expect.poll(() => openUploads('aborted.bin')).toEqual([])
  })

  test('parts may come in any order and again; they are listed, and the object is their sum', async () => {
    const UploadId = await begin('parts.bin')
    const last = await sendPart('parts.bin', UploadId, 3, 'the end')
    await sendPart('parts.bin', UploadId, 1, randomBytes(5 * 2 ** 20))
    const first = await sendPart('parts.bin', UploadId, 1, fiveMiB)
    const listed = await s3.send(new ListPartsCommand({ Bucket, Key: 'parts.bin', UploadId }))
    const page = await s3.send(new ListPartsCommand({ Bucket, Key: 'parts.bin', UploadId, MaxParts: 1 }))

    expect(listed.Parts).toMatchObject([
      { PartNumber: 1, Size: fiveMiB.length, ETag: first.ETag },
      { PartNumber: 3, Size: 7, ETag: last.ETag },
    ])
    expect(page).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '1' })
    expect(await openUploads('parts.bin')).toEqual(['parts.bin'])

    await complete('parts.bin', UploadId, [first, last])
    expect((await world.bytesOf('parts.bin')).equals(Buffer.concat([fiveMiB, Buffer.from('the end')]))).toBe(
      true,
    )
    expect(await openUploads('parts.bin')).toEqual([])
  })

  test('a checksum of the parts or of the whole is told as it was asked for', async () => {
    const composite = await begin('composite.bin', { ChecksumAlgorithm: 'SHA256' })
    const part = await sendPart('composite.bin', composite, 1, 'hello', { ChecksumAlgorithm: 'SHA256' })
    const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest()
    expect(await complete('composite.bin', composite, [part])).toMatchObject({
      ChecksumSHA256: `${sha256(sha256('hello')).toString('base64')}-1`,
      ChecksumType: 'COMPOSITE',
    })

    const full = await begin('full.bin', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' })
    const whole = await sendPart('full.bin', full, 1, 'hello', { ChecksumAlgorithm: 'CRC32' })
    expect(await complete('full.bin', full, [whole])).toMatchObject({
      ChecksumCRC32: 'NhCmhg==',
      ChecksumType: 'FULL_OBJECT',
    })
  })

  test('a completion that does not fit the parts is refused, and can be said right', async () => {
    const Key = 'refused.bin'
    const UploadId = await begin(Key)
    const small = await sendPart(Key, UploadId, 1, 'small')
    const large = await sendPart(Key, UploadId, 2, fiveMiB)

    await refused(complete(Key, UploadId, [small, large]), 'EntityTooSmall', 400)
    await refused(complete(Key, UploadId, [large, small]), 'InvalidPartOrder', 400)
    await refused(complete(Key, UploadId, [{ ...large, ETag: small.ETag }]), 'InvalidPart', 400)
    await refused(complete(Key, UploadId, [{ ...large, PartNumber: 7 }]), 'InvalidPart', 400)
    await refused(complete(Key, UploadId, []), 'MalformedXML', 400)
    await complete(Key, UploadId, [large])

    expect((await world.bytesOf(Key)).equals(fiveMiB)).toBe(true)
  })

  test('a completion may demand that the object be new', async () => {
    await world.put('taken.bin', 'first')
    const UploadId = await begin('taken.bin')
    const part = await sendPart('taken.bin', UploadId, 1, 'second')

    await refused(complete('taken.bin', UploadId, [part], { IfNoneMatch: '*' }), 'PreconditionFailed', 412)
    expect(await world.textOf('taken.bin')).toBe('first')
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'taken.bin', UploadId }))
  })

  test('after an abort there is nothing to add to or to complete', async () => {
    const UploadId = await begin('gone.bin')
    const part = await sendPart('gone.bin', UploadId, 1, 'x')
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'gone.bin', UploadId }))

    await refused(sendPart('gone.bin', UploadId, 2, 'y'), 'NoSuchUpload', 404)
    await refused(complete('gone.bin', UploadId, [part]), 'NoSuchUpload', 404)
    await refused(s3.send(new ListPartsCommand({ Bucket, Key: 'gone.bin', UploadId })), 'NoSuchUpload', 404)
  })

  test('a part number outside 1 to 10,000 is refused', async () => {
    const UploadId = await begin('numbers.bin')
    await refused(sendPart('numbers.bin', UploadId, 0, 'x'), 'InvalidArgument', 400)
    await refused(sendPart('numbers.bin', UploadId, 10_001, 'x'), 'InvalidArgument', 400)
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'numbers.bin', UploadId }))
  })

  async function begin(Key: string, input: object = {}): Promise<string> {
    const { UploadId = '' } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...input }))
    return UploadId
  }

  async function sendPart(
    Key: string,
    UploadId: string,
    PartNumber: number,
    Body: string | Buffer,
    input: object = {},
  ) {
    const sent = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...input }))
    const { ETag, ChecksumSHA256 } = sent
    return { PartNumber, ETag, ...(ChecksumSHA256 && { ChecksumSHA256 }) }
  }

  function complete(Key: string, UploadId: string, Parts: object[], input: object = {}) {
    const command = { Bucket, Key, UploadId, MultipartUpload: { Parts }, ...input }
    return s3.send(new CompleteMultipartUploadCommand(command))
  }

  async function openUploads(Prefix: string) {
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix }))
    return Uploads.map(({ Key }) => Key)
  }
})
