import { Plain } from '../../../launch/plain.ts'
import type { Say } from '../../../stack/progress.ts'
import type { Media, Refusal, Submission } from './answers.ts'
import type { Account, People } from './people.ts'

export interface ReviewFacts {
  submission: Submission
  /** How a decision about what had changed meanwhile was answered. */
  refused: string
}

/** Ada hands the photo in; Grace takes it and approves it, though not from a window that is out of date. */
export async function tellReview(
  { ada, grace }: People,
  { mediaId, fileName }: Media,
  say: Say,
): Promise<ReviewFacts> {
  const draft = await post(ada, '/submissions', 201, {
    title: 'North wheel repaired',
    description: 'Two paddles are new. The photo was taken this morning.',
    priority: 'high',
    customFields: { wheel: 'north', paddles: 2 },
    mediaFiles: [mediaId],
  })
  const at = `/submissions/${draft.submissionId}`
  const submitted = await post(ada, `${at}:submit`, 200, { version: draft.version })
  say(`\n  Ada writes "${draft.title}", with ${fileName}, and hands it in`)

  const review = (decision: string, version: number): Promise<Submission> =>
    post(grace, `${at}:review`, 200, { decision, version })
  const taken = await review('under_review', submitted.version)
  say(
    `  Grace takes it. In another window it is not taken yet; there she approves version ${submitted.version}:`,
  )
  const stale = await grace.ask<Refusal>({
    method: 'POST',
    path: `${at}:review`,
    body: { decision: 'approved', version: submitted.version },
    expected: 409,
  })
  say(`    409 ${stale.error.code}: ${stale.error.message}`)
  const approved = await review('approved', taken.version)
  const way = [draft, submitted, taken, approved]
  say(
    `  She reads it again and approves version ${taken.version}: ${way.map(({ status }) => status).join(' → ')}`,
  )
  if (way.map(({ status }) => status).join() !== 'draft,submitted,under_review,approved')
    throw new Plain('the submission did not go the way from a draft to an approved one')
  if (approved.mediaFiles.join() !== mediaId) throw new Plain('the approved submission lacks its photo')
  return { submission: approved, refused: stale.error.code }
}

async function post(who: Account, path: string, expected: number, body: object): Promise<Submission> {
  const answer = await who.ask<{ submission: Submission }>({ method: 'POST', path, body, expected })
  return answer.submission
}
