import { isDeepStrictEqual } from 'node:util'
import type { TableDescription } from '@aws-sdk/client-dynamodb'
import type { Table } from './description.ts'

type Capacity = { read?: number | undefined; write?: number | undefined }
const ON_DEMAND = 'on demand'

/** Of the table and of those of our indexes that are there: one that is missing is made with its capacity. */
export function capacityWanted({ provisioned, indexes }: Table, is: TableDescription | undefined): unknown {
  if (!provisioned) return ON_DEMAND
  const there = indexes.filter(({ name }) => findIndex(is, name))
  return Object.fromEntries([['table', provisioned], ...there.map(({ name }) => [name, provisioned])])
}

export function capacityOf(
  { indexes }: Table,
  is: TableDescription | undefined,
): Record<string, Capacity> | string {
  if (is?.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST') return ON_DEMAND
  const there = indexes.flatMap(({ name }) => findIndex(is, name) ?? [])
  return Object.fromEntries([
    ['table', unitsOf(is)],
    ...there.map((index) => [index.IndexName, unitsOf(index)]),
  ]) as Record<string, Capacity>
}

/** Only what is to become other: DynamoDB refuses to be told what is so already. */
export function capacityChange(table: Table, is: TableDescription | undefined): object {
  const { provisioned } = table
  if (!provisioned) return { BillingMode: 'PAY_PER_REQUEST' }
  const found = capacityOf(table, is)
  const differs = (name: string): boolean =>
    typeof found === 'string' || !isDeepStrictEqual(found[name], provisioned)
  const indexes = table.indexes
    .filter(({ name }) => findIndex(is, name) && differs(name))
    .map(({ name }) => ({ Update: { IndexName: name, ProvisionedThroughput: throughput(provisioned) } }))
  return {
    ...(differs('table') ? billing(table) : {}),
    ...(indexes.length > 0 ? { GlobalSecondaryIndexUpdates: indexes } : {}),
  }
}

export const findIndex = (table: TableDescription | undefined, name: string) =>
  table?.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === name)

const unitsOf = (of: Pick<TableDescription, 'ProvisionedThroughput'> | undefined): Capacity => ({
  read: of?.ProvisionedThroughput?.ReadCapacityUnits,
  write: of?.ProvisionedThroughput?.WriteCapacityUnits,
})

export const billing = ({ provisioned }: Table) =>
  provisioned
    ? { BillingMode: 'PROVISIONED' as const, ProvisionedThroughput: throughput(provisioned) }
    : { BillingMode: 'PAY_PER_REQUEST' as const }

export const throughput = ({ read, write }: { read: number; write: number }) => ({
  ReadCapacityUnits: read,
  WriteCapacityUnits: write,
})
