import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  SetQueueAttributesCommand,
  type QueueAttributeName,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import type { Bucket, Queue } from './description.ts'
import type { Aspect, Resource } from './plan.ts'

/** Fourteen days, the longest there is. */
const LONGEST = 14 * 24 * 3600

/** The queue that events come by, after the one its dead letters go to. */
export function queueResources(client: SQSClient, queue: Queue, telling: Bucket[]): Resource[] {
  const { name, deadLetters, receives, visibilitySeconds } = queue
  const attribute = (of: string, name: QueueAttributeName, wanted: () => unknown): Aspect => ({
    name,
    wanted,
    read: () => readAttribute(client, of, name),
    write: async () => {
      await client.send(
        new SetQueueAttributesCommand({
          QueueUrl: await findUrl(client, of),
          Attributes: { [name]: JSON.stringify(await wanted()) },
        }),
      )
    },
  })
  return [
    queueResource(client, deadLetters, [attribute(deadLetters, 'MessageRetentionPeriod', () => LONGEST)]),
    queueResource(client, name, [
      attribute(name, 'MessageRetentionPeriod', () => LONGEST),
      attribute(name, 'VisibilityTimeout', () => visibilitySeconds),
      attribute(name, 'RedrivePolicy', async () => ({
        deadLetterTargetArn: await findQueueArn(client, deadLetters),
        maxReceiveCount: receives,
      })),
      attribute(name, 'Policy', async () => bucketsMaySend(await findQueueArn(client, name), telling)),
    ]),
  ]
}

/** Only these buckets may put something into the queue: what happens in them. */
export const bucketsMaySend = (queueArn: unknown, telling: Bucket[]) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'BucketsMaySend',
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queueArn,
      Condition: { ArnEquals: { 'aws:SourceArn': telling.map(({ name }) => `arn:aws:s3:::${name}`) } },
    },
  ],
})

/** Undefined when there is no such queue. */
export async function findQueueArn(client: SQSClient, name: string): Promise<string | undefined> {
  return (await findUrl(client, name)) === undefined
    ? undefined
    : String(await readAttribute(client, name, 'QueueArn'))
}

const queueResource = (client: SQSClient, name: string, aspects: Aspect[]): Resource => ({
  kind: 'queue',
  name,
  exists: async () => (await findUrl(client, name)) !== undefined,
  create: async () => void (await client.send(new CreateQueueCommand({ QueueName: name }))),
  aspects,
})

async function findUrl(client: SQSClient, QueueName: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl
  } catch (error) {
    if (error instanceof QueueDoesNotExist) return undefined
    throw error
  }
}

/** Numbers and documents as what they are. */
async function readAttribute(client: SQSClient, queue: string, name: QueueAttributeName): Promise<unknown> {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: await findUrl(client, queue), AttributeNames: [name] }),
  )
  const text = Attributes?.[name] ?? 'not set'
  return /^(\d+$|\{)/.test(text) ? (JSON.parse(text) as unknown) : text
}
