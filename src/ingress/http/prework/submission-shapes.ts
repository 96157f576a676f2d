import { z } from 'zod'
import { decisions } from '../../../domains/prework/submissions/moves.ts'
import { priorities, statuses, type Submission } from '../../../domains/prework/submissions/submission.ts'
import { line, missing, missingOr } from '../../../shared/text.ts'
import { customFields } from './custom-fields.ts'
import { id, linesOrNull, shownRevision, version } from './fields.ts'
import { nextCursor, pageFields } from './pages.ts'

/** A submission as those who may see it do; what the store keeps for itself is not in it. */
export const shownSubmission = z
  .object({
    submissionId: z.uuid(),
    userId: z.uuid(),
    status: z.enum(statuses),
    title: z.string(),
    description: z.string().nullable(),
    priority: z.enum(priorities),
    customFields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    mediaFiles: z.array(z.uuid()),
    submittedAt: z.iso.datetime().nullable(),
    reviewedBy: z
      .string()
      .nullable()
      .meta({ description: 'Who took it, or decided last: the id of a user, or `server`.' }),
    reviewedAt: z.iso.datetime().nullable(),
    reviewComment: z.string().nullable(),
    ...shownRevision,
  })
  .meta({ id: 'PreworkSubmission' })

export const tellSubmission = (submission: Submission) => ({
  ...submission,
  description: submission.description ?? null,
  submittedAt: submission.submittedAt ?? null,
  reviewedBy: submission.reviewedBy ?? null,
  reviewedAt: submission.reviewedAt ?? null,
  reviewComment: submission.reviewComment ?? null,
})

export const oneSubmission = z.object({ submission: shownSubmission })

export const shownSubmissions = z
  .object({ submissions: z.array(shownSubmission), nextCursor })
  .meta({ id: 'PreworkSubmissions' })

const priority = z.enum(priorities, { error: missingOr(`must be one of ${priorities.join(', ')}`) })
const mediaFiles = z
  .array(id, { error: missingOr('must be a list of ids') })
  .max(20, 'must have at most 20 files')
  .meta({
    description:
      'Completed files of the same user, attached to nothing else, in the order they are shown in.',
  })

export const newSubmission = z
  .strictObject({
    title: line(200),
    description: linesOrNull(5000),
    priority: priority.default('medium'),
    customFields: customFields.default({}),
    mediaFiles: mediaFiles.default([]),
    userId: id.optional().meta({ description: 'Whose it is: servers have to say so, and nobody else may.' }),
  })
  .meta({ id: 'PreworkNewSubmission' })

export const submissionChanges = z
  .strictObject({
    title: line(200).optional(),
    description: linesOrNull(5000),
    priority: priority.optional(),
    customFields: customFields.optional(),
    mediaFiles: mediaFiles.optional(),
    version,
  })
  .meta({
    id: 'PreworkSubmissionChanges',
    description:
      'What is left out stays as it is; null takes the description away. `customFields` and `mediaFiles` are all that ' +
      'there are to be.',
  })

/** A body need not be sent. */
export const submitting = z
  .preprocess((body) => body ?? {}, z.strictObject({ version }))
  .meta({ id: 'PreworkSubmitting' })

export const review = z
  .strictObject({
    decision: z.enum(decisions, { error: missingOr(`must be one of ${decisions.join(', ')}`) }),
    comment: linesOrNull(2000),
    version: z
      .int({ error: missingOr('must be a whole number') })
      .min(1, 'must be at least 1')
      .meta({ description: 'What was looked at. Another version is not decided about.' }),
  })
  .refine(({ decision, comment }) => comment || !explained.has(decision), {
    error: missing,
    path: ['comment'],
  })
  .meta({ id: 'PreworkReview', description: 'Whoever rejects it or wants changes says why.' })

const explained: ReadonlySet<string> = new Set(['rejected', 'requires_changes'])

/** By user, by state, or one’s own. */
export const submissionQuery = z
  .strictObject({
    userId: id.optional(),
    status: z.enum(statuses, { error: `must be one of ${statuses.join(', ')}` }).optional(),
    ...pageFields,
  })
  .refine(({ userId, status }) => userId === undefined || status === undefined, {
    error: 'goes alone: ask by one of userId and status',
    path: ['userId'],
  })
