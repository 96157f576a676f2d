import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openS3World, refused, type S3World } from './s3/world.ts'

/** How S3 behaves towards the real SDK: our stand-in, and whatever S3_CONFORMANCE_ENDPOINT names. */

let world: S3World
let s3: S3Client
let Bucket: string

beforeAll(async () => {
  world = await openS3World()
  ;({ s3, bucket: Bucket } = world)
})

afterAll(() => world.close())

const document = randomBytes(100_000)

describe('buckets', () => {
  test('a bucket that is made again keeps what it holds', async () => {
    await world.put('made-again.txt', 'still here')

    const outcome = await s3.send(new CreateBucketCommand({ Bucket })).then(
      () => 'accepted', // us-east-1 of old
      (error: Error) => error.name,
    )

    expect(['accepted', 'BucketAlreadyOwnedByYou']).toContain(outcome)
    expect(await world.textOf('made-again.txt')).toBe('still here')
  })

  test('a bucket is found by HEAD, in the list, and has a location', async () => {
    await s3.send(new HeadBucketCommand({ Bucket }))
    const { Buckets } = await s3.send(new ListBucketsCommand({}))
    const { LocationConstraint } = await s3.send(new GetBucketLocationCommand({ Bucket }))

    expect(Buckets?.map(({ Name }) => Name)).toContain(Bucket)
    expect(LocationConstraint ?? 'us-east-1').toBe(world.region)
  })

  test('a bucket that does not exist is not found', async () => {
    const missing = `${Bucket}-missing`
    await refused(s3.send(new HeadBucketCommand({ Bucket: missing })), 'NotFound', 404)
    await refused(s3.send(new ListObjectsV2Command({ Bucket: missing })), 'NoSuchBucket', 404)
    await refused(s3.send(new GetObjectCommand({ Bucket: missing, Key: 'x' })), 'NoSuchBucket', 404)
    await refused(
      s3.send(new PutObjectCommand({ Bucket: missing, Key: 'x', Body: 'x' })),
      'NoSuchBucket',
      404,
    )
  })

  test('a name that breaks the rules is refused', async () => {
    await refused(s3.send(new CreateBucketCommand({ Bucket: 'Not_A_Bucket' })), 'InvalidBucketName', 400)
    await refused(s3.send(new CreateBucketCommand({ Bucket: 'two..dots' })), 'InvalidBucketName', 400)
  })

  test('only an empty bucket can be deleted', async () => {
    const short = `${Bucket}-short`
    await s3.send(new CreateBucketCommand({ Bucket: short }))
    await s3.send(new PutObjectCommand({ Bucket: short, Key: 'x', Body: 'x' }))

    await refused(s3.send(new DeleteBucketCommand({ Bucket: short })), 'BucketNotEmpty', 409)
    await s3.send(new DeleteObjectCommand({ Bucket: short, Key: 'x' }))
    await s3.send(new DeleteBucketCommand({ Bucket: short }))

    await refused(s3.send(new HeadBucketCommand({ Bucket: short })), 'NotFound', 404)
  })
})

describe('settings of a bucket', () => {
  test('lifecycle rules are absent, then as put', async () => {
    await refused(
      s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
      'NoSuchLifecycleConfiguration',
      404,
    )

    const Rules = [
      { ID: 'x', Status: 'Enabled' as const, Filter: { Prefix: 'tmp/' }, Expiration: { Days: 1 } },
    ]
    await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }))

    const found = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
    expect(found.Rules).toMatchObject(Rules)
  })

  test('encryption is by S3 itself, and may be said again', async () => {
    const byDefault = await s3.send(new GetBucketEncryptionCommand({ Bucket }))
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }]
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }))
    const said = await s3.send(new GetBucketEncryptionCommand({ Bucket }))

    expect(byDefault.ServerSideEncryptionConfiguration?.Rules).toMatchObject(Rules)
    expect(said.ServerSideEncryptionConfiguration?.Rules).toMatchObject(Rules)
  })

  test('a new bucket blocks public access, and that can be put and deleted', async () => {
    const all = {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    }
    const fresh = await s3.send(new GetPublicAccessBlockCommand({ Bucket }))
    expect(fresh.PublicAccessBlockConfiguration).toEqual(all)

    const some = { ...all, BlockPublicPolicy: false }
    await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: some }))
    const changed = await s3.send(new GetPublicAccessBlockCommand({ Bucket }))
    expect(changed.PublicAccessBlockConfiguration).toEqual(some)

    await s3.send(new DeletePublicAccessBlockCommand({ Bucket }))
    await refused(
      s3.send(new GetPublicAccessBlockCommand({ Bucket })),
      'NoSuchPublicAccessBlockConfiguration',
      404,
    )
    await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: all }))
  })

  test('tags are absent, then as put, then absent again', async () => {
    await refused(s3.send(new GetBucketTaggingCommand({ Bucket })), 'NoSuchTagSet', 404)
    const TagSet = [{ Key: 'team', Value: 'Ada & Grace' }]
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual(TagSet)

    await s3.send(new DeleteBucketTaggingCommand({ Bucket }))
    await refused(s3.send(new GetBucketTaggingCommand({ Bucket })), 'NoSuchTagSet', 404)
  })

  test('a bucket without notifications has an empty configuration', async () => {
    const found = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
    expect(found.QueueConfigurations).toBeUndefined()
  })
})

