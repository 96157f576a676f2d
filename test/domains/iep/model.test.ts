import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startMistral, type MistralOptions, type MistralStack } from '../../../local/mistral/server.ts'
import type { DocumentRef } from '../../../src/domains/iep/document.ts'
import { createModel, type Model, type Question } from '../../../src/domains/iep/model.ts'
import { openTurns, type Turns } from '../../../src/domains/iep/turns.ts'
import { openMistral, type MistralOptions as Options } from '../../../src/shared/mistral.ts'
import { dataUrl, pdf } from '../../support/pdf.ts'
import { createWorld, type World } from '../../support/world.ts'

let world: World
let stack: MistralStack | undefined
const opened: Turns[] = []

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
afterEach(async () => {
  await Promise.all(opened.splice(0).map((turns) => turns.close()))
  await stack?.stop()
  await query('truncate iep.lanes, iep.turns, iep.turn_holders')
})

test('pages are read, stored, and written down with what they cost', async () => {
  const { model } = await start()
  const document = await arrive()

  await read(model, document, [0, 1])

  expect(await pages(document)).toEqual([
    { index: 0, markdown: 'Ada reads.', dimensions: expect.objectContaining({ dpi: 200 }) },
    { index: 1, markdown: 'Grace writes.', dimensions: expect.objectContaining({ dpi: 200 }) },
  ])
  expect(await calls(document)).toEqual([
    { step: 'read', model: 'mistral-ocr-4-1', outcome: 'answered', pages: 2, cost: 8000, ended: true },
  ])
})

test('only pages that are missing are asked for, and none twice', async () => {
  const { model } = await start()
  const document = await arrive()

  await read(model, document, [0])
  await read(model, document, [0, 1, 1])
  await read(model, document, [1, 0])
  await read(model, document, [])

  expect((await calls(document)).map(({ pages }) => pages)).toEqual([1, 1])
  expect((await pages(document)).map(({ index }) => index)).toEqual([0, 1])
})

test('a page that the answer lacks is trouble, and the others are stored', async () => {
  const { model } = await start()
  const document = await arrive()

  const reading = read(model, document, [0, 2, 7])

  await expect(reading).rejects.toMatchObject({ name: 'Trouble', code: 'pages-missing' })
  expect((await pages(document)).map(({ index }) => index)).toEqual([0, 2])
  expect(await calls(document)).toMatchObject([{ outcome: 'answered', pages: 2 }])
})

test('a refused call waits for its time and is made again, and both are written down', async () => {
  const { model, dials, seen } = await start()
  dials.set({ does: 'rate-limit', retryAfter: 0.3, path: '/v1/ocr' })
  const document = await arrive()

  await read(model, document, [0])

  const [refused, answered] = seen()
  expect((answered?.at ?? 0) - (refused?.at ?? Infinity)).toBeGreaterThanOrEqual(300)
  expect((await calls(document)).map(({ outcome, cost }) => [outcome, cost])).toEqual([
    ['throttled', null],
    ['answered', 4000],
  ])
})

test('a pause longer than patience sends the job back to its queue', async () => {
  const { model, dials, seen } = await start()
  dials.set({ does: 'rate-limit', retryAfter: 3600 })
  const document = await arrive()

  await expect(complete(model, document)).rejects.toMatchObject({
    name: 'Throttled',
    provider: 'mistral/mistral-medium-3-5',
  })
  // The next one does not even ask.
  await expect(complete(model, document, 'And Grace?')).rejects.toMatchObject({ name: 'Throttled' })
  expect(seen()).toHaveLength(1)
  await read(model, document, [0])
})

test('a plan without the model gives up, and nobody waits for it', async () => {
  const { model } = await start({ settings: { requestsPerMinute: 0 } })
  const document = await arrive()

  await expect(read(model, document, [0])).rejects.toMatchObject({ code: 'model-not-available' })

  expect(await calls(document)).toMatchObject([{ outcome: 'failed', cost: null }])
})

test('a question is answered in its schema, and its tokens and cost are written down', async () => {
  const { model } = await start()
  const document = await arrive()

  const { answer, model: by } = await complete(model, document)

  expect(answer).toEqual({ summary: expect.any(String) })
  expect(by).toBe('mistral-medium-3-5')
  const [call] = await query<{ prompt: number; completion: number; cost: number; language: string }>(
    `select prompt_tokens as prompt, completion_tokens as completion, cost, language from iep.model_calls where iep_id = $1`,
    document.iepId,
  )
  expect(call?.prompt).toBeGreaterThan(0)
  expect(call?.cost).toBe(Math.ceil((call?.prompt ?? 0) * 1.5 + (call?.completion ?? 0) * 7.5))
  expect(call?.language).toBe('en')
})

test('the same question about the same document is paid for once', async () => {
  const { model, seen } = await start()
  const [document, other] = [await arrive(), await arrive()]

  const first = await complete(model, document)
  const again = await complete(model, document)
  expect(again).toEqual(first)
  expect(seen()).toHaveLength(1)

  await complete(model, document, 'And what does Grace read?')
  await complete(model, other)
  expect(seen()).toHaveLength(3)
})

