import {
  CreateTableCommand,
  DescribeTableCommand,
  UpdateTableCommand,
  type CreateTableCommandInput,
} from '@aws-sdk/client-dynamodb'
import {
  DeleteBucketCorsCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketLifecycleCommand,
  DeletePublicAccessBlockCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutPublicAccessBlockCommand,
  type CORSRule,
  type LifecycleRule,
  type QueueConfiguration,
} from '@aws-sdk/client-s3'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SetQueueAttributesCommand,
  type QueueAttributeName,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { corsRules, lifecycleRule, nothingPublic } from '../../deploy/provision/buckets.ts'
import type { Table, Wishes } from '../../deploy/provision/description.ts'
import { apply, look, type Resource } from '../../deploy/provision/plan.ts'
import { resourcesOf, type Clients } from '../../deploy/provision/resources.ts'
import { creation } from '../../deploy/provision/tables.ts'
import { clientsOf, closeAll, dev, named, only, prod, startAccount, type Account } from './account.ts'
import { standBetween } from './between.ts'

const bucket = 'ada-media-uploads-dev'
const queue = 'ada-events-dev'
const deadLetters = 'ada-events-dev-dead'

let account: Account
let hand: Clients
beforeAll(async () => {
  account = await startAccount()
  hand = account.hand
  await apply([...ours('queue'), ...ours('bucket')], () => undefined)
})
afterAll(() => account[Symbol.asyncDispose]())

const ours = (kind: Resource['kind'], wishes: Wishes = dev): Resource[] =>
  only(resourcesOf(named('ada', wishes), hand), kind)

/** What somebody does by hand, and how that is told. Each is set right again. */
type Change = [what: string, change: () => Promise<unknown>, told: string | RegExp]

const changed = (kind: Resource['kind'], name: string, aspect: string, changes: Change[]): void => {
  describe(aspect, () => {
    test.each(changes)('%s is told, and set right', async (_, change, told) => {
      const wanted = ours(kind).filter((each) => each.name === name)
      await change()

      const [plan] = await look(wanted)
      expect(plan).toMatchObject({ name, is: 'different', differences: [{ aspect, canChange: true }] })
      expect(JSON.stringify(plan?.differences[0]?.is)).toMatch(told)

      const lines: string[] = []
      expect(await apply(wanted, (line) => lines.push(line))).toEqual([])
      expect(lines).toEqual([`changed ${aspect} of the ${kind} ${name}`])
    })
  })
}

const setBlock = (block: Partial<typeof nothingPublic>) => () =>
  hand.s3.send(
    new PutPublicAccessBlockCommand({
      Bucket: bucket,
      PublicAccessBlockConfiguration: { ...nothingPublic, ...block },
    }),
  )
changed('bucket', bucket, 'public access block', [
  ['none', () => hand.s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket })), /^"not set"$/],
  ['public lists', setBlock({ BlockPublicAcls: false }), /"BlockPublicAcls":false/],
  ['heeded lists', setBlock({ IgnorePublicAcls: false }), /"IgnorePublicAcls":false/],
  ['public policies', setBlock({ BlockPublicPolicy: false }), /"BlockPublicPolicy":false/],
  ['heeded policies', setBlock({ RestrictPublicBuckets: false }), /"RestrictPublicBuckets":false/],
])

const [wantedCors] = corsRules(dev.origins)
const setCors =
  (rule: Partial<CORSRule>, ...more: CORSRule[]) =>
  () =>
    hand.s3.send(
      new PutBucketCorsCommand({
        Bucket: bucket,
        CORSConfiguration: {
          CORSRules: [{ AllowedMethods: [], AllowedOrigins: [], ...wantedCors, ...rule }, ...more],
        },
      }),
    )
changed('bucket', bucket, 'CORS', [
  ['none', () => hand.s3.send(new DeleteBucketCorsCommand({ Bucket: bucket })), /^"not set"$/],
  ['another origin', setCors({ AllowedOrigins: ['*'] }), /"AllowedOrigins":\["\*"\]/],
  ['fewer methods', setCors({ AllowedMethods: ['GET'] }), /"AllowedMethods":\["GET"\]/],
  ['another header', setCors({ AllowedHeaders: ['content-type'] }), /"AllowedHeaders":\["content-type"\]/],
  ['a header that is not shown', setCors({ ExposeHeaders: ['Date'] }), /"ExposeHeaders":\["Date"\]/],
  ['another age', setCors({ MaxAgeSeconds: 1 }), /"MaxAgeSeconds":1[,}]/],
  ['a further rule', setCors({}, { AllowedMethods: ['GET'], AllowedOrigins: ['*'] }), /"\*"\]/],
])

