import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { S3Client } from '@aws-sdk/client-s3'
import type { SQSClient } from '@aws-sdk/client-sqs'
import { bucketResource } from './buckets.ts'
import { tells, type Description } from './description.ts'
import type { Resource } from './plan.ts'
import { findQueueArn, queueResources } from './queues.ts'
import { tableResource } from './tables.ts'

export interface Clients {
  region: string
  dynamodb: DynamoDBClient
  s3: S3Client
  sqs: SQSClient
}

/** In the order in which they are made: a bucket can only tell a queue that is there and lets it. */
export function resourcesOf(
  { tables, buckets, queue }: Description,
  { region, dynamodb, s3, sqs }: Clients,
): Resource[] {
  const telling = buckets.filter(tells)
  return [
    ...tables.map((table) => tableResource(dynamodb, table)),
    ...queueResources(sqs, queue, telling),
    ...buckets.map((bucket) =>
      bucketResource(s3, bucket, { region, findQueueArn: () => findQueueArn(sqs, queue.name) }),
    ),
  ]
}
