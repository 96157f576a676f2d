import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { User } from '../../../../src/domains/prework/items.ts'
import {
  priorities,
  statuses,
  type Submission,
} from '../../../../src/domains/prework/submissions/submission.ts'
import { attachedTo, completedFiles } from '../../../domains/prework/completed-files.ts'
import { problemIn, startPrework, statusesOf, theOneMade, type Prework } from './people.ts'
import { engine, submissionCalls, url, type Told } from './submission-calls.ts'

interface TellsMany {
  submissions: Told['submission'][]
  nextCursor: string | null
}

let prework: Prework
let ada: User
let grace: User
beforeAll(async () => {
  prework = await startPrework()
  ada = (await prework.person('user')).user
  grace = (await prework.person('supervisor')).user
})
afterAll(() => prework[Symbol.asyncDispose]())

const { get, post, postRaw, draft, put, putRaw, remove, submit, review, trailOf, stored } = submissionCalls(
  () => ({ prework, ada, grace }),
)

describe('a submission', () => {
  test('is made as a draft, and told whole', async () => {
    const files = await completedFiles(prework.store, ada.userId, 2)
    const customFields = { weight: 1.5, 'tons of': 'steam\nand more', ready: false, zero: 0, nothing: '' }
    const description = ' Of brass.\n\tAnd wood. '
    const answer = await post({
      title: ' Engine ',
      description,
      priority: 'high',
      customFields,
      mediaFiles: files,
    })
    const { submission } = answer.json<Told>()

    expect(answer.headers.location).toBe(`/prework/api/submissions/${submission.submissionId}`)
    expect([answer.statusCode, submission]).toEqual([
      201,
      {
        submissionId: expect.any(String),
        userId: ada.userId,
        status: 'draft',
        title: 'Engine',
        description: 'Of brass.\n\tAnd wood.',
        priority: 'high',
        customFields,
        mediaFiles: files,
        submittedAt: null,
        reviewedBy: null,
        reviewedAt: null,
        reviewComment: null,
        version: 1,
        createdAt: expect.any(String),
        createdBy: ada.userId,
        updatedAt: submission['createdAt'],
        updatedBy: ada.userId,
      },
    ])
    expect((await get(`/${submission.submissionId}`)).json()).toEqual({ submission })
    expect(await attachedTo(prework.store, files)).toEqual([submission.submissionId, submission.submissionId])
  })

  test('needs nothing but a title', async () => {
    expect(await draft()).toMatchObject({
      description: null,
      priority: 'medium',
      customFields: {},
      mediaFiles: [],
    })
  })

  test('goes its way: handed in, taken, sent back, changed, handed in, taken, approved', async () => {
    const { submissionId } = await draft()
    const of = { submissionId }
    const first = (await submit(of, { version: 1 })).json<Told>().submission
    expect(first).toMatchObject({ status: 'submitted', submittedAt: expect.any(String), version: 2 })

    const taken = (await review(of, { decision: 'under_review', version: 2 })).json<Told>().submission
    expect(taken).toMatchObject({ status: 'under_review', reviewedBy: grace.userId, reviewComment: null })
    const comment = 'More\nbrass.'
    const back = (await review(of, { decision: 'requires_changes', comment, version: 3 })).json<Told>()
      .submission
    expect(back).toMatchObject({ status: 'requires_changes', reviewComment: comment, version: 4 })

    const changed = (await put(of, { title: 'Brass engine' })).json<Told>().submission
    expect(changed).toMatchObject({
      status: 'requires_changes',
      title: 'Brass engine',
      reviewComment: comment,
    })
    const again = (await submit(of)).json<Told>().submission
    expect(again).toMatchObject({ status: 'submitted', reviewComment: comment })
    await review(of, { decision: 'under_review', version: 6 })
    const approved = (await review(of, { decision: 'approved', version: 7 })).json<Told>().submission
    // What was said before was said to something else.
    expect(approved).toMatchObject({ status: 'approved', reviewComment: null, reviewedBy: grace.userId })

    expect((await trailOf(submissionId)).map(({ action, userId, after }) => [action, userId, after])).toEqual(
      [
        ['review', grace.userId, { status: 'approved' }],
        ['review', grace.userId, { status: 'under_review', reviewComment: null }],
        ['submit', ada.userId, { status: 'submitted' }],
        ['update', ada.userId, { title: 'Brass engine' }],
        ['review', grace.userId, { status: 'requires_changes', reviewComment: comment }],
        ['review', grace.userId, { status: 'under_review', reviewedBy: grace.userId }],
        ['submit', ada.userId, { status: 'submitted' }],
        [
          'create',
          ada.userId,
          {
            userId: ada.userId,
            title: 'Engine',
            priority: 'medium',
            customFields: {},
            mediaFiles: [],
            status: 'draft',
          },
        ],
      ],
    )
  })

  test('that is not there is not found, whatever the id looks like', async () => {
    const { submissionId } = await stored({ userId: grace.userId })
    for (const id of [randomUUID(), 'engine', submissionId]) {
      const of = { submissionId: id }
      const payload = { decision: 'under_review', version: 1 }
      const answers = [await get(`/${id}`), await put(of, engine), await remove(of), await submit(of)]
      for (const answer of [...answers, await review(of, payload, ada)])
        expect(problemIn(answer)).toEqual([404, 'not-found'])
    }
  })

  test('told to be as it is is left alone', async () => {
    const body = '{"title":"Engine","customFields":{"b":-0,"a":"1"},"description":"Brass"}'
    const submission = (await postRaw(body)).json<Told>().submission
    expect(submission['customFields']).toEqual({ a: '1', b: 0 })
    const same = { customFields: { a: '1', b: 0 }, description: ' Brass', mediaFiles: [], priority: 'medium' }
    expect((await put(submission, same)).json()).toEqual({ submission })
    expect((await putRaw(submission, '{"customFields":{"b":-0,"a":"1"}}')).json()).toEqual({ submission })
    expect(await trailOf(submission.submissionId)).toHaveLength(1)
  })

  test('is changed in what is said, and loses its description where that is null or blank', async () => {
    const submission = await draft({ ...engine, description: 'Brass' })
    for (const [description, version] of [
      [null, 2],
      ['wood', 3],
      [' ', 4],
    ] as const)
      expect((await put(submission, { description })).json()).toEqual({
        submission: {
          ...submission,
          description: description?.trim() || null,
          version,
          updatedAt: expect.any(String),
        },
      })
    expect((await trailOf(submission.submissionId))[0]).toMatchObject({
      before: { description: 'wood' },
      after: { description: null },
    })
  })

  test('of which another version is known is neither changed, nor handed in, nor reviewed', async () => {
    const submission = await draft()
    await put(submission, { title: 'Other' })
    const stale = [409, 'changed-meanwhile', 'version']
    expect(problemIn(await put(submission, { title: 'Third', version: 1 }))).toEqual(stale)
    expect(problemIn(await submit(submission, { version: 1 }))).toEqual(stale)
    await submit(submission, { version: 2 })
    for (const version of [1, 2, 4])
      expect(problemIn(await review(submission, { decision: 'under_review', version }))).toEqual(stale)
    expect((await get(`/${submission.submissionId}`)).json()).toMatchObject({
      submission: { title: 'Other', status: 'submitted', version: 3 },
    })
  })

  test('that is a draft can be removed, and its files are free', async () => {
    const mediaFiles = await completedFiles(prework.store, ada.userId, 1)
    const submission = await draft({ ...engine, mediaFiles })
    const answer = await remove(submission)

    expect([answer.statusCode, answer.body]).toEqual([204, ''])
    expect((await get(`/${submission.submissionId}`)).statusCode).toBe(404)
    expect((await remove(submission)).statusCode).toBe(404)
    expect((await draft({ ...engine, mediaFiles })).version).toBe(1)
  })
})

