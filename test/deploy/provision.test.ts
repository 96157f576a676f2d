import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb'
import { GetBucketCorsCommand, PutBucketCorsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import {
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describe as describeIt, type Wishes } from '../../deploy/provision/description.ts'
import { readOptions } from '../../deploy/provision/options.ts'
import { apply, look } from '../../deploy/provision/plan.ts'
import { resourcesOf, type Clients } from '../../deploy/provision/resources.ts'
import { toldAs } from '../../deploy/provision/telling.ts'
import { templateOf } from '../../deploy/provision/template.ts'
import { startDynamodb, type DynamoDb } from '../../local/launch/dynamodb.ts'
import { startS3, type S3Stack } from '../../local/s3/server.ts'
import { startSqs, type SqsStack } from '../../local/sqs/server.ts'

const region = 'us-east-1'
const credentials = { accessKeyId: 'ada', secretAccessKey: 'secret-of-ada' }
const dev: Wishes = { environment: 'dev', provisioned: false, origins: ['http://localhost:3001'] }

let directory: string
let stores: { dynamodb: DynamoDb; s3: S3Stack; sqs: SqsStack }
let clients: Clients

describe('the account', () => {
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'millrace-provision-'))
    const sqs = await startSqs({ journal: path.join(directory, 'sqs.jsonl'), region })
    const s3 = await startS3({
      directory: path.join(directory, 's3'),
      region,
      credentials,
      sendToQueue: (arn: string, body: string) => sqs.send(arn, body),
    })
    const dynamodb = await startDynamodb({
      directory: path.join(directory, 'dynamodb'),
      say: () => undefined,
    })
    stores = { dynamodb, s3, sqs }
    const at = (endpoint: string) => ({ endpoint, region, credentials: { ...credentials } })
    clients = {
      region,
      dynamodb: new DynamoDBClient(at(dynamodb.endpoint)),
      s3: new S3Client({ ...at(s3.endpoint), forcePathStyle: true }),
      sqs: new SQSClient(at(sqs.endpoint)),
    }
  })
  afterEach(async () => {
    for (const client of [clients.dynamodb, clients.s3, clients.sqs]) client.destroy()
    await Promise.all(Object.values(stores).map((store) => store.stop()))
    await rm(directory, { recursive: true })
  })

  const resources = (wishes: Wishes = dev) => resourcesOf(describeIt(wishes), clients)
  const states = async (wishes?: Wishes) =>
    (await look(resources(wishes))).map(({ name, is }) => `${name} ${is}`)

  test('an empty account gets five tables, three buckets and two queues, and has nothing left to do', async () => {
    expect((await look(resources())).every(({ is }) => is === 'missing')).toBe(true)
    const told: string[] = []
    expect(await apply(resources(), (line) => told.push(line))).toEqual([])

    expect(told).toHaveLength(10)
    expect(new Set((await look(resources())).map(({ is }) => is))).toEqual(new Set(['as wanted']))
    const { Table } = await clients.dynamodb.send(
      new DescribeTableCommand({ TableName: 'pre-work-users-dev' }),
    )
    expect(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName).sort()).toEqual([
      'ActiveIndex',
      'EmailIndex',
      'RoleIndex',
    ])
  })

  test('what was made is not made again', async () => {
    await apply(resources(), () => undefined)
    const told: string[] = []
    expect(await apply(resources(), (line) => told.push(line))).toEqual([])
    expect(told).toEqual([])
  })

  test('what happens in the buckets of uploads comes to the queue', async () => {
    await apply(resources(), () => undefined)
    await clients.s3.send(
      new PutObjectCommand({ Bucket: 'pre-work-media-uploads-dev', Key: 'photo', Body: 'bytes' }),
    )

    const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'pre-work-events-dev' }))
    await expect
      .poll(async () => {
        const { Messages = [] } = await clients.sqs.send(
          new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }),
        )
        return Messages.map(({ Body }) => Body).join()
      })
      .toContain('"key":"photo"')
  })

  test('what somebody changed is told, and set right again', async () => {
    await apply(resources(), () => undefined)
    const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'pre-work-events-dev' }))
    await clients.sqs.send(
      new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '5' } }),
    )
    const CORSRules = [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }]
    const Bucket = 'pre-work-thumbnails-dev'
    await clients.s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))

    const plan = await look(resources())
    expect(plan.filter(({ is }) => is === 'different').map(({ name }) => name)).toEqual([
      'pre-work-events-dev',
      Bucket,
    ])
    expect(toldAs(plan)).toContain('    VisibilityTimeout: is 5, becomes 60')

    const told: string[] = []
    expect(await apply(resources(), (line) => told.push(line))).toEqual([])
    expect(told).toEqual([
      'changed VisibilityTimeout of the queue pre-work-events-dev',
      `changed CORS of the bucket ${Bucket}`,
    ])
    const { CORSRules: now } = await clients.s3.send(new GetBucketCorsCommand({ Bucket }))
    expect(now?.[0]?.AllowedOrigins).toEqual(['http://localhost:3001'])
  })

  test('a table of another shape is told and left alone; an index that is missing is added', async () => {
    await clients.dynamodb.send(
      new CreateTableCommand({
        TableName: 'pre-work-audit-log-dev',
        AttributeDefinitions: ['logId', 'userId'].map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S',
        })),
        KeySchema: [{ AttributeName: 'logId', KeyType: 'HASH' }],
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

    const left = await apply(resources(), () => undefined)

    expect(left).toEqual([
      {
        kind: 'table',
        name: 'pre-work-audit-log-dev',
        is: 'different',
        differences: [
          {
            aspect: 'index UserIdIndex',
            is: { hash: 'userId', range: null },
            wanted: { hash: 'userId', range: 'logId' },
            canChange: false,
          },
        ],
      },
    ])
    expect(toldAs(left)).toContain('cannot become')
    expect((await states()).filter((state) => !state.endsWith('as wanted'))).toEqual([
      'pre-work-audit-log-dev different',
    ])
  })

  test('environments do not touch each other, and tables may be provisioned as the guide writes them', async () => {
    await apply(resources(), () => undefined)
    const prod: Wishes = { environment: 'prod', provisioned: true, origins: ['https://app.example.org'] }
    const left = await apply(resources(prod).slice(0, 1), () => undefined)
    // The one of development has no backups, and it is said.
    expect(left.flatMap(({ differences }) => differences.map(({ aspect }) => aspect))).toEqual([
      'point-in-time recovery',
    ])

    const { TableNames } = await clients.dynamodb.send(new ListTablesCommand({}))
    expect(TableNames).toHaveLength(6)
    const { Table } = await clients.dynamodb.send(
      new DescribeTableCommand({ TableName: 'pre-work-users-prod' }),
    )
    expect(Table?.ProvisionedThroughput).toMatchObject({ ReadCapacityUnits: 5, WriteCapacityUnits: 5 })
    expect(
      Table?.GlobalSecondaryIndexes?.every(({ ProvisionedThroughput: of }) => of?.ReadCapacityUnits === 5),
    ).toBe(true)
    expect(new Set((await look(resources())).map(({ is }) => is))).toEqual(new Set(['as wanted']))
  })
})

