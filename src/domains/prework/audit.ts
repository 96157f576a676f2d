import type { Attributes, Write } from '../../shared/dynamodb.ts'
import { timeOrderedId } from '../../shared/ids.ts'
import type { Actor } from './permissions.ts'
import type { Page, PageAsked, PreworkStore } from './store.ts'

/** Who does something, and where the request came from. */
export interface Acting extends Actor {
  origin: Origin
}

export interface Origin {
  ip: string
  userAgent: string
  requestId: string
}

/** What the log can be about; submissions and media join them. */
export const entityTypes = ['user', 'profile'] as const
export const actions = ['create', 'update', 'deactivate', 'reactivate', 'link-sign-in'] as const

export interface Change {
  entityType: (typeof entityTypes)[number]
  entityId: string
  action: (typeof actions)[number]
  before: Attributes
  after: Attributes
}

/** One change that happened. `before` and `after` hold the fields that changed, and no others. */
export interface AuditEntry extends Change, Origin {
  logId: string
  /** Who did it. */
  userId: string
  /** ISO 8601. */
  at: string
}

/** The entry of a change, for the transaction that makes the change: there is no other way to write one. */
export function auditPut({ tables }: PreworkStore, by: Acting, at: string, change: Change): Write {
  const entry: AuditEntry = {
    logId: timeOrderedId(Date.parse(at)),
    userId: by.userId,
    ...change,
    ...by.origin,
    at,
  }
  return { Put: { TableName: tables.audit, Item: entry, ConditionExpression: 'attribute_not_exists(logId)' } }
}

/** What somebody did, or what was done to something, the newest first. */
export async function listAudit(
  { documents, tables }: PreworkStore,
  of: { userId: string } | { entityId: string },
  { limit, after }: PageAsked,
): Promise<Page<AuditEntry>> {
  const [index, name, value] =
    'userId' in of
      ? (['UserIdIndex', 'userId', of.userId] as const)
      : (['EntityIdIndex', 'entityId', of.entityId] as const)
  const page = await documents.query({
    table: tables.audit,
    index,
    partition: { name, value },
    newestFirst: true,
    limit,
    after: after === undefined ? undefined : { [name]: value, logId: after },
  })
  return page as unknown as Page<AuditEntry>
}
