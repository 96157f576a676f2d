import type { Acting } from '../audit.ts'
import type { PreworkStore } from '../store.ts'
import { moveSubmission, type Moving } from './move-submission.ts'
import type { Submission } from './submission.ts'

/**
 * Hands an open submission in. What was said to it before stays with it until the next review.
 * @throws Refused as `moveSubmission`
 */
export const submitSubmission = (store: PreworkStore, by: Acting, moving: Moving): Promise<Submission> =>
  moveSubmission(store, by, { ...moving, move: 'submit' }, (submission, now) => ({
    ...submission,
    submittedAt: now,
  }))
