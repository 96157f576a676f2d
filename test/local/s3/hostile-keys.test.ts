import { readdir } from 'node:fs/promises'
import path from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOf, dealingsWith, openS3World, refused, startOnNewFolder, type S3World } from './world.ts'

const hostileKeys = [
  'a/../b',
  '.',
  '..name',
  '/absolute',
  '//two//slashes//',
  'C:\\windows',
  'back\\..\\slash',
  'nul\u0000byte',
  'line\r\nbreak',
  '%2e%2e%2f',
  '&lt;',
  '&#0;',
  '__proto__',
  'constructor',
  '?query=1&x#fragment',
  'café',
  'cafe\u0301',
  'CAFÉ',
  '😀',
  '\u202etxt.exe',
  ' ',
]

const climbingKeys = ['..', '../escape', '../../etc/passwd', 'a/../../escape', 'a/b/../../../escape']

describe('as S3 answers them', () => {
  let world: S3World

  beforeAll(async () => {
    world = await openS3World()
    return () => world.close()
  })

  test('a key that climbs out of its bucket is refused', async () => {
    for (const Key of climbingKeys) {
      await expect(world.put(Key, 'x')).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } })
    }
    expect(await world.keysBelow('')).toEqual([])
  })

  test('any other key is kept as it is', async () => {
    for (const key of hostileKeys) await world.put(`hostile/${key}`, key)

    for (const key of hostileKeys) expect(await world.textOf(`hostile/${key}`)).toBe(key)
    const listed = await world.keysBelow('hostile/')
    expect(new Set(listed)).toEqual(new Set(hostileKeys.map((key) => `hostile/${key}`)))
    expect(listed).toHaveLength(hostileKeys.length)
  })

  test('a key of 1,024 bytes is kept, and one of 1,025 is refused', async () => {
    const longest = 'é'.repeat(512)
    await world.put(longest, 'long')

    expect(await world.textOf(longest)).toBe('long')
    await refused(world.put(`${longest}x`, 'longer'), 'KeyTooLongError', 400)
  })
})

describe('on the disk of the stand-in', () => {
  const Bucket = 'hostile'
  let own: Awaited<ReturnType<typeof startOnNewFolder>>

  beforeAll(async () => {
    own = await startOnNewFolder()
    await clientOf(own.stack).send(new CreateBucketCommand({ Bucket }))
  })

  afterAll(async () => {
    await own.stack.stop()
    await own.remove()
  })

  test('no key, bucket, copy source or upload id reaches a file outside, nor names one inside', async () => {
    const s3 = clientOf(own.stack)
    for (const key of [...hostileKeys, ...climbingKeys]) {
      await settle(s3.send(new CreateBucketCommand({ Bucket: key })))
      await settle(dealingsWith(s3, Bucket).put(key, 'x'))
      await settle(postForm(key))
      await settle(multipart(key))
      const CopySource = `${Bucket}/${encodeURIComponent(key)}`
      await settle(s3.send(new CopyObjectCommand({ Bucket, Key: `copy of ${key}`, CopySource })))
      await settle(
        s3.send(new UploadPartCommand({ Bucket, Key: key, UploadId: key, PartNumber: 1, Body: 'x' })),
      )
    }

    expect(await readdir(own.parent)).toEqual(['data'])
    const files = await readdir(own.directory, { recursive: true, withFileTypes: true })
    const names = files
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(own.directory, path.join(entry.parentPath, entry.name)))
    expect(names.length).toBeGreaterThan(hostileKeys.length)
    for (const name of names) expect(name).toMatch(ourFileNames)
  })

  test('every hostile key can be deleted again, and leaves no file', async () => {
    const s3 = clientOf(own.stack)
    const { put, keysBelow } = dealingsWith(s3, Bucket)
    for (const key of hostileKeys) await put(key, 'x')

    const Objects = (await keysBelow('')).map((Key) => ({ Key }))
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))

    expect(await keysBelow('')).toEqual([])
    const left = await readdir(path.join(own.directory, 'buckets', Bucket), { recursive: true })
    expect(left.filter((name) => /[0-9a-f]{32}/.test(path.basename(name)))).toEqual([])
  })

  const ourFileNames =
    /^buckets\/(hostile|constructor)\/(bucket\.json|objects\/[0-9a-f]{2}\/[0-9a-f]{64}\.json|bodies\/[0-9a-f]{2}\/[0-9a-f]{32})$/

  async function postForm(Key: string): Promise<void> {
    const { url, fields } = await createPresignedPost(clientOf(own.stack), { Bucket, Key, Expires: 60 })
    const body = new FormData()
    for (const [name, value] of Object.entries(fields)) body.append(name, value)
    body.append('file', new Blob(['x']), '../../../escape')
    await fetch(url, { method: 'POST', body })
  }

  async function multipart(Key: string): Promise<void> {
    const s3 = clientOf(own.stack)
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'x' }))
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
  }

  /** Refused or not: here only the disk counts. */
  async function settle(request: Promise<unknown>): Promise<void> {
    await Promise.allSettled([request])
  }
})