const wantedRules = (): LifecycleRule[] =>
  (named('ada', dev).buckets.find(({ name }) => name === bucket)?.lifecycle ?? []).map((rule) =>
    lifecycleRule(rule),
  )
const setRules = (Rules: LifecycleRule[]) =>
  hand.s3.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration: { Rules } }),
  )
const setRule = (id: string, change: Partial<LifecycleRule>) => () =>
  setRules(wantedRules().map((rule) => (rule.ID === id ? Object.assign(rule, change) : rule)))
changed('bucket', bucket, 'lifecycle', [
  ['none', () => hand.s3.send(new DeleteBucketLifecycleCommand({ Bucket: bucket })), /^"not set"$/],
  [
    'a bucket of an earlier shape, whose uploads stay and move with all else',
    () =>
      setRules([
        {
          ID: 'abort-left-uploads',
          Filter: { Prefix: '' },
          Status: 'Enabled',
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        },
        {
          ID: 'archive',
          Filter: { Prefix: '' },
          Status: 'Enabled',
          Transitions: [{ Days: 30, StorageClass: 'INTELLIGENT_TIERING' }],
        },
      ]),
    /"ID":"archive".*"Filter":\{"Prefix":""\}/,
  ],
  ['a rule less', () => setRules(wantedRules().slice(1)), /^(?!.*abort-left-uploads)/],
  [
    'a rule more',
    () => setRules([...wantedRules(), { ID: 'x', Prefix: '', Status: 'Enabled', Expiration: { Days: 9 } }]),
    /"ID":"x"/,
  ],
  ['uploads that go sooner', setRule('remove-left-uploads', { Expiration: { Days: 1 } }), /"Days":1\}/],
  [
    'a rule for what is kept that removes it',
    setRule('remove-left-uploads', { Filter: { Prefix: 'media/' } }),
    /"remove-left-uploads".*"Filter":\{"Prefix":"media\/"/,
  ],
  ['a rule that sleeps', setRule('remove-left-uploads', { Status: 'Disabled' }), /"Disabled"/],
  [
    'a rule for some objects alone',
    setRule('abort-left-uploads', {
      Filter: { And: { Prefix: '', Tags: [{ Key: 'whose', Value: 'ada' }] } },
    }),
    /"whose"/,
  ],
  [
    'another class of storage',
    setRule('archive', { Transitions: [{ Days: 30, StorageClass: 'GLACIER' }] }),
    /"GLACIER"/,
  ],
  [
    'later archiving',
    setRule('archive', { Transitions: [{ Days: 31, StorageClass: 'INTELLIGENT_TIERING' }] }),
    /"Days":31/,
  ],
  [
    'later aborting',
    setRule('abort-left-uploads', { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }),
    /"DaysAfterInitiation":7/,
  ],
])

test('rules in another order, with their prefixes as they were written once, are the same', async () => {
  await setRules(
    wantedRules()
      .map(({ Filter, ...rule }) => Object.assign(rule, { Prefix: Filter?.Prefix ?? '' }))
      .reverse(),
  )

  expect((await look(ours('bucket'))).every(({ is }) => is === 'as wanted')).toBe(true)
  const { Rules } = await hand.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))
  expect(Rules?.[0]).toMatchObject({ ID: 'archive', Prefix: 'media/' })
})

test('encryption that was taken away is what S3 does by itself', async () => {
  await hand.s3.send(new DeleteBucketEncryptionCommand({ Bucket: bucket }))

  expect((await look(ours('bucket'))).every(({ is }) => is === 'as wanted')).toBe(true)
})

const urlOf = async (QueueName: string) =>
  (await hand.sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl
const setAttribute =
  (name: string, attribute: QueueAttributeName, value: (old: string) => string) => async () => {
    const QueueUrl = await urlOf(name)
    const { Attributes } = await hand.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    )
    await hand.sqs.send(
      new SetQueueAttributesCommand({
        QueueUrl,
        Attributes: { [attribute]: value(Attributes?.[attribute] ?? '') },
      }),
    )
  }

