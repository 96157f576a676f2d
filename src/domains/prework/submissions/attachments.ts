import type { Write } from '../../../shared/dynamodb.ts'
import { auditPut, type Acting } from '../audit.ts'
import type { Media } from '../media/media.ts'
import { Refused } from '../refused.ts'
import type { PreworkStore } from '../store.ts'
import type { Owner } from './owner.ts'
import type { Submission } from './submission.ts'

/** A submission before a change and after it; undefined where it is not there yet, or not any more. */
export interface Around {
  submissionId: string
  owner: Owner
  before: Submission | undefined
  after: Submission | undefined
  at: string
}

/**
 * What becomes of files when a submission changes, each with its entry: those that are new in it are attached, if they
 * are completed files of its owner and attached to nothing, and those that are in it no more are detached. The names of
 * the writes begin with `attach` and `detach`; twenty files out and twenty in are 80 of the 100 that go together.
 * @throws Refused media-not-usable for a file that is named twice
 */
export function attachmentWrites(store: PreworkStore, by: Acting, around: Around): Record<string, Write> {
  const { submissionId, before, after, at } = around
  if (after && new Set(after.mediaFiles).size < after.mediaFiles.length) throw new Refused('media-not-usable')
  const entry = (mediaId: string, was: object, is: object): Write =>
    auditPut(store, by, {
      entityType: 'media',
      entityId: mediaId,
      action: 'update',
      at,
      before: was,
      after: is,
      fields: ['submissionId'],
    })

  const writes: Record<string, Write> = {}
  for (const mediaId of newIn(after, before)) {
    writes[`attach ${mediaId}`] = attach(store, by, mediaId, around)
    writes[`entry of ${mediaId}`] = entry(mediaId, {}, { submissionId })
  }
  for (const mediaId of newIn(before, after)) {
    writes[`detach ${mediaId}`] = detach(store, by, mediaId, around)
    writes[`entry of ${mediaId}`] = entry(mediaId, { submissionId }, {})
  }
  return writes
}

/**
 * Whether each of these files could be attached, or is attached to this submission already, as it is now: then it was
 * only for a moment that they could not.
 */
export async function areUsable(
  { documents, tables }: PreworkStore,
  submission: Submission,
): Promise<boolean> {
  const { mediaFiles, userId, submissionId } = submission
  const keys = mediaFiles.map((mediaId) => ({ mediaId }))
  const found = (await documents.getMany(tables.media, keys)) as unknown as Media[]
  const usable = found.filter(
    (media) =>
      media.userId === userId &&
      media.uploadStatus === 'completed' &&
      (media.submissionId ?? submissionId) === submissionId,
  )
  return usable.length === mediaFiles.length
}

const newIn = (one: Submission | undefined, other: Submission | undefined): string[] =>
  (one?.mediaFiles ?? []).filter((mediaId) => !other?.mediaFiles.includes(mediaId))

const attach = (
  { tables }: PreworkStore,
  by: Acting,
  mediaId: string,
  { submissionId, owner, at }: Around,
): Write => ({
  Update: {
    TableName: tables.media,
    Key: { mediaId },
    UpdateExpression:
      'set #submissionId = :submissionId, #updatedAt = :at, #updatedBy = :by, #version = #version + :one',
    ConditionExpression:
      '#userId = :userId and #uploadStatus = :completed and attribute_not_exists(#submissionId)',
    ExpressionAttributeNames: { ...names, '#userId': 'userId', '#uploadStatus': 'uploadStatus' },
    ExpressionAttributeValues: {
      ':submissionId': submissionId,
      ':userId': owner.userId,
      ':completed': 'completed',
      ':at': at,
      ':by': by.userId,
      ':one': 1,
    },
  },
})

const detach = (
  { tables }: PreworkStore,
  by: Acting,
  mediaId: string,
  { submissionId, at }: Around,
): Write => ({
  Update: {
    TableName: tables.media,
    Key: { mediaId },
    UpdateExpression:
      'remove #submissionId set #updatedAt = :at, #updatedBy = :by, #version = #version + :one',
    ConditionExpression: '#submissionId = :submissionId',
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: { ':submissionId': submissionId, ':at': at, ':by': by.userId, ':one': 1 },
  },
})

const names = {
  '#submissionId': 'submissionId',
  '#updatedAt': 'updatedAt',
  '#updatedBy': 'updatedBy',
  '#version': 'version',
}
