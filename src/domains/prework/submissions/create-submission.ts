import { randomUUID } from 'node:crypto'
import type { Acting } from '../audit.ts'
import { mayWriteFor } from '../permissions.ts'
import { Refused } from '../refused.ts'
import { born, changeWhatIsThere, type AskedOnce } from '../revisions.ts'
import type { PreworkStore } from '../store.ts'
import { readUser } from '../users.ts'
import { findMadeSubmission, type Submission, type SubmissionFields } from './submission.ts'
import { writeSubmission } from './write-submission.ts'

/**
 * Makes a draft of this user and attaches its files to it. What was asked once is not made again, but told as it is now.
 * @throws Refused no-such-user, forbidden, not-in-this-state, media-not-usable, asked-differently or gone
 */
export async function createSubmission(
  store: PreworkStore,
  by: Acting,
  { userId, ...fields }: SubmissionFields & { userId: string },
  once?: AskedOnce,
): Promise<Submission> {
  const isOwn = by.userId === userId
  if (!isOwn) await readUser(store, by, userId)
  if (!mayWriteFor(by, { userId })) throw new Refused('forbidden', isOwn ? undefined : 'userId')

  return changeWhatIsThere(undefined, async () => {
    // Looked at first: its files are attached by now, and cannot be once more.
    const earlier = once && (await findMadeSubmission(store, once))
    if (earlier) return earlier

    const now = new Date().toISOString()
    const submissionId = once?.id ?? randomUUID()
    const made: Submission = { submissionId, userId, status: 'draft', ...fields, ...born(by, now, once) }
    const around = { submissionId, owner: { userId }, before: undefined, after: made, at: now }
    return (await writeSubmission(store, by, { ...around, action: 'create' })) ? made : undefined
  })
}