describe('the way of a submission', () => {
  const ways: Record<Submission['status'], string> = {
    draft: 'change delete submit',
    submitted: 'under_review',
    under_review: 'approved rejected requires_changes',
    approved: '',
    rejected: '',
    requires_changes: 'change submit',
  }
  const moves = ['change', 'delete', 'submit', 'under_review', 'approved', 'rejected', 'requires_changes']
  test.for(statuses.flatMap((status) => moves.map((move) => [status, move] as const)))(
    'from %s: %s',
    async ([status, move]) => {
      const of = await stored({ status, reviewedBy: grace.userId })
      const call =
        { change: () => put(of, { title: 'Other' }), delete: () => remove(of), submit: () => submit(of) }[
          move
        ] ?? (() => review(of, { decision: move, comment: 'why', version: 1 }))
      const answer = await call()

      if (ways[status].split(' ').includes(move)) return expect(answer.statusCode).toBeLessThan(300)
      // Whoever has it may not take it once more.
      const isTaken = status === 'under_review' && move === 'under_review'
      expect(problemIn(answer)).toEqual(isTaken ? [403, 'forbidden'] : [409, 'not-in-this-state'])
      expect((await get(`/${of.submissionId}`)).json()).toMatchObject({ submission: { status, version: 1 } })
    },
  )

  test('is decided by who took it, or by an administrator, who may take it over', async () => {
    const [linus, admin] = [await prework.person('supervisor'), (await prework.person('administrator')).user]
    const taken = () => stored({ status: 'under_review', reviewedBy: grace.userId })
    const take = { decision: 'under_review', version: 1 }
    const decides = { decision: 'approved', version: 1 }
    expect(problemIn(await review(await taken(), decides, linus.user))).toEqual([403, 'forbidden'])
    expect(problemIn(await review(await taken(), take, linus.user))).toEqual([403, 'forbidden'])
    expect((await review(await taken(), decides, admin)).statusCode).toBe(200)

    const over = await taken()
    expect((await review(over, take, admin)).json()).toMatchObject({
      submission: { status: 'under_review', reviewedBy: admin.userId, version: 2 },
    })
    expect(problemIn(await review(over, { ...decides, version: 2 }))).toEqual([403, 'forbidden'])
    expect(problemIn(await review(over, { ...take, version: 2 }, admin))).toEqual([403, 'forbidden'])
    expect((await trailOf(over.submissionId))[0]?.after).toEqual({ reviewedBy: admin.userId })
  })

  test('nobody reviews their own, administrators included', async () => {
    for (const role of ['supervisor', 'administrator'] as const) {
      const { user } = await prework.person(role)
      const of = await stored({ userId: user.userId, status: 'submitted' })
      const answer = await review(of, { decision: 'under_review', version: 1 }, user)
      expect(problemIn(answer)).toEqual([403, 'forbidden'])
    }
  })
})

