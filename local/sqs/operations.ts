import type { Account } from './account.ts'
import { messageOperations } from './message-operations.ts'
import { queueOperations } from './queue-operations.ts'
import { redriveOperations } from './redrive-operations.ts'
import type { Request } from './wire.ts'

/**
 * One action of SQS. What it returns is the answer's JSON.
 * @param gone is aborted when the caller's connection closes.
 */
export type Operation = (
  account: Account,
  request: Request,
  gone: AbortSignal,
) => object | void | Promise<object>

export function findOperation(name: string): Operation | undefined {
  return operations.get(name)
}

const operations = new Map<string, Operation>(
  Object.entries({ ...queueOperations, ...messageOperations, ...redriveOperations }),
)
