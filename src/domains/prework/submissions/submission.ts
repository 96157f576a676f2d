import { madeEarlier, present } from '../remains.ts'
import type { AskedOnce, Revision } from '../revisions.ts'
import type { PreworkStore } from '../store.ts'

/** Where a submission is on its way. */
export const statuses = [
  'draft',
  'submitted',
  'under_review',
  'approved',
  'rejected',
  'requires_changes',
] as const
export type Status = (typeof statuses)[number]

export const priorities = ['low', 'medium', 'high', 'urgent'] as const

/** What somebody hands in to be looked at by whoever is above them. Times are ISO 8601. */
export interface Submission extends SubmissionFields, Revision {
  submissionId: string
  /** Whose it is. */
  userId: string
  status: Status
  submittedAt?: string
  /** Who took it to look at it, or decided last. */
  reviewedBy?: string
  reviewedAt?: string
  /** What they said to it. */
  reviewComment?: string
}

export interface SubmissionFields {
  title: string
  description?: string
  priority: (typeof priorities)[number]
  customFields: Record<string, string | number | boolean>
  /** Ids of files of the same user, in the order in which they are shown; each is in one submission at most. */
  mediaFiles: string[]
}

/** As it is now. */
export async function findSubmission(
  { documents, tables }: PreworkStore,
  submissionId: string,
): Promise<Submission | undefined> {
  return present(await documents.get(tables.submissions, { submissionId })) as Submission | undefined
}

/** What the same request made before, as it is now. @throws Refused asked-differently, or gone */
export async function findMadeSubmission(
  { documents, tables }: PreworkStore,
  once: AskedOnce,
): Promise<Submission | undefined> {
  const item = await documents.get(tables.submissions, { submissionId: once.id })
  return madeEarlier(item, once) as Submission | undefined
}

/** Whether it may be changed, and files be attached to it and taken from it. */
export const isOpen = ({ status }: Submission): boolean => status === 'draft' || status === 'requires_changes'

/** The fields that the audit log tells of. */
export const submissionFields = [
  'userId',
  'title',
  'description',
  'priority',
  'customFields',
  'mediaFiles',
  'status',
  'reviewedBy',
  'reviewComment',
] as const
