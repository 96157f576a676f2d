import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ConditionFailed, openDocuments, type Documents } from '../../src/shared/dynamodb.ts'
import { Unavailable } from '../../src/shared/errors.ts'
import { startTables, type PreworkTables } from '../domains/prework/tables.ts'
import { answered, startTrouble, type Trouble } from './dynamodb/trouble.ts'

const users = 'pre-work-users-dev'
const profiles = 'pre-work-profiles-dev'

let tables: PreworkTables
let documents: Documents
const closers: (() => Promise<void> | void)[] = []

beforeAll(async () => {
  tables = await startTables()
  documents = openDocuments(tables.aws)
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})
afterAll(async () => {
  documents.close()
  await tables.stop()
})

/** The same tables, through somebody who makes trouble. */
async function behind(patience?: number): Promise<{ trouble: Trouble; documents: Documents }> {
  const trouble = await startTrouble(tables.endpoint)
  const through = openDocuments(
    { ...tables.aws, dynamodbEndpoint: trouble.endpoint },
    patience === undefined ? {} : { patience },
  )
  closers.push(() => through.close(), trouble.close)
  return { trouble, documents: through }
}

const put = (userId: string, more: object = {}) => ({
  Put: { TableName: users, Item: { userId, ...more }, ConditionExpression: 'attribute_not_exists(userId)' },
})
const read = (userId: string) => documents.get(users, { userId })

describe('items', () => {
  test('are kept as they are given, and what is not there is undefined', async () => {
    const item = { userId: randomUUID(), phone: '', size: 0, is: false, none: null, parts: ['a', { b: 1 }] }
    await documents.transact([put(item.userId, item)])

    expect(await read(item.userId)).toEqual(item)
    expect(await read(randomUUID())).toBeUndefined()
  })

  test('with a value that is undefined are refused, and nothing is written', async () => {
    const userId = randomUUID()
    await expect(documents.transact([put(userId, { inner: { phone: undefined } })])).rejects.toThrow()
    expect(await read(userId)).toBeUndefined()
  })

  test('of a partition come page by page, each once, and the last page says that it is', async () => {
    const managerId = randomUUID()
    const ids = Array.from({ length: 7 }, () => randomUUID())
    await documents.putMany(
      profiles,
      ids.map((profileId) => ({ profileId, managerId })),
    )

    const seen: unknown[] = []
    const pages: [number, boolean][] = []
    let after: Record<string, unknown> | undefined
    do {
      const page = await documents.query({
        table: profiles,
        index: 'ManagerIdIndex',
        partition: { name: 'managerId', value: managerId },
        limit: 3,
        after,
      })
      seen.push(...page.items.map(({ profileId }) => profileId))
      pages.push([page.items.length, page.more])
      after = page.more ? { managerId, profileId: seen.at(-1) } : undefined
    } while (after)

    expect(pages).toEqual([
      [3, true],
      [3, true],
      [1, false],
    ])
    expect(new Set(seen)).toEqual(new Set(ids))
  })

  test('are written and read by the hundred, whatever a batch holds', async () => {
    const items = Array.from({ length: 230 }, (_, n) => ({ userId: randomUUID(), n }))
    await documents.putMany(users, items)

    const keys = items.map(({ userId }) => ({ userId }))
    const found = await documents.getMany(users, [...keys, { userId: randomUUID() }])
    expect(found).toHaveLength(230)
    expect(new Set(found.map(({ n }) => n)).size).toBe(230)
  })
})

describe('a transaction', () => {
  test('is all or nothing, and says which conditions were not met', async () => {
    const [known, fresh] = [randomUUID(), randomUUID()]
    await documents.transact([put(known)])

    const failing = documents.transact([put(fresh), put(known, { email: 'ada@example.org' })])

    await expect(failing).rejects.toBeInstanceOf(ConditionFailed)
    await expect(failing).rejects.toMatchObject({ failed: [1] })
    expect(await read(fresh)).toBeUndefined()
    // Neither in the sentence nor behind it is what was to be written.
    const error = await failing.catch((reason: Error) => reason)
    expect(JSON.stringify([String(error), (error as Error).cause])).not.toContain('ada@')
  })

  test('of twenty at once that want the same, one has it', async () => {
    const userId = randomUUID()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => documents.transact([put(userId, { n })])),
    )

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const reasons = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
    expect(reasons.every((reason) => reason instanceof ConditionFailed)).toBe(true)
  })

  test('whose answer was lost is not made once more, and is no refusal', async () => {
    const { trouble, documents: through } = await behind()
    const userId = randomUUID()
    await documents.transact([put(userId, { count: 0 })])
    trouble.next('lose the answer')

    await through.transact([
      {
        Update: {
          TableName: users,
          Key: { userId },
          UpdateExpression: 'set #count = #count + :one',
          ConditionExpression: '#count = :none',
          ExpressionAttributeNames: { '#count': 'count' },
          ExpressionAttributeValues: { ':one': 1, ':none': 0 },
        },
      },
    ])

    expect(await read(userId)).toEqual({ userId, count: 1 })
    const tokens = trouble
      .seen()
      .map(({ body }) => (body as { ClientRequestToken: string }).ClientRequestToken)
    expect(tokens).toHaveLength(2)
    expect(new Set(tokens).size).toBe(1)
  })

  const cancelled = (...codes: string[]) =>
    answered(400, 'TransactionCanceledException', {
      CancellationReasons: codes.map((Code) => ({ Code })),
    })

  test.for([
    ['in the way of another', ['None', 'TransactionConflict']],
    ['throttled', ['ThrottlingError', 'None']],
    ['beyond what is provisioned, and in the way', ['ProvisionedThroughputExceeded', 'TransactionConflict']],
  ] as const)('that was cancelled because it was %s is made again', async ([, codes]) => {
    const { trouble, documents: through } = await behind()
    const userId = randomUUID()
    trouble.next(cancelled(...codes), cancelled(...codes))

    await through.transact([put(userId)])

    expect(trouble.seen()).toHaveLength(3)
    expect(await read(userId)).toEqual({ userId })
  })

  test.for([
    ['a condition beside a conflict', ['TransactionConflict', 'ConditionalCheckFailed'], ConditionFailed],
    ['what is not valid', ['None', 'ValidationError'], Error],
    ['no reason at all', [], Error],
  ] as const)('that was cancelled for %s is not', async ([, codes, kind]) => {
    const { trouble, documents: through } = await behind()
    trouble.next(cancelled(...codes))

    await expect(through.transact([put(randomUUID())])).rejects.toBeInstanceOf(kind)
    expect(trouble.seen()).toHaveLength(1)
  })
})

