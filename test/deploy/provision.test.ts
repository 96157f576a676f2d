import {
  CreateTableCommand,
  DescribeTableCommand,
  ListTablesCommand,
  type CreateTableCommandInput,
} from '@aws-sdk/client-dynamodb'
import {
  GetBucketNotificationConfigurationCommand,
  GetObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { CreateQueueCommand, GetQueueUrlCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KEPT, UPLOADS, type Wishes } from '../../deploy/provision/description.ts'
import { apply, look, type Resource } from '../../deploy/provision/plan.ts'
import { resourcesOf, type Clients } from '../../deploy/provision/resources.ts'
import { creation } from '../../deploy/provision/tables.ts'
import { toldAs } from '../../deploy/provision/telling.ts'
import * as places from '../../src/domains/prework/media/places.ts'
import { clientsOf, closeAll, dev, named, only, prod, startAccount, type Account } from './account.ts'

let account: Account
/** Those that provisioning uses, and the name of every command it sent. */
let clients: Clients
const sent = new Set<string>()

beforeAll(async () => {
  account = await startAccount()
  clients = clientsOf(account.endpoints)
  clients.dynamodb.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) =>
        note(commandName, next(args)),
    {
      step: 'initialize',
    },
  )
  clients.s3.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) =>
        note(commandName, next(args)),
    {
      step: 'initialize',
    },
  )
  clients.sqs.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) =>
        note(commandName, next(args)),
    {
      step: 'initialize',
    },
  )
})
afterAll(async () => {
  closeAll(clients)
  await account[Symbol.asyncDispose]()
  // Whatever it found.
  expect(sent.has('CreateTableCommand')).toBe(true)
  expect([...sent].filter((command) => command.includes('Delete'))).toEqual([])
})

function note<Result>(command: string, result: Result): Result {
  sent.add(command)
  return result
}

const resources = (who: string, wishes: Wishes = dev): Resource[] => resourcesOf(named(who, wishes), clients)
const applied = async (wanted: Resource[]) => {
  const told: string[] = []
  const left = await apply(wanted, (line) => told.push(line))
  return { told, left }
}
const statesOf = async (wanted: Resource[]) => new Set((await look(wanted)).map(({ is }) => is))

test('an empty account gets five tables, the queues and three buckets, in this order and once', async () => {
  const wanted = resources('ada')
  expect(await statesOf(wanted)).toEqual(new Set(['missing']))

  expect(await applied(wanted)).toEqual({
    told: [
      'made the table ada-users-dev',
      'made the table ada-profiles-dev',
      'made the table ada-submissions-dev',
      'made the table ada-media-dev',
      'made the table ada-audit-log-dev',
      'made the queue ada-events-dev-dead',
      'made the queue ada-events-dev',
      'made the bucket ada-media-uploads-dev',
      'made the bucket ada-documents-dev',
      'made the bucket ada-thumbnails-dev',
    ],
    left: [],
  })
  expect(await statesOf(wanted)).toEqual(new Set(['as wanted']))
  expect(await applied(wanted)).toEqual({ told: [], left: [] })
})

