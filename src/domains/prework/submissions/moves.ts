import { mayDiscardFor, mayReview, mayWriteFor, type Actor, type Person } from '../permissions.ts'
import { Refused } from '../refused.ts'
import type { Status, Submission } from './submission.ts'

/** What a review may decide; each is called as the state that it leads to. */
export const decisions = ['under_review', 'approved', 'rejected', 'requires_changes'] as const
export type Decision = (typeof decisions)[number]

/** What can be done with a submission. */
export type Move = 'change' | 'delete' | 'submit' | Decision

/** The whole life of a submission. What is not in here does not happen. */
export const moves: readonly { from: Status; move: Move; to: Status | 'gone'; who: Who }[] = [
  { from: 'draft', move: 'change', to: 'draft', who: 'its writer' },
  { from: 'draft', move: 'delete', to: 'gone', who: 'its writer or an administrator' },
  { from: 'draft', move: 'submit', to: 'submitted', who: 'its writer' },
  { from: 'submitted', move: 'under_review', to: 'under_review', who: 'a reviewer' },
  { from: 'under_review', move: 'under_review', to: 'under_review', who: 'another administrator' },
  { from: 'under_review', move: 'approved', to: 'approved', who: 'its reviewer' },
  { from: 'under_review', move: 'rejected', to: 'rejected', who: 'its reviewer' },
  { from: 'under_review', move: 'requires_changes', to: 'requires_changes', who: 'its reviewer' },
  { from: 'requires_changes', move: 'change', to: 'requires_changes', who: 'its writer' },
  { from: 'requires_changes', move: 'submit', to: 'submitted', who: 'its writer' },
]

/** @throws Refused forbidden for whoever could make this move in no state */
export function wantRight(by: Actor, owner: Person, move: Move): void {
  const could = moves.some((row) => row.move === move && rights[row.who].could(by, owner))
  if (!could) throw new Refused('forbidden')
}

/**
 * Where the move leads from the state the submission is in.
 * @throws Refused not-in-this-state, or forbidden where in this state it is somebody else's to make
 */
export function whereTo(by: Actor, submission: Submission, move: Move): Status | 'gone' {
  const row = moves.find(({ from, move: each }) => from === submission.status && each === move)
  if (!row) throw new Refused('not-in-this-state')
  if (!rights[row.who].can(by, submission)) throw new Refused('forbidden')
  return row.to
}

type Who =
  | 'its writer'
  | 'its writer or an administrator'
  | 'a reviewer'
  | 'its reviewer'
  | 'another administrator'

/** What somebody could do by who they are, and what of it they can do now. */
interface Right {
  could(by: Actor, owner: Person): boolean
  can(by: Actor, submission: Submission): boolean
}

const rights: Record<Who, Right> = {
  'its writer': { could: mayWriteFor, can: () => true },
  'its writer or an administrator': { could: mayDiscardFor, can: () => true },
  'a reviewer': { could: mayReview, can: () => true },
  // Whoever took it, and administrators for them.
  'its reviewer': {
    could: mayReview,
    can: (by, { reviewedBy }) => by.role === 'administrator' || by.userId === reviewedBy,
  },
  'another administrator': {
    could: mayReview,
    can: (by, { reviewedBy }) => by.role === 'administrator' && by.userId !== reviewedBy,
  },
}
