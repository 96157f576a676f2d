import { describe, expect, test } from 'vitest'
import { describe as describeIt } from '../../deploy/provision/description.ts'
import { templateOf } from '../../deploy/provision/template.ts'
import { dev, prod } from './account.ts'

interface Resource {
  Type: string
  DependsOn?: string
  Condition?: string
  DeletionPolicy?: string
  UpdateReplacePolicy?: string
  Properties: Record<string, unknown>
}
type Template = { Resources: Record<string, Resource>; Outputs: Record<string, unknown> }
const templates = {
  dev: templateOf(describeIt(dev)) as unknown as Template,
  prod: templateOf(describeIt(prod)) as unknown as Template,
}
const ofType = (type: string, template = templates.prod) =>
  Object.entries(template.Resources).filter(([, { Type }]) => Type === type)
const properties = (name: string, template = templates.prod) => template.Resources[name]?.Properties ?? {}

test('holds everything, and tables and buckets outlive it', () => {
  expect(ofType('AWS::DynamoDB::Table').map(([name]) => name)).toEqual([
    'Users',
    'Profiles',
    'Submissions',
    'Media',
    'AuditLog',
  ])
  expect(ofType('AWS::S3::Bucket').map(([name]) => name)).toEqual(['MediaUploads', 'Documents', 'Thumbnails'])
  const keepers = [...ofType('AWS::DynamoDB::Table'), ...ofType('AWS::S3::Bucket')]
  for (const [, { DeletionPolicy, UpdateReplacePolicy }] of keepers)
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
  expect(ofType('AWS::SQS::Queue').map(([name]) => name)).toEqual(['EventsDeadLetters', 'EventsQueue'])
  expect(ofType('AWS::IAM::ManagedPolicy').map(([name]) => name)).toEqual([
    'WebPolicy',
    'WorkerPolicy',
    'EventsPolicy',
  ])
  expect(Object.keys(templates.prod.Outputs)).toEqual([
    'EventsQueueUrl',
    'WebPolicy',
    'WorkerPolicy',
    'EventsPolicy',
  ])
})

test('writes a table as provisioning makes it, guarded in production alone', () => {
  const units = { ReadCapacityUnits: 5, WriteCapacityUnits: 5 }
  const index = (IndexName: string, hash: string, range?: string) => ({
    IndexName,
    KeySchema: [
      { AttributeName: hash, KeyType: 'HASH' },
      ...(range === undefined ? [] : [{ AttributeName: range, KeyType: 'RANGE' }]),
    ],
    Projection: { ProjectionType: 'ALL' },
  })
  const users = (unitsOf: object) => ({
    KeySchema: [{ AttributeName: 'userId', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      { ...index('EmailIndex', 'email'), ...unitsOf },
      { ...index('RoleIndex', 'role'), ...unitsOf },
      { ...index('ActiveIndex', 'active', 'userId'), ...unitsOf },
    ],
    AttributeDefinitions: ['userId', 'email', 'role', 'active'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    SSESpecification: { SSEEnabled: true },
  })
  expect(properties('Users', templates.dev)).toEqual({
    TableName: 'pre-work-users-dev',
    ...users({}),
    BillingMode: 'PAY_PER_REQUEST',
    DeletionProtectionEnabled: false,
  })
  expect(properties('Users')).toEqual({
    TableName: 'pre-work-users-prod',
    ...users({ ProvisionedThroughput: units }),
    BillingMode: 'PROVISIONED',
    ProvisionedThroughput: units,
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  })
})

test('writes a bucket as provisioning makes it, with the names CloudFormation has for it', () => {
  const abort = {
    Id: 'abort-left-uploads',
    Status: 'Enabled',
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  }
  const all = (name: string) => ({
    BucketName: `pre-work-${name}-prod`,
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    },
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    CorsConfiguration: {
      CorsRules: [
        {
          AllowedHeaders: ['*'],
          AllowedMethods: ['GET', 'PUT', 'POST', 'DELETE'],
          AllowedOrigins: ['https://app.example.org'],
          ExposedHeaders: ['ETag'],
          MaxAge: 3000,
        },
      ],
    },
  })
  for (const [logical, name] of [
    ['MediaUploads', 'media-uploads'],
    ['Documents', 'documents'],
  ] as const) {
    expect(properties(logical)).toEqual({
      ...all(name),
      LifecycleConfiguration: {
        Rules: [
          abort,
          { Id: 'remove-left-uploads', Status: 'Enabled', Prefix: 'uploads/', ExpirationInDays: 2 },
          {
            Id: 'archive',
            Status: 'Enabled',
            Prefix: 'media/',
            Transitions: [{ TransitionInDays: 30, StorageClass: 'INTELLIGENT_TIERING' }],
          },
        ],
      },
      NotificationConfiguration: {
        QueueConfigurations: [
          {
            Event: 's3:ObjectCreated:*',
            Queue: { 'Fn::GetAtt': ['EventsQueue', 'Arn'] },
            Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'uploads/' }] } },
          },
        ],
      },
      MetricsConfigurations: {
        'Fn::If': ['Alarmed', [{ Id: 'Uploads', Prefix: 'uploads/' }], { Ref: 'AWS::NoValue' }],
      },
    })
    // S3 tries the queue when it is told of it.
    expect(templates.prod.Resources[logical]?.DependsOn).toBe('EventsQueuePolicy')
  }
  expect(properties('Thumbnails')).toEqual({
    ...all('thumbnails'),
    LifecycleConfiguration: { Rules: [abort] },
  })
})

