import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { User } from '../../../../src/domains/prework/items.ts'
import { startTables } from '../../../domains/prework/tables.ts'
import { answered, startTrouble, type Trouble } from '../../../shared/dynamodb/trouble.ts'
import { withKey } from '../web.ts'
import { grace, problemIn, startPrework, type Prework } from './people.ts'

let prework: Prework
let trouble: Trouble
let ada: User
beforeAll(async () => {
  const tables = await startTables()
  trouble = await startTrouble(tables.endpoint)
  prework = await startPrework({ tables, env: { AWS_ENDPOINT_URL_DYNAMODB: trouble.endpoint } })
  ada = (await prework.person('administrator')).user
  await prework.as(ada, { url: '/api/users' })
})
afterAll(async () => {
  await prework[Symbol.asyncDispose]()
  await trouble.close()
})

const make = (payload: object, headers = {}) =>
  prework.as(ada, { method: 'POST', url: '/api/users', payload, headers })
const conflict = answered(400, 'TransactionCanceledException', {
  CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
})
const throttled = answered(400, 'ProvisionedThroughputExceededException')
const trailOf = (entityId: string) =>
  prework.store.documents.query({
    table: 'pre-work-audit-log-dev',
    index: 'EntityIdIndex',
    partition: { name: 'entityId', value: entityId },
    limit: 10,
  })

test('throttling, conflicts and lost answers that pass are not noticed', async () => {
  // Who calls takes two looks, the change another, and then it is written.
  trouble.next(throttled, throttled, 'cut', answered(500, 'InternalServerError'))
  const made = await make(grace())
  const { user } = made.json<{ user: User }>()
  expect(made.statusCode).toBe(201)

  for (const mishap of [conflict, throttled, 'lose the answer', 'cut'] as const) {
    const from = trouble.seen().length
    const username = randomUUID()
    trouble.on('TransactWriteItems', mishap)
    const changed = await prework.as(ada, {
      method: 'PUT',
      url: `/api/users/${user.userId}`,
      payload: { username },
    })
    expect([changed.statusCode, changed.json()]).toMatchObject([200, { user: { username } }])
    const writes = trouble.seen().slice(from)
    expect(writes.filter(({ operation }) => operation === 'TransactWriteItems')).toHaveLength(2)
  }
  expect((await trailOf(user.userId)).items).toHaveLength(5)
})

test('tables that are away are said to be, with when to come back, and nothing is half there', async () => {
  const body = grace()
  const headers = { 'idempotency-key': randomUUID() }
  trouble.always('cut')
  const answer = await make(body, headers)
  trouble.always(undefined)

  expect(problemIn(answer)).toEqual([503, 'unavailable'])
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  expect(answer.body).not.toContain(body.email)
  // And whoever comes back with the same request has it made once.
  expect((await make(body, headers)).statusCode).toBe(201)
  expect((await make(body, headers)).statusCode).toBe(201)
})

test('what should not have happened is told without a word of what was asked', async () => {
  const body = grace()
  trouble.on(
    'TransactWriteItems',
    answered(400, 'ValidationException', { message: `The item of ${body.email} is not valid` }),
  )
  const answer = await make(body)
  expect(problemIn(answer)).toEqual([500, 'internal'])
  expect(answer.body).not.toContain('grace')
})

test('the log of the process says what happened, and nothing about anybody', async () => {
  const web = prework.web.world.start('src/ingress/main.ts', [], { LOG_LEVEL: 'info' })
  await web.says('"msg":"listens"')
  const [, port] = /"port":(\d+)/.exec(web.output()) ?? []
  const body = { ...grace(), phone: '+1 555 0100' }
  const send = async (method: string, url: string, payload?: object) => {
    const answer = await fetch(`http://127.0.0.1:${port}/prework/api/${url}`, {
      method,
      headers: { ...withKey('prework'), 'content-type': 'application/json' },
      ...(payload && { body: JSON.stringify(payload) }),
    })
    await answer.text()
    return answer.status
  }

  const quoting = answered(400, 'ValidationException', { message: `${body.email} of Hopper is not valid` })
  const statuses = [await send('POST', 'users', body), await send('POST', 'users', body)]
  trouble.on('TransactWriteItems', quoting)
  statuses.push(await send('POST', 'users', { ...body, email: grace().email }))
  statuses.push(await send('GET', `users?email=${body.email}`))
  web.signal('SIGTERM')
  await web.exited

  expect(statuses).toEqual([201, 409, 500, 200])
  expect(web.output()).toContain('"problem":"email-taken"')
  expect(web.output()).toContain('ValidationException')
  for (const personal of [body.email, 'Hopper', 'Compilers', body.phone])
    expect(web.output()).not.toContain(personal)
})
