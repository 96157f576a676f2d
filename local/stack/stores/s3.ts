import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  PutBucketCorsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3'
import { startS3 } from '../../s3/server.ts'
import { shown } from '../place.ts'
import { ensurePrivateFolder } from '../private-file.ts'
import type { StoreFacts } from '../stack-file.ts'
import { checkedPort, endpointElsewhere, type Account } from './aws.ts'
import type { Opened, Setting } from './setting.ts'
import type { OpenedSqs } from './sqs.ts'

/** The buckets of the local S3. An object that arrives in one that notifies becomes an event. */
const buckets = [
  { name: 'iep-documents', notifies: true },
  { name: 'pre-work-media-uploads-dev', notifies: true },
  { name: 'pre-work-documents-dev', notifies: true },
  { name: 'pre-work-thumbnails-dev', notifies: false }, // what is in there we made ourselves
]

/** The S3 of the account, whose buckets are its owner's business; else our own stand-in, with buckets. */
export async function openS3(
  setting: Setting,
  account: Account,
  sqs: OpenedSqs,
): Promise<Opened<Pick<StoreFacts, 's3'>>> {
  const { region, credentials } = account
  const elsewhere = endpointElsewhere('s3', setting, account)
  if (elsewhere) {
    const { endpoint, env } = elsewhere
    return { note: `${endpoint} of the environment`, facts: { s3: { endpoint, region, buckets: [] } }, env }
  }

  const directory = ensurePrivateFolder(setting.place.data('s3'))
  const { server: queues } = sqs
  const server = await startS3({
    directory,
    region,
    credentials,
    ...(await checkedPort(setting.ports.s3)),
    ...(queues ? { sendToQueue: (arn: string, body: string) => queues.send(arn, body) } : {}),
  })
  setting.closing.defer(() => server.stop())
  await ensureBuckets(server.endpoint, account, sqs.queueArn)

  const { endpoint } = server
  const names = buckets.map(({ name }) => name)
  return {
    note: `${names.length} buckets, in ${shown(directory)}`,
    facts: { s3: { endpoint, region, buckets: names, ...credentials } },
    env: { AWS_ENDPOINT_URL_S3: endpoint },
  }
}

async function ensureBuckets(
  endpoint: string,
  { region, credentials }: Account,
  queueArn: string | undefined,
): Promise<void> {
  const client = new S3Client({ endpoint, region, credentials: { ...credentials }, forcePathStyle: true })
  try {
    for (const { name: Bucket, notifies } of buckets) {
      await ensureBucket(client, Bucket)
      await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [fromAnyPage] } }))
      if (!notifies || !queueArn) continue
      const Events = ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:*' as const]
      const QueueConfigurations = [{ Id: 'events', QueueArn: queueArn, Events }]
      await client.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket,
          NotificationConfiguration: { QueueConfigurations },
        }),
      )
    }
  } finally {
    client.destroy()
  }
}

async function ensureBucket(client: S3Client, Bucket: string): Promise<void> {
  try {
    await client.send(new CreateBucketCommand({ Bucket }))
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error
  }
}

/** Web apps in development are served from any port. */
const fromAnyPage = {
  AllowedOrigins: ['*'],
  AllowedMethods: ['GET', 'HEAD', 'PUT', 'POST'],
  AllowedHeaders: ['*'],
  ExposeHeaders: ['ETag'],
}
