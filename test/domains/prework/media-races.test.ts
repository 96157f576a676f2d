import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readAudit, type Acting } from '../../../src/domains/prework/audit.ts'
import { changeUser, deactivateUser } from '../../../src/domains/prework/change-user.ts'
import { createUser } from '../../../src/domains/prework/create-user.ts'
import type { User } from '../../../src/domains/prework/items.ts'
import { deleteMedia } from '../../../src/domains/prework/media/delete-media.ts'
import { findMedia, type Media } from '../../../src/domains/prework/media/media.ts'
import { openUpload, placeFor } from '../../../src/domains/prework/media/open-upload.ts'
import { settleUpload } from '../../../src/domains/prework/media/settle.ts'
import type { Role } from '../../../src/domains/prework/permissions.ts'
import { openPreworkStore, type PreworkStore } from '../../../src/domains/prework/store.ts'
import { changeSubmission } from '../../../src/domains/prework/submissions/change-submission.ts'
import { createSubmission } from '../../../src/domains/prework/submissions/create-submission.ts'
import { findSubmission } from '../../../src/domains/prework/submissions/submission.ts'
import { submitSubmission } from '../../../src/domains/prework/submissions/submit-submission.ts'
import { startTrouble, type Trouble } from '../../shared/dynamodb/trouble.ts'
import { startTables, type PreworkTables } from './tables.ts'

let tables: PreworkTables
let store: PreworkStore
/** The same tables, behind what holds a transaction up. */
let slow: PreworkStore
let trouble: Trouble
let ada: User
beforeAll(async () => {
  tables = await startTables()
  trouble = await startTrouble(tables.endpoint)
  store = openPreworkStore(tables.aws, 'dev')
  slow = openPreworkStore({ ...tables.aws, dynamodbEndpoint: trouble.endpoint }, 'dev')
})
afterAll(async () => {
  for (const { documents } of [store, slow]) documents.close()
  await trouble.close()
  await tables.stop()
})
beforeEach(async () => {
  ada = await person('user')
})

const origin = { ip: '192.0.2.1', userAgent: 'test', requestId: 'request' }
const server: Acting = { userId: 'server', role: 'administrator', origin }
const person = async (role: Role): Promise<User> => {
  const about = { firstName: 'Ada', lastName: 'Lovelace', jobTitle: 'Analyst', department: 'Engines' }
  const asked = { email: `${randomUUID()}@example.org`, username: 'ada', role, ...about }
  return (await createUser(store, server, asked)).user
}
/** As a call that began while they had this role. */
const as = ({ userId, role }: User): Acting => ({ userId, role, origin })
const picture = {
  fileName: 'ada.jpg',
  contentType: 'image/jpeg',
  uploadUntil: '2099-01-01T00:00:00.000Z',
} as const
const trailOf = async (entityId: string) =>
  (await readAudit(store, server, { entityId }, { limit: 100, after: undefined })).items.map(
    ({ action }) => action,
  )
const outcome = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: { refusal?: string }) => error.refusal ?? error,
  )

async function uploading(owner = ada): Promise<Media> {
  return openUpload(store, as(owner), { place: await placeFor(store, as(owner), owner.userId), ...picture })
}

const settling = ({ userId, mediaId }: Media, through = store) =>
  settleUpload(
    { userId, mediaId, bucket: 'uploads', writing: 'w' },
    { contentType: 'image/jpeg', file: { key: 'media/x', bytes: 1, sha256: 'ad' } },
    { store: through, origin },
  )

async function completed(owner = ada): Promise<Media> {
  const media = await uploading(owner)
  await settling(media)
  return media
}

const draft = (mediaFiles: string[], owner = ada) =>
  createSubmission(store, as(owner), {
    userId: owner.userId,
    title: 'Notes on the engine',
    priority: 'medium',
    customFields: {},
    mediaFiles,
  })

/** Begins something, and does something else when it is about to write, or to look. */
async function meanwhile(
  begin: () => Promise<unknown>,
  other: () => Promise<unknown>,
  operation = 'TransactWriteItems',
): Promise<unknown> {
  const held = Promise.withResolvers<void>()
  const from = trouble.seen().length
  trouble.on(operation, { heldUntil: held.promise })
  const begun = outcome(begin())
  const seen = () =>
    trouble
      .seen()
      .slice(from)
      .map((each) => each.operation)
  await expect.poll(seen).toContain(operation)
  await other()
  held.resolve()
  return begun
}