test('the tables have the keys and indexes of the guide, the trail in its order, and a list of who is active', async () => {
  await applied(only(resources('grace'), 'table'))

  const shapeOf = async (what: string) => {
    const { Table } = await account.hand.dynamodb.send(
      new DescribeTableCommand({ TableName: `grace-${what}-dev` }),
    )
    const keys = (schema: { AttributeName?: string | undefined }[] = []) =>
      schema.map(({ AttributeName }) => AttributeName).join(' ')
    expect(Table?.AttributeDefinitions?.every(({ AttributeType }) => AttributeType === 'S')).toBe(true)
    expect(Table?.BillingModeSummary?.BillingMode).toBe('PAY_PER_REQUEST')
    const indexes = (Table?.GlobalSecondaryIndexes ?? []).map(({ IndexName, KeySchema, Projection }) => {
      expect(Projection).toEqual({ ProjectionType: 'ALL' })
      return `${IndexName}: ${keys(KeySchema)}`
    })
    return [keys(Table?.KeySchema), ...indexes.sort()]
  }
  expect(await shapeOf('users')).toEqual([
    'userId',
    'ActiveIndex: active userId',
    'EmailIndex: email',
    'RoleIndex: role',
  ])
  expect(await shapeOf('profiles')).toEqual(['profileId', 'ManagerIdIndex: managerId', 'UserIdIndex: userId'])
  expect(await shapeOf('submissions')).toEqual(['submissionId', 'StatusIndex: status', 'UserIdIndex: userId'])
  expect(await shapeOf('media')).toEqual([
    'mediaId',
    'SubmissionIdIndex: submissionId',
    'UserIdIndex: userId',
  ])
  expect(await shapeOf('audit-log')).toEqual([
    'logId',
    'EntityIdIndex: entityId logId',
    'UserIdIndex: userId logId',
  ])
})

test('uploads come to the queue; what is kept, and what happens among thumbnails, does not', async () => {
  const wanted = resources('linus')
  await applied(only(wanted, 'queue'))
  await applied(only(wanted, 'bucket'))
  for (const [bucket, key] of [
    ['thumbnails', 'uploads/thumbnail'],
    ['media-uploads', 'media/kept'],
    ['documents', 'media/kept'],
    ['media-uploads', 'uploads/picture'],
    ['documents', 'uploads/document'],
  ]) {
    const Bucket = `linus-${bucket}-dev`
    await account.hand.s3.send(new PutObjectCommand({ Bucket, Key: key, Body: 'bytes' }))
  }

  const { QueueUrl } = await account.hand.sqs.send(new GetQueueUrlCommand({ QueueName: 'linus-events-dev' }))
  const keys: string[] = []
  await expect
    .poll(async () => {
      const { Messages = [] } = await account.hand.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1, MaxNumberOfMessages: 10 }),
      )
      const found = Messages.flatMap(({ Body = '' }) => /"key":"([^"]+)"/.exec(Body)?.[1] ?? [])
      return keys.push(...found) && keys.sort()
    })
    .toEqual(['uploads/document', 'uploads/picture'])
})

test('the prefixes of buckets are those under which media are kept', () => {
  const place = { userId: 'ada', mediaId: 'picture' }
  expect(UPLOADS).toBe(places.UPLOADS)
  expect(places.uploadOf(place).startsWith(UPLOADS)).toBe(true)
  expect(places.folderOf(place).startsWith(KEPT)).toBe(true)
  expect(places.fileOf(place, 'digest').startsWith(KEPT)).toBe(true)
  expect(places.thumbnailOf(place, 'digest', 'small').startsWith(KEPT)).toBe(true)

  const { buckets } = named('ada', dev)
  const rules = Object.fromEntries(
    buckets.map(({ name, lifecycle }) => [name, lifecycle.map(({ prefix, action }) => [prefix, action])]),
  )
  const brokenOff = ['', { abortUploadsAfterDays: 1 }]
  const ofUploads = [brokenOff, [UPLOADS, { removeAfterDays: 2 }], [KEPT, { archiveAfterDays: 30 }]]
  expect(rules).toEqual({
    'ada-media-uploads-dev': ofUploads,
    'ada-documents-dev': ofUploads,
    'ada-thumbnails-dev': [brokenOff],
  })
})

