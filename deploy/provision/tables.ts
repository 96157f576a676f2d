import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  ResourceNotFoundException,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  waitUntilTableExists,
  type DynamoDBClient,
  type KeySchemaElement,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import { minutes, seconds, sleep } from '../../src/shared/time.ts'
import type { Index, Table } from './description.ts'
import type { Aspect, Resource } from './plan.ts'

/** A table with its indexes. One that misses an index gets it; an index of another shape is told and left alone. */
export function tableResource(client: DynamoDBClient, table: Table): Resource {
  const { name: TableName } = table
  const describeTable = () => findTable(client, TableName)
  const update = async (change: object): Promise<void> => {
    await client.send(new UpdateTableCommand({ TableName, ...change }))
    await untilActive(client, TableName)
  }
  return {
    kind: 'table',
    name: TableName,
    exists: async () => (await describeTable()) !== undefined,
    create: async () => {
      await client.send(new CreateTableCommand(creation(table)))
      // The defaults of the SDK wait twenty seconds before they look again.
      await waitUntilTableExists(
        { client, minDelay: 1, maxDelay: 5, maxWaitTime: minutes(10) / 1000 },
        { TableName },
      )
    },
    aspects: [
      {
        name: 'key',
        wanted: () => table.key,
        read: async () => keyOf((await describeTable())?.KeySchema).hash,
      },
      ...table.indexes.map((index): Aspect => ({
        name: `index ${index.name}`,
        wanted: () => ({ hash: index.hash, range: index.range ?? null }),
        read: async () => {
          const found = (await describeTable())?.GlobalSecondaryIndexes?.find(
            ({ IndexName }) => IndexName === index.name,
          )
          return found ? keyOf(found.KeySchema) : 'missing'
        },
        canChange: (is) => is === 'missing',
        write: () =>
          update({
            AttributeDefinitions: attributesOf([index]),
            GlobalSecondaryIndexUpdates: [{ Create: indexOf(index, table) }],
          }),
      })),
      {
        name: 'capacity',
        wanted: () => table.provisioned ?? 'on demand',
        read: async () => capacityOf(await describeTable()),
        write: () => update(billing(table)),
      },
      {
        name: 'deletion protection',
        wanted: () => table.guarded,
        read: async () => (await describeTable())?.DeletionProtectionEnabled ?? false,
        write: () => update({ DeletionProtectionEnabled: table.guarded }),
      },
      ...(table.guarded ? [backups(client, TableName)] : []),
    ],
  }
}

/** Not every DynamoDB is Amazon's. */
const UNKNOWN = 'nothing this DynamoDB knows of'

/** Every moment of the last 35 days can be brought back. */
const backups = (client: DynamoDBClient, TableName: string): Aspect => ({
  name: 'point-in-time recovery',
  wanted: () => true,
  read: async () => {
    try {
      const { ContinuousBackupsDescription: found } = await client.send(
        new DescribeContinuousBackupsCommand({ TableName }),
      )
      return found?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED'
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'UnknownOperationException') throw error
      return UNKNOWN
    }
  },
  canChange: (is) => is !== UNKNOWN,
  write: async () => {
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true }
    await client.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }))
  },
})

async function findTable(client: DynamoDBClient, TableName: string): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName }))).Table
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  }
}

/** A table and its indexes change one after another: a change is refused while the one before is under way. */
async function untilActive(client: DynamoDBClient, TableName: string): Promise<void> {
  const giveUpAt = performance.now() + minutes(30)
  for (;;) {
    const table = await findTable(client, TableName)
    const states = [
      table?.TableStatus,
      ...(table?.GlobalSecondaryIndexes ?? []).map(({ IndexStatus }) => IndexStatus),
    ]
    if (states.every((state) => state === undefined || state === 'ACTIVE')) return
    if (performance.now() > giveUpAt) throw new Error(`${TableName} is still changing after half an hour.`)
    await sleep(seconds(1), never)
  }
}

const never = new AbortController().signal

export function creation(table: Table) {
  const { name: TableName, key, indexes, guarded } = table
  return {
    TableName,
    AttributeDefinitions: attributesOf([{ hash: key }, ...indexes]),
    KeySchema: schemaOf({ hash: key }),
    GlobalSecondaryIndexes: indexes.map((index) => indexOf(index, table)),
    DeletionProtectionEnabled: guarded,
    ...billing(table),
  }
}

const billing = ({ provisioned }: Table) =>
  provisioned
    ? { BillingMode: 'PROVISIONED' as const, ProvisionedThroughput: throughput(provisioned) }
    : { BillingMode: 'PAY_PER_REQUEST' as const }

const indexOf = (index: Index, { provisioned }: Table) => ({
  IndexName: index.name,
  KeySchema: schemaOf(index),
  Projection: { ProjectionType: 'ALL' as const },
  ...(provisioned ? { ProvisionedThroughput: throughput(provisioned) } : {}),
})

const throughput = ({ read, write }: { read: number; write: number }) => ({
  ReadCapacityUnits: read,
  WriteCapacityUnits: write,
})

type Keys = Pick<Index, 'hash' | 'range'>

const schemaOf = ({ hash, range }: Keys): KeySchemaElement[] => [
  { AttributeName: hash, KeyType: 'HASH' },
  ...(range === undefined ? [] : [{ AttributeName: range, KeyType: 'RANGE' as const }]),
]

/** Each attribute that is part of a key, once. */
function attributesOf(keys: Keys[]) {
  const names = new Set(keys.flatMap(({ hash, range }) => (range === undefined ? [hash] : [hash, range])))
  return [...names].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const }))
}

function keyOf(schema: KeySchemaElement[] = []) {
  const nameOf = (type: string): string | null =>
    schema.find(({ KeyType }) => KeyType === type)?.AttributeName ?? null
  return { hash: nameOf('HASH'), range: nameOf('RANGE') }
}

function capacityOf(table: TableDescription | undefined) {
  if (table?.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST') return 'on demand'
  const { ReadCapacityUnits: read, WriteCapacityUnits: write } = table?.ProvisionedThroughput ?? {}
  return { read, write }
}
