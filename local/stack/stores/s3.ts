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

/** The buckets of the local S3 as the processes are told of them; those of Pre-Work are made with its tables. */
const bucketsFor = ({ given }: Setting) => ({
  IEP_BUCKET: given['IEP_BUCKET'] || 'millrace-iep',
  LOCKIN_BUCKET: given['LOCKIN_BUCKET'] || 'millrace-lockin',
})

/** The S3 of the account, whose buckets are its owner's business; else our own stand-in, with buckets. */
export async function openS3(
  setting: Setting,
  account: Account,
  sqs: OpenedSqs,
): Promise<Opened<Pick<StoreFacts, 's3'>>> {
  const { region, credentials } = account
  const elsewhere = endpointElsewhere('s3', setting, account)
  if (elsewhere) {
    const { endpoint } = elsewhere
    const named = ['IEP_BUCKET', 'LOCKIN_BUCKET'].flatMap((name) => {
      const bucket = setting.given[name]
      return bucket ? [[name, bucket] as const] : []
    })
    const env = { ...elsewhere.env, ...Object.fromEntries(named) }
    const buckets = named.map(([, bucket]) => bucket)
    return { note: `${endpoint} of the environment`, facts: { s3: { endpoint, region, buckets } }, env }
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
  const { endpoint } = server
  const buckets = bucketsFor(setting)
  const names = Object.values(buckets)
  await ensureBuckets(names, { endpoint, account, queueArn: sqs.queueArn })

  return {
    note: `${names.length} buckets, in ${shown(directory)}`,
    facts: { s3: { endpoint, region, buckets: names, ...credentials } },
    env: { AWS_ENDPOINT_URL_S3: endpoint, ...buckets },
  }
}

async function ensureBuckets(
  names: string[],
  of: { endpoint: string; account: Account; queueArn: string | undefined },
): Promise<void> {
  const { region, credentials } = of.account
  const client = new S3Client({
    endpoint: of.endpoint,
    region,
    credentials: { ...credentials },
    forcePathStyle: true,
  })
  try {
    for (const Bucket of names) {
      await ensureBucket(client, Bucket)
      await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [fromAnyPage] } }))
      if (!of.queueArn) continue
      const QueueConfigurations = [
        { Id: 'events', QueueArn: of.queueArn, Events: ['s3:ObjectCreated:*' as const] },
      ]
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
