import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { sql } from 'kysely'
import { test } from 'vitest'
import { startProgressWatch } from '../../../../src/ingress/http/iep/progress-events.ts'
import type { Sql } from '../../../../src/shared/database.ts'
import { sleep } from '../../../../src/shared/time.ts'
import { ada, arrive, called, english, grace, read, readAll, tell } from '../../../domains/iep/stored.ts'
import { startDocuments, startFamily, type Family } from './family.ts'

const startWithChild = async () => {
  const family = await startFamily()
  const childId = await family.child(ada)
  const url = `/profile/children/${childId}/documents/progress`
  return {
    family,
    childId,
    progress: async () => (await family.as(ada, { url })).json(),
    url: `${url}/events`,
  }
}
const finish = (db: Sql, iepId: string) =>
  sql`update iep.documents set status = 'PROCESSED', processed_at = now() where iep_id = ${iepId}`.execute(db)
const waiting = { en: 'waiting', es: 'waiting', zh: 'waiting', vi: 'waiting' }

async function open(family: Family, url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${await family.web.url()}/iep${url}`, {
    headers: { ...(await family.token(ada)), ...headers },
  })
}

/** Reads a stream to its end, or until somebody had enough. */
async function listen(
  response: Response,
  told: (event: EventSourceMessage, events: EventSourceMessage[]) => boolean | Promise<boolean> = () => false,
): Promise<EventSourceMessage[]> {
  const events: EventSourceMessage[] = []
  const fresh: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (event) => void fresh.push(event) })
  const decoder = new TextDecoder()
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    for (const event of fresh.splice(0)) {
      events.push(event)
      if (await told(event, events)) return events
    }
  }
  return events
}
const steps = (events: EventSourceMessage[]): string[] => events.map(({ data }) => JSON.parse(data).step)

test.concurrent('a child with nothing has a progress all the same, and an upload is told before it arrives', async ({
  expect,
}) => {
  await using documents = await startDocuments()
  await using family = await startFamily({ env: documents.env })
  const childId = await family.child(ada)
  const url = `/profile/children/${childId}/documents/progress`
  const answer = await family.as(ada, { url })
  expect(answer.statusCode).toBe(200)
  const nothing = {
    iepId: null,
    status: null,
    percent: 0,
    step: 'no document',
    pages: { read: 0, total: null },
    languages: waiting,
    placeInLine: 0,
    expectedSeconds: null,
  }
  expect(answer.json()).toEqual(nothing)

  const payload = { fileName: 'plan.pdf', fileType: 'application/pdf', operation: 'upload', childId }
  const { iepId } = (await family.as(ada, { method: 'POST', url: '/signed-url-knowledge', payload })).json()
  expect((await family.as(ada, { url })).json()).toEqual({ ...nothing, iepId, step: 'waiting for the file' })
})

test.concurrent('progress follows the tables from arrival to the last language', async ({ expect }) => {
  const { family, childId, progress } = await startWithChild()
  await using _ = family
  const { sql: db } = family
  const iepId = await arrive(db, { userId: ada, childId, pageCount: 4 })
  const seen = [await progress()]
  const then = async (...changes: Promise<unknown>[]) => {
    await Promise.all(changes)
    seen.push(await progress())
  }
  await then(called(db, iepId, { step: 'read', outcome: null }), read(db, iepId, 1))
  await then(
    sql`insert into iep.pages (iep_id, index, markdown, dimensions, model)
    select iep_id, n, '', '{}', 'm' from iep.pages, generate_series(1, 3) n where iep_id = ${iepId}`.execute(
      db,
    ),
  )
  await then(
    sql`update iep.documents set status = 'OCR_COMPLETED', ocr_completed_at = now() where iep_id = ${iepId}`.execute(
      db,
    ),
  )
  await then(sql`update iep.documents set redacted_at = now() where iep_id = ${iepId}`.execute(db))
  await then(
    tell(db, iepId, 'en', { state: 'ready', content: english }),
    tell(db, iepId, 'es', { state: 'working' }),
  )
  await then(tell(db, iepId, 'es', { state: 'ready', content: english }))
  await then(
    tell(db, iepId, 'zh', { state: 'failed' }),
    tell(db, iepId, 'vi', { state: 'ready', content: english }),
  )
  await then(finish(db, iepId))

  expect(seen.map(({ step, percent, status }) => [step, percent, status])).toEqual([
    ['waiting in line', 5, 'PROCESSING'],
    ['reading', 15, 'PROCESSING'],
    ['reading', 45, 'PROCESSING'],
    ['removing personal data', 45, 'OCR_COMPLETED'],
    ['summarising', 50, 'OCR_COMPLETED'],
    ['translating', 70, 'OCR_COMPLETED'],
    ['translating', 80, 'OCR_COMPLETED'],
    ['translating', 90, 'OCR_COMPLETED'],
    ['done', 100, 'PROCESSED'],
  ])
  expect(seen[1]).toMatchObject({ iepId, pages: { read: 1, total: 4 }, languages: waiting })
  expect(seen.at(-1)).toMatchObject({
    languages: { en: 'ready', es: 'ready', zh: 'failed', vi: 'ready' },
    expectedSeconds: 0,
  })
})

test.concurrent('a stream tells each change once, and ends when nothing changes any more', async ({
  expect,
}) => {
  const { family, childId, url } = await startWithChild()
  await using _ = family
  const { sql: db } = family
  let iepId = ''
  // Each is one transaction: a look in between sees nothing of it.
  const at = (change: (tx: Sql) => Promise<unknown>) => () => db.transaction().execute(change)
  const changes = [
    at(async (tx) => (iepId = await arrive(tx, { userId: ada, childId, waitingFor: 'consent' }))),
    at((tx) => sql`update iep.documents set waiting_for = null where iep_id = ${iepId}`.execute(tx)),
    at((tx) => read(tx, iepId, 3)),
    at((tx) => readAll(tx, iepId)),
    at(async (tx) => {
      for (const language of ['en', 'es', 'zh', 'vi'])
        await tell(tx, iepId, language, { state: 'ready', content: english })
      await finish(tx, iepId)
    }),
  ]
  const response = await open(family, url)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect(response.headers.get('cache-control')).toBe('no-store')
  const events = await listen(response, async () => {
    await changes.shift()?.()
    return false
  })

  expect(steps(events)).toEqual([
    'no document',
    'waiting for consent',
    'waiting in line',
    'reading',
    'summarising',
    'done',
  ])
  expect(new Set(events.map(({ event }) => event))).toEqual(new Set(['progress']))
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  const last = JSON.parse(events.at(-1)?.data ?? '')
  expect(last).toEqual((await family.as(ada, { url: url.replace('/events', '') })).json())

  const from = (id = '') => open(family, url, { 'last-event-id': id })
  expect((await from(events.at(-1)?.id)).status).toBe(204)
  expect(steps(await listen(await from(events.at(-2)?.id)))).toEqual(['done'])
  expect(steps(await listen(await from('what?')))).toEqual(['done'])
})

test.concurrent('resuming where nothing happened repeats nothing', async ({ expect }) => {
  const { family, childId, url } = await startWithChild()
  await using _ = family
  const iepId = await arrive(family.sql, { userId: ada, childId })
  const [first] = await listen(await open(family, url), () => true)
  expect(steps(first ? [first] : [])).toEqual(['waiting in line'])

  const resumed = await open(family, url, { 'last-event-id': first?.id ?? '' })
  await sql`update iep.documents set status = 'FAILED', problem_code = 'x', problem_message = 'No.'
    where iep_id = ${iepId}`.execute(family.sql)
  const events = await listen(resumed)
  expect(steps(events)).toEqual(['failed'])
  expect(JSON.parse(events[0]?.data ?? '')).toMatchObject({
    status: 'FAILED',
    problem: { code: 'x', message: 'No.' },
  })
})

test.concurrent('many listeners are served by one look for all', async ({ expect }) => {
  await using family = await startFamily()
  const children = [await family.child(ada), await family.child(ada), await family.child(grace)]
  let reads = 0
  const counted = family.sql.withPlugin({
    transformQuery: ({ node }) => {
      reads += 1
      return node
    },
    transformResult: async ({ result }) => result,
  })
  const ended = new AbortController()
  const watch = startProgressWatch({ sql: counted, log: family.web.world.log, closing: ended.signal })
  const looks = Array.from({ length: 30 }, () => 0)
  const stops = looks.map((_, index) =>
    watch.follow(children[index % 3] ?? '', () => {
      looks[index] = (looks[index] ?? 0) + 1
    }),
  )

  while (looks.some((count) => count < 3)) await sleep(20)
  expect(new Set(looks)).toEqual(new Set([reads]))
  for (const stop of stops) stop()
  await watch.close()
  const before = reads
  await sleep(1500)
  expect(reads).toBe(before)
})

test.concurrent('closing the server ends streams at once', async ({ expect }) => {
  const { family, childId, url } = await startWithChild()
  await using _ = family
  await arrive(family.sql, { userId: ada, childId })
  const response = await open(family, url)
  const events = await listen(response, async (_event, events) => {
    if (events.length === 1) void family.web.app.close()
    return false
  })
  expect(steps(events)).toEqual(['waiting in line'])
})

test.concurrent('a stream outlives Postgres being away for a moment', async ({ expect }) => {
  await using family = await startFamily({ ownPostgres: true })
  const childId = await family.child(ada)
  const iepId = await arrive(family.sql, { userId: ada, childId })
  const response = await open(family, `/profile/children/${childId}/documents/progress/events`)
  const events = await listen(response, async (_event, events) => {
    if (events.length > 1) return false
    await family.web.world.postgresServer?.restart()
    await sql`update iep.documents set status = 'FAILED' where iep_id = ${iepId}`.execute(family.sql)
    return false
  })
  expect(steps(events)).toEqual(['waiting in line', 'failed'])
})

test.concurrent('a child that is left out ends the stream', async ({ expect }) => {
  const { family, url } = await startWithChild()
  await using _ = family
  const events = await listen(await open(family, url), async () => {
    await family.as(ada, { method: 'PUT', url: '/profile', payload: { children: [] } })
    return false
  })
  expect(steps(events)).toEqual(['no document'])
  expect(await family.child(grace)).toMatch(/^[0-9a-f-]{36}$/)
})