test('a draft is removed in the version that is named, and in no other', async () => {
  const one = await draft()
  await put(one, { title: 'Other' })
  const removeVersion = (version: number) =>
    prework.as(ada, { method: 'DELETE', url: `${url}/${one.submissionId}?version=${version}` })

  expect(problemIn(await removeVersion(1))).toEqual([409, 'changed-meanwhile', 'version'])
  expect((await get(`/${one.submissionId}`)).statusCode).toBe(200)
  expect((await removeVersion(2)).statusCode).toBe(204)
})

describe('an Idempotency-Key', () => {
  test('makes one draft of the same request, and attaches its files once', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const mediaFiles = await completedFiles(prework.store, ada.userId, 2)
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => post({ ...engine, mediaFiles }, headers)),
    )
    expect(statusesOf(answers)).toEqual(Array<number>(6).fill(201))
    const { submission } = (answers[0] as (typeof answers)[number]).json<Told>()
    for (const answer of answers) expect(answer.json()).toEqual({ submission })
    expect(await trailOf(submission.submissionId)).toHaveLength(1)

    // It is told as it is, though its files are others by now, and the first ones free to be attached elsewhere.
    const changed = (await put(submission, { mediaFiles: [] })).json()
    await draft({ ...engine, mediaFiles })
    expect((await post({ ...engine, mediaFiles }, headers)).json()).toEqual(changed)
    const other = await post({ title: 'Other', mediaFiles }, headers)
    expect(problemIn(other)).toEqual([422, 'idempotency-key-reused', 'Idempotency-Key'])
  })

  test('with several bodies at once makes one of them', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const answers = await Promise.all(priorities.map((priority) => post({ ...engine, priority }, headers)))
    expect(statusesOf(answers)).toEqual([201, 422, 422, 422])
    expect(theOneMade(answers).json<Told>().submission.version).toBe(1)
  })

  test('makes nothing any more once its draft was removed', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const mediaFiles = await completedFiles(prework.store, ada.userId, 1)
    const asked = { ...engine, mediaFiles }
    const { submission } = (await post(asked, headers)).json<Told>()
    expect((await remove(submission)).statusCode).toBe(204)

    const again = await Promise.all([post(asked, headers), post(asked, headers)])
    for (const answer of again) expect(problemIn(answer)).toEqual([410, 'gone'])
    expect(problemIn(await post({ ...asked, title: 'Other' }, headers))[1]).toBe('idempotency-key-reused')
    expect(problemIn(await get(`/${submission.submissionId}`))).toEqual([404, 'not-found'])
    expect(problemIn(await remove(submission))).toEqual([404, 'not-found'])
    for (const list of ['', '?limit=100', '?status=draft'])
      expect((await get(list, grace)).body).not.toContain(submission.submissionId)
    expect((await trailOf(submission.submissionId)).map(({ action }) => action)).toEqual(['delete', 'create'])
    expect((await post(asked)).statusCode).toBe(201)
  })

  test('is its caller’s own', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const [mine, theirs] = [await post(engine, headers), await post(engine, headers, grace)]
    expect(mine.json<Told>().submission.submissionId).not.toBe(theirs.json<Told>().submission.submissionId)
  })
})

