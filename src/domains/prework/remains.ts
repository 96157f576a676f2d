import type { Attributes, Write } from '../../shared/dynamodb.ts'
import { Refused } from './refused.ts'
import { unchanged, type AskedOnce, type Revision } from './revisions.ts'

/**
 * Removes an item that is as it was read. Of one that a request with a key made, its id and the request's digest stay, in
 * no index: the same request finds them, and makes nothing again.
 */
export function removal(TableName: string, Key: Attributes, before: Revision): Write {
  const { askedFor } = before
  if (askedFor === undefined) return { Delete: { TableName, Key, ...unchanged(before) } }
  return { Put: { TableName, Item: { ...Key, askedFor, isGone: true }, ...unchanged(before) } }
}

/** An item, unless nothing but that is left of it. */
export const present = (item: Attributes | undefined): Attributes | undefined =>
  item?.['isGone'] === true ? undefined : item

/**
 * What the same request made before, given what is at its id; undefined when it made nothing yet.
 * @throws Refused asked-differently, or gone
 */
export function madeEarlier(item: Attributes | undefined, { askedFor }: AskedOnce): Attributes | undefined {
  if (item && item['askedFor'] !== askedFor) throw new Refused('asked-differently')
  if (item && !present(item)) throw new Refused('gone')
  return item
}
