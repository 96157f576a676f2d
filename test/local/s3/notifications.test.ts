import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
  type QueueConfiguration,
  type S3Client,
} from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startS3, type S3Stack } from '../../../local/s3/server.ts'
import { ada, clientOf, dealingsWith, refused, startOnNewFolder, type S3World } from './world.ts'

/** What the stand-in tells queues. The queue here is a list: what was sent, in the order of arrival. */

const Bucket = 'documents'
const QueueArn = 'arn:aws:sqs:us-east-1:000000000000:events'
let own: Awaited<ReturnType<typeof startOnNewFolder>>
let stack: S3Stack
let s3: S3Client
let bucket: Pick<S3World, 'put' | 'textOf'>
let sent: { queueArn: string; body: string }[]
let failures: number

beforeEach(async () => {
  sent = []
  failures = 0
  own = await startOnNewFolder({ sendToQueue })
  use(own.stack)
  await s3.send(new CreateBucketCommand({ Bucket }))
})

afterEach(async () => {
  await stack.stop()
  await own.remove()
})

describe('the configuration', () => {
  test('is told to the queue by a test event, and given back with an id', async () => {
    await configure({ Events: ['s3:ObjectCreated:*'], Id: undefined })

    expect(sent.map(({ queueArn }) => queueArn)).toEqual([QueueArn])
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({
      Service: 'Amazon S3',
      Event: 's3:TestEvent',
      Time: expect.stringMatching(isoTime),
      Bucket,
      RequestId: expect.stringMatching(/^[0-9A-F]{16}$/),
      HostId: expect.any(String),
    })
    const { QueueConfigurations } = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
    expect(QueueConfigurations).toMatchObject([
      { QueueArn, Events: ['s3:ObjectCreated:*'], Id: expect.any(String) },
    ])
  })

  test('is taken without a test event when it says so', async () => {
    failures = Number.POSITIVE_INFINITY
    await configure({ Events: ['s3:ObjectCreated:*'] }, { SkipDestinationValidation: true })
    expect(sent).toEqual([])
  })

  test('is refused when the queue cannot take the test event, and the former stays', async () => {
    await configure({ Id: 'former', Events: ['s3:ObjectCreated:*'] })
    failures = 1

    await refused(configure({ Id: 'latter', Events: ['s3:ObjectRemoved:*'] }), 'InvalidArgument', 400)

    const { QueueConfigurations } = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
    expect(QueueConfigurations?.map(({ Id }) => Id)).toEqual(['former'])
  })

  test('is refused when it names what cannot happen or cannot be served', async () => {
    const TopicArn = 'arn:aws:sns:us-east-1:000000000000:topic'
    const topic = { TopicConfigurations: [{ TopicArn, Events: ['s3:ObjectCreated:*' as const] }] }
    const toTopic = new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: topic,
    })

    await refused(s3.send(toTopic), 'NotImplemented', 501)
    await refused(configure({ Events: ['s3:ObjectEaten:*' as 's3:ObjectCreated:*'] }), 'InvalidArgument', 400)
    await refused(configure({ QueueArn: 'events', Events: ['s3:ObjectCreated:*'] }), 'InvalidArgument', 400)
    expect(sent).toEqual([])
  })

  test('survives a restart', async () => {
    await configure({ Events: ['s3:ObjectCreated:*'] })
    await stack.stop()
    use(await startS3({ directory: own.directory, credentials: ada, sendToQueue }))

    await bucket.put('after.txt', 'x')

    await expect.poll(eventsAndKeys).toEqual(['ObjectCreated:Put after.txt'])
  })
})

