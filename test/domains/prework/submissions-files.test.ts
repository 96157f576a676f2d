import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deleteMedia } from '../../../src/domains/prework/media/delete-media.ts'
import { findMedia } from '../../../src/domains/prework/media/media.ts'
import { createSubmission } from '../../../src/domains/prework/submissions/create-submission.ts'
import { deleteSubmission } from '../../../src/domains/prework/submissions/delete-submission.ts'
import { findSubmission, type Submission } from '../../../src/domains/prework/submissions/submission.ts'
import { submitSubmission } from '../../../src/domains/prework/submissions/submit-submission.ts'
import { answered } from '../../shared/dynamodb/trouble.ts'
import { attachedTo, completedFiles } from './completed-files.ts'
import { acts, as, counted, fields, outcome, server, startSubmitting, type Submitting } from './submitting.ts'

let given: Submitting
beforeAll(async () => {
  given = await startSubmitting()
})
afterAll(() => given[Symbol.asyncDispose]())

const { draftOf, change, present, actionsOn } = acts(() => given)

describe('files', () => {
  test('twenty out and twenty in are one change, with an entry for each of them', async () => {
    const files = await completedFiles(given.store, given.ada.userId, 40)
    const [first, second] = [files.slice(0, 20), files.slice(20)]
    const draft = await draftOf(given.ada, first)
    expect(await attachedTo(given.store, files)).toEqual([
      ...Array<string>(20).fill(draft.submissionId),
      ...Array<null>(20).fill(null),
    ])

    const changed = await change(draft, { mediaFiles: second })
    expect(changed.mediaFiles).toEqual(second)
    expect(await attachedTo(given.store, files)).toEqual([
      ...Array<null>(20).fill(null),
      ...Array<string>(20).fill(draft.submissionId),
    ])
    expect(await findMedia(given.store, first[0] as string)).toMatchObject({
      version: 3,
      updatedBy: given.ada.userId,
    })
    expect(await actionsOn(first[0] as string)).toEqual(['update', 'update'])
    expect(await actionsOn(draft.submissionId)).toEqual(['update', 'create'])
  })

  test('that stay are left alone, in whatever order', async () => {
    const [one, two, three] = (await completedFiles(given.store, given.ada.userId, 3)) as [
      string,
      string,
      string,
    ]
    const draft = await draftOf(given.ada, [one, two])
    await change(draft, { mediaFiles: [three, two] })

    expect((await present(draft))?.mediaFiles).toEqual([three, two])
    expect(await findMedia(given.store, two)).toMatchObject({ version: 2 })
    expect(await attachedTo(given.store, [one, two, three])).toEqual([
      null,
      draft.submissionId,
      draft.submissionId,
    ])
  })

  test('of a draft that is removed are attached to nothing', async () => {
    const files = await completedFiles(given.store, given.ada.userId, 20)
    const { submissionId } = await draftOf(given.ada, files)
    await deleteSubmission(given.store, as(given.ada), { submissionId })

    expect(await attachedTo(given.store, files)).toEqual(Array<null>(20).fill(null))
    expect(await findSubmission(given.store, submissionId)).toBeUndefined()
    expect(await actionsOn(submissionId)).toEqual(['delete', 'create'])
    expect(await outcome(draftOf(given.ada, files))).toBe('done')
  })

  const unusable: [string, () => Promise<string[]>][] = [
    ['of somebody else', () => completedFiles(given.store, given.grace.userId, 1)],
    [
      'that are uploading',
      () => completedFiles(given.store, given.ada.userId, 1, { uploadStatus: 'uploading' }),
    ],
    ['that failed', () => completedFiles(given.store, given.ada.userId, 1, { uploadStatus: 'failed' })],
    [
      'attached elsewhere',
      () => completedFiles(given.store, given.ada.userId, 1, { submissionId: randomUUID() }),
    ],
    ['that are not there', async () => [randomUUID()]],
    [
      'named twice',
      async () => {
        const [file] = (await completedFiles(given.store, given.ada.userId, 1)) as [string]
        return [file, file]
      },
    ],
  ]
  test.for(unusable)('%s are attached to nothing', async ([, make]) => {
    const files = await make()
    const [mediaId] = files as [string]
    const before = await findMedia(given.store, mediaId)
    const [good] = (await completedFiles(given.store, given.ada.userId, 1)) as [string]
    const draft = await draftOf(given.ada)

    expect(await outcome(draftOf(given.ada, [good, ...files]))).toBe('media-not-usable')
    expect(await outcome(change(draft, { title: 'Other', mediaFiles: [good, ...files] }))).toBe(
      'media-not-usable',
    )
    expect(await present(draft)).toEqual(draft)
    expect(await attachedTo(given.store, [good])).toEqual([null])
    expect(await findMedia(given.store, mediaId)).toEqual(before)
    expect(await actionsOn(good)).toEqual([])
  })

  test('of the one user a server writes for, and not of another', async () => {
    const files = await completedFiles(given.store, given.ada.userId, 1)
    const asked = { userId: given.grace.userId, ...fields(files) }
    expect(await outcome(createSubmission(given.store, server, asked))).toBe('media-not-usable')
  })

  test('go to one of the submissions that want them at once', async () => {
    const files = await completedFiles(given.store, given.ada.userId, 1)
    const drafts = await Promise.all(Array.from({ length: 5 }, () => draftOf(given.ada)))
    const wants = await Promise.all(drafts.map((draft) => outcome(change(draft, { mediaFiles: files }))))

    expect(counted(wants)).toEqual({ done: 1, 'media-not-usable': 4 })
    const winner = drafts[wants.indexOf('done')] as Submission
    expect(await attachedTo(given.store, files)).toEqual([winner.submissionId])
    for (const draft of drafts)
      expect((await present(draft))?.mediaFiles).toEqual(draft === winner ? files : [])
  })

  test('that the same change brought a moment before are in nobody’s way', async () => {
    const files = await completedFiles(given.store, given.ada.userId, 3)
    const draft = await draftOf(given.ada)
    await Promise.all(Array.from({ length: 6 }, () => change(draft, { mediaFiles: files })))

    expect(await present(draft)).toMatchObject({ mediaFiles: files, version: 2 })
    expect(await attachedTo(given.store, files)).toEqual(Array<string>(3).fill(draft.submissionId))
  })

  test('that only seemed to be taken, while the same was being done, are looked at once more', async () => {
    const files = await completedFiles(given.store, given.ada.userId, 1)
    const draft = await draftOf(given.ada)
    // The submission's own condition was not looked at: something else was in its way.
    const reasons = ['TransactionConflict', 'None', 'None', 'ConditionalCheckFailed', 'None']
    given.trouble.on(
      'TransactWriteItems',
      answered(400, 'TransactionCanceledException', {
        CancellationReasons: reasons.map((Code) => ({ Code })),
      }),
    )
    const changed = await change(draft, { mediaFiles: files }, given.through)
    expect(changed.mediaFiles).toEqual(files)
    expect(await attachedTo(given.store, files)).toEqual([draft.submissionId])
  })

  test('that are removed at the same moment are in no submission', async () => {
    for (let round = 0; round < 8; round += 1) {
      const files = (await completedFiles(given.store, given.ada.userId, 2)) as [string, string]
      const draft = await draftOf(given.ada, round % 2 === 0 ? [] : files)
      const changes = { title: 'Other', mediaFiles: round % 2 === 0 ? files : files.toReversed() }
      const [changed, removed] = await Promise.all([
        outcome(change(draft, changes)),
        outcome(deleteMedia(given.store, as(given.ada), files[0])),
      ])

      expect(removed).toBe('done')
      expect(['done', 'media-not-usable']).toContain(changed)
      const { mediaFiles = [] } = (await present(draft)) ?? {}
      expect(mediaFiles).not.toContain(files[0])
      expect(await attachedTo(given.store, [files[0]])).toEqual([undefined])
      expect(await attachedTo(given.store, [files[1]])).toEqual([
        mediaFiles.includes(files[1]) ? draft.submissionId : null,
      ])
    }
  })

  test('are not removed while they are being handed in: one of the two is first', async () => {
    for (let round = 0; round < 8; round += 1) {
      const files = (await completedFiles(given.store, given.ada.userId, 1)) as [string]
      const draft = await draftOf(given.ada, files)
      const [removed] = await Promise.all([
        outcome(deleteMedia(given.store, as(given.ada), files[0])),
        submitSubmission(given.store, as(given.ada), { submissionId: draft.submissionId }),
      ])
      expect(['done', 'media-attached']).toContain(removed)
      expect((await present(draft))?.mediaFiles).toEqual(removed === 'done' ? [] : files)
      expect(await attachedTo(given.store, files)).toEqual([
        removed === 'done' ? undefined : draft.submissionId,
      ])
    }
  })

  test('brought to a draft while it is removed are attached to nothing', async () => {
    for (let round = 0; round < 8; round += 1) {
      const files = await completedFiles(given.store, given.ada.userId, 2)
      const draft = await draftOf(given.ada, files.slice(0, 1))
      const [changed, removed] = await Promise.all([
        outcome(change(draft, { mediaFiles: files.slice(1) })),
        outcome(deleteSubmission(given.store, as(given.ada), { submissionId: draft.submissionId })),
      ])
      expect(removed).toBe('done')
      expect(['done', 'no-such-submission']).toContain(changed)
      expect(await attachedTo(given.store, files)).toEqual([null, null])
    }
  })
})
