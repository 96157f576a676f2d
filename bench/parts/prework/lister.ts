import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { User } from '../../../src/domains/prework/items.ts'
import { actAs, type SignIn } from '../../../src/domains/prework/sign-in.ts'
import { openPreworkStore } from '../../../src/domains/prework/store.ts'
import { listUsers } from '../../../src/domains/prework/users.ts'
import { readConfig } from '../../../src/shared/config.ts'
import { onEnd, say } from '../../programs/say.ts'
import { server } from './acting.ts'
import { inLanes } from './lanes.ts'
import { ROLE, type List } from './users.ts'

export const readers = ['over HTTP', 'listUsers', 'bare query'] as const
export type Reader = (typeof readers)[number]

/** What is asked of the process that reads lists: one list, page by page, by each reader in turns. */
export interface ListOrder {
  list: List
  readers: Reader[]
  /** Where the web process is, and who asks it. */
  url: string
  token: string
  /** What the token says. */
  signIn: SignIn
  /** Pages that are read and not counted. */
  warm: number
}

/** What one of them read: times in milliseconds, in the order of the pages. */
export interface Read {
  reader: Reader
  times: number[]
  users: number
  different: number
}

const PAGE = 100
const WHO_CALLS = 100

const { aws } = readConfig()
const store = openPreworkStore(aws, 'dev')
const bare = new DynamoDBClient({
  region: aws.region,
  ...(aws.credentials ? { credentials: aws.credentials } : {}),
  ...(aws.dynamodbEndpoint ? { endpoint: aws.dynamodbEndpoint } : {}),
})
const documents = DynamoDBDocumentClient.from(bare)
onEnd(async () => {
  store.documents.close()
  bare.destroy()
})
process.on('message', (order: ListOrder) => void carryOut(order))
say('up')

/**
 * The same page by one after the other, and each time another one first: whatever happens to the machine happens to all,
 * and none finds the pages that another has just brought into memory more often than the others do.
 */
async function carryOut({ warm, ...order }: ListOrder): Promise<void> {
  const opened = () => order.readers.map((reader) => ({ reader, next: open[reader](order) }))
  for (const { next } of opened()) for (let page = 0; page < warm; page += 1) await next()

  const walks = opened().map(({ reader, next }) => {
    return { reader, next, times: [] as number[], ids: [] as string[], more: true }
  })
  for (let page = 0; walks.some(({ more }) => more); page += 1) {
    for (const turn of walks.keys()) {
      const walk = walks[(turn + page) % walks.length]
      if (!walk?.more) continue
      const began = performance.now()
      const { ids, more } = await walk.next()
      if (ids.length > 0) walk.times.push(performance.now() - began)
      walk.ids.push(...ids)
      walk.more = more
    }
  }
  say('listed', {
    reads: walks.map(({ reader, times, ids }): Read => {
      return { reader, times, users: ids.length, different: new Set(ids).size }
    }),
    whoCalls: await timeWhoCalls(order.signIn),
  })
}

/** What every request does before anything else, here alone. */
async function timeWhoCalls(signIn: SignIn): Promise<number[]> {
  const { times } = await inLanes(Array(WHO_CALLS).fill(signIn) as SignIn[], 1, async (each) => {
    const { role } = await actAs(store, each, server.origin)
    if (role !== 'administrator') throw new Error('It was somebody else who called.')
  })
  return times
}

interface Found {
  ids: string[]
  more: boolean
}
/** The next page; after the last one the first again. */
type Next = () => Promise<Found>

const open: Record<Reader, (order: Omit<ListOrder, 'warm'>) => Next> = {
  'over HTTP': ({ list, url, token }) => {
    let cursor: string | null = null
    return async () => {
      const asked = new URLSearchParams({
        limit: String(PAGE),
        ...(list === 'role' ? { role: ROLE } : {}),
        ...(cursor === null ? {} : { cursor }),
      })
      const answer = await fetch(`${url}/prework/api/users?${asked.toString()}`, {
        headers: { authorization: `Bearer ${token}` },
      })
      if (answer.status !== 200)
        throw new Error(`A page was answered ${answer.status}: ${await answer.text()}`)
      const page = (await answer.json()) as { users: User[]; nextCursor: string | null }
      cursor = page.nextCursor
      return { ids: page.users.map(({ userId }) => userId), more: cursor !== null }
    }
  },

  listUsers: ({ list }) => {
    let after: string | undefined
    return async () => {
      const page = await listUsers(store, server, list === 'role' ? ROLE : undefined, { limit: PAGE, after })
      after = page.items.at(-1)?.userId
      return { ids: page.items.map(({ userId }) => userId), more: page.more }
    }
  },

  'bare query': ({ list }) => {
    const [IndexName, name, value] =
      list === 'role' ? ['RoleIndex', 'role', ROLE] : ['ActiveIndex', 'active', 'yes']
    let after: Record<string, unknown> | undefined
    return async () => {
      const answer = await documents.send(
        new QueryCommand({
          TableName: store.tables.users,
          IndexName,
          KeyConditionExpression: '#name = :value',
          ExpressionAttributeNames: { '#name': name },
          ExpressionAttributeValues: { ':value': value },
          Limit: PAGE,
          ...(after ? { ExclusiveStartKey: after } : {}),
        }),
      )
      after = answer.LastEvaluatedKey
      const ids = (answer.Items ?? []).map(({ userId }) => userId as string)
      // After a page that was full there is another one, if perhaps an empty one.
      return { ids, more: after !== undefined }
    }
  },
}
