import { randomUUID } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import type { Config } from './config.ts'
import { failedConditions } from './dynamodb/causes.ts'
import { insist, PATIENCE, type Insisting } from './dynamodb/insist.ts'
import { inBatches } from './dynamodb/batches.ts'
import { seconds } from './time.ts'

/** An item, or the attributes that name one. */
export type Attributes = Record<string, unknown>

/** One write of a transaction: a Put, an Update, a Delete or a ConditionCheck. */
export type Write = NonNullable<TransactWriteCommandInput['TransactItems']>[number]

/** One page of the items that share a partition of a table or of one of its indexes. */
export interface PartitionQuery {
  table: string
  index?: string
  partition: { name: string; value: string }
  /** By the sort key; the smallest first if left out. */
  newestFirst?: boolean
  /** At most this many items. */
  limit: number
  /** The keys of the item after which the page begins. */
  after?: Attributes | undefined
}

/**
 * DynamoDB, for items as plain objects. Throttling, faults of the service, broken connections and transactions in each
 * other's way are tried again here, until the patience is over: then it is `Unavailable`. Undefined is refused as a
 * value, anywhere in an item; empty strings are values like others.
 */
export interface Documents {
  /** The item as it is now, not as it was a moment ago. */
  get(table: string, key: Attributes, signal?: AbortSignal): Promise<Attributes | undefined>
  /** The items that are there of these different keys, in no particular order, as they are now. */
  getMany(table: string, keys: Attributes[], signal?: AbortSignal): Promise<Attributes[]>
  /** What an index shows follows its table after a moment. `more`: there are further items after these. */
  query(asked: PartitionQuery, signal?: AbortSignal): Promise<{ items: Attributes[]; more: boolean }>
  /** Puts items of different keys, in no particular order and not as one: when it throws, some may be there. */
  putMany(table: string, items: Attributes[], signal?: AbortSignal): Promise<void>
  /**
   * All of these writes or none, and once, however often it had to be asked.
   * @throws ConditionFailed
   */
  transact(writes: Write[], signal?: AbortSignal): Promise<void>
  close(): void
}

/** Nothing was written: these writes, counted from 0, had conditions that were not met. */
export class ConditionFailed extends Error {
  override name = 'ConditionFailed'
  readonly failed: readonly number[]

  constructor(failed: readonly number[]) {
    super(`Conditions of the transaction were not met: ${failed.join(', ')}`)
    this.failed = failed
  }
}

/** Nothing is asked of DynamoDB before a method is called. */
export function openDocuments(aws: Config['aws'], { patience = PATIENCE } = {}): Documents {
  const dynamodb = openDynamodb(aws)
  const client = DynamoDBDocumentClient.from(dynamodb, {
    marshallOptions: { removeUndefinedValues: false, convertEmptyValues: false },
  })
  const insisting = (signal: AbortSignal | undefined): Insisting => ({ patience, signal })

  return {
    async get(table, key, signal) {
      const command = () => new GetCommand({ TableName: table, Key: key, ConsistentRead: true })
      const { Item } = await insist(() => client.send(command(), within(signal)), insisting(signal))
      return Item
    },

    async getMany(table, keys, signal) {
      const found: Attributes[] = []
      await inBatches(keys, GET_AT_ONCE, insisting(signal), async (batch) => {
        const RequestItems = { [table]: { Keys: batch, ConsistentRead: true } }
        const answer = await client.send(new BatchGetCommand({ RequestItems }), within(signal))
        found.push(...(answer.Responses?.[table] ?? []))
        return answer.UnprocessedKeys?.[table]?.Keys ?? []
      })
      return found
    },

    async query(asked, signal) {
      // One more than is told says whether there is another page.
      const command = () => new QueryCommand({ ...queryOf(asked), Limit: asked.limit + 1 })
      const answer = await insist(() => client.send(command(), within(signal)), insisting(signal))
      const items = answer.Items ?? []
      return {
        items: items.slice(0, asked.limit),
        more: items.length > asked.limit || answer.LastEvaluatedKey !== undefined,
      }
    },

    putMany: (table, items, signal) =>
      inBatches(items, PUT_AT_ONCE, insisting(signal), async (batch) => {
        const RequestItems = { [table]: batch.map((Item) => ({ PutRequest: { Item } })) }
        const answer = await client.send(new BatchWriteCommand({ RequestItems }), within(signal))
        return (answer.UnprocessedItems?.[table] ?? []).flatMap(({ PutRequest: put }) => put?.Item ?? [])
      }),

    async transact(writes, signal) {
      // The same for every try: a transaction whose answer was lost is not made once more.
      const asked = { TransactItems: writes, ClientRequestToken: randomUUID() }
      try {
        await insist(() => client.send(new TransactWriteCommand(asked), within(signal)), insisting(signal))
      } catch (error) {
        const failed = failedConditions(error)
        // Without a cause: that may quote the items.
        throw failed ? new ConditionFailed(failed) : error
      }
    },

    close: () => dynamodb.destroy(),
  }
}

/** As many as DynamoDB takes. */
const GET_AT_ONCE = 100
const PUT_AT_ONCE = 25

function openDynamodb({ region, credentials, dynamodbEndpoint }: Config['aws']): DynamoDBClient {
  return new DynamoDBClient({
    region,
    ...(credentials ? { credentials: { ...credentials } } : {}),
    ...(dynamodbEndpoint ? { endpoint: dynamodbEndpoint } : {}),
    // It is tried again here, by cause.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: seconds(2),
      /** Until the answer begins. */
      requestTimeout: seconds(4),
      throwOnRequestTimeout: true,
      /** Without a byte either way. */
      socketTimeout: seconds(4),
    },
  })
}

const within = (signal: AbortSignal | undefined) => (signal ? { abortSignal: signal } : {})

function queryOf({ table, index, partition, newestFirst = false, after }: PartitionQuery) {
  return {
    TableName: table,
    ...(index === undefined ? {} : { IndexName: index }),
    KeyConditionExpression: '#partition = :partition',
    ExpressionAttributeNames: { '#partition': partition.name },
    ExpressionAttributeValues: { ':partition': partition.value },
    ScanIndexForward: !newestFirst,
    ...(after ? { ExclusiveStartKey: after } : {}),
  }
}
