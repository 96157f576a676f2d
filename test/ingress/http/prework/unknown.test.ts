import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withKey } from '../web.ts'
import { grace, problemIn, startPrework, type Call, type Prework } from './people.ts'

interface Operation {
  requestBody?: object
  parameters?: { in: string; name?: string }[]
}

type Method = NonNullable<Call['method']>

let prework: Prework
let operations: { method: Method; path: string; operation: Operation }[]
beforeAll(async () => {
  prework = await startPrework()
  const { paths = {} } = prework.web.app.swagger() as { paths?: Record<string, Record<string, Operation>> }
  operations = Object.entries(paths)
    .filter(([path]) => path.startsWith('/prework/'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase() as Method,
        path: path.replace('/prework', ''),
        operation,
      })),
    )
})
afterAll(() => prework[Symbol.asyncDispose]())

const id = randomUUID()

/** What a request needs to be understood. */
const queries: Record<string, string> = {
  'GET /api/media': `fileName=a.jpg&contentType=image/jpeg&userId=${id}`,
  'GET /api/profiles': `userId=${id}`,
  'GET /api/submissions': `userId=${id}`,
  'GET /api/audit': `userId=${id}`,
  'DELETE /api/users': `id=${id}`,
  'DELETE /api/media': `mediaId=${id}`,
}
const bodies: Record<string, object> = {
  'POST /api/users': grace(),
  'PUT /api/users': { userId: id, username: 'ada' },
  'PUT /api/users/{id}': { username: 'ada' },
  'POST /api/profiles': {
    userId: id,
    firstName: 'Ada',
    lastName: 'L',
    jobTitle: 'Analyst',
    department: 'Engines',
  },
  'PUT /api/profiles': { profileId: id, jobTitle: 'Analyst' },
  'PUT /api/profiles/{id}': { jobTitle: 'Analyst' },
  'POST /api/media': { action: 'metadata', mediaId: id },
  'POST /api/submissions': { title: 'Engine', userId: id },
  'PUT /api/submissions/{id}': { title: 'Engine' },
  'POST /api/submissions/{id}:submit': {},
  'POST /api/submissions/{id}:review': { decision: 'under_review', version: 1 },
}

const callOf = ({ method, path }: { method: Method; path: string }, more = ''): Call => {
  const name = `${method} ${path}`
  const query = [queries[name], more].filter(Boolean).join('&')
  const url = `${path.replace('{id}', id)}${query && `?${query}`}`
  return { method, url, ...(bodies[name] && { payload: bodies[name] }) }
}

test('a parameter that is not known is refused on every route', async () => {
  expect(operations.length).toBeGreaterThan(25)
  const letThrough: string[] = []
  for (const each of operations) {
    const name = `${each.method} ${each.path}`
    expect((await prework.withKey(callOf(each))).statusCode, name).not.toBe(400)
    const answer = await prework.withKey(callOf(each, 'constructor=1'))
    if (answer.statusCode !== 400 || !answer.body.includes('Unknown field: constructor'))
      letThrough.push(name)
  }
  expect(letThrough).toEqual([])
})

test('a body is refused where none is known, unless nothing is in it', async () => {
  const bodiless = operations.filter(({ method, operation }) => method !== 'GET' && !operation.requestBody)
  expect(bodiless.length).toBeGreaterThan(3)
  for (const each of bodiless) {
    for (const payload of [{ version: 1 }, [1], []]) {
      const answer = await prework.withKey({ ...callOf(each), payload })
      expect([each.path, ...problemIn(answer)]).toEqual([each.path, 400, 'invalid-body', 'body'])
    }
    const answer = await prework.withKey({ ...callOf(each), payload: {} })
    expect(answer.body, each.path).not.toContain('invalid-body')
  }
})

test('HEAD refuses what GET refuses, and the document says nothing of it', async () => {
  const { user } = await prework.person('user')
  const head = (query: string) =>
    prework.web.app.inject({
      method: 'HEAD',
      url: `/prework/api/users/${user.userId}${query}`,
      headers: withKey('prework'),
    })
  expect([(await head('')).statusCode, (await head('?version=1')).statusCode]).toEqual([200, 400])
  const one = operations.find(({ method, path }) => method === 'GET' && path === '/api/users/{id}')
  expect(one?.operation.parameters?.filter((each) => each.in === 'query')).toEqual([])
  expect(operations.filter(({ method }) => (method as string) === 'HEAD')).toEqual([])
})
