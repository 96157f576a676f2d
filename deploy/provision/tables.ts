import {
  ContinuousBackupsUnavailableException,
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  ResourceNotFoundException,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  type DynamoDBClient,
  type KeySchemaElement,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import { minutes, seconds, sleep } from '../../src/shared/time.ts'
import { billing, capacityChange, capacityOf, capacityWanted, findIndex, throughput } from './capacity.ts'
import type { Index, Table } from './description.ts'
import type { Aspect, Resource } from './plan.ts'

/** A table with its indexes. One that misses an index gets it; an index of another shape is told and left alone. */
export function tableResource(client: DynamoDBClient, table: Table): Resource {
  const { name: TableName } = table
  const find = () => findTable(client, TableName)
  const ready = () => untilActive(client, TableName)
  const update = async (change: object): Promise<void> => {
    await client.send(new UpdateTableCommand({ TableName, ...change }))
    await ready()
  }
  return {
    kind: 'table',
    name: TableName,
    exists: async () => (await find()) !== undefined,
    create: async () => void (await client.send(new CreateTableCommand(creation(table)))),
    ready,
    aspects: [
      {
        name: 'key',
        wanted: () => ({ hash: table.key, range: null }),
        read: async () => keyOf(await find()),
      },
      ...table.indexes.map((index): Aspect => ({
        name: `index ${index.name}`,
        wanted: () => ({ hash: index.hash, range: index.range ?? null, holds: 'ALL' }),
        read: async () => {
          const found = await find()
          const there = findIndex(found, index.name)
          return there ? { ...keyOf(found, there), holds: there.Projection?.ProjectionType } : 'missing'
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
        wanted: async () => capacityWanted(table, await find()),
        read: async () => capacityOf(table, await find()),
        write: async () => update(capacityChange(table, await find())),
      },
      ...(table.guarded ? [deletionProtection(find, update), backups(client, TableName)] : []),
    ],
  }
}

/** Protects what is wanted protected; where somebody protects more, it stays. */
const deletionProtection = (
  find: () => Promise<TableDescription | undefined>,
  update: (change: object) => Promise<void>,
): Aspect => ({
  name: 'deletion protection',
  wanted: () => true,
  read: async () => (await find())?.DeletionProtectionEnabled ?? false,
  write: () => update({ DeletionProtectionEnabled: true }),
})

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
  write: () => {
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true }
    const command = new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification })
    return patiently(`Backups of ${TableName} cannot be switched on yet.`, async () => {
      try {
        await client.send(command)
        return true
      } catch (error) {
        // A new table has none for a moment.
        if (error instanceof ContinuousBackupsUnavailableException) return false
        throw error
      }
    })
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

/**
 * A table and its indexes change one after another: a change is refused while the one before is under way. A new table may be
 * unknown for a moment.
 */
const untilActive = (client: DynamoDBClient, TableName: string): Promise<void> =>
  patiently(`${TableName} is still changing.`, async () => {
    const table = await findTable(client, TableName)
    const indexes = table?.GlobalSecondaryIndexes ?? []
    return (
      table?.TableStatus === 'ACTIVE' &&
      indexes.every(({ IndexStatus = 'ACTIVE' }) => IndexStatus === 'ACTIVE')
    )
  })

async function patiently(otherwise: string, isSo: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + minutes(30)
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`After half an hour: ${otherwise}`)
    await sleep(seconds(1))
  }
}

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

const indexOf = (index: Index, { provisioned }: Table) => ({
  IndexName: index.name,
  KeySchema: schemaOf(index),
  Projection: { ProjectionType: 'ALL' as const },
  ...(provisioned ? { ProvisionedThroughput: throughput(provisioned) } : {}),
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

/** The names; with their types where those are not strings. */
function keyOf(table: TableDescription | undefined, { KeySchema = [] }: KeyedBy = table ?? {}) {
  const nameOf = (type: string): string | null => {
    const name = KeySchema.find(({ KeyType }) => KeyType === type)?.AttributeName
    const kind = table?.AttributeDefinitions?.find(
      ({ AttributeName }) => AttributeName === name,
    )?.AttributeType
    if (name === undefined) return null
    return kind === 'S' ? name : `${name} (${kind})`
  }
  return { hash: nameOf('HASH'), range: nameOf('RANGE') }
}

type KeyedBy = Pick<TableDescription, 'KeySchema'>
