import {
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  NotFound,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutPublicAccessBlockCommand,
  S3ServiceException,
  type BucketLocationConstraint,
  type LifecycleRule as AwsLifecycleRule,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { Bucket, LifecycleRule } from './description.ts'
import type { Aspect, Resource } from './plan.ts'

/** A private bucket: nothing in it is ever public, all of it is encrypted, and web apps reach it by signed addresses. */
export function bucketResource(
  client: S3Client,
  bucket: Bucket,
  options: { region: string; findQueueArn: () => Promise<string | undefined> },
): Resource {
  const { name: Bucket } = bucket
  return {
    kind: 'bucket',
    name: Bucket,
    exists: () => exists(client, Bucket),
    create: async () => {
      // The oldest region is the one that must not be named.
      const LocationConstraint = options.region as BucketLocationConstraint
      const place =
        options.region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint } }
      await client.send(new CreateBucketCommand({ Bucket, ...place }))
    },
    aspects: [
      publicAccess(client, Bucket),
      encryption(client, Bucket),
      cors(client, bucket),
      lifecycle(client, bucket),
      ...(bucket.tells ? [notifications(client, Bucket, options.findQueueArn)] : []),
    ],
  }
}

async function exists(client: S3Client, Bucket: string): Promise<boolean> {
  try {
    await client.send(new HeadBucketCommand({ Bucket }))
    return true
  } catch (error) {
    if (error instanceof NotFound) return false
    throw error
  }
}

export const nothingPublic = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
}

const publicAccess = (client: S3Client, Bucket: string): Aspect => ({
  name: 'public access block',
  wanted: () => nothingPublic,
  read: () =>
    unlessAbsent('NoSuchPublicAccessBlockConfiguration', async () => {
      const { PublicAccessBlockConfiguration: found } = await client.send(
        new GetPublicAccessBlockCommand({ Bucket }),
      )
      return { ...found }
    }),
  write: async () => {
    const PublicAccessBlockConfiguration = nothingPublic
    await client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }))
  },
})

const encryption = (client: S3Client, Bucket: string): Aspect => ({
  name: 'encryption',
  wanted: () => 'AES256',
  read: () =>
    unlessAbsent('ServerSideEncryptionConfigurationNotFoundError', async () => {
      const { ServerSideEncryptionConfiguration: found } = await client.send(
        new GetBucketEncryptionCommand({ Bucket }),
      )
      return found?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm
    }),
  // A key of one's own is stronger: that is left as it is.
  canChange: (is) => is !== 'aws:kms' && is !== 'aws:kms:dsse',
  write: async () => {
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }]
    await client.send(
      new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }),
    )
  },
})

/** As the guide writes them. */
export const corsRules = (origins: string[]) => [
  {
    AllowedHeaders: ['*'],
    AllowedMethods: ['GET', 'PUT', 'POST', 'DELETE'],
    AllowedOrigins: origins,
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 3000,
  },
]

const cors = (client: S3Client, { name: Bucket, origins }: Bucket): Aspect => ({
  name: 'CORS',
  wanted: () => corsRules(origins),
  read: () =>
    unlessAbsent('NoSuchCORSConfiguration', async () =>
      (await client.send(new GetBucketCorsCommand({ Bucket }))).CORSRules?.map(
        ({ AllowedHeaders, AllowedMethods, AllowedOrigins, ExposeHeaders, MaxAgeSeconds }) => ({
          AllowedHeaders,
          AllowedMethods,
          AllowedOrigins,
          ExposeHeaders,
          MaxAgeSeconds,
        }),
      ),
    ),
  write: async () => {
    await client.send(
      new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: corsRules(origins) } }),
    )
  },
})

export function lifecycleRule({ id: ID, prefix: Prefix, action }: LifecycleRule) {
  const what =
    'archiveAfterDays' in action
      ? { Transitions: [{ Days: action.archiveAfterDays, StorageClass: 'INTELLIGENT_TIERING' as const }] }
      : { AbortIncompleteMultipartUpload: { DaysAfterInitiation: action.abortUploadsAfterDays } }
  return { ID, Filter: { Prefix }, Status: 'Enabled' as const, ...what }
}

const lifecycle = (client: S3Client, { name: Bucket, lifecycle: wanted }: Bucket): Aspect => ({
  name: 'lifecycle',
  wanted: () => wanted.map((rule) => lifecycleRule(rule)),
  read: () =>
    unlessAbsent('NoSuchLifecycleConfiguration', async () =>
      (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules?.map((rule) =>
        shownRule(rule),
      ),
    ),
  write: async () => {
    await client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: { Rules: wanted.map((rule) => lifecycleRule(rule)) },
      }),
    )
  },
})

/** A filter for everything is given back in more than one way. */
const shownRule = ({ Filter, ...rule }: AwsLifecycleRule) => ({
  ...rule,
  Filter: { Prefix: Filter?.Prefix ?? '' },
})

const notifications = (
  client: S3Client,
  Bucket: string,
  findQueueArn: () => Promise<string | undefined>,
): Aspect => {
  const wanted = async () => ({
    queue: (await findQueueArn()) ?? 'the queue that is to be made',
    events: ['s3:ObjectCreated:*'],
  })
  const read = async () => {
    const found = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
    return found.QueueConfigurations ?? []
  }
  return {
    name: 'notifications',
    wanted,
    read: async () => {
      const ours = (await read()).find(({ Id }) => Id === NOTIFICATION)
      return ours && { queue: ours.QueueArn, events: ours.Events }
    },
    // What else the bucket tells to whom stays as it is.
    write: async () => {
      const found = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
      const { queue, events } = await wanted()
      const others = (found.QueueConfigurations ?? []).filter(({ Id }) => Id !== NOTIFICATION)
      await client.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket,
          NotificationConfiguration: {
            ...(found.TopicConfigurations ? { TopicConfigurations: found.TopicConfigurations } : {}),
            ...(found.LambdaFunctionConfigurations
              ? { LambdaFunctionConfigurations: found.LambdaFunctionConfigurations }
              : {}),
            ...(found.EventBridgeConfiguration
              ? { EventBridgeConfiguration: found.EventBridgeConfiguration }
              : {}),
            QueueConfigurations: [
              ...others,
              { Id: NOTIFICATION, QueueArn: queue, Events: events as ['s3:ObjectCreated:*'] },
            ],
          },
        }),
      )
    },
  }
}

const NOTIFICATION = 'millrace-events'

/** S3 answers an error where nothing was ever said. */
async function unlessAbsent<Found>(code: string, read: () => Promise<Found>): Promise<Found | 'not set'> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === code) return 'not set'
    throw error
  }
}
