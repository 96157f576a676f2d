import { isDeepStrictEqual } from 'node:util'
import type { Acting } from '../audit.ts'
import type { PreworkStore } from '../store.ts'
import { moveSubmission, type Moving } from './move-submission.ts'
import type { Submission, SubmissionFields } from './submission.ts'

/** What is left out stays as it is; `mediaFiles` are all the files it is to have. Null takes the description away. */
export type SubmissionChanges = {
  [Field in Exclude<keyof SubmissionFields, 'description'>]?: SubmissionFields[Field] | undefined
} & { description?: string | null | undefined }

/**
 * Changes an open submission, and with its files what is attached to it. What is as it was is no change.
 * @throws Refused as `moveSubmission`
 */
export const changeSubmission = (
  store: PreworkStore,
  by: Acting,
  { changes, ...moving }: Moving & { changes: SubmissionChanges },
): Promise<Submission> =>
  moveSubmission(store, by, { ...moving, move: 'change' }, (submission) => {
    const given = Object.entries(changes).filter(([, value]) => value !== undefined)
    const { description, ...revision } = { ...submission, ...Object.fromEntries(given) }
    const next: Submission =
      description === null || description === undefined ? revision : { ...revision, description }
    return isDeepStrictEqual(next, submission) ? submission : next
  })