describe('a server', () => {
  const key = (call: Parameters<Prework['withKey']>[0]) => prework.withKey(call)

  test('says whose it is, and does all that they could', async () => {
    const asked = { method: 'POST', url, payload: engine } as const
    expect(problemIn(await key(asked))).toEqual([400, 'missing-field', 'userId'])
    expect(problemIn(await key({ url }))).toEqual([400, 'missing-field', 'userId'])
    const nobody = await key({ ...asked, payload: { ...engine, userId: randomUUID() } })
    expect(problemIn(nobody)).toEqual([404, 'not-found'])

    const mediaFiles = await completedFiles(prework.store, ada.userId, 1)
    const made = await key({ ...asked, payload: { ...engine, mediaFiles, userId: ada.userId } })
    const { submission } = made.json<Told>()
    expect(submission).toMatchObject({ userId: ada.userId, createdBy: 'server' })
    const one = `${url}/${submission.submissionId}`
    const payload = { decision: 'under_review', version: 3 }
    const answers = [
      await key({ method: 'PUT', url: one, payload: { title: 'Other' } }),
      await key({ method: 'POST', url: `${one}:submit` }),
      await key({ method: 'POST', url: `${one}:review`, payload }),
      await key({ url: `${url}?status=draft` }),
    ]
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200])
    expect((await get(`/${submission.submissionId}`)).json()).toMatchObject({
      submission: { reviewedBy: 'server' },
    })
  })

  test('makes nothing for whoever is not active', async () => {
    const { user } = await prework.person('user')
    await prework.withKey({ method: 'DELETE', url: `/api/users/${user.userId}` })
    const payload = { ...engine, userId: user.userId }
    expect(problemIn(await key({ method: 'POST', url, payload }))).toEqual([
      409,
      'not-in-this-state',
      'userId',
    ])
  })
})

