import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inboxNow } from '../../../../src/domains/lockin/news.ts'
import { startInboxWatch, type Listener } from '../../../../src/ingress/http/lockin/inbox-watch.ts'
import { eventsOf } from '../../../../src/ingress/http/lockin/notification-events.ts'
import type { Sql } from '../../../../src/shared/database.ts'
import { minutes, sleep } from '../../../../src/shared/time.ts'
import { startLockin, type Lockin } from './people.ts'

let lockin: Lockin

beforeAll(async () => {
  lockin = await startLockin()
})
afterAll(() => lockin[Symbol.asyncDispose]())

async function put(recipientId: string, titles: string[], on: Sql = lockin.sql): Promise<void> {
  await sql`insert into lockin.notifications (recipient_id, kind, title)
    select ${recipientId}, 'generic', title from unnest(${titles}::text[]) title`.execute(on)
}

/** Begins to write a notification that says it is old, and gives back how to commit it. */
async function beginLate(recipientId: string, title: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: lockin.web.world.databaseUrl })
  await client.connect()
  await client.query('begin')
  await client.query(
    `insert into lockin.notifications (recipient_id, kind, title, created_at) values ($1, 'generic', $2, '2020-01-01Z')`,
    [recipientId, title],
  )
  return async () => {
    await client.query('commit')
    await client.end()
  }
}

const open = async (person: string, lastEventId?: string, on: Lockin = lockin): Promise<Response> => {
  await on.id(person)
  return fetch(`${await on.web.url()}/lockin/api/notifications/events`, {
    headers: {
      ...(await on.token(person)),
      // One that is kept for later would keep the server from closing.
      connection: 'close',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  })
}

/** Reads a stream to its end, or until somebody had enough; `told` hears each event as it is shown here. */
async function listen(
  response: Response,
  told: (event: string, all: string[]) => boolean | Promise<boolean> = () => false,
): Promise<{ events: string[]; last: string }> {
  const events: string[] = []
  const fresh: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (event) => void fresh.push(event) })
  const decoder = new TextDecoder()
  let last = ''
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    for (const event of fresh.splice(0)) {
      last = event.id ?? last
      events.push(shown(event))
      if (await told(shown(event), events)) return { events, last }
    }
  }
  return { events, last }
}
function shown({ event, data }: EventSourceMessage): string {
  const { title, status, unread } = JSON.parse(data)
  return [event, title, status, unread].filter((part) => part !== undefined).join(' ')
}
const until = (wanted: string) => (event: string) => event === wanted

test.concurrent('a stream tells how many are unread, what comes, and what another device does with it', async () => {
  const [ada, grace] = [await lockin.id('ada'), await lockin.id('grace')]
  // Something that began earlier and goes on does not make news of what was there before.
  const commit = await beginLate(grace, 'Late')
  await put(ada, ['There before'])
  const response = await open('ada')
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect(response.headers.get('cache-control')).toBe('no-store')

  const { events } = await listen(response, async (event, all) => {
    if (all.length === 1) await Promise.all([put(grace, ["Grace's"]), put(ada, ['Hello'])])
    if (event === 'unread 2') {
      const [{ id }] = (await lockin.as('ada', { url: '/api/notifications' })).json()
      await lockin.as('ada', { method: 'POST', url: `/api/notifications/${id}:read` })
    }
    return event === 'unread 1' && all.length > 1
  })
  expect(events).toEqual([
    'unread 1',
    'notification Hello pending',
    'unread 2',
    'notification Hello read',
    'unread 1',
  ])
  await commit()
})

test.concurrent('an answered invite is told to the other devices of whom it is for', async () => {
  const group = await lockin.group('ada', { name: 'Readers' })
  const { events } = await listen(await open('linus'), async (event) => {
    const [latest] = (await lockin.as('linus', { url: '/api/notifications' })).json()
    if (event === 'unread 0' && !latest) {
      const payload = { recipient_id: await lockin.id('linus') }
      await lockin.as('ada', { method: 'POST', url: `/api/groups/${group}:invite`, payload })
    }
    if (event === 'unread 1')
      await lockin.as('linus', { method: 'POST', url: `/api/invites/${latest.id}:decline` })
    return event === 'unread 0' && latest !== undefined
  })
  expect(events).toEqual([
    'unread 0',
    'notification Ada invites you to Readers pending',
    'unread 1',
    'notification Ada invites you to Readers declined',
    'unread 0',
  ])
})

