import { corsRules, lifecycleRule, nothingPublic } from './buckets.ts'
import type { Bucket, Description, Queue, Table } from './description.ts'
import { bucketsMaySend } from './queues.ts'
import { creation } from './tables.ts'

type Json = Record<string, unknown>

/**
 * The same as a CloudFormation template, with what provisioning leaves to whoever owns the account: the policies of the
 * two roles that Millrace's processes need, each as small as it can be, and the alarms of the guide. Tables and buckets
 * outlive the stack.
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
    },
  }
}

/** `pre-work-audit-log-dev` is AuditLog. */
const idOf = (name: string, environment: string): string =>
  name
    .replace(/^pre-work-/, '')
    .replace(new RegExp(`-${environment}$`), '')
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

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
  const arn = { 'Fn::GetAtt': ['EventsQueue', 'Arn'] }
  const retention = { MessageRetentionPeriod: 14 * 24 * 3600, SqsManagedSseEnabled: true }
  const telling = buckets.filter(({ tells }) => tells)
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
        Properties: { Queues: [{ Ref: 'EventsQueue' }], PolicyDocument: bucketsMaySend(arn, telling) },
      },
    ],
  ]
}

function bucketOf({ name, origins, lifecycle, tells }: Bucket): Json {
  const notifications = {
    QueueConfigurations: [{ Event: 's3:ObjectCreated:*', Queue: { 'Fn::GetAtt': ['EventsQueue', 'Arn'] } }],
  }
  return {
    Type: 'AWS::S3::Bucket',
    ...kept,
    ...(tells ? { DependsOn: 'EventsQueuePolicy' } : {}),
    Properties: {
      BucketName: name,
      PublicAccessBlockConfiguration: nothingPublic,
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      CorsConfiguration: { CorsRules: corsRules(origins).map((rule) => corsOf(rule)) },
      LifecycleConfiguration: { Rules: lifecycle.map((rule) => lifecycleOf(rule)) },
      ...(tells ? { NotificationConfiguration: notifications } : {}),
    },
  }
}

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
  const { ID: Id, Status, Filter, ...what } = lifecycleRule(rule)
  const then =
    'Transitions' in what
      ? {
          Transitions: what.Transitions.map(({ Days: TransitionInDays, StorageClass }) => ({
            TransitionInDays,
            StorageClass,
          })),
        }
      : what
  return { Id, Status, ...(Filter.Prefix === '' ? {} : { Prefix: Filter.Prefix }), ...then }
}

/** Instead of the guide's policy for everything: `web` signs addresses and writes rows, only workers touch objects. */
function policiesOf({ tables, buckets, environment }: Description): [string, Json][] {
  const arnOf = (logical: string) => ({ 'Fn::GetAtt': [logical, 'Arn'] })
  const [audit, ...others] = tables.toReversed().map((table) => idOf(table.name, environment))
  const withIndexes = (logical: string) => [arnOf(logical), { 'Fn::Sub': `\${${logical}.Arn}/index/*` }]
  const reads = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:ConditionCheckItem']
  const writes = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem']
  const rows = [
    {
      Effect: 'Allow',
      Action: [...reads, ...writes],
      Resource: others.flatMap((table) => withIndexes(table)),
    },
    // An entry is written once. Nobody may change or remove one.
    {
      Effect: 'Allow',
      Action: ['dynamodb:PutItem', 'dynamodb:GetItem', 'dynamodb:Query'],
      Resource: withIndexes(audit ?? ''),
    },
  ]
  const objects = (...names: string[]) => names.map((name) => ({ 'Fn::Sub': `\${${name}.Arn}/*` }))
  const all = buckets.map((bucket) => idOf(bucket.name, environment))
  const policy = (statements: Json[]): Json => ({
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: { PolicyDocument: { Version: '2012-10-17', Statement: statements } },
  })
  return [
    [
      'WebPolicy',
      policy([
        ...rows,
        // Addresses are signed with these rights: to upload, and to look at what is there.
        { Effect: 'Allow', Action: 's3:PutObject', Resource: objects('MediaUploads', 'Documents') },
        { Effect: 'Allow', Action: 's3:GetObject', Resource: objects(...all) },
      ]),
    ],
    [
      'WorkerPolicy',
      policy([
        ...rows,
        {
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
          Resource: objects(...all),
        },
        // Without it, what is not there looks like what may not be seen.
        { Effect: 'Allow', Action: 's3:ListBucket', Resource: all.map((bucket) => arnOf(bucket)) },
        {
          Effect: 'Allow',
          Action: [
            'sqs:ReceiveMessage',
            'sqs:DeleteMessage',
            'sqs:ChangeMessageVisibility',
            'sqs:GetQueueAttributes',
          ],
          Resource: arnOf('EventsQueue'),
        },
      ]),
    ],
  ]
}

/** Throttling and errors of each table, failing uploads, and events that nobody could take. */
function alarmsOf({ tables, buckets, environment }: Description): [string, Json][] {
  const alarm = (properties: Json): Json => ({
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: { 'Fn::If': ['Alarmed', [{ Ref: 'AlarmTopic' }], { Ref: 'AWS::NoValue' }] },
      ...properties,
    },
  })
  return [
    ...tables.flatMap((table): [string, Json][] => {
      const logical = idOf(table.name, environment)
      const of = {
        Namespace: 'AWS/DynamoDB',
        Dimensions: [{ Name: 'TableName', Value: { Ref: logical } }],
      }
      return [
        [`${logical}ReadThrottled`, alarm({ ...of, MetricName: 'ReadThrottleEvents' })],
        [`${logical}WriteThrottled`, alarm({ ...of, MetricName: 'WriteThrottleEvents' })],
      ]
    }),
    ...buckets.map((bucket): [string, Json] => {
      const logical = idOf(bucket.name, environment)
      // Needs request metrics of the bucket, with a filter of this name, which cost money and are for its owner to begin.
      const Dimensions = [
        { Name: 'BucketName', Value: { Ref: logical } },
        { Name: 'FilterId', Value: 'EntireBucket' },
      ]
      return [`${logical}Failing`, alarm({ Namespace: 'AWS/S3', Dimensions, MetricName: '5xxErrors' })]
    }),
    [
      'DeadEvents',
      alarm({
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Statistic: 'Maximum',
        Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': ['EventsDeadLetters', 'QueueName'] } }],
      }),
    ],
  ]
}