describe('an upload that is being opened', () => {
  const losses: [string, (user: User) => Promise<unknown>][] = [
    ['the role', ({ userId }) => changeUser(store, server, { userId, changes: { role: 'user' } })],
    ['the account', ({ userId }) => deactivateUser(store, server, userId)],
  ]
  test.for(losses)('for another by who loses %s is not opened', async ([, lose]) => {
    const grace = await person('administrator')
    const place = await placeFor(slow, as(grace), ada.userId)
    const opening = () => openUpload(slow, as(grace), { place, ...picture })

    expect(await meanwhile(opening, () => lose(grace))).toBe('forbidden')
    expect(await findMedia(store, place.mediaId)).toBeUndefined()
    expect(await trailOf(place.mediaId)).toEqual([])
  })

  test('for who is deactivated is not opened, by themselves or by another', async () => {
    const grace = await person('administrator')
    for (const [by, refusal] of [
      [grace, 'not-in-this-state'],
      [ada, 'forbidden'],
    ] as const) {
      const owner = by === ada ? ada : await person('user')
      const place = await placeFor(slow, as(by), owner.userId)
      const opening = () => openUpload(slow, as(by), { place, ...picture })

      expect(await meanwhile(opening, () => deactivateUser(store, server, owner.userId))).toBe(refusal)
      expect(await findMedia(store, place.mediaId)).toBeUndefined()
      expect(await trailOf(place.mediaId)).toEqual([])
    }
  })

  test('once more, and is removed at that moment, is gone', async () => {
    const once = { id: randomUUID(), askedFor: 'the same' }
    const place = await placeFor(store, as(ada), ada.userId, once)
    const opening = (through: PreworkStore) => openUpload(through, as(ada), { place, ...picture }, once)
    const first = await opening(store)
    const remove = () => deleteMedia(store, as(ada), once.id)

    expect(await opening(slow)).toEqual(first)
    expect(await meanwhile(() => opening(slow), remove, 'GetItem')).toBe('gone')
    expect(await trailOf(once.id)).toEqual(['delete', 'create'])
  })
})