test('writes the queues as provisioning makes them', () => {
  const kept = { MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true }
  expect(properties('EventsDeadLetters')).toEqual({ QueueName: 'pre-work-events-prod-dead', ...kept })
  expect(properties('EventsQueue')).toEqual({
    QueueName: 'pre-work-events-prod',
    ...kept,
    VisibilityTimeout: 60,
    RedrivePolicy: {
      deadLetterTargetArn: { 'Fn::GetAtt': ['EventsDeadLetters', 'Arn'] },
      maxReceiveCount: 5,
    },
  })
  expect(properties('EventsQueuePolicy')).toEqual({
    Queues: [{ Ref: 'EventsQueue' }],
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'BucketsMaySend',
          Effect: 'Allow',
          Principal: { Service: 's3.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: { 'Fn::GetAtt': ['EventsQueue', 'Arn'] },
          Condition: {
            ArnEquals: {
              'aws:SourceArn': [
                'arn:aws:s3:::pre-work-media-uploads-prod',
                'arn:aws:s3:::pre-work-documents-prod',
              ],
            },
          },
        },
      ],
    },
  })
})

test('lets nobody change or remove an entry of the audit log, and nobody do everything', () => {
  const statements = ofType('AWS::IAM::ManagedPolicy').flatMap(
    ([, { Properties }]) =>
      (Properties['PolicyDocument'] as { Statement: { Action: string[]; Resource: object[] }[] }).Statement,
  )
  const onTheLog = statements
    .filter(({ Resource }) => JSON.stringify(Resource).includes('AuditLog'))
    .flatMap(({ Action }) => Action)
  expect(new Set(onTheLog)).toEqual(new Set(['dynamodb:PutItem', 'dynamodb:Query']))
  expect(JSON.stringify(statements)).not.toMatch(/"(\*|[a-z0-9]+:\*|dynamodb:Scan)"/)
})

describe('alarms', () => {
  interface Alarm {
    MetricName?: string
    Statistic?: string
    Threshold?: number
    ThresholdMetricId?: string
    ComparisonOperator: string
    Dimensions?: { Name: string; Value: unknown }[]
    Metrics?: Metric[]
  }
  interface Metric {
    Id: string
    Expression?: string
    ReturnData?: boolean
    MetricStat?: {
      Stat: string
      Metric: { MetricName: string; Dimensions: { Name: string; Value: unknown }[] }
    }
  }
  const alarm = (name: string) => properties(name) as unknown as Alarm
  const counted = (name: string) =>
    (alarm(name).Metrics ?? []).flatMap(({ MetricStat }) =>
      MetricStat
        ? `${MetricStat.Metric.MetricName} ${MetricStat.Metric.Dimensions.map(({ Value }) =>
            typeof Value === 'string' ? Value : (Value as { Ref: string }).Ref,
          ).join(' ')}`
        : [],
    )

  test('are there when there is somebody to be told, and tell them', () => {
    const alarms = ofType('AWS::CloudWatch::Alarm')
    expect(alarms.map(([name]) => name).sort()).toEqual(
      [
        ...['Users', 'Profiles', 'Submissions', 'Media', 'AuditLog'].flatMap((table) => [
          `${table}Failing`,
          `${table}Throttled`,
        ]),
        ...['MediaUploads', 'Documents'].flatMap((bucket) => [`${bucket}Failing`, `${bucket}Refusing`]),
        'DeadEvents',
        'UnusualAccess',
      ].sort(),
    )
    for (const [, { Condition, Properties }] of alarms) {
      expect(Condition).toBe('Alarmed')
      expect(Properties).toMatchObject({
        AlarmActions: [{ Ref: 'AlarmTopic' }],
        TreatMissingData: 'notBreaching',
        ComparisonOperator: expect.stringMatching(/^GreaterThan(Upper)?Threshold$/) as string,
      })
    }
  })

  test('of a table count what is throttled at the table and at each of its indexes, and faults of each operation', () => {
    expect(counted('MediaThrottled')).toEqual(
      ['Media', 'Media UserIdIndex', 'Media SubmissionIdIndex'].flatMap((where) => [
        `ReadThrottleEvents ${where}`,
        `WriteThrottleEvents ${where}`,
      ]),
    )
    expect(counted('MediaFailing')).toEqual(
      ['GetItem', 'BatchGetItem', 'Query', 'TransactWriteItems'].map(
        (operation) => `SystemErrors Media ${operation}`,
      ),
    )
    for (const [name, { Properties }] of ofType('AWS::CloudWatch::Alarm')) {
      const { Metrics, Threshold } = Properties as unknown as Alarm
      if (!Metrics || name === 'UnusualAccess') continue
      const [sum, ...parts] = Metrics
      expect(parts.length).toBeLessThan(10)
      expect(sum?.Expression).toBe(parts.map(({ Id }) => `FILL(${Id}, 0)`).join(' + '))
      expect(
        parts.every(({ ReturnData, MetricStat }) => ReturnData === false && MetricStat?.Stat === 'Sum'),
      ).toBe(true)
      expect(Threshold).toBe(0)
    }
  })

  test('of uploads count what S3 counts under the name that their bucket gives', () => {
    for (const bucket of ['MediaUploads', 'Documents']) {
      expect(alarm(`${bucket}Failing`)).toMatchObject({
        MetricName: '5xxErrors',
        Statistic: 'Sum',
        Threshold: 0,
      })
      expect(alarm(`${bucket}Refusing`)).toMatchObject({
        MetricName: '4xxErrors',
        Statistic: 'Sum',
        Threshold: 20,
      })
      expect(alarm(`${bucket}Failing`).Dimensions).toEqual([
        { Name: 'BucketName', Value: { Ref: bucket } },
        { Name: 'FilterId', Value: 'Uploads' },
      ])
    }
  })

  test('tell of events that nobody could take, and of reads as there were never', () => {
    expect(alarm('DeadEvents')).toMatchObject({
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Statistic: 'Maximum',
      Threshold: 0,
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': ['EventsDeadLetters', 'QueueName'] } }],
    })
    expect(counted('UnusualAccess')).toEqual(['ConsumedReadCapacityUnits Users'])
    expect(alarm('UnusualAccess')).toMatchObject({
      ThresholdMetricId: 'band',
      ComparisonOperator: 'GreaterThanUpperThreshold',
      EvaluationPeriods: 3,
    })
    expect(alarm('UnusualAccess').Threshold).toBeUndefined()
  })
})

