import type { Status } from '../../../../src/domains/prework/submissions/submission.ts'
import type { Call, Made } from './people.ts'

/** Who calls: users by their role, a server of Pre-Work, and nobody who proved anything. */
export const callers = [
  'user',
  'manager',
  'supervisor',
  'administrator',
  'auditor',
  'server key',
  'nobody',
] as const
export type Caller = (typeof callers)[number]

/** What is there before the call, made anew for every cell. */
export interface Scene {
  /** Whoever it is about: oneself, somebody of one's team, or somebody else, with the role `user`. */
  target: Made
  /** A manager who is nobody's yet. */
  manager: string
  /** The id of a submission of the target, and of a completed picture. */
  submission: string
  file: string
}

/** Whom a line is about. */
export type About = 'oneself' | 'one’s team' | 'another'

/** The status for each of `callers`, in their order; – where there is nobody to be oneself. */
export type Answers = readonly (number | '–')[]

/** A line of the document: what is called, about whom, and what each caller is answered. */
export interface Row {
  route: string
  about?: About
  on?: string
  answers: Answers
  /** The target has no profile. */
  bare?: boolean
  /** Of the target; `user` if left out. */
  role?: 'manager'
  /** Of the submission: who took it, another supervisor if left out, and whether the file is attached to it. */
  submission?: { status: Status; by?: 'the caller'; holds?: true }
  call(scene: Scene): Call
}

/** The same call about each of these. */
export const about = (
  whom: readonly About[],
  answers: Record<About, Answers>,
  row: Omit<Row, 'answers' | 'about'>,
): Row[] => whom.map((each) => ({ ...row, about: each, answers: answers[each] }))

export const everyone = ['oneself', 'one’s team', 'another'] as const

/** What callers are answered where they need no more than to see whoever it is about. */
export const sees: Record<About, Answers> = {
  oneself: [200, 200, 200, 200, 200, '–', 401],
  'one’s team': [404, 200, 200, 200, 200, 200, 401],
  another: [404, 404, 200, 200, 200, 200, 401],
}
