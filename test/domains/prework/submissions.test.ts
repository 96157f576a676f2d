import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeProfile } from '../../../src/domains/prework/change-profile.ts'
import { changeUser, deactivateUser } from '../../../src/domains/prework/change-user.ts'
import { changeSubmission } from '../../../src/domains/prework/submissions/change-submission.ts'
import { createSubmission } from '../../../src/domains/prework/submissions/create-submission.ts'
import { deleteSubmission } from '../../../src/domains/prework/submissions/delete-submission.ts'
import { reviewSubmission } from '../../../src/domains/prework/submissions/review-submission.ts'
import { findSubmission, type Submission } from '../../../src/domains/prework/submissions/submission.ts'
import { submitSubmission } from '../../../src/domains/prework/submissions/submit-submission.ts'
import { attachedTo, completedFiles } from './completed-files.ts'
import {
  acts,
  as,
  counted,
  fields,
  outcome,
  outcomeAfter,
  person,
  server,
  startSubmitting,
  type Submitting,
} from './submitting.ts'

let given: Submitting
beforeAll(async () => {
  given = await startSubmitting()
})
afterAll(() => given[Symbol.asyncDispose]())

const { draftOf, submitted, change, decide, present, actionsOn } = acts(() => given)

describe('of many at once', () => {
  test('one hands a submission in', async () => {
    const draft = await draftOf(given.ada)
    const submits = Array.from({ length: 12 }, () =>
      outcome(submitSubmission(given.store, as(given.ada), { submissionId: draft.submissionId })),
    )

    expect(counted(await Promise.all(submits))).toEqual({ done: 1, 'not-in-this-state': 11 })
    expect(await actionsOn(draft.submissionId)).toEqual(['submit', 'create'])
  })

  test('one reviewer takes it, and is who has it', async () => {
    const submission = await submitted()
    const reviewers = await Promise.all(Array.from({ length: 6 }, () => person(given.store, 'supervisor')))
    const takes = await Promise.all(
      reviewers.map((by) => outcome(decide(submission, 'under_review', { by }))),
    )

    expect(counted(takes)).toEqual({ done: 1, 'changed-meanwhile': 5 })
    expect(await present(submission)).toMatchObject({
      reviewedBy: reviewers[takes.indexOf('done')]?.userId,
      version: 3,
    })
  })

  test('one decision is made', async () => {
    const taken = await decide(await submitted(), 'under_review')
    const decisions = ['approved', 'rejected', 'requires_changes'] as const
    const made = await Promise.all(decisions.map((decision) => outcome(decide(taken, decision))))

    expect(counted(made)).toEqual({ done: 1, 'changed-meanwhile': 2 })
    expect((await present(taken))?.status).toBe(decisions[made.indexOf('done')])
    expect(await actionsOn(taken.submissionId)).toEqual(['review', 'review', 'submit', 'create'])
  })

  test('all changes are made, one upon the other', async () => {
    const draft = await draftOf(given.ada)
    const titles = Array.from({ length: 8 }, (_, n) => `Engine ${n}`)
    await Promise.all(titles.map((title) => change(draft, { title })))

    expect(await present(draft)).toMatchObject({ version: 9 })
    expect(await actionsOn(draft.submissionId)).toHaveLength(9)
  })

  test.for([0, 2])('requests with one key, a draft is made once, with %i files', async (count) => {
    const files = await completedFiles(given.store, given.ada.userId, count)
    const once = { id: randomUUID(), askedFor: 'this' }
    const asked = { userId: given.ada.userId, ...fields(files) }
    const made = await Promise.all(
      Array.from({ length: 8 }, () => createSubmission(given.store, as(given.ada), asked, once)),
    )

    expect(new Set(made.map(({ submissionId }) => submissionId))).toEqual(new Set([once.id]))
    expect(await attachedTo(given.store, files)).toEqual(Array<string>(count).fill(once.id))
    expect(await actionsOn(once.id)).toEqual(['create'])
    const differently = createSubmission(given.store, as(given.ada), asked, { ...once, askedFor: 'that' })
    expect(await outcome(differently)).toBe('asked-differently')
  })
})