test('JSON that breaks off is paid for, counted, and never used again', async () => {
  const { model, dials } = await start()
  dials.set({ does: 'cut', part: 'content' })
  const document = await arrive()

  await expect(complete(model, document)).rejects.toMatchObject({
    name: 'Trouble',
    code: 'unusable-answer',
  })
  const { answer } = await complete(model, document)

  expect(answer).toEqual({ summary: expect.any(String) })
  const [unusable, answered] = await calls(document)
  expect([unusable?.outcome, answered?.outcome]).toEqual(['unusable', 'answered'])
  expect(unusable?.cost).toBeGreaterThan(0)
  expect(
    await query('select from iep.model_calls where outcome = $1 and answer is not null', 'unusable'),
  ).toEqual([])
})

test.each([
  [{ does: 'hang' } as const, 'model-timeout'],
  [{ does: 'drop', when: 'midway' } as const, 'model-unreachable'],
  [{ does: 'fail', status: 503 } as const, 'model-unavailable'],
  [{ does: 'cut' } as const, 'model-answer-broken'],
])('after %o a second try is made whole, and its turn is free', async (dial, code) => {
  const { model, dials } = await start({}, { timeouts: { read: 2000, chat: 100 } })
  await oneAtATime('mistral-medium-3-5')
  dials.set(dial)
  const document = await arrive()

  await expect(complete(model, document)).rejects.toMatchObject({ name: 'Trouble', code })
  await complete(model, document)

  expect((await calls(document)).map(({ outcome }) => outcome)).toEqual(['failed', 'answered'])
})

test('a job that is told to stop breaks off its call with its own reason', async () => {
  const { model, dials, seen } = await start()
  dials.set({ does: 'hang' })
  const document = await arrive()
  const stopping = new AbortController()

  const asked = complete(model, document, 'What does Ada read?', stopping.signal)
  await expect.poll(seen).toHaveLength(1)
  stopping.abort(new DOMException('shutdown', 'AbortError'))

  await expect(asked).rejects.toMatchObject({ name: 'AbortError', message: 'shutdown' })
  expect(await calls(document)).toMatchObject([{ outcome: 'failed' }])
})

test('a call that was in flight when its process died is made again, and seen to be repeated', async () => {
  const { model, dials, seen, url, apiKey } = await start()
  await oneAtATime('mistral-medium-3-5')
  dials.set({ does: 'hang' })
  const document = await arrive()
  const script = new URL('../../support/ask-model.ts', import.meta.url).pathname

  const dying = world.start(script, [url, apiKey, document.iepId, document.userId, '300'])
  await expect.poll(seen, { timeout: 20_000 }).toHaveLength(1)
  dying.signal('SIGKILL')
  await dying.exited
  await complete(model, document)

  expect((await calls(document)).map(({ outcome, ended }) => [outcome, ended])).toEqual([
    [null, false],
    ['answered', true],
  ])
  const repeated = await query<{ n: number }>(
    'select count(distinct request_hash)::int as n from iep.model_calls where iep_id = $1',
    document.iepId,
  )
  expect(repeated).toEqual([{ n: 1 }])
})

test('a document that is deleted while it is read leaves no page, only what it cost', async () => {
  const { model, settings, seen } = await start({ settings: { millisecondsPerCall: 500 } })
  const document = await arrive()

  const reading = read(model, document, [0, 1])
  await expect.poll(seen).toHaveLength(1)
  await query('delete from iep.documents where iep_id = $1', document.iepId)

  await expect(reading).rejects.toMatchObject({ name: 'DocumentGone' })
  expect(await pages(document)).toEqual([])
  expect(await calls(document)).toMatchObject([{ outcome: 'answered', pages: 2, cost: 8000 }])
  settings.reset()
})

test('a document that other bytes took the place of stores nothing of the old ones', async () => {
  const { model, seen } = await start({ settings: { millisecondsPerCall: 500 } })
  const document = await arrive()

  const both = Promise.allSettled([read(model, document, [0]), complete(model, document)])
  await expect.poll(seen).toHaveLength(2)
  await query('update iep.documents set revision = 2 where iep_id = $1', document.iepId)

  expect((await both).map((each) => each.status === 'rejected' && each.reason.name)).toEqual([
    'DocumentGone',
    'DocumentGone',
  ])
  expect(await pages(document)).toEqual([])
  expect(await answers(document)).toBe(0)
  expect((await calls(document)).map(({ outcome }) => outcome)).toEqual(['answered', 'answered'])
})

test('nobody pays for a document that is gone', async () => {
  const { model, seen } = await start()
  const document = await arrive()
  await complete(model, document)
  await query('delete from iep.documents where iep_id = $1', document.iepId)

  await expect(read(model, document, [0])).rejects.toMatchObject({ name: 'DocumentGone' })
  await expect(complete(model, document)).rejects.toMatchObject({ name: 'DocumentGone' })
  await expect(complete(model, document, 'And Grace?')).rejects.toMatchObject({ name: 'DocumentGone' })

  expect(seen()).toHaveLength(1)
})

