import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { bucketResource } from '../../../deploy/provision/buckets.ts'
import { describe } from '../../../deploy/provision/description.ts'
import { apply } from '../../../deploy/provision/plan.ts'
import { startS3 } from '../../../local/s3/server.ts'
import { bucketsOf, type PreworkBuckets } from '../../../src/domains/prework/buckets.ts'
import { sleep } from '../../../src/shared/time.ts'

export type BucketName = keyof PreworkBuckets

/** An S3 of a test's own, with Pre-Work's buckets as they are provisioned. */
export interface StartedBuckets {
  endpoint: string
  /** Makes a web process use it. */
  env: Record<string, string>
  /** What S3 has told the queue, each once; the messages as they come from there. */
  hear(): string[]
  /** Sends something to S3, and waits until S3 has told of what was written at this key, if it was. */
  untilTold<Answer>(
    key: string,
    send: () => Promise<Answer>,
    wrote: (answer: Answer) => boolean,
  ): Promise<Answer>
  /** Writes past all forms; S3 has told of it then, where it tells of anything. */
  put(bucket: BucketName, key: string, bytes: Buffer, contentType?: string): Promise<void>
  bytes(bucket: BucketName, key: string): Promise<Buffer>
  keys(bucket: BucketName): Promise<string[]>
  stop(): Promise<void>
}

const names = bucketsOf('dev')
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:pre-work-events-dev'

export async function startBuckets(credentials: {
  accessKeyId: string
  secretAccessKey: string
}): Promise<StartedBuckets> {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-prework-s3-'))
  /** What nobody has heard yet, and all there ever was. */
  const [told, ever]: [string[], string[]] = [[], []]
  const sendToQueue = async (_queue: string, body: string): Promise<void> => {
    // It tries a queue before it tells it anything.
    if (body.includes('"s3:TestEvent"')) return
    told.push(body)
    ever.push(body)
  }
  const stack = await startS3({ directory, credentials, sendToQueue })
  const s3 = new S3Client({ ...stack, credentials, forcePathStyle: true })
  await provision(s3, stack.region)

  const timesTold = (key: string) =>
    ever.filter((body) => decodeURIComponent(body).includes(`"${key}"`)).length
  const untilTold: StartedBuckets['untilTold'] = async (key, send, wrote) => {
    const before = timesTold(key)
    const answer = await send()
    while (wrote(answer) && timesTold(key) === before) await sleep(5)
    return answer
  }
  return {
    endpoint: stack.endpoint,
    env: { AWS_ENDPOINT_URL_S3: stack.endpoint },
    hear: () => told.splice(0),
    untilTold,
    put: async (bucket, Key, Body, ContentType) => {
      const object = { Bucket: names[bucket], Key, Body, ...(ContentType ? { ContentType } : {}) }
      const put = () => s3.send(new PutObjectCommand(object))
      await untilTold(Key, put, () => bucket !== 'thumbnails' && Key.startsWith('uploads/'))
    },
    bytes: async (bucket, Key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: names[bucket], Key }))
      return Buffer.from(await Body!.transformToByteArray())
    },
    keys: async (bucket) => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: names[bucket] }))
      return Contents.map(({ Key }) => Key as string)
    },
    stop: async () => {
      s3.destroy()
      await stack.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function provision(s3: S3Client, region: string): Promise<void> {
  const { buckets } = describe({ environment: 'dev', provisioned: false, origins: ['*'] })
  const resources = buckets.map((bucket) =>
    bucketResource(s3, bucket, { region, findQueueArn: () => Promise.resolve(QUEUE) }),
  )
  const left = await apply(resources, () => undefined)
  if (left.length > 0) throw new Error('The buckets could not be made.')
}