describe('an event', () => {
  test('of a put says all that S3 says', async () => {
    await configure({ Id: 'uploads', Events: ['s3:ObjectCreated:*'] })
    const { ETag, $metadata } = await bucket.put('iep/red flower é+c&d.pdf', 'hello')
    await expect.poll(records).toHaveLength(1)

    expect(records()[0]).toEqual({
      eventVersion: '2.5',
      eventSource: 'aws:s3',
      awsRegion: 'us-east-1',
      eventTime: expect.stringMatching(isoTime),
      eventName: 'ObjectCreated:Put',
      userIdentity: { principalId: expect.any(String) },
      requestParameters: { sourceIPAddress: '127.0.0.1' },
      responseElements: {
        'x-amz-request-id': $metadata.requestId,
        'x-amz-id-2': $metadata.extendedRequestId,
      },
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: 'uploads',
        bucket: {
          name: Bucket,
          ownerIdentity: { principalId: expect.any(String) },
          arn: `arn:aws:s3:::${Bucket}`,
        },
        object: {
          key: 'iep/red+flower+%C3%A9%2Bc%26d.pdf',
          size: 5,
          eTag: ETag?.replaceAll('"', ''),
          sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
        },
      },
    })
  })

  test('follows a posted form, a multipart upload, a copy and new tags', async () => {
    await configure({ Events: ['s3:ObjectCreated:*', 's3:ObjectTagging:*'] })

    await post('form.txt')
    await multipart('parts.txt')
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy.txt', CopySource: `${Bucket}/form.txt` }))
    const Tagging = { TagSet: [{ Key: 'a', Value: 'b' }] }
    await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'copy.txt', Tagging }))

    await expect
      .poll(eventsAndKeys)
      .toEqual([
        'ObjectCreated:Post form.txt',
        'ObjectCreated:CompleteMultipartUpload parts.txt',
        'ObjectCreated:Copy copy.txt',
        'ObjectTagging:Put copy.txt',
      ])
    expect(records()[1]?.s3.object).toMatchObject({
      size: 5,
      eTag: expect.stringMatching(/^[0-9a-f]{32}-1$/),
    })
  })

  test('follows each object that is deleted, has no size, and none follows a key that was not there', async () => {
    for (const key of ['one', 'two', 'three']) await bucket.put(key, 'x')
    await configure({ Events: ['s3:ObjectRemoved:Delete'] })

    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'one' }))
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'never-there' }))
    const Objects = ['two', 'never-there', 'three'].map((Key) => ({ Key }))
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))

    await expect
      .poll(eventsAndKeys)
      .toEqual(['ObjectRemoved:Delete one', 'ObjectRemoved:Delete two', 'ObjectRemoved:Delete three'])
    expect(records()[0]?.s3.object).toEqual({ key: 'one', sequencer: expect.any(String) })
  })

  test('goes to the queues whose events, prefix and suffix it fits', async () => {
    const other = 'arn:aws:sqs:us-east-1:000000000000:other'
    const rules = [
      { Name: 'prefix' as const, Value: 'iep/' },
      { Name: 'suffix' as const, Value: '.pdf' },
    ]
    const NotificationConfiguration = {
      QueueConfigurations: [
        { QueueArn, Events: ['s3:ObjectCreated:*' as const], Filter: { Key: { FilterRules: rules } } },
        { QueueArn: other, Events: ['s3:ObjectCreated:Post' as const, 's3:ObjectRemoved:*' as const] },
      ],
    }
    const command = { Bucket, NotificationConfiguration, SkipDestinationValidation: true }
    await s3.send(new PutBucketNotificationConfigurationCommand(command))

    for (const key of ['iep/1.txt', 'prework/1.pdf', 'iep/1.pdf']) await bucket.put(key, 'x')
    await post('prework/2.pdf')
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'iep/1.pdf' }))

    await expect
      .poll(() => eventsFor(other))
      .toEqual(['ObjectCreated:Post prework/2.pdf', 'ObjectRemoved:Delete iep/1.pdf'])
    expect(eventsFor(QueueArn)).toEqual(['ObjectCreated:Put iep/1.pdf'])
  })

  test('has a greater sequencer than every earlier one of its key', async () => {
    await configure({ Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] })
    for (let round = 0; round < 10; round++) {
      await bucket.put('same', String(round))
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'same' }))
    }
    await expect.poll(records).toHaveLength(20)

    const sequencers = records().map((record) => record.s3.object.sequencer)
    expect(sequencers).toEqual([...new Set(sequencers)].sort())
  })

  test('follows nothing that was refused', async () => {
    await configure({ Events: ['s3:ObjectCreated:*'] })
    await refused(bucket.put('bad', 'x', { ChecksumCRC32: 'AAAAAA==' }), 'BadDigest', 400)
    await bucket.put('good', 'x')

    await expect.poll(eventsAndKeys).toEqual(['ObjectCreated:Put good'])
  })
})

describe('a queue that fails', () => {
  test('for a while gets the event once it works', async () => {
    await configure({ Events: ['s3:ObjectCreated:*'] })
    failures = 2

    await bucket.put('patience.txt', 'x')

    await expect.poll(eventsAndKeys, { timeout: 5000 }).toEqual(['ObjectCreated:Put patience.txt'])
    expect(failures).toBe(0)
  })

  test('for good is reported on stderr without the key, and harms nothing else', async () => {
    const stderr = vi.spyOn(console, 'error').mockReturnValue()
    await configure({ Events: ['s3:ObjectCreated:*'] })
    failures = Number.POSITIVE_INFINITY

    await bucket.put('private/ada-lovelace.pdf', 'x')
    expect(await bucket.textOf('private/ada-lovelace.pdf')).toBe('x')
    await stack.stop() // which tries at once what was still to be tried

    expect(stderr).toHaveBeenCalledTimes(1)
    const said = stderr.mock.calls[0]?.map(String).join(' ')
    expect(said).toContain(`gave up on ObjectCreated:Put for ${QueueArn}`)
    expect(said).not.toContain('lovelace')
    stderr.mockRestore()
    use(await startS3({ directory: own.directory, credentials: ada, sendToQueue }))
  })
})

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

async function sendToQueue(queueArn: string, body: string): Promise<void> {
  if (failures > 0) {
    failures--
    throw new Error('the queue is out of order')
  }
  sent.push({ queueArn, body })
}

function use(next: S3Stack): void {
  stack = next
  s3 = clientOf(next)
  bucket = dealingsWith(s3, Bucket)
}

async function configure(queue: Partial<QueueConfiguration>, input: object = {}): Promise<void> {
  const NotificationConfiguration = { QueueConfigurations: [{ Id: 'all', QueueArn, Events: [], ...queue }] }
  await s3.send(
    new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration, ...input }),
  )
}

interface EventRecord {
  eventName: string
  s3: { object: { key: string; size?: number; eTag?: string; sequencer: string } }
}

function records(): EventRecord[] {
  return recordsIn(sent)
}

function eventsAndKeys(): string[] {
  return records().map(inShort)
}

function eventsFor(queueArn: string): string[] {
  return recordsIn(sent.filter((message) => message.queueArn === queueArn)).map(inShort)
}

function recordsIn(messages: { body: string }[]): EventRecord[] {
  return messages.flatMap(({ body }) => (JSON.parse(body) as { Records?: EventRecord[] }).Records ?? [])
}

function inShort({ eventName, s3 }: EventRecord): string {
  return `${eventName} ${s3.object.key}`
}

async function post(Key: string): Promise<void> {
  const { url, fields } = await createPresignedPost(s3, { Bucket, Key, Expires: 60 })
  const body = new FormData()
  for (const [name, value] of Object.entries(fields)) body.append(name, value)
  body.append('file', new Blob(['hello']))
  expect((await fetch(url, { method: 'POST', body })).status).toBe(204)
}

async function multipart(Key: string): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const { ETag } = await s3.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'hello' }),
  )
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
}
