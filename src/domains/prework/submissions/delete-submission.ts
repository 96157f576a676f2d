import type { Acting } from '../audit.ts'
import type { PreworkStore } from '../store.ts'
import { moveSubmission, type Moving } from './move-submission.ts'
import type { Submission } from './submission.ts'

/** Removes a draft. Its files stay, and are attached to nothing. @throws Refused as `moveSubmission` */
export const deleteSubmission = (store: PreworkStore, by: Acting, moving: Moving): Promise<Submission> =>
  moveSubmission(store, by, { ...moving, move: 'delete' })