test('names only what it holds', () => {
  const references = [
    ...JSON.stringify(templates.prod).matchAll(/"(?:Ref|Fn::GetAtt)":(?:\["(\w+)"|"(\w+)")/g),
    ...JSON.stringify(templates.prod).matchAll(/\$\{(\w+)\.Arn\}/g),
  ].map(([, one, other]) => one ?? other)
  expect(references.length).toBeGreaterThan(20)
  for (const name of references)
    expect([...Object.keys(templates.prod.Resources), 'AlarmTopic']).toContain(name)
})

/** As AWS documents them (CloudFormation Template Reference), of each type those that may be said here. */
const documented: Record<string, string[]> = {
  'AWS::DynamoDB::Table': [
    'AttributeDefinitions',
    'BillingMode',
    'DeletionProtectionEnabled',
    'GlobalSecondaryIndexes',
    'KeySchema',
    'PointInTimeRecoverySpecification',
    'ProvisionedThroughput',
    'SSESpecification',
    'TableName',
  ],
  'AWS::S3::Bucket': [
    'BucketEncryption',
    'BucketName',
    'CorsConfiguration',
    'LifecycleConfiguration',
    'MetricsConfigurations',
    'NotificationConfiguration',
    'OwnershipControls',
    'PublicAccessBlockConfiguration',
  ],
  'AWS::SQS::Queue': [
    'MessageRetentionPeriod',
    'QueueName',
    'RedrivePolicy',
    'SqsManagedSseEnabled',
    'VisibilityTimeout',
  ],
  'AWS::SQS::QueuePolicy': ['PolicyDocument', 'Queues'],
  'AWS::IAM::ManagedPolicy': ['PolicyDocument'],
  'AWS::CloudWatch::Alarm': [
    'AlarmActions',
    'ComparisonOperator',
    'Dimensions',
    'EvaluationPeriods',
    'MetricName',
    'Metrics',
    'Namespace',
    'Period',
    'Statistic',
    'Threshold',
    'ThresholdMetricId',
    'TreatMissingData',
  ],
}

test('says nothing that CloudFormation does not know', () => {
  for (const [name, { Type, Properties }] of Object.entries(templates.prod.Resources)) {
    expect(documented[Type], Type).toBeDefined()
    for (const property of Object.keys(Properties)) expect(documented[Type], name).toContain(property)
    expect(name).toMatch(/^[A-Za-z0-9]+$/)
  }
  const sids = ofType('AWS::IAM::ManagedPolicy').flatMap(([policy, { Properties }]) =>
    (Properties['PolicyDocument'] as { Statement: { Sid: string }[] }).Statement.map(
      ({ Sid }) => `${policy} ${Sid}`,
    ),
  )
  expect(new Set(sids).size).toBe(sids.length)
})
