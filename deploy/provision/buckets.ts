import {
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  NotFound,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutPublicAccessBlockCommand,
  S3ServiceException,
  type BucketLocationConstraint,
  type LifecycleRule as AwsLifecycleRule,
  type S3Client,
} from '@aws-sdk/client-s3'
import { tells, type Bucket, type LifecycleRule } from './description.ts'
import { notifications } from './notifications.ts'
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
      ...(tells(bucket) ? [notifications(client, bucket, options.findQueueArn)] : []),
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
  return { ID, Filter: { Prefix }, Status: 'Enabled' as const, ...actionOf(action) }
}

function actionOf(action: LifecycleRule['action']) {
  if ('removeAfterDays' in action) return { Expiration: { Days: action.removeAfterDays } }
  if ('archiveAfterDays' in action) {
    const StorageClass = 'INTELLIGENT_TIERING' as const
    return { Transitions: [{ Days: action.archiveAfterDays, StorageClass }] }
  }
  return { AbortIncompleteMultipartUpload: { DaysAfterInitiation: action.abortUploadsAfterDays } }
}

const lifecycle = (client: S3Client, { name: Bucket, lifecycle: wanted }: Bucket): Aspect => ({
  name: 'lifecycle',
  wanted: () => wanted.map((rule) => lifecycleRule(rule)).sort(byId),
  read: () =>
    unlessAbsent('NoSuchLifecycleConfiguration', async () =>
      (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules?.map((rule) =>
        shownRule(rule),
      ).sort(byId),
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

/** The order of rules says nothing. */
const byId = (one: { ID?: string | undefined }, other: { ID?: string | undefined }): number =>
  (one.ID ?? '') < (other.ID ?? '') ? -1 : 1

/** What a rule is for is given back in more than one way: everything in three, a prefix as it was said before filters. */
const shownRule = ({ Filter, Prefix, ...rule }: AwsLifecycleRule) => ({
  ...rule,
  Filter: { ...Filter, Prefix: Filter?.Prefix ?? Prefix ?? '' },
})

/** S3 answers an error where nothing was ever said. */
async function unlessAbsent<Found>(code: string, read: () => Promise<Found>): Promise<Found | 'not set'> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === code) return 'not set'
    throw error
  }
}