describe('objects', () => {
  test('an object comes back as it was put, with its headers and metadata', async () => {
    const Key = 'a/b c+é.bin'
    const written = await world.put(Key, document, {
      ContentType: 'application/pdf',
      CacheControl: 'no-store',
      Metadata: { doc: '123', Owner: 'ada' },
    })
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))

    expect(written.ETag).toBe(`"${createHash('md5').update(document).digest('hex')}"`)
    expect(head).toMatchObject({
      ContentLength: document.length,
      ContentType: 'application/pdf',
      CacheControl: 'no-store',
      Metadata: { doc: '123', owner: 'ada' },
      ChecksumCRC32: written.ChecksumCRC32,
    })
    expect(await world.bytesOf(Key)).toEqual(document)
  })

  test('a stream of known length arrives without its framing', async () => {
    await world.put('stream.bin', Readable.from([document.subarray(0, 7), document.subarray(7)]), {
      ContentLength: document.length,
    })

    expect(await world.bytesOf('stream.bin')).toEqual(document)
    const { ContentEncoding } = await s3.send(new HeadObjectCommand({ Bucket, Key: 'stream.bin' }))
    expect(ContentEncoding).toBeUndefined()
  })

  test('an empty object is an object', async () => {
    await world.put('empty', '')

    expect(await world.textOf('empty')).toBe('')
    await refused(
      s3.send(new GetObjectCommand({ Bucket, Key: 'empty', Range: 'bytes=0-0' })),
      'InvalidRange',
      416,
    )
  })

  test('an object that does not exist is not found, and may be deleted all the same', async () => {
    await refused(s3.send(new GetObjectCommand({ Bucket, Key: 'no/such' })), 'NoSuchKey', 404)
    await refused(s3.send(new HeadObjectCommand({ Bucket, Key: 'no/such' })), 'NotFound', 404)
    const deleted = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'no/such' }))
    expect(deleted.$metadata.httpStatusCode).toBe(204)
  })

  test.for([
    ['bytes=10-19', 10, 20],
    ['bytes=99990-', 99_990, 100_000],
    ['bytes=99990-200000', 99_990, 100_000],
    ['bytes=-5', 99_995, 100_000],
    ['bytes=-200000', 0, 100_000],
  ] as const)('the range %s is answered with exactly those bytes', async ([Range, start, end]) => {
    await world.put('range.bin', document)
    const part = await s3.send(new GetObjectCommand({ Bucket, Key: 'range.bin', Range }))

    expect(part.$metadata.httpStatusCode).toBe(206)
    expect(part.ContentRange).toBe(`bytes ${start}-${end - 1}/${document.length}`)
    expect(Buffer.from(await part.Body!.transformToByteArray())).toEqual(document.subarray(start, end))
  })

  test('a range beyond the end is refused', async () => {
    await world.put('range.bin', document)
    const beyond = s3.send(new GetObjectCommand({ Bucket, Key: 'range.bin', Range: 'bytes=200000-' }))
    await refused(beyond, 'InvalidRange', 416)
  })

  test('a read may state what it expects to find', async () => {
    const { ETag = '' } = await world.put('conditions.txt', 'one')
    const get = (condition: object) =>
      s3.send(new GetObjectCommand({ Bucket, Key: 'conditions.txt', ...condition }))
    const anHourAgo = new Date(Date.now() - 3_600_000)

    await get({ IfMatch: ETag })
    await get({ IfModifiedSince: anHourAgo })
    await refused(get({ IfMatch: '"other"' }), 'PreconditionFailed', 412)
    await refused(get({ IfUnmodifiedSince: anHourAgo }), 'PreconditionFailed', 412)
    await expect(get({ IfNoneMatch: ETag })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
      $response: { headers: { etag: ETag } },
    })
  })

  test('a write may state what it expects to replace', async () => {
    const { ETag = '' } = await world.put('replace.txt', 'one')

    await refused(world.put('replace.txt', 'two', { IfNoneMatch: '*' }), 'PreconditionFailed', 412)
    await refused(world.put('replace.txt', 'two', { IfMatch: '"other"' }), 'PreconditionFailed', 412)
    await refused(world.put('never-there.txt', 'two', { IfMatch: ETag }), 'NoSuchKey', 404)
    expect(await world.textOf('replace.txt')).toBe('one')

    await world.put('replace.txt', 'two', { IfMatch: ETag })
    expect(await world.textOf('replace.txt')).toBe('two')
  })

  test('of many who write an object that must be new, one does', async () => {
    const writers = ['Ada', 'Grace', 'Linus', 'Ada again', 'Grace again']
    const outcomes = await Promise.allSettled(
      writers.map((writer) => world.put('only-once.txt', writer, { IfNoneMatch: '*' })),
    )

    const winners = writers.filter((_, index) => outcomes[index]?.status === 'fulfilled')
    expect(winners).toHaveLength(1)
    expect(await world.textOf('only-once.txt')).toBe(winners[0])
    for (const outcome of outcomes.filter((outcome) => outcome.status === 'rejected')) {
      expect([409, 412]).toContain(
        (outcome.reason as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode,
      )
    }
  })

  test('a copy is an object of its own, with the headers of its source or with new ones', async () => {
    await world.put('source é.txt', 'copied', { ContentType: 'text/plain', Metadata: { by: 'ada' } })
    const CopySource = encodeURI(`${Bucket}/source é.txt`)
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy.txt', CopySource }))
    await s3.send(
      new CopyObjectCommand({
        Bucket,
        Key: 'renewed.txt',
        CopySource,
        MetadataDirective: 'REPLACE',
        ContentType: 'text/markdown',
        Metadata: { by: 'grace' },
      }),
    )
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'source é.txt' }))

    expect(await world.textOf('copy.txt')).toBe('copied')
    const copy = await s3.send(new HeadObjectCommand({ Bucket, Key: 'copy.txt' }))
    const renewed = await s3.send(new HeadObjectCommand({ Bucket, Key: 'renewed.txt' }))
    expect(copy).toMatchObject({ ContentType: 'text/plain', Metadata: { by: 'ada' } })
    expect(renewed).toMatchObject({ ContentType: 'text/markdown', Metadata: { by: 'grace' } })
  })

  test('a copy is refused when its source is missing, another than expected, or the copy itself', async () => {
    await world.put('self.txt', 'x')
    const copy = (input: object) =>
      s3.send(new CopyObjectCommand({ Bucket, Key: 'self.txt', CopySource: `${Bucket}/self.txt`, ...input }))

    await refused(copy({ CopySource: `${Bucket}/missing` }), 'NoSuchKey', 404)
    await refused(copy({ Key: 'other.txt', CopySourceIfMatch: '"other"' }), 'PreconditionFailed', 412)
    await refused(copy({}), 'InvalidRequest', 400)
  })

  test('tags are put with the object or later, and deleted by an empty set', async () => {
    await world.put('tagged.txt', 'x', { Tagging: 'state=new&who=Ada%20L' })
    const tags = async () =>
      (await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'tagged.txt' }))).TagSet
    expect(await tags()).toEqual([
      { Key: 'state', Value: 'new' },
      { Key: 'who', Value: 'Ada L' },
    ])

    const TagSet = [{ Key: 'state', Value: '<read>' }]
    await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'tagged.txt', Tagging: { TagSet } }))
    expect(await tags()).toEqual(TagSet)

    await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'tagged.txt', Tagging: { TagSet: [] } }))
    expect(await tags()).toEqual([])
  })

  test('many are deleted at once, and only those that are named', async () => {
    const awkward = ['d/é & <x>.txt', 'd/&lt;', 'd/ space at both ends ', "d/'quoted'", 'd/"double"', 'd/a+b']
    for (const Key of [...awkward, 'd/kept', 'd/<']) await world.put(Key, 'x')

    const Objects = [...awkward, 'd/never-there'].map((Key) => ({ Key }))
    const { Deleted } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))

    expect(Deleted?.map(({ Key }) => Key).sort()).toEqual([...awkward, 'd/never-there'].sort())
    expect(await world.keysBelow('d/')).toEqual(['d/<', 'd/kept'])
  })
})