test('what else a bucket tells, and what is in it, stays as it is', async () => {
  const wanted = resources('margaret')
  await applied(only(wanted, 'queue'))
  const uploads = only(wanted, 'bucket', 'media-uploads-dev')
  await applied(uploads)
  const Bucket = 'margaret-media-uploads-dev'
  const { s3, sqs } = account.hand
  await s3.send(new PutObjectCommand({ Bucket, Key: 'media/letter', Body: 'dear' }))
  await sqs.send(new CreateQueueCommand({ QueueName: 'margaret-own' }))
  const { QueueConfigurations: [ours] = [] } = await s3.send(
    new GetBucketNotificationConfigurationCommand({ Bucket }),
  )
  const theirs = {
    Id: 'of-margaret',
    QueueArn: ours?.QueueArn?.replace('margaret-events-dev', 'margaret-own'),
    Events: ['s3:ObjectRemoved:*' as const],
  }
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: { QueueConfigurations: [theirs] },
    }),
  )

  expect((await applied(uploads)).told).toEqual([`changed notifications of the bucket ${Bucket}`])

  const { QueueConfigurations: now = [] } = await s3.send(
    new GetBucketNotificationConfigurationCommand({ Bucket }),
  )
  expect(new Set(now.map(({ Id }) => Id))).toEqual(new Set(['millrace-events', 'of-margaret']))
  expect(now.find(({ Id }) => Id === 'of-margaret')).toMatchObject(theirs)
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'media/letter' }))
  expect(await Body?.transformToString()).toBe('dear')
})

/** How the table `media` came to be otherwise, and what is told of it. */
const otherwise: [how: string, change: (made: CreateTableCommandInput) => void, told: string][] = [
  [
    'another key',
    (made) => {
      made.KeySchema = [{ AttributeName: 'userId', KeyType: 'HASH' }]
    },
    'key: is {"hash":"userId","range":null}, cannot become {"hash":"mediaId","range":null}',
  ],
  [
    'a key of two',
    (made) => made.KeySchema?.push({ AttributeName: 'userId', KeyType: 'RANGE' }),
    'key: is {"hash":"mediaId","range":"userId"}, cannot become {"hash":"mediaId","range":null}',
  ],
  [
    'a number as key',
    (made) => {
      made.AttributeDefinitions = made.AttributeDefinitions?.map(({ AttributeName }) => ({
        AttributeName,
        AttributeType: AttributeName === 'mediaId' ? 'N' : 'S',
      }))
    },
    'key: is {"hash":"mediaId (N)","range":null}, cannot become {"hash":"mediaId","range":null}',
  ],
  [
    'an index by something else',
    ({ GlobalSecondaryIndexes: [index] = [] }) => {
      if (index) index.KeySchema = [{ AttributeName: 'submissionId', KeyType: 'HASH' }]
    },
    'index UserIdIndex: is {"hash":"submissionId","range":null,"holds":"ALL"}, cannot become {"hash":"userId","range":null,"holds":"ALL"}',
  ],
  [
    'an index that is sorted',
    ({ GlobalSecondaryIndexes: [index] = [] }) =>
      index?.KeySchema?.push({ AttributeName: 'submissionId', KeyType: 'RANGE' }),
    'index UserIdIndex: is {"hash":"userId","range":"submissionId","holds":"ALL"}, cannot become {"hash":"userId","range":null,"holds":"ALL"}',
  ],
  [
    'an index of keys alone',
    ({ GlobalSecondaryIndexes: [index] = [] }) => {
      if (index) index.Projection = { ProjectionType: 'KEYS_ONLY' }
    },
    'index UserIdIndex: is {"hash":"userId","range":null,"holds":"KEYS_ONLY"}, cannot become {"hash":"userId","range":null,"holds":"ALL"}',
  ],
]
for (const [index, [how, change, told]] of otherwise.entries()) {
  test(`a table with ${how} is told and left alone`, async () => {
    const who = `other${index}`
    const media = named(who, dev).tables.find(({ name }) => name.endsWith('media-dev'))
    if (!media) throw new Error('There is no such table.')
    const made: CreateTableCommandInput = structuredClone(creation(media))
    change(made)
    // DynamoDB wants no attributes that are part of no key.
    const used = JSON.stringify([made.KeySchema, made.GlobalSecondaryIndexes])
    made.AttributeDefinitions = made.AttributeDefinitions?.filter(({ AttributeName }) =>
      used.includes(`"${AttributeName}"`),
    )
    await account.hand.dynamodb.send(new CreateTableCommand(made))
    const before = await account.hand.dynamodb.send(new DescribeTableCommand({ TableName: media.name }))

    const { told: done, left } = await applied(only(resources(who), 'table', 'media-dev'))

    expect(done).toEqual([])
    expect(toldAs(left)).toBe(`~ table ${media.name}: different\n    ${told}`)
    const after = await account.hand.dynamodb.send(new DescribeTableCommand({ TableName: media.name }))
    expect(after.Table).toEqual(before.Table)
  })
}