describe('the template', () => {
  const template = templateOf(describeIt({ ...dev, environment: 'prod' })) as {
    Resources: Record<string, { Type: string; DeletionPolicy?: string; Properties: Record<string, unknown> }>
  }
  const ofType = (type: string) => Object.entries(template.Resources).filter(([, { Type }]) => Type === type)

  test('holds everything, and tables and buckets outlive it', () => {
    expect(ofType('AWS::DynamoDB::Table').map(([name]) => name)).toEqual([
      'Users',
      'Profiles',
      'Submissions',
      'Media',
      'AuditLog',
    ])
    expect(ofType('AWS::S3::Bucket').map(([name]) => name)).toEqual([
      'MediaUploads',
      'Documents',
      'Thumbnails',
    ])
    const keepers = [...ofType('AWS::DynamoDB::Table'), ...ofType('AWS::S3::Bucket')]
    expect(keepers.every(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain')).toBe(true)
    expect(ofType('AWS::SQS::Queue')).toHaveLength(2)
    expect(ofType('AWS::CloudWatch::Alarm')).toHaveLength(14)
  })

  test('lets nobody change or remove an entry of the audit log, and nobody do everything', () => {
    const statements = ofType('AWS::IAM::ManagedPolicy').flatMap(
      ([, { Properties }]) =>
        (Properties['PolicyDocument'] as { Statement: { Action: string | string[]; Resource: unknown }[] })
          .Statement,
    )
    const actionsOn = (what: string) =>
      statements
        .filter(({ Resource }) => JSON.stringify(Resource).includes(what))
        .flatMap(({ Action }) => Action)
    expect(actionsOn('AuditLog')).toEqual(expect.arrayContaining(['dynamodb:PutItem']))
    expect(actionsOn('AuditLog')).not.toContain('dynamodb:UpdateItem')
    expect(actionsOn('AuditLog')).not.toContain('dynamodb:DeleteItem')
    expect(JSON.stringify(statements)).not.toMatch(/"(\*|[a-z0-9]+:\*|dynamodb:Scan)"/)
  })

  test('names only what it holds', () => {
    const references = [
      ...JSON.stringify(template).matchAll(/"(?:Ref|Fn::GetAtt)":(?:\["(\w+)"|"(\w+)")/g),
      ...JSON.stringify(template).matchAll(/\$\{(\w+)\.Arn\}/g),
    ].map(([, one, other]) => one ?? other)
    expect(references.length).toBeGreaterThan(20)
    for (const name of references) expect([...Object.keys(template.Resources), 'AlarmTopic']).toContain(name)
  })
})

describe('what it is asked with', () => {
  test('is refused in a sentence when it makes no sense', () => {
    expect(readOptions([])).toEqual({ fault: '--env wants one of dev, prod' })
    expect(readOptions(['--env', 'prod'])).toMatchObject({
      fault: expect.stringContaining('--origin') as string,
    })
    expect(readOptions(['--env', 'dev', '--origin', 'https://app.example.org/path'])).toMatchObject({
      fault: expect.stringContaining('without a path') as string,
    })
    expect(readOptions(['--env', 'dev', '--delete'])).toMatchObject({ fault: expect.any(String) as string })
  })

  test('is dev with the web app of the guide, on demand, unless it says otherwise', () => {
    expect(readOptions(['--env', 'dev'])).toMatchObject(dev)
    expect(
      readOptions(['--env', 'prod', '--origin', 'https://app.example.org', '--provisioned']),
    ).toMatchObject({
      environment: 'prod',
      provisioned: true,
      origins: ['https://app.example.org'],
    })
  })
})
