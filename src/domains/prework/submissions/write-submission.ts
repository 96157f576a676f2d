import type { Write } from '../../../shared/dynamodb.ts'
import { auditPut, type Acting, type AuditEntry } from '../audit.ts'
import { Refused } from '../refused.ts'
import { removal } from '../remains.ts'
import { unchanged } from '../revisions.ts'
import { stillMay } from '../still-may.ts'
import type { PreworkStore } from '../store.ts'
import { writeTogether } from '../write-together.ts'
import { areUsable, attachmentWrites, type Around } from './attachments.ts'
import { stillActive, stillInTeam } from './owner.ts'
import { submissionFields } from './submission.ts'

/** A change of a submission that is about to be made; without `before` it is made, without `after` it is removed. */
export interface SubmissionChange extends Around {
  action: AuditEntry['action']
}

/**
 * Writes a submission, its entry and what becomes of its files, if whoever acts still may: all or nothing.
 * @returns whether it was written; if not, somebody else was faster
 * @throws Refused forbidden, media-not-usable, or not-in-this-state where its owner is not active
 */
export async function writeSubmission(
  store: PreworkStore,
  by: Acting,
  change: SubmissionChange,
): Promise<boolean> {
  const { submissionId, owner, before, after, action, at } = change
  const failed = await writeTogether(store, {
    submission: writeOf(store, change),
    entry: auditPut(store, by, {
      entityType: 'submission',
      entityId: submissionId,
      action,
      at,
      before: before ?? {},
      after: after ?? {},
      fields: submissionFields,
    }),
    actor: stillMay(store, by),
    team: stillInTeam(store, by, owner),
    owner: action === 'review' || action === 'delete' ? undefined : stillActive(store, by, owner),
    ...attachmentWrites(store, by, change),
  })
  if (failed.size === 0) return true
  if (failed.has('actor') || failed.has('team')) throw new Refused('forbidden')
  if (failed.has('owner')) throw new Refused('not-in-this-state', before ? undefined : 'userId')
  if (failed.has('submission')) return false
  // A file may have been refused only because the same was being done at this moment.
  const attaching = [...failed].some((name) => name.startsWith('attach'))
  if (after && attaching && !(await areUsable(store, after))) throw new Refused('media-not-usable')
  return false
}

function writeOf({ tables }: PreworkStore, { submissionId, before, after }: SubmissionChange): Write {
  const TableName = tables.submissions
  if (!before)
    return { Put: { TableName, Item: after, ConditionExpression: 'attribute_not_exists(submissionId)' } }
  if (after) return { Put: { TableName, Item: after, ...unchanged(before) } }
  return removal(TableName, { submissionId }, before)
}