test('answers go with their document, however it goes; what they cost stays', async () => {
  const { model } = await start()
  const document = await arrive()
  await complete(model, document)
  expect(await answers(document)).toBe(1)

  await query('delete from iep.profiles where user_id = $1', document.userId)

  expect(await answers(document)).toBe(0)
  expect(await calls(document)).toMatchObject([{ outcome: 'answered', cost: expect.any(Number) }])
})

test('what Postgres cannot store is taken out of an answer, which is the same when it is used again', async () => {
  const { model } = await start()
  const document = await arrive()

  const first = await complete(model, document, 'Ada\u0000 reads \uD800 and writes.')
  const again = await complete(model, document, 'Ada\u0000 reads \uD800 and writes.')

  expect(JSON.stringify(first)).not.toMatch(/\\u0000|\\ud800/i)
  expect(again).toEqual(first)
})

test('a service that bears three at once is asked for no more than that for long, and all are served', async () => {
  const { model, stack } = await start({ settings: { inFlight: 3, millisecondsPerCall: 60 } })
  const documents = await Promise.all([arrive(), arrive(), arrive(), arrive()])

  await Promise.all(
    documents.flatMap((document) =>
      Array.from({ length: 12 }, (_, n) => complete(model, document, `What about Ada's week ${n}?`)),
    ),
  )

  const { answered, refused } = stack.statistics.report().models['mistral-medium-3-5'] ?? {}
  expect(answered).toBe(48)
  expect(refused).toBeLessThan(12)
})

const never = new AbortController().signal

async function start(options: MistralOptions = {}, ours: Partial<Options> = {}) {
  const started = await startMistral(options)
  stack = started
  const turns = openTurns({ database: world.database, log: world.log, lookEveryMs: 20 })
  opened.push(turns)
  const model = createModel({
    database: world.database,
    mistral: openMistral({ apiKey: started.apiKey, url: started.url, ...ours }),
    turns,
    config: { ocrModel: 'mistral-ocr-4-1', chatModel: 'mistral-medium-3-5' },
    log: world.log,
  })
  return { ...started, seen: started.calls, stack: started, model }
}

/** A parent with one child and its active document of three pages. */
async function arrive(): Promise<DocumentRef> {
  const document = { iepId: randomUUID(), userId: `parent-${randomUUID()}`, revision: 1 }
  await query('insert into iep.profiles (user_id, consent_given) values ($1, true)', document.userId)
  const [child] = await query<{ child_id: string }>(
    `insert into iep.children (user_id, name, school_city) values ($1, 'Ada', 'London') returning child_id`,
    document.userId,
  )
  await query(
    `insert into iep.documents (iep_id, child_id, user_id, object_key, file_name, active, sha256, byte_size)
     values ($1, $2, $3, $4, 'plan.pdf', true, '\\x00', 1000)`,
    document.iepId,
    child?.child_id,
    document.userId,
    `${document.userId}/${document.iepId}/plan.pdf`,
  )
  return document
}

async function read(model: Model, document: DocumentRef, pages: number[]): Promise<void> {
  const url = dataUrl(await pdf(['Ada reads.', 'Grace writes.', 'Linus counts.']))
  await model.read({ document, url, pages, signal: never })
}

const complete = (
  model: Model,
  document: DocumentRef,
  content = 'What does Ada read?',
  signal: AbortSignal = never,
): ReturnType<Model['complete']> =>
  model.complete({ ...question, document, messages: [{ role: 'user', content }], signal })

const question: Omit<Question, 'document' | 'messages' | 'signal'> = {
  step: 'summarise',
  language: 'en',
  schema: {
    name: 'summary',
    schema: { type: 'object', properties: { summary: { type: 'string' } }, required: ['summary'] },
  },
}

/** So that a turn that were not given back would be missed. */
const oneAtATime = (model: string) =>
  query(
    'insert into iep.lanes (lane, concurrency, ceiling, refused_at) values ($1, 1, 2, now())',
    `mistral/${model}`,
  )

const pages = (document: DocumentRef) =>
  query<{ index: number; markdown: string; dimensions: unknown }>(
    'select index, markdown, dimensions from iep.pages where iep_id = $1 order by index',
    document.iepId,
  )

const calls = (document: DocumentRef) =>
  query<{ outcome: string | null; pages: number | null; cost: number | null; ended: boolean }>(
    `select step, model, outcome, pages, cost, ended_at is not null as ended
     from iep.model_calls where iep_id = $1 order by call_id`,
    document.iepId,
  )

const answers = async (document: DocumentRef): Promise<number> =>
  (await query('select from iep.model_calls where iep_id = $1 and answer is not null', document.iepId)).length

const query = <Row extends object>(text: string, ...values: unknown[]): Promise<Row[]> =>
  world.database.run<Row>({ name: `test ${text.replaceAll(/\W+/g, ' ').slice(0, 55)}`, text }, values)