const setNotifications =
  (change: (ours: QueueConfiguration) => QueueConfiguration | undefined) => async () => {
    const { Attributes } = await hand.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: await urlOf(queue), AttributeNames: ['QueueArn'] }),
    )
    const other = change({
      Id: 'millrace-events',
      QueueArn: Attributes?.['QueueArn'],
      Events: ['s3:ObjectCreated:*'],
      Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'uploads/' }] } },
    })
    await hand.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: bucket,
        // The other queue need not be there.
        SkipDestinationValidation: true,
        NotificationConfiguration: { QueueConfigurations: other ? [other] : [] },
      }),
    )
  }
changed('bucket', bucket, 'notifications', [
  ['silence', setNotifications(() => undefined), /^"not set"$/],
  [
    'other events',
    setNotifications((it) => ({ ...it, Events: ['s3:ObjectCreated:Put'] })),
    /"s3:ObjectCreated:Put"/,
  ],
  [
    'another queue',
    setNotifications((it) => ({ ...it, QueueArn: it.QueueArn?.replace(queue, 'grace') })),
    /:grace"/,
  ],
  ['everything', setNotifications(({ Id, QueueArn, Events }) => ({ Id, QueueArn, Events })), /"below":""/],
  [
    'another prefix',
    setNotifications((it) => ({
      ...it,
      Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'media/' }] } },
    })),
    /"below":"media\/"/,
  ],
  [
    'some of the uploads',
    setNotifications((it) => ({
      ...it,
      Filter: {
        Key: {
          FilterRules: [
            { Name: 'prefix', Value: 'uploads/' },
            { Name: 'suffix', Value: '.png' },
          ],
        },
      },
    })),
    /"\.png"/,
  ],
])

changed('queue', deadLetters, 'MessageRetentionPeriod', [
  [
    'a queue of dead letters that forgets sooner',
    setAttribute(deadLetters, 'MessageRetentionPeriod', () => '600'),
    /^600$/,
  ],
])
changed('queue', queue, 'MessageRetentionPeriod', [
  ['a queue that forgets sooner', setAttribute(queue, 'MessageRetentionPeriod', () => '600'), /^600$/],
])
changed('queue', queue, 'VisibilityTimeout', [
  ['a queue that is more impatient', setAttribute(queue, 'VisibilityTimeout', () => '5'), /^5$/],
])
changed('queue', queue, 'RedrivePolicy', [
  ['a queue without dead letters', setAttribute(queue, 'RedrivePolicy', () => ''), /^"not set"$/],
  [
    'more tries',
    setAttribute(queue, 'RedrivePolicy', (old) =>
      old.replace(/"maxReceiveCount":"?\d+"?/, '"maxReceiveCount":9'),
    ),
    /"maxReceiveCount":9/,
  ],
  [
    'dead letters that go elsewhere',
    async () => {
      await hand.sqs.send(new CreateQueueCommand({ QueueName: 'grace' }))
      await setAttribute(queue, 'RedrivePolicy', (old) => old.replace(deadLetters, 'grace'))()
    },
    /:grace"/,
  ],
])
changed('queue', queue, 'Policy', [
  ['a queue that nobody may fill', setAttribute(queue, 'Policy', () => ''), /^"not set"$/],
  [
    'a queue that everybody may fill',
    setAttribute(queue, 'Policy', (old) => old.replace(/"Principal":\{[^}]*\}/, '"Principal":"*"')),
    /"Principal":"\*"/,
  ],
  [
    'a queue that other buckets may fill',
    setAttribute(queue, 'Policy', (old) => old.replace('ada-documents-dev', 'grace-documents-dev')),
    /grace-documents-dev/,
  ],
])

test('who may fill the queue is S3 for these two buckets, and nobody else', async () => {
  const { Attributes } = await hand.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: await urlOf(queue), AttributeNames: ['All'] }),
  )

  expect(JSON.parse(Attributes?.['Policy'] ?? '')).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'BucketsMaySend',
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: Attributes?.['QueueArn'],
        Condition: {
          ArnEquals: {
            'aws:SourceArn': ['arn:aws:s3:::ada-media-uploads-dev', 'arn:aws:s3:::ada-documents-dev'],
          },
        },
      },
    ],
  })
  expect(Attributes).toMatchObject({ MessageRetentionPeriod: '1209600', VisibilityTimeout: '60' })
  expect(JSON.parse(Attributes?.['RedrivePolicy'] ?? '')).toMatchObject({ maxReceiveCount: 5 })
})