test.concurrent('what commits late is told, while listening and after a drop', async () => {
  const person = 'katherine'
  const id = await lockin.id(person)
  const [commitSoon, commitLater] = [await beginLate(id, 'Late'), await beginLate(id, 'Later')]
  const { events, last } = await listen(await open(person), async (event) => {
    if (event === 'unread 0') await put(id, ['Quick'])
    if (event === 'unread 1') await commitSoon()
    return event === 'unread 2'
  })
  expect(events).toEqual([
    'unread 0',
    'notification Quick pending',
    'unread 1',
    'notification Late pending',
    'unread 2',
  ])

  await commitLater()
  const resumed = await listen(await open(person, last), until('notification Later pending'))
  expect(resumed.events[0]).toBe('unread 3')
  expect(resumed.events.at(-1)).toBe('notification Later pending')
})

test.concurrent('a drop in the middle of much at once loses nothing of it', async () => {
  const id = await lockin.id('barbara')
  const titles = ['One', 'Two', 'Three']
  const dropped = await listen(await open('barbara'), async (event) => {
    if (event === 'unread 0') await lockin.web.world.database.transaction((tx) => put(id, titles, tx))
    return event.startsWith('notification')
  })
  expect(dropped.events.length).toBe(2)
  const { events } = await listen(await open('barbara', dropped.last), (_event, all) => all.length === 4)
  expect(new Set(events)).toEqual(
    new Set(['unread 3', ...titles.map((title) => `notification ${title} pending`)]),
  )
})

test.concurrent('more than can be told one by one is one event, and so is a position nobody gave', async () => {
  const id = await lockin.id('margaret')
  const { events } = await listen(await open('margaret'), async (event) => {
    const titles = Array.from({ length: 1001 }, (_, index) => `Note ${index}`)
    if (event === 'unread 0') await put(id, titles)
    return event === 'unread 1001'
  })
  expect(events).toEqual(['unread 0', 'reload', 'unread 1001'])

  for (const unknown of ['what?', '999999999999999'])
    expect((await listen(await open('margaret', unknown), until('unread 1001'))).events).toEqual([
      'reload',
      'unread 1001',
    ])
})

test.concurrent('what is hidden behind more than can be told is to be read as well', async () => {
  const id = await lockin.id('adele')
  const commit = await beginLate(id, 'Late')
  const { events } = await listen(await open('adele'), async (event) => {
    const titles = Array.from({ length: 1001 }, (_, index) => `Note ${index}`)
    if (event === 'unread 0') await put(id, titles)
    if (event === 'unread 1001') await commit()
    return event === 'unread 1002'
  })
  expect(events.slice(0, 3)).toEqual(['unread 0', 'reload', 'unread 1001'])
  expect(events.slice(-2)).toEqual(['reload', 'unread 1002'])
})

test.concurrent('a person listens with ten streams, and with another one once one has ended', async () => {
  const streams = await Promise.all(Array.from({ length: 12 }, () => open('hedy')))
  const refused = streams.filter(({ status }) => status === 429)
  expect(refused.length).toBe(2)
  expect(refused[0]?.headers.get('retry-after')).toBe('60')
  expect(await refused[0]?.json()).toEqual({ detail: expect.stringMatching(/devices/) })
  await listen(await open('radia'), until('unread 0'))

  await streams.find(({ status }) => status === 200)?.body?.cancel()
  let next = await open('hedy')
  while (next.status === 429) {
    await sleep(50)
    next = await open('hedy')
  }
  expect((await open('hedy')).status).toBe(429)
  for (const response of [...streams, next]) if (!response.bodyUsed) await response.body?.cancel()
})

