import { randomUUID } from 'node:crypto'
import type { PreworkStore } from '../../../src/domains/prework/store.ts'
import type { Submission } from '../../../src/domains/prework/submissions/submission.ts'

/** A submission of this user, written as it is, into whatever state; a draft if nothing is said. */
export async function storedSubmission(
  { documents, tables }: PreworkStore,
  { userId, ...fields }: Partial<Submission> & { userId: string },
): Promise<Submission> {
  const at = new Date().toISOString()
  const submission: Submission = {
    submissionId: randomUUID(),
    userId,
    status: 'draft',
    title: 'Engine',
    priority: 'low',
    customFields: {},
    mediaFiles: [],
    version: 1,
    createdAt: at,
    createdBy: userId,
    updatedAt: at,
    updatedBy: userId,
    ...fields,
  }
  await documents.putMany(tables.submissions, [{ ...submission }])
  return submission
}