test('protection of production that was taken away comes back', async () => {
  const wanted = only(ours('table', prod), 'table', 'profiles-prod')
  await apply(wanted, () => undefined)
  const TableName = 'ada-profiles-prod'
  await hand.dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }))

  const told: string[] = []
  await apply(wanted, (line) => told.push(line))

  expect(told).toEqual([`changed deletion protection of the table ${TableName}`])
  const { Table } = await hand.dynamodb.send(new DescribeTableCommand({ TableName }))
  expect(Table?.DeletionProtectionEnabled).toBe(true)
})

describe('units', () => {
  /** The stand-in takes no units for an index that is there, so what it is asked for is looked at on the way. */
  async function changesOf(
    name: string,
    described: (wanted: Table) => Table,
    change: (made: CreateTableCommandInput) => void = () => undefined,
  ): Promise<unknown[]> {
    const who = `units-${name}`
    const [table] = named(who, { ...dev, provisioned: true }).tables
    if (!table) throw new Error('There is no such table.')
    const made: CreateTableCommandInput = creation(described(table))
    change(made)
    await hand.dynamodb.send(new CreateTableCommand(made))
    const asked: unknown[] = []
    const between = await standBetween(account.endpoints.dynamodb, ({ operation, body }) => {
      if (operation === 'UpdateTable') asked.push(JSON.parse(String(body)))
      return undefined
    })
    const clients = clientsOf({ ...account.endpoints, dynamodb: between.endpoint })
    await apply(
      only(resourcesOf(named(who, { ...dev, provisioned: true }), clients), 'table', 'users-dev'),
      () => undefined,
    )
    closeAll(clients)
    await between.stop()
    return asked
  }
  const ProvisionedThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 5 }
  const every = ['EmailIndex', 'RoleIndex', 'ActiveIndex'].map((IndexName) => ({
    Update: { IndexName, ProvisionedThroughput },
  }))

  test('are said of the table and of every index of it that was on demand', async () => {
    expect(await changesOf('demand', (table) => ({ ...table, provisioned: undefined }))).toEqual([
      {
        TableName: 'units-demand-users-dev',
        BillingMode: 'PROVISIONED',
        ProvisionedThroughput,
        GlobalSecondaryIndexUpdates: every,
      },
    ])
  })

  test('are said where they differ, and only there: DynamoDB refuses what is so already', async () => {
    const ofOne = await changesOf(
      'one',
      (table) => table,
      ({ GlobalSecondaryIndexes: [email] = [] }) => {
        if (email) email.ProvisionedThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 1 }
      },
    )
    expect(ofOne).toEqual([
      { TableName: 'units-one-users-dev', GlobalSecondaryIndexUpdates: every.slice(0, 1) },
    ])
    const ofTable = await changesOf(
      'table',
      (table) => table,
      (made) => {
        made.ProvisionedThroughput = { ReadCapacityUnits: 4, WriteCapacityUnits: 5 }
      },
    )
    expect(ofTable).toEqual([
      { TableName: 'units-table-users-dev', BillingMode: 'PROVISIONED', ProvisionedThroughput },
    ])
    expect(await changesOf('right', (table) => table)).toEqual([])
  })

  test('of an index that is missing are said when it is made', async () => {
    expect(
      await changesOf('fewer-indexes', (table) => ({ ...table, indexes: table.indexes.slice(1) })),
    ).toEqual([
      {
        TableName: 'units-fewer-indexes-users-dev',
        AttributeDefinitions: [{ AttributeName: 'email', AttributeType: 'S' }],
        GlobalSecondaryIndexUpdates: [
          {
            Create: {
              IndexName: 'EmailIndex',
              KeySchema: [{ AttributeName: 'email', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'ALL' },
              ProvisionedThroughput,
            },
          },
        ],
      },
    ])
  })
})

test('a table of development that somebody protects stays protected', async () => {
  const wanted = only(ours('table'), 'table', 'media-dev')
  await apply(wanted, () => undefined)
  const TableName = 'ada-media-dev'
  await hand.dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }))

  expect((await look(wanted)).map(({ is }) => is)).toEqual(['as wanted'])
})