describe('digests', () => {
  test.for(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    '%s is verified on the way in and told on the way out',
    async (ChecksumAlgorithm) => {
      const field = `Checksum${ChecksumAlgorithm}` as const
      const Key = `digests/${ChecksumAlgorithm}`
      const written = await world.put(Key, document, { ChecksumAlgorithm })
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))

      expect(written[field]).toMatch(/^[A-Za-z0-9+/]+=*$/)
      expect(head[field]).toBe(written[field])

      const stream = Readable.from([document])
      const streamed = await world.put(Key, stream, { ChecksumAlgorithm, ContentLength: document.length })
      expect(streamed[field]).toBe(written[field])
    },
  )

  test.for([
    ['ContentMD5', createHash('md5').update('other').digest('base64')],
    ['ChecksumSHA256', createHash('sha256').update('other').digest('base64')],
    ['ChecksumSHA1', createHash('sha1').update('other').digest('base64')],
    ['ChecksumCRC32', 'AAAAAA=='],
  ] as const)('bytes that are not what %s says are refused, and nothing is kept', async ([field, value]) => {
    await refused(world.put('digests/bad', 'hello', { [field]: value }), 'BadDigest', 400)
    await refused(s3.send(new HeadObjectCommand({ Bucket, Key: 'digests/bad' })), 'NotFound', 404)
  })
})

