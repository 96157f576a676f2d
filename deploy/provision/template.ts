import { alarmsOf, UPLOADS_METRICS } from './alarms.ts'
import { corsRules, lifecycleRule, nothingPublic } from './buckets.ts'
import { tells, type Bucket, type Description, type Queue, type Table, type Telling } from './description.ts'
import { arnOf, idOf } from './logical-ids.ts'
import { policiesOf } from './policies.ts'
import { bucketsMaySend } from './queues.ts'
import { creation } from './tables.ts'

type Json = Record<string, unknown>

/**
 * The same as a CloudFormation template, with what provisioning leaves to whoever owns the account: the policies of the
 * roles that Millrace's processes need, each as small as it can be, and the alarms of the guide. Tables and buckets outlive
 * the stack.
 */
export function templateOf(description: Description): Json {
  const { tables, buckets, queue, environment } = description
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `What Pre-Work keeps in AWS, ${environment}.`,
    Parameters: {
      AlarmTopic: {
        Type: 'String',
        Default: '',
        Description: 'ARN of the SNS topic that alarms go to; none without.',
      },
    },
    Conditions: { Alarmed: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'AlarmTopic' }, ''] }] } },
    Resources: Object.fromEntries([
      ...tables.map((table) => [idOf(table.name, environment), tableOf(table)]),
      ...queuesOf(queue, buckets),
      ...buckets.map((bucket) => [idOf(bucket.name, environment), bucketOf(bucket)]),
      ...policiesOf(description),
      ...alarmsOf(description),
    ]) as Json,
    Outputs: {
      EventsQueueUrl: { Value: { Ref: 'EventsQueue' } },
      WebPolicy: { Value: { Ref: 'WebPolicy' } },
      WorkerPolicy: { Value: { Ref: 'WorkerPolicy' } },
      EventsPolicy: { Value: { Ref: 'EventsPolicy' } },
    },
  }
}

const kept = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' }

function tableOf(table: Table): Json {
  const { DeletionProtectionEnabled, ...rest } = creation(table)
  return {
    Type: 'AWS::DynamoDB::Table',
    ...kept,
    Properties: {
      ...rest,
      DeletionProtectionEnabled,
      SSESpecification: { SSEEnabled: true },
      ...(table.guarded ? { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } } : {}),
    },
  }
}

function queuesOf(queue: Queue, buckets: Bucket[]): [string, Json][] {
  const retention = { MessageRetentionPeriod: 14 * 24 * 3600, SqsManagedSseEnabled: true }
  return [
    [
      'EventsDeadLetters',
      { Type: 'AWS::SQS::Queue', Properties: { QueueName: queue.deadLetters, ...retention } },
    ],
    [
      'EventsQueue',
      {
        Type: 'AWS::SQS::Queue',
        Properties: {
          QueueName: queue.name,
          ...retention,
          VisibilityTimeout: queue.visibilitySeconds,
          RedrivePolicy: {
            deadLetterTargetArn: { 'Fn::GetAtt': ['EventsDeadLetters', 'Arn'] },
            maxReceiveCount: queue.receives,
          },
        },
      },
    ],
    [
      'EventsQueuePolicy',
      {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          Queues: [{ Ref: 'EventsQueue' }],
          PolicyDocument: bucketsMaySend(arnOf('EventsQueue'), buckets.filter(tells)),
        },
      },
    ],
  ]
}

function bucketOf(bucket: Bucket): Json {
  const { name, origins, lifecycle } = bucket
  return {
    Type: 'AWS::S3::Bucket',
    ...kept,
    ...(tells(bucket) ? { DependsOn: 'EventsQueuePolicy' } : {}),
    Properties: {
      BucketName: name,
      PublicAccessBlockConfiguration: nothingPublic,
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      CorsConfiguration: { CorsRules: corsRules(origins).map((rule) => corsOf(rule)) },
      LifecycleConfiguration: { Rules: lifecycle.map((rule) => lifecycleOf(rule)) },
      ...(tells(bucket) ? tellingOf(bucket) : {}),
    },
  }
}

const tellingOf = ({ tellsOf }: Telling): Json => ({
  NotificationConfiguration: {
    QueueConfigurations: [
      {
        Event: 's3:ObjectCreated:*',
        Queue: arnOf('EventsQueue'),
        Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: tellsOf }] } },
      },
    ],
  },
  MetricsConfigurations: {
    'Fn::If': ['Alarmed', [{ Id: UPLOADS_METRICS, Prefix: tellsOf }], { Ref: 'AWS::NoValue' }],
  },
})

/** CloudFormation has names of its own for the same. */
const corsOf = ({
  AllowedHeaders,
  AllowedMethods,
  AllowedOrigins,
  ExposeHeaders,
  MaxAgeSeconds,
}: ReturnType<typeof corsRules>[number]) => ({
  AllowedHeaders,
  AllowedMethods,
  AllowedOrigins,
  ExposedHeaders: ExposeHeaders,
  MaxAge: MaxAgeSeconds,
})

function lifecycleOf(rule: Bucket['lifecycle'][number]): Json {
  const { ID: Id, Status, Filter } = lifecycleRule(rule)
  return { Id, Status, ...(Filter.Prefix === '' ? {} : { Prefix: Filter.Prefix }), ...actionOf(rule.action) }
}

function actionOf(action: Bucket['lifecycle'][number]['action']): Json {
  if ('removeAfterDays' in action) return { ExpirationInDays: action.removeAfterDays }
  if ('archiveAfterDays' in action) {
    const StorageClass = 'INTELLIGENT_TIERING'
    return { Transitions: [{ TransitionInDays: action.archiveAfterDays, StorageClass }] }
  }
  return { AbortIncompleteMultipartUpload: { DaysAfterInitiation: action.abortUploadsAfterDays } }
}
