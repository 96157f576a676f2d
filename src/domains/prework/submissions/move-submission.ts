import type { Acting, AuditEntry } from '../audit.ts'
import { changeWhatIsThere, revised, wantVersion } from '../revisions.ts'
import type { PreworkStore } from '../store.ts'
import { wantRight, whereTo, type Move } from './moves.ts'
import { readWithOwner } from './read-submissions.ts'
import type { Submission } from './submission.ts'
import { writeSubmission } from './write-submission.ts'

export interface Moving {
  submissionId: string
  /** Of the submission as it is known to whoever asks; another one is left alone. */
  version?: number | undefined
}

/**
 * Makes a move with a submission as it is now, or as the version is that was asked for. `revise` says what else of it
 * becomes different; what it answers as it was given is left alone, and no entry is made of it.
 * @returns the submission as it became; one that is gone as it was
 * @throws Refused no-such-submission, forbidden, changed-meanwhile, not-in-this-state or media-not-usable
 */
export async function moveSubmission(
  store: PreworkStore,
  by: Acting,
  { submissionId, version, move }: Moving & { move: Move },
  revise: (submission: Submission, now: string) => Submission = (submission) => ({ ...submission }),
): Promise<Submission> {
  return changeWhatIsThere(version, async () => {
    const { submission, owner } = await readWithOwner(store, by, submissionId)
    wantRight(by, owner, move)
    wantVersion(version, submission)
    const status = whereTo(by, submission, move)

    const now = new Date().toISOString()
    const revision = revise(submission, now)
    if (revision === submission) return submission
    const after = status === 'gone' ? undefined : { ...revision, status, ...revised(submission, by, now) }
    const change = { submissionId, owner, before: submission, after, action: actions[move], at: now }
    return (await writeSubmission(store, by, change)) ? (after ?? submission) : undefined
  })
}

/** As the audit log calls them. */
const actions: Record<Move, AuditEntry['action']> = {
  change: 'update',
  delete: 'delete',
  submit: 'submit',
  under_review: 'review',
  approved: 'review',
  rejected: 'review',
  requires_changes: 'review',
}
