import type { User } from '../../../../src/domains/prework/items.ts'
import type { Submission } from '../../../../src/domains/prework/submissions/submission.ts'
import { storedSubmission } from '../../../domains/prework/stored-submission.ts'
import type { Call, Prework } from './people.ts'

/** Ada writes submissions, and Grace is a supervisor. */
export interface Given {
  prework: Prework
  ada: User
  grace: User
}

export interface Told {
  submission: Record<string, unknown> & { submissionId: string; version: number }
}

type Named = Pick<Submission, 'submissionId'>

export const url = '/api/submissions'
export const engine = { title: 'Engine' }

/** What Ada calls, and Grace where it is a review, if nobody else is named. */
export function submissionCalls(given: () => Given) {
  const as = (who: User | undefined, call: Call) => given().prework.as(who ?? given().ada, call)
  const of = ({ submissionId }: Named, verb = ''): string => `${url}/${submissionId}${verb}`
  const post = (payload: object = engine, headers = {}, who?: User) =>
    as(who, { method: 'POST', url, payload, headers })
  /** Just these characters as the body. */
  const raw = (call: Call, body: string) =>
    as(undefined, { ...call, payload: Buffer.from(body), headers: { 'content-type': 'application/json' } })
  return {
    get: (path = '', who?: User) => as(who, { url: `${url}${path}` }),
    post,
    postRaw: (body: string) => raw({ method: 'POST', url }, body),
    draft: async (payload: object = engine) => (await post(payload)).json<Told>().submission,
    put: (one: Named, payload: object, who?: User) => as(who, { method: 'PUT', url: of(one), payload }),
    putRaw: (one: Named, body: string) => raw({ method: 'PUT', url: of(one) }, body),
    remove: (one: Named, who?: User) => as(who, { method: 'DELETE', url: of(one) }),
    submit: (one: Named, payload?: object, who?: User) =>
      as(who, { method: 'POST', url: of(one, ':submit'), ...(payload && { payload }) }),
    review: (one: Named, payload: object, who = given().grace) =>
      as(who, { method: 'POST', url: of(one, ':review'), payload }),

    trailOf: async (entityId: string) => {
      const answer = await given().prework.withKey({ url: `/api/audit?entityId=${entityId}` })
      return answer.json<{
        entries: { action: string; userId: string; before: object; after: object }[]
      }>().entries
    },

    /** Written into whatever state; Ada's if nobody else's. */
    stored: (fields: Partial<Submission>): Promise<Submission> =>
      storedSubmission(given().prework.store, { userId: given().ada.userId, ...fields }),
  }
}