describe('a change and a move in the same moment', () => {
  test('what is handed in is not changed any more, whichever is first', async () => {
    const ends = []
    for (let round = 0; round < 10; round += 1) {
      const draft = await draftOf(given.ada)
      const [changed] = await Promise.all([
        outcome(change(draft, { title: 'Other' })),
        submitSubmission(given.store, as(given.ada), { submissionId: draft.submissionId }),
      ])
      ends.push(changed)
      expect(await present(draft)).toMatchObject({
        status: 'submitted',
        title: changed === 'done' ? 'Other' : 'Engine',
        version: changed === 'done' ? 3 : 2,
      })
    }
    expect(ends.filter((each) => each !== 'done' && each !== 'not-in-this-state')).toEqual([])
  })

  test('a change that was under way when it was handed in is refused', async () => {
    const draft = await draftOf(given.ada)
    const submit = () => submitSubmission(given.store, as(given.ada), { submissionId: draft.submissionId })
    const changed = await outcomeAfter(given, () => change(draft, { title: 'Other' }, given.through), submit)

    expect(changed).toBe('not-in-this-state')
    expect(await present(draft)).toMatchObject({ status: 'submitted', title: 'Engine', version: 2 })
  })

  test('what was handed in meanwhile is not removed', async () => {
    const { submissionId } = await draftOf(given.ada)
    const removing = () => deleteSubmission(given.through, as(given.ada), { submissionId })
    const removed = await outcomeAfter(given, removing, () =>
      submitSubmission(given.store, as(given.ada), { submissionId }),
    )

    expect(removed).toBe('not-in-this-state')
    expect(await findSubmission(given.store, submissionId)).toMatchObject({ status: 'submitted', version: 2 })
  })

  test('a review decides about what was read, and not about what became of it', async () => {
    const first = await decide(await submitted(), 'under_review')
    const approving = () => decide(first, 'approved', { on: given.through })
    const approved = await outcomeAfter(given, approving, async () => {
      await decide(first, 'requires_changes')
      await change(first, { title: 'Other' })
      await submitSubmission(given.store, as(given.ada), { submissionId: first.submissionId })
    })

    expect(approved).toBe('changed-meanwhile')
    expect(await present(first)).toMatchObject({ status: 'submitted', title: 'Other' })
    // And whoever took it back then has to take it again.
    expect(await outcome(decide((await present(first)) as Submission, 'approved'))).toBe('not-in-this-state')
  })
})

describe('rights are looked at when it is written', () => {
  const team = async () => {
    const manager = await person(given.store, 'manager')
    const linus = await person(given.store, 'user', manager.userId)
    return { manager, linus, submission: await submitted(linus) }
  }

  test('a reviewer who is a supervisor no more reviews nothing', async () => {
    const submission = await submitted()
    const by = await person(given.store, 'supervisor')
    const taking = () => decide(submission, 'under_review', { by, on: given.through })
    const demote = () => changeUser(given.store, server, { userId: by.userId, changes: { role: 'user' } })

    expect(await outcomeAfter(given, taking, demote)).toBe('forbidden')
    expect(await present(submission)).toEqual(submission)
  })

  test('a manager reviews their team, and nobody who has just left it', async () => {
    const { manager, linus, submission } = await team()
    const taken = await decide(submission, 'under_review', { by: manager })
    const approving = () => decide(taken, 'approved', { by: manager, on: given.through })
    const { profileId = '' } = linus
    const leave = () =>
      changeProfile(given.store, server, { profileId, changes: { managerId: given.grace.userId } })

    expect(await outcomeAfter(given, approving, leave)).toBe('forbidden')
    expect(await present(submission)).toEqual(taken)
    expect(await outcome(decide(taken, 'approved', { by: manager }))).toBe('no-such-submission')
  })

  test('a manager in another role now is no reviewer, whoever is named in the profile', async () => {
    const { manager, submission } = await team()
    const changed = await changeUser(given.store, server, {
      userId: manager.userId,
      changes: { role: 'auditor' },
    })
    expect(await outcome(decide(submission, 'under_review', { by: changed }))).toBe('forbidden')
    expect(await outcome(decide(submission, 'under_review', { by: manager }))).toBe('forbidden')
    expect(await present(submission)).toEqual(submission)
  })

  test.for([
    ['writes', (draft: Submission) => change(draft, { title: 'Other' }, given.through)],
    [
      'submits',
      ({ submissionId }: Submission) => submitSubmission(given.through, as(given.ada), { submissionId }),
    ],
    [
      'deletes',
      ({ submissionId }: Submission) => deleteSubmission(given.through, as(given.ada), { submissionId }),
    ],
    [
      'makes',
      () => createSubmission(given.through, as(given.ada), { userId: given.ada.userId, ...fields() }),
    ],
  ] as const)('who is deactivated %s nothing any more', async ([, work]) => {
    const draft = await draftOf(given.ada)
    const { userId } = given.ada
    const left = await outcomeAfter(
      given,
      () => work(draft),
      () => deactivateUser(given.store, server, userId),
    )
    await changeUser(given.store, server, { userId, changes: { isActive: true } })

    expect(left).toBe('forbidden')
    expect(await present(draft)).toEqual(draft)
  })

  test('a server writes for whoever is active, and others review what is left by who is not', async () => {
    const linus = await person(given.store, 'user')
    const { userId } = linus
    const makes = (mediaFiles: string[] = []) =>
      createSubmission(given.store, server, { userId, ...fields(mediaFiles) })
    const [draft, handedIn] = [await makes(await completedFiles(given.store, userId, 1)), await makes()]
    const { submissionId } = handedIn
    await submitSubmission(given.store, server, { submissionId })
    await deactivateUser(given.store, server, userId)

    expect(await outcome(makes())).toBe('not-in-this-state')
    const changing = { submissionId: draft.submissionId, changes: { title: 'Other' } }
    expect(await outcome(changeSubmission(given.store, server, changing))).toBe('not-in-this-state')
    const taking = { submissionId, version: 2, decision: 'under_review' } as const
    expect(await outcome(reviewSubmission(given.store, server, taking))).toBe('done')
    expect(await outcome(deleteSubmission(given.store, server, { submissionId: draft.submissionId }))).toBe(
      'done',
    )
    expect(await attachedTo(given.store, draft.mediaFiles)).toEqual([null])
  })
})
