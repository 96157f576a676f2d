import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { readAudit, type Acting } from '../../../src/domains/prework/audit.ts'
import { createUser } from '../../../src/domains/prework/create-user.ts'
import type { User } from '../../../src/domains/prework/items.ts'
import type { Role } from '../../../src/domains/prework/permissions.ts'
import { openPreworkStore, type PreworkStore } from '../../../src/domains/prework/store.ts'
import { changeSubmission } from '../../../src/domains/prework/submissions/change-submission.ts'
import { createSubmission } from '../../../src/domains/prework/submissions/create-submission.ts'
import type { Decision } from '../../../src/domains/prework/submissions/moves.ts'
import { reviewSubmission } from '../../../src/domains/prework/submissions/review-submission.ts'
import { findSubmission, type Submission } from '../../../src/domains/prework/submissions/submission.ts'
import { submitSubmission } from '../../../src/domains/prework/submissions/submit-submission.ts'
import { startTrouble, type Trouble } from '../../shared/dynamodb/trouble.ts'
import { startTables } from './tables.ts'

/** Tables, Ada who writes submissions, and Grace who is a supervisor. */
export interface Submitting extends AsyncDisposable {
  store: PreworkStore
  /** The same store, by a way on which something can happen. */
  through: PreworkStore
  trouble: Trouble
  ada: User
  grace: User
}

export async function startSubmitting(): Promise<Submitting> {
  const tables = await startTables()
  const store = openPreworkStore(tables.aws, 'dev')
  const trouble = await startTrouble(tables.endpoint)
  const through = openPreworkStore({ ...tables.aws, dynamodbEndpoint: trouble.endpoint }, 'dev')
  return {
    store,
    through,
    trouble,
    ada: await person(store, 'user'),
    grace: await person(store, 'supervisor'),
    [Symbol.asyncDispose]: async () => {
      for (const { documents } of [store, through]) documents.close()
      await trouble.close()
      await tables.stop()
    },
  }
}

const origin = { ip: '192.0.2.1', userAgent: 'test', requestId: 'request' }
export const server: Acting = { userId: 'server', role: 'administrator', origin }

export async function person(store: PreworkStore, role: Role, managerId?: string): Promise<User> {
  const names = { firstName: 'Ada', lastName: 'Lovelace', jobTitle: 'Analyst', department: 'Engines' }
  const asked = { email: `${randomUUID()}@example.org`, username: role, role, ...names }
  return (await createUser(store, server, managerId === undefined ? asked : { ...asked, managerId })).user
}

/** As a call that began while they had this role. */
export const as = ({ userId, role }: User): Acting => ({ userId, role, origin })

export const fields = (mediaFiles: string[] = []) =>
  ({ title: 'Engine', priority: 'medium', customFields: {}, mediaFiles }) as const

/** What came of something, without the error that says so where it was refused. */
export const outcome = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: { refusal?: string }) => error.refusal ?? error,
  )

/** How many of these came out how. */
export const counted = (outcomes: unknown[]) =>
  Object.fromEntries([...Map.groupBy(outcomes, String)].map(([each, all]) => [each, all.length]))

/** What Ada and Grace do, where nobody else is named. */
export function acts(given: () => Submitting) {
  const draftOf = (user: User, mediaFiles: string[] = []) =>
    createSubmission(given().store, as(user), { userId: user.userId, ...fields(mediaFiles) })
  return {
    draftOf,
    submitted: async (user = given().ada) => {
      const { submissionId } = await draftOf(user)
      return submitSubmission(given().store, as(user), { submissionId })
    },
    change: ({ submissionId }: Submission, changes: object, on = given().store) =>
      changeSubmission(on, as(given().ada), { submissionId, changes }),
    decide: (
      { submissionId, version }: Submission,
      decision: Decision,
      { by = given().grace, on = given().store } = {},
    ) => reviewSubmission(on, as(by), { submissionId, version, decision, comment: 'why' }),
    /** As it is now. */
    present: ({ submissionId }: Submission) => findSubmission(given().store, submissionId),
    actionsOn: async (entityId: string) => {
      const page = { limit: 100, after: undefined }
      return (await readAudit(given().store, server, { entityId }, page)).items.map(({ action }) => action)
    },
  }
}

/** What comes of something when this happens after it was decided, and before it is written. */
export async function outcomeAfter(
  { trouble }: Submitting,
  work: () => Promise<unknown>,
  happens: () => Promise<unknown>,
): Promise<unknown> {
  const held = Promise.withResolvers<void>()
  trouble.on('TransactWriteItems', { heldUntil: held.promise })
  const seen = trouble.seen().length
  const came = outcome(work())
  const isWriting = () =>
    trouble.seen().findLastIndex(({ operation }) => operation === 'TransactWriteItems') >= seen
  await expect.poll(isWriting).toBe(true)
  await happens()
  held.resolve()
  return came
}
