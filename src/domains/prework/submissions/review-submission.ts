import type { Acting } from '../audit.ts'
import type { PreworkStore } from '../store.ts'
import { moveSubmission, type Moving } from './move-submission.ts'
import type { Decision } from './moves.ts'
import type { Submission } from './submission.ts'

export interface Review extends Moving {
  /** What was looked at: nobody decides about what they have not seen. */
  version: number
  decision: Decision
  comment?: string | undefined
}

/**
 * Takes a submission to review it, or decides about it. What was said to it by an earlier review is said no more.
 * @throws Refused as `moveSubmission`
 */
export const reviewSubmission = (
  store: PreworkStore,
  by: Acting,
  { decision, comment, ...moving }: Review,
): Promise<Submission> =>
  moveSubmission(
    store,
    by,
    { ...moving, move: decision },
    ({ reviewComment: _earlier, ...submission }, now) => ({
      ...submission,
      reviewedBy: by.userId,
      reviewedAt: now,
      ...(comment === undefined ? {} : { reviewComment: comment }),
    }),
  )