describe('a list of submissions', () => {
  const all = async (query: string, who: User) => {
    const found: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page = (await get(`?${query}${cursor && `&cursor=${cursor}`}`, who)).json() as TellsMany
      expect(page.submissions.length).toBeLessThanOrEqual(3)
      found.push(...page.submissions.map(({ submissionId }) => submissionId))
      cursor = page.nextCursor
    }
    return found
  }

  test('has one’s own, page by page', async () => {
    const { user } = await prework.person('user')
    const made = await Promise.all(Array.from({ length: 7 }, () => post(engine, {}, user)))
    const ids = made.map((answer) => answer.json<Told>().submission.submissionId)
    await draft()

    expect((await all('limit=3', user)).sort()).toEqual(ids.sort())
    expect((await all(`limit=3&userId=${user.userId}`, grace)).sort()).toEqual(ids)
    const { submissions } = (await get('', user)).json() as TellsMany
    expect(submissions.find(({ submissionId }) => submissionId === ids[0])).toEqual(
      (await get(`/${ids[0]}`, user)).json<Told>().submission,
    )
  })

  test('has all in a state, and follows them', async () => {
    const of = await stored({ status: 'rejected' })
    const others = await Promise.all(Array.from({ length: 5 }, () => stored({ status: 'rejected' })))
    const found = await all('limit=3&status=rejected', grace)
    expect(found).toEqual(expect.arrayContaining([of, ...others].map(({ submissionId }) => submissionId)))
    expect(new Set(found).size).toBe(found.length)

    const handedIn = await draft()
    await submit(handedIn)
    expect(await all('limit=3&status=submitted', grace)).toContain(handedIn.submissionId)
    expect(await all('limit=3&status=draft', grace)).not.toContain(handedIn.submissionId)
  })

  test('goes on where it was, though what was last has moved on', async () => {
    const many = await Promise.all(Array.from({ length: 4 }, () => stored({ status: 'under_review' })))
    const first = (await get('?status=under_review&limit=2', grace)).json() as TellsMany
    for (const { submissionId } of first.submissions)
      await prework.store.documents.transact([
        { Delete: { TableName: prework.store.tables.submissions, Key: { submissionId } } },
      ])
    const seen = first.submissions.map(({ submissionId }) => submissionId)
    const rest = await get(`?status=under_review&limit=100&cursor=${first.nextCursor}`, grace)
    const ids = rest.json<TellsMany>().submissions.map(({ submissionId }) => submissionId)
    for (const { submissionId } of many) expect([...seen, ...ids]).toContain(submissionId)
  })

  test('takes no cursor of another list', async () => {
    for (let n = 0; n < 2; n += 1) await stored({ status: 'approved' })
    const { nextCursor } = (await get('?status=approved&limit=1', grace)).json() as TellsMany
    expect(nextCursor).toEqual(expect.any(String))
    for (const query of ['status=draft', `userId=${ada.userId}`, 'limit=1'])
      expect(problemIn(await get(`?${query}&cursor=${nextCursor}`, grace))).toEqual([
        400,
        'invalid-cursor',
        'cursor',
      ])
  })

  test.for([
    ['status=open', [400, 'invalid-field', 'status']],
    ['userId=ada', [400, 'invalid-field', 'userId']],
    ['priority=high', [400, 'unknown-field', 'priority']],
    ['limit=101', [400, 'invalid-field', 'limit']],
  ] as const)('is not asked for by %s', async ([query, problem]) => {
    expect(problemIn(await get(`?${query}`, grace))).toEqual(problem)
  })

  test('is asked for by one thing', async () => {
    const both = `?userId=${ada.userId}&status=draft`
    expect(problemIn(await get(both, grace))).toEqual([400, 'invalid-field', 'userId'])
  })
})
