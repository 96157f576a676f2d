import { isDeepStrictEqual } from 'node:util'
import type { Attributes, Write } from '../../shared/dynamodb.ts'
import { timeOrderedId } from '../../shared/ids.ts'
import { mayReadAudit, type Actor } from './permissions.ts'
import { Refused } from './refused.ts'
import { readPage } from './read-page.ts'
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

export const entityTypes = ['user', 'profile', 'submission', 'media'] as const
export const actions = [
  'create',
  'update',
  'delete',
  'deactivate',
  'reactivate',
  'link-sign-in',
  'submit',
  'review',
  'complete',
  'fail',
  'expire',
] as const

/** One change that happened. `before` and `after` hold the fields that changed, and no others; null is nothing. */
export interface AuditEntry extends Origin {
  logId: string
  /** Who did it: a user, or `server` for servers and for what happens by itself. */
  userId: string
  entityType: (typeof entityTypes)[number]
  entityId: string
  action: (typeof actions)[number]
  before: Attributes
  after: Attributes
  /** ISO 8601. */
  at: string
}

/** A change that is about to happen, with the whole of what is changed; of it, the log keeps what differs in `fields`. */
export interface Change extends Pick<AuditEntry, 'entityType' | 'entityId' | 'action' | 'at'> {
  before: object
  after: object
  fields: readonly string[]
}

/** The entry of a change, for the transaction that makes the change: there is no other way to write one. */
export function auditPut(
  { tables }: PreworkStore,
  by: Acting,
  { entityType, entityId, action, at, fields, ...change }: Change,
): Write {
  const [before, after] = [change.before as Attributes, change.after as Attributes]
  const changed = fields.filter((field) => !isDeepStrictEqual(valueOf(before, field), valueOf(after, field)))
  const entry: AuditEntry = {
    logId: timeOrderedId(Date.parse(at)),
    userId: by.userId,
    entityType,
    entityId,
    action,
    before: Object.fromEntries(changed.map((field) => [field, valueOf(before, field)])),
    after: Object.fromEntries(changed.map((field) => [field, valueOf(after, field)])),
    ...by.origin,
    at,
  }
  return { Put: { TableName: tables.audit, Item: entry, ConditionExpression: 'attribute_not_exists(logId)' } }
}

/**
 * What somebody did, or what was done to something, the newest first.
 * @throws Refused forbidden for whoever is neither auditor nor administrator
 */
export async function readAudit(
  store: PreworkStore,
  by: Acting,
  of: { userId: string } | { entityId: string },
  asked: PageAsked,
): Promise<Page<AuditEntry>> {
  if (!mayReadAudit(by)) throw new Refused('forbidden')
  const [index, name, value] =
    'userId' in of
      ? (['UserIdIndex', 'userId', of.userId] as const)
      : (['EntityIdIndex', 'entityId', of.entityId] as const)
  return readPage(store, { table: 'audit', index, name, value, newestFirst: true }, asked)
}

const valueOf = (whole: Attributes, field: string): unknown => whole[field] ?? null
