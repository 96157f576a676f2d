import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { User } from '../../../../src/domains/prework/items.ts'
import { problemIn, startPrework, type Prework } from './people.ts'
import { engine, submissionCalls } from './submission-calls.ts'

let prework: Prework
let ada: User
let grace: User
beforeAll(async () => {
  prework = await startPrework()
  ada = (await prework.person('user')).user
  grace = (await prework.person('supervisor')).user
})
afterAll(() => prework[Symbol.asyncDispose]())

const { get, postRaw, draft, put, submit, review, stored } = submissionCalls(() => ({ prework, ada, grace }))

describe('what cannot be read is refused:', () => {
  const tooLong = 'é'.repeat(201)
  test.for<[string, object | string, unknown[]]>([
    ['no title', {}, [400, 'missing-field', 'title']],
    ['a blank title', { title: ' ' }, [400, 'invalid-field', 'title']],
    ['a title of two lines', { title: 'a\nb' }, [400, 'invalid-field', 'title']],
    ['a title of 201 characters', { title: tooLong }, [400, 'invalid-field', 'title']],
    [
      'a description of 5001',
      { ...engine, description: 'x'.repeat(5001) },
      [400, 'invalid-field', 'description'],
    ],
    ['a bell in it', { ...engine, description: 'a\u0007' }, [400, 'invalid-field', 'description']],
    ['a lone surrogate', '{"title":"\\ud800"}', [400, 'invalid-json']],
    ['a lone surrogate as a name', '{"title":"a","customFields":{"\\udc00":1}}', [400, 'invalid-json']],
    ['a priority that is none', { ...engine, priority: 'now' }, [400, 'invalid-field', 'priority']],
    ['a state', { ...engine, status: 'approved' }, [400, 'unknown-field', 'status']],
    ['a reviewer', { ...engine, reviewedBy: randomUUID() }, [400, 'unknown-field', 'reviewedBy']],
    ['an id', { ...engine, submissionId: randomUUID() }, [400, 'unknown-field', 'submissionId']],
    ['fields that are none', { ...engine, customFields: 'none' }, [400, 'invalid-field', 'customFields']],
    ['a list of fields', { ...engine, customFields: [1] }, [400, 'invalid-field', 'customFields']],
    [
      'a field in a field',
      { ...engine, customFields: { a: { b: 1 } } },
      [400, 'invalid-field', 'customFields.a'],
    ],
    ['a list in a field', { ...engine, customFields: { a: [1] } }, [400, 'invalid-field', 'customFields.a']],
    ['null in a field', { ...engine, customFields: { a: null } }, [400, 'invalid-field', 'customFields.a']],
    [
      'a long text',
      { ...engine, customFields: { a: 'x'.repeat(501) } },
      [400, 'invalid-field', 'customFields.a'],
    ],
    [
      'a bell in a field',
      { ...engine, customFields: { a: '\u0007' } },
      [400, 'invalid-field', 'customFields.a'],
    ],
    ['51 fields', { ...engine, customFields: numbered(51) }, [400, 'invalid-field', 'customFields']],
    ['an empty name', { ...engine, customFields: { '': 1 } }, [400, 'invalid-field', 'customFields']],
    ['a blank name', { ...engine, customFields: { ' ': 1 } }, [400, 'invalid-field', 'customFields']],
    [
      'blanks around a name',
      { ...engine, customFields: { ' a': 1 } },
      [400, 'invalid-field', 'customFields'],
    ],
    [
      'a long name',
      { ...engine, customFields: { ['x'.repeat(51)]: 1 } },
      [400, 'invalid-field', 'customFields'],
    ],
    [
      'a name in two lines',
      { ...engine, customFields: { 'a\nb': 1 } },
      [400, 'invalid-field', 'customFields'],
    ],
    [
      'a constructor',
      { ...engine, customFields: { constructor: 'x' } },
      [400, 'invalid-field', 'customFields'],
    ],
    ['toString', { ...engine, customFields: { toString: 'x' } }, [400, 'invalid-field', 'customFields']],
    ['__proto__', '{"title":"a","customFields":{"__proto__":"x"}}', [400, 'invalid-json']],
    [
      'a number without end',
      '{"title":"a","customFields":{"a":1e400}}',
      [400, 'invalid-field', 'customFields.a'],
    ],
    ['a huge number', { ...engine, customFields: { a: 1e17 } }, [400, 'invalid-field', 'customFields.a']],
    ['next to nothing', { ...engine, customFields: { a: 1e-200 } }, [400, 'invalid-field', 'customFields.a']],
    ['files that are none', { ...engine, mediaFiles: 'none' }, [400, 'invalid-field', 'mediaFiles']],
    ['a file that is no id', { ...engine, mediaFiles: ['a'] }, [400, 'invalid-field', 'mediaFiles.0']],
    ['21 files', { ...engine, mediaFiles: ids(21) }, [400, 'invalid-field', 'mediaFiles']],
    ['files that are not there', { ...engine, mediaFiles: ids(20) }, [400, 'invalid-field', 'mediaFiles']],
    ['a list', [engine], [400, 'invalid-body', 'body']],
  ])('%s', async ([, body, problem]) => {
    const answer = await postRaw(typeof body === 'string' ? body : JSON.stringify(body))
    expect(problemIn(answer)).toEqual(problem)
  })

  test.for<[string, object, unknown[]]>([
    ['nothing', {}, [400, 'nothing-to-change']],
    ['a version alone', { version: 1 }, [400, 'nothing-to-change']],
    ['null for a title', { title: null }, [400, 'invalid-field', 'title']],
    ['null for files', { mediaFiles: null }, [400, 'invalid-field', 'mediaFiles']],
    ['another owner', { userId: randomUUID() }, [400, 'unknown-field', 'userId']],
    ['a state', { status: 'submitted' }, [400, 'unknown-field', 'status']],
    ['half a version', { title: 'a', version: 1.5 }, [400, 'invalid-field', 'version']],
  ])('a change that is %s', async ([, payload, problem]) => {
    const of = await draft()
    expect(problemIn(await put(of, payload))).toEqual(problem)
    expect((await get(`/${of.submissionId}`)).json()).toEqual({ submission: of })
  })

  test.for<[string, object, unknown[]]>([
    ['no version', { decision: 'approved' }, [400, 'missing-field', 'version']],
    ['no decision', { version: 1 }, [400, 'missing-field', 'decision']],
    ['another decision', { decision: 'submitted', version: 1 }, [400, 'invalid-field', 'decision']],
    ['no word to a rejection', { decision: 'rejected', version: 1 }, [400, 'missing-field', 'comment']],
    ['a blank one', { decision: 'rejected', comment: ' \n', version: 1 }, [400, 'missing-field', 'comment']],
    [
      'null for one',
      { decision: 'requires_changes', comment: null, version: 1 },
      [400, 'missing-field', 'comment'],
    ],
    [
      'a long one',
      { decision: 'approved', comment: 'x'.repeat(2001), version: 1 },
      [400, 'invalid-field', 'comment'],
    ],
    [
      'a reviewer',
      { decision: 'approved', reviewedBy: randomUUID(), version: 1 },
      [400, 'unknown-field', 'reviewedBy'],
    ],
  ])('a review with %s', async ([, payload, problem]) => {
    const of = await stored({ status: 'under_review', reviewedBy: grace.userId })
    expect(problemIn(await review(of, payload))).toEqual(problem)
    expect(problemIn(await submit(of, { comment: 'x' }))).toEqual([400, 'unknown-field', 'comment'])
  })

  test('what is as long as it may be is taken, and told as it was sent', async () => {
    const customFields = Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [`${n}${'€'.repeat(48)}`, '😀'.repeat(500)]),
    )
    const asked = { title: '😀'.repeat(200), description: '€'.repeat(5000), customFields }
    const submission = await draft(asked)
    expect(submission).toMatchObject(asked)
    const other = Object.fromEntries(Object.keys(customFields).map((name) => [name, '€'.repeat(500)]))
    const changed = await put(submission, { customFields: other, description: '😀'.repeat(5000) })
    expect(changed.statusCode).toBe(200)
    expect((await get(`/${submission.submissionId}`)).json()).toEqual(changed.json())
  })

  test('numbers are kept as they are', async () => {
    const customFields = { a: 0.1 + 0.2, b: Number.MAX_SAFE_INTEGER, c: -1e-100, d: 0, e: 1 / 3 }
    const { submissionId } = await draft({ ...engine, customFields })
    expect((await get(`/${submissionId}`)).json()).toMatchObject({ submission: { customFields } })
  })
})

function numbered(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`field ${n}`, n]))
}

function ids(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID())
}