describe('a file that is being removed', () => {
  test('while it is attached is removed from what it was attached to', async () => {
    const { mediaId } = await completed()
    const { submissionId } = await draft([])
    const attach = () =>
      changeSubmission(store, as(ada), { submissionId, changes: { mediaFiles: [mediaId] } })

    expect(await meanwhile(() => deleteMedia(slow, as(ada), mediaId), attach)).toBe('done')
    expect(await findMedia(store, mediaId)).toBeUndefined()
    expect(await findSubmission(store, submissionId)).toMatchObject({ mediaFiles: [], version: 3 })
    expect(await trailOf(mediaId)).toEqual(['delete', 'update', 'complete', 'create'])
    expect(await trailOf(submissionId)).toEqual(['update', 'update', 'create'])
  })

  test('while it is detached, or attached elsewhere, leaves both submissions without it', async () => {
    const { mediaId } = await completed()
    const [one, other] = [await draft([mediaId]), await draft([])]
    const change = (submissionId: string, mediaFiles: string[]) =>
      changeSubmission(store, as(ada), { submissionId, changes: { mediaFiles } })
    const move = async () => {
      await change(one.submissionId, [])
      await change(other.submissionId, [mediaId])
    }

    expect(await meanwhile(() => deleteMedia(slow, as(ada), mediaId), move)).toBe('done')
    for (const { submissionId } of [one, other])
      expect((await findSubmission(store, submissionId))?.mediaFiles).toEqual([])
    expect(await findMedia(store, mediaId)).toBeUndefined()
  })

  test('while its submission is handed in stays with it', async () => {
    const { mediaId } = await completed()
    const { submissionId } = await draft([mediaId])
    const hand = () => submitSubmission(store, as(ada), { submissionId })

    expect(await meanwhile(() => deleteMedia(slow, as(ada), mediaId), hand)).toBe('media-attached')
    expect(await findMedia(store, mediaId)).toMatchObject({ submissionId })
    expect(await findSubmission(store, submissionId)).toMatchObject({
      status: 'submitted',
      mediaFiles: [mediaId],
    })
    expect(await trailOf(mediaId)).not.toContain('delete')
  })

  test('while it is attached and handed in stays too', async () => {
    const { mediaId } = await completed()
    const { submissionId } = await draft([])
    const attach = async () => {
      await changeSubmission(store, as(ada), { submissionId, changes: { mediaFiles: [mediaId] } })
      await submitSubmission(store, as(ada), { submissionId })
    }

    expect(await meanwhile(() => deleteMedia(slow, as(ada), mediaId), attach)).toBe('media-attached')
    expect(await findMedia(store, mediaId)).toMatchObject({ submissionId })
  })

  test('while another change is made to its submission takes nothing of that back', async () => {
    const { mediaId } = await completed()
    const { submissionId } = await draft([mediaId])
    const change = () =>
      changeSubmission(store, as(ada), { submissionId, changes: { title: 'Notes on Bernoulli' } })

    expect(await meanwhile(() => deleteMedia(slow, as(ada), mediaId), change)).toBe('done')
    expect(await findSubmission(store, submissionId)).toMatchObject({
      title: 'Notes on Bernoulli',
      mediaFiles: [],
      version: 3,
    })
  })

  test('while it is completed goes as what it became, and the log has both', async () => {
    const media = await uploading()
    const removing = () => deleteMedia(slow, as(ada), media.mediaId)

    expect(await meanwhile(removing, () => settling(media))).toBe('done')
    expect(await findMedia(store, media.mediaId)).toBeUndefined()
    expect(await trailOf(media.mediaId)).toEqual(['delete', 'complete', 'create'])
  })

  test('does not come back by being completed', async () => {
    const media = await uploading()
    const other = () => deleteMedia(store, as(ada), media.mediaId)

    expect(await meanwhile(() => settling(media, slow), other)).toBe('done')
    expect(await findMedia(store, media.mediaId)).toBeUndefined()
    expect(await trailOf(media.mediaId)).toEqual(['delete', 'create'])
  })

  test('while another removes it is removed by that other', async () => {
    const { mediaId } = await completed()
    const { submissionId } = await draft([mediaId])
    const other = () => deleteMedia(store, as(ada), mediaId)

    expect(await meanwhile(() => deleteMedia(slow, as(ada), mediaId), other)).toBe('no-such-media')
    expect((await trailOf(mediaId)).filter((action) => action === 'delete')).toHaveLength(1)
    expect(await findSubmission(store, submissionId)).toMatchObject({ mediaFiles: [], version: 2 })
  })

  test('by who loses the right to it stays', async () => {
    const grace = await person('administrator')
    const { mediaId } = await completed()
    const { submissionId } = await draft([mediaId])
    const demote = () => changeUser(store, server, { userId: grace.userId, changes: { role: 'user' } })

    expect(await meanwhile(() => deleteMedia(slow, as(grace), mediaId), demote)).toBe('forbidden')
    expect(await findMedia(store, mediaId)).toMatchObject({ submissionId })
    expect(await findSubmission(store, submissionId)).toMatchObject({ version: 1 })
  })

  test('and attached and handed in at the same moment is never named by what does not have it', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { mediaId } = await completed()
      const { submissionId } = await draft([])
      const changes = { mediaFiles: [mediaId] }
      const [attached, removed] = await Promise.all([
        outcome(changeSubmission(store, as(ada), { submissionId, changes })),
        outcome(deleteMedia(store, as(ada), mediaId)),
        outcome(submitSubmission(store, as(ada), { submissionId })),
      ])
      const [submission, media] = [await findSubmission(store, submissionId), await findMedia(store, mediaId)]

      expect(['done', 'media-not-usable', 'not-in-this-state']).toContain(attached)
      expect(['done', 'media-attached']).toContain(removed)
      expect(submission?.mediaFiles).toEqual(media?.submissionId === submissionId ? [mediaId] : [])
      expect(media === undefined).toBe(removed === 'done')
    }
  })
})