describe('lists', () => {
  test('folders are rolled up, and a page continues where the last one ended', async () => {
    for (const n of [0, 1, 2, 3, 4]) await world.put(`l/${n}/x`, 'x')
    await world.put('l/top', 'x')

    const folders = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/', Delimiter: '/' }))
    expect(folders.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual([
      'l/0/',
      'l/1/',
      'l/2/',
      'l/3/',
      'l/4/',
    ])
    expect(folders.Contents?.map(({ Key }) => Key)).toEqual(['l/top'])
    expect(folders.KeyCount).toBe(6)

    expect(await pagesOf({ Prefix: 'l/' }, 2)).toEqual([
      ['l/0/x', 'l/1/x'],
      ['l/2/x', 'l/3/x'],
      ['l/4/x', 'l/top'],
    ])
    expect(await pagesOf({ Prefix: 'l/', Delimiter: '/' }, 4)).toEqual([
      ['l/0/', 'l/1/', 'l/2/', 'l/3/'],
      ['l/top', 'l/4/'],
    ])
  })

  test('keys come in the order of their bytes, and after the one that is named', async () => {
    const inOrder = ['o/A', 'o/a', 'o/a/', 'o/a0', 'o/é', 'o/\uffee', 'o/😀']
    for (const Key of inOrder.toReversed()) await world.put(Key, 'x')

    expect(await world.keysBelow('o/')).toEqual(inOrder)
    const rest = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'o/', StartAfter: 'o/a0' }))
    expect(rest.Contents?.map(({ Key }) => Key)).toEqual(inOrder.slice(4))
    expect(await pagesOf({ Prefix: 'o/' }, 1)).toEqual(inOrder.map((key) => [key]))
  })

  test('keys can be asked for in escaped form', async () => {
    await world.put('e/100% é\u0001', 'x')
    const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'e/', EncodingType: 'url' }))

    expect(page.EncodingType).toBe('url')
    expect(page.Contents?.map(({ Key }) => Key)).toEqual([
      expect.stringMatching(/^e\/100%25(%20|\+)%C3%A9%01$/),
    ])
  })

  test('what is listed is what is there', async () => {
    const { ETag } = await world.put('described/x', document)
    const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'described/' }))
    expect(page.Contents).toMatchObject([
      { Key: 'described/x', ETag, Size: document.length, StorageClass: 'STANDARD' },
    ])
  })

  test('a token that was never given out is refused', async () => {
    const list = s3.send(new ListObjectsV2Command({ Bucket, ContinuationToken: 'made-up' }))
    await refused(list, 'InvalidArgument', 400)
  })
})

/** The keys and common prefixes of every page. */
async function pagesOf(input: object, MaxKeys: number): Promise<string[][]> {
  const pages: string[][] = []
  let ContinuationToken: string | undefined
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys, ContinuationToken, ...input }))
    const { Contents = [], CommonPrefixes = [] } = page
    pages.push([...Contents.map(({ Key = '' }) => Key), ...CommonPrefixes.map(({ Prefix = '' }) => Prefix)])
    ContinuationToken = page.NextContinuationToken
  } while (ContinuationToken !== undefined)
  return pages
}