test.concurrent('many listeners are served by one look for all', async () => {
  let reads = 0
  const counted = lockin.sql.withPlugin({
    transformQuery: ({ node }) => {
      reads += 1
      return node
    },
    transformResult: async ({ result }) => result,
  })
  const people = await Promise.all(['frances', 'jean', 'kathleen'].map((person) => lockin.id(person)))
  const ended = new AbortController()
  const watch = startInboxWatch({
    sql: counted,
    log: lockin.web.world.log,
    closing: ended.signal,
    lookEvery: 100,
  })
  const listeners: Listener[] = await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      const recipientId = people[index % 3] ?? ''
      const { position, seen } = await inboxNow(lockin.sql, recipientId)
      return { recipientId, since: position, told: seen }
    }),
  )

  for (const title of ['First', 'Second', 'Third']) {
    const told = listeners.map(async (listener) => {
      const news = await watch.next(listener, minutes(1), ended.signal)
      return { at: reads, titles: news?.fresh.map(({ notification }) => notification.title) }
    })
    const before = reads
    while (reads < before + 2) await sleep(20)
    await sql`insert into lockin.notifications (recipient_id, kind, title)
      select unnest(${people}::uuid[]), 'generic', ${title}`.execute(lockin.sql)
    const [one, ...others] = await Promise.all(told)
    expect(one?.titles).toEqual([title])
    expect(others).toEqual(others.map(() => one))
  }
  // Two looks that found nothing, or three, and one that did; for thirty listeners, three times.
  expect(reads).toBeLessThanOrEqual(12)

  await watch.close()
  const before = reads
  await sleep(500)
  expect(reads).toBe(before)
})

test.concurrent('a silent stream says that it is still here, and ends when its time is over', async () => {
  const recipientId = await lockin.id('emmy')
  const closing = new AbortController()
  const watch = startInboxWatch({ sql: lockin.sql, log: lockin.web.world.log, closing: closing.signal })
  const { position: since, seen } = await inboxNow(lockin.sql, recipientId)
  const options = { recipientId, since, told: seen, unread: 7, isKnown: true, signal: closing.signal }
  const chunks: string[] = []
  for await (const chunk of eventsOf(watch, { ...options, keepAlive: 20, atMost: 300 })) chunks.push(chunk)

  expect(chunks[0]).toBe(`retry: 1000\n\nid: ${since}\nevent: unread\ndata: {"unread":7}\n\n`)
  expect(chunks.length).toBeGreaterThan(2)
  expect(new Set(chunks.slice(1))).toEqual(new Set([': still here\n\n']))
  await watch.close()
})

test.concurrent('who reads slowly is told later, and everything', async () => {
  const recipientId = await lockin.id('sophie')
  const closing = new AbortController()
  const watch = startInboxWatch({
    sql: lockin.sql,
    log: lockin.web.world.log,
    closing: closing.signal,
    lookEvery: 50,
  })
  const { position: since, seen } = await inboxNow(lockin.sql, recipientId)
  const options = { recipientId, since, told: seen, unread: 0, isKnown: true, signal: closing.signal }
  const events = eventsOf(watch, options)
  await events.next()
  for (const title of ['Then', 'And then']) {
    await put(recipientId, [title])
    await sleep(200)
  }
  const { value } = await events.next()
  expect([...String(value).matchAll(/"title":"([^"]+)"/g)].map(([, title]) => title)).toEqual([
    'Then',
    'And then',
  ])
  await events.return(undefined)
  await watch.close()
})

test.concurrent('closing the server ends streams at once', async () => {
  await using own = await startLockin()
  const { events } = await listen(await open('ada', undefined, own), (_event, all) => {
    if (all.length === 1) void own.web.app.close()
    return false
  })
  expect(events).toEqual(['unread 0'])
})

test.concurrent('a stream outlives Postgres being away for a moment', async () => {
  await using own = await startLockin({ ownPostgres: true, proxyPostgres: true })
  const { proxy, postgresServer } = own.web.world
  const ada = await own.id('ada')
  const { events } = await listen(await open('ada', undefined, own), async (event) => {
    if (event !== 'unread 0') return event === 'unread 1'
    // At least one look meets it.
    await proxy?.cutAt('with ordinality', 'before')
    await postgresServer?.restart()
    await put(ada, ['After it'], own.sql)
    return false
  })
  expect(events).toEqual(['unread 0', 'notification After it pending', 'unread 1'])
})
