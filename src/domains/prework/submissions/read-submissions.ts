import type { Acting } from '../audit.ts'
import { maySeeEverybody } from '../permissions.ts'
import { Refused } from '../refused.ts'
import { readPage } from '../read-page.ts'
import type { Page, PageAsked, PreworkStore } from '../store.ts'
import { readUser } from '../users.ts'
import { ownerSeenBy, type Owner } from './owner.ts'
import { findSubmission, type Status, type Submission } from './submission.ts'

/** @throws Refused no-such-submission, also for whoever may not see it */
export async function readSubmission(
  store: PreworkStore,
  by: Acting,
  submissionId: string,
): Promise<Submission> {
  return (await readWithOwner(store, by, submissionId)).submission
}

/** As `readSubmission`, with whose it is. */
export async function readWithOwner(
  store: PreworkStore,
  by: Acting,
  submissionId: string,
): Promise<{ submission: Submission; owner: Owner }> {
  const submission = await findSubmission(store, submissionId)
  const owner = submission && (await ownerSeenBy(store, by, submission.userId))
  if (!owner) throw new Refused('no-such-submission')
  return { submission, owner }
}

/**
 * Those of a user, in no order that means anything.
 * @throws Refused no-such-user, also for whoever may not see them
 */
export async function listSubmissionsOf(
  store: PreworkStore,
  by: Acting,
  userId: string,
  asked: PageAsked,
): Promise<Page<Submission>> {
  if (by.userId !== userId) await readUser(store, by, userId)
  return readPage(store, { table: 'submissions', index: 'UserIdIndex', name: 'userId', value: userId }, asked)
}

/**
 * All that are in a state, in no order that means anything.
 * @throws Refused forbidden for whoever may not see everybody
 */
export async function listSubmissionsIn(
  store: PreworkStore,
  by: Acting,
  status: Status,
  asked: PageAsked,
): Promise<Page<Submission>> {
  if (!maySeeEverybody(by)) throw new Refused('forbidden')
  return readPage(store, { table: 'submissions', index: 'StatusIndex', name: 'status', value: status }, asked)
}