test('an index that is missing is added; one that cannot be changed does not hold it up', async () => {
  const TableName = 'guide-audit-log-dev'
  await account.hand.dynamodb.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: ['logId', 'userId'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: [{ AttributeName: 'logId', KeyType: 'HASH' }],
      // As the guide has it: not sorted.
      GlobalSecondaryIndexes: [
        {
          IndexName: 'UserIdIndex',
          KeySchema: [{ AttributeName: 'userId', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  )
  const wanted = only(resources('guide'), 'table', 'audit-log-dev')
  const [plan] = await look(wanted)
  expect(plan?.differences.map(({ aspect, canChange }) => [aspect, canChange])).toEqual([
    ['index UserIdIndex', false],
    ['index EntityIdIndex', true],
  ])

  const { told, left } = await applied(wanted)

  expect(told).toEqual([`changed index EntityIdIndex of the table ${TableName}`])
  expect(left.flatMap(({ differences }) => differences.map(({ aspect }) => aspect))).toEqual([
    'index UserIdIndex',
  ])
})

test('units as the guide writes them, of the table and of each index, come and go with the wish', async () => {
  const users = (provisioned: boolean) =>
    only(resources('turing', { ...dev, provisioned }), 'table', 'users-dev')
  const units = async () => {
    const { Table } = await account.hand.dynamodb.send(
      new DescribeTableCommand({ TableName: 'turing-users-dev' }),
    )
    return [Table, ...(Table?.GlobalSecondaryIndexes ?? [])].map((each) =>
      [each?.ProvisionedThroughput?.ReadCapacityUnits, each?.ProvisionedThroughput?.WriteCapacityUnits].join(
        '/',
      ),
    )
  }
  await applied(users(true))
  expect(await units()).toEqual(['5/5', '5/5', '5/5', '5/5'])
  expect(await applied(users(true))).toEqual({ told: [], left: [] })

  expect(await applied(users(false))).toEqual({
    told: ['changed capacity of the table turing-users-dev'],
    left: [],
  })
  const { Table } = await account.hand.dynamodb.send(
    new DescribeTableCommand({ TableName: 'turing-users-dev' }),
  )
  expect(Table?.BillingModeSummary?.BillingMode).toBe('PAY_PER_REQUEST')

  expect(await applied(users(true))).toEqual({
    told: ['changed capacity of the table turing-users-dev'],
    left: [],
  })
  expect(await units()).toEqual(['5/5', '5/5', '5/5', '5/5'])
})

test('production is guarded, and development is never touched by it', async () => {
  await applied(only(resources('hopper'), 'table', 'users-dev'))
  const { left } = await applied(only(resources('hopper', prod), 'table', 'users-prod'))

  // The DynamoDB of development has no backups, and it is said.
  expect(toldAs(left)).toBe(
    '~ table hopper-users-prod: different\n' +
      '    point-in-time recovery: is nothing this DynamoDB knows of, cannot become true',
  )
  const protection = async (TableName: string) =>
    (await account.hand.dynamodb.send(new DescribeTableCommand({ TableName }))).Table
      ?.DeletionProtectionEnabled
  expect(await protection('hopper-users-prod')).toBe(true)
  expect(await protection('hopper-users-dev')).not.toBe(true)
  const { TableNames = [] } = await account.hand.dynamodb.send(new ListTablesCommand({}))
  expect(TableNames.filter((name) => name.startsWith('hopper-'))).toEqual([
    'hopper-users-dev',
    'hopper-users-prod',
  ])
})
