import type { Write } from '../../shared/dynamodb.ts'
import type { Acting } from './audit.ts'
import { SERVER } from './permissions.ts'
import type { PreworkStore } from './store.ts'

/**
 * Lets a transaction go through only while whoever acts is active and has the role that allowed it: who lost it since
 * may not any more. Not for transactions that write the actor's own user, where the version says as much.
 */
export function stillMay({ tables }: PreworkStore, by: Acting): Write | undefined {
  if (by.userId === SERVER) return undefined
  const check = {
    TableName: tables.users,
    Key: { userId: by.userId },
    ConditionExpression: '#active = :yes and #role = :role',
    ExpressionAttributeNames: { '#active': 'active', '#role': 'role' },
    ExpressionAttributeValues: { ':yes': 'yes', ':role': by.role },
  }
  return { ConditionCheck: check }
}