describe('trouble', () => {
  test.for([
    ['throttling', answered(400, 'ProvisionedThroughputExceededException')],
    ['throttling of the account', answered(400, 'RequestLimitExceeded')],
    ['throttling by its other name', answered(400, 'ThrottlingException')],
    ['a fault of the service', answered(500, 'InternalServerError')],
    ['a service that is away', answered(503, 'ServiceUnavailable')],
    ['a gateway that knows no JSON', 'answer in HTML'],
    ['a connection that breaks', 'cut'],
    ['an answer that breaks off', 'cut the answer'],
  ] as const)('that passes is waited for: %s', async ([, what]) => {
    const { trouble, documents: through } = await behind()
    const userId = randomUUID()
    await documents.transact([put(userId)])
    trouble.next(what, what)

    expect(await through.get(users, { userId })).toEqual({ userId })
    expect(trouble.seen()).toHaveLength(3)
  })

  test.for([
    ['throttling', answered(400, 'ThrottlingException')],
    ['a fault of the service', answered(500, 'InternalServerError')],
    ['a connection that breaks', 'cut'],
  ] as const)('that stays is told as such: %s', async ([, what]) => {
    const { trouble, documents: through } = await behind(600)
    trouble.always(what)

    await expect(through.get(users, { userId: 'ada' })).rejects.toBeInstanceOf(Unavailable)
    await expect(through.transact([put('ada')])).rejects.toBeInstanceOf(Unavailable)
    expect(trouble.seen().length).toBeGreaterThan(3)
  })

  test('without patience is asked about once, and not again behind our back', async () => {
    const { trouble, documents: through } = await behind(0)
    trouble.always(answered(400, 'ThrottlingException'))

    await expect(through.get(users, { userId: 'ada' })).rejects.toBeInstanceOf(Unavailable)
    expect(trouble.seen()).toHaveLength(1)
  })

  test('that nobody answers the phone is trouble like any other', async () => {
    const { trouble, documents: through } = await behind(600)
    await trouble.close()
    await expect(through.get(users, { userId: 'ada' })).rejects.toBeInstanceOf(Unavailable)
  })

  test('that will not pass is told at once', async () => {
    const { trouble, documents: through } = await behind()
    trouble.next(answered(400, 'AccessDeniedException'))
    await expect(through.get(users, { userId: 'ada' })).rejects.toMatchObject({
      name: 'AccessDeniedException',
    })
    await expect(through.get('no-such-table', { userId: 'ada' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
    expect(trouble.seen()).toHaveLength(2)
  })

  test('is not waited for any longer once the caller is gone', async () => {
    const { trouble, documents: through } = await behind()
    trouble.always(answered(400, 'ThrottlingException'))
    const gone = new AbortController()
    const reading = through.get(users, { userId: 'ada' }, gone.signal)
    await expect.poll(() => trouble.seen().length).toBeGreaterThan(0)
    gone.abort(new Error('The caller is gone.'))

    await expect(reading).rejects.toThrow('The caller is gone.')
  })
})

describe('a batch of which something is left undone', () => {
  test('is asked for the rest, until all is read', async () => {
    const { trouble, documents: through } = await behind()
    const items = Array.from({ length: 12 }, (_, n) => ({ userId: randomUUID(), n }))
    await documents.putMany(users, items)
    trouble.next('do half', 'do half', answered(400, 'ThrottlingException'))

    const found = await through.getMany(
      users,
      items.map(({ userId }) => ({ userId })),
    )
    expect(found.map(({ n }) => n).sort((a, b) => Number(a) - Number(b))).toEqual(items.map(({ n }) => n))
    expect(trouble.seen()).toHaveLength(4)
  })

  test('is asked for the rest, until all is written', async () => {
    const { trouble, documents: through } = await behind()
    const items = Array.from({ length: 12 }, (_, n) => ({ userId: randomUUID(), n }))
    trouble.next('do half', 'do half')

    await through.putMany(users, items)

    const found = await documents.getMany(
      users,
      items.map(({ userId }) => ({ userId })),
    )
    expect(found).toHaveLength(12)
    expect(trouble.seen()).toHaveLength(3)
  })

  test('and does not become less is given up', async () => {
    const { trouble, documents: through } = await behind(600)
    trouble.always('do nothing')

    await expect(through.putMany(users, [{ userId: randomUUID() }])).rejects.toBeInstanceOf(Unavailable)
    await expect(through.getMany(users, [{ userId: randomUUID() }])).rejects.toBeInstanceOf(Unavailable)
    expect(trouble.seen().length).toBeGreaterThan(3)
  })
})
