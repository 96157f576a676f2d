import { inspect } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, test } from 'vitest'
import { startMistral, type MistralOptions, type MistralStack } from '../../local/mistral/server.ts'
import { GiveUp, Throttled, Trouble } from '../../src/shared/errors.ts'
import { openMistral, type Mistral, type MistralOptions as Options } from '../../src/shared/mistral.ts'
import { dataUrl, pdf } from '../support/pdf.ts'

let stack: MistralStack | undefined

afterEach(async () => {
  await stack?.stop()
  stack = undefined
})

const never = new AbortController().signal

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

test('the pages that are asked for are read, and no others', async () => {
  const { mistral, calls } = await start()
  const url = dataUrl(await pdf(['Ada reads.', 'Grace writes.', 'Linus counts.']))

  const reply = await mistral.readPages({ model: 'mistral-ocr-4-1', url, pages: [0, 2], signal: never })

  expect(reply).toMatchObject({
    outcome: 'answered',
    answer: {
      model: 'mistral-ocr-4-1-completion',
      pagesCharged: 2,
      pages: [
        { index: 0, markdown: 'Ada reads.' },
        { index: 2, markdown: 'Linus counts.' },
      ],
    },
  })
  expect(calls()).toHaveLength(1)
})

test('a chat is answered in the demanded schema, and what it took is told', async () => {
  const { mistral } = await start()

  const reply = await ask(mistral)

  expect(reply).toMatchObject({
    outcome: 'answered',
    answer: { finished: true, promptTokens: expect.any(Number), completionTokens: expect.any(Number) },
  })
  const content = reply.outcome === 'answered' ? reply.answer.content : ''
  expect(JSON.parse(content)).toEqual({ summary: expect.stringContaining('Ada reads') })
})

test('what the headers say of the limits comes with answers and with refusals', async () => {
  const { mistral } = await start({ settings: { requestsPerMinute: 1 } })

  const answered = await ask(mistral)
  const refused = await ask(mistral)

  expect(answered.limits).toEqual({ requestsPerMinute: 1, remaining: 0 })
  expect(refused.outcome).toBe('throttled')
  expect(refused.limits).toMatchObject({ requestsPerMinute: 1, remaining: 0 })
  expect(refused.limits.retryAfterMs).toBeGreaterThan(0)
})

test('a refusal is a pause for as long as the provider said', async () => {
  const { mistral, dials } = await start()
  dials.set({ does: 'rate-limit', retryAfter: 7 }, { does: 'rate-limit', retryAfter: null })

  expect(await errorOf(ask(mistral))).toEqual(new Throttled('mistral', 7000))
  expect(await errorOf(ask(mistral))).toEqual(new Throttled('mistral', 2000))
})

test('a service that is full is told apart from a key that asks too often', async () => {
  const { mistral, calls } = await start({ settings: { inFlight: 1, millisecondsPerCall: 60_000 } })
  const leaving = new AbortController()
  const first = ask(mistral, leaving.signal)
  await expect.poll(calls).toHaveLength(1)

  const second = await ask(mistral)
  leaving.abort()
  await first

  expect(second).toMatchObject({ outcome: 'throttled', limits: { overCapacity: true } })
})

test('a plan without the model is given up at once', async () => {
  const { mistral } = await start({ settings: { requestsPerMinute: 0 } })

  const error = await errorOf(ask(mistral))

  expect(error).toBeInstanceOf(GiveUp)
  expect(error).toMatchObject({ code: 'model-not-available' })
})

test.each([
  [500, Trouble, 'model-unavailable'],
  [502, Trouble, 'model-unavailable'],
  [503, Trouble, 'model-unavailable'],
  [504, Trouble, 'model-unavailable'],
  [408, Trouble, 'model-unavailable'],
  [401, Trouble, 'model-refuses-key'],
  [403, Trouble, 'model-refuses-key'],
  [404, GiveUp, 'model-refused'],
  [413, GiveUp, 'model-refused'],
])('status %i ends in %o with the code %s, after one request', async (status, kind, code) => {
  const { mistral, dials, calls } = await start()
  dials.set({ does: 'fail', status })

  const error = await errorOf(ask(mistral))

  expect(error).toBeInstanceOf(kind)
  expect(error).toMatchObject({ code })
  expect(calls()).toHaveLength(1)
})

test('a document that nobody can read, or with too many pages, is given up', async () => {
  const { mistral } = await start()
  const damaged = dataUrl(Buffer.from('%PDF-1.7 and then nothing about Ada'))
  const long = dataUrl(await pdf(Array.from({ length: 1001 }, () => '')))

  expect(await errorOf(read(mistral, damaged))).toEqual(
    new GiveUp('unreadable-document', 'The model cannot read the document.'),
  )
  expect(await errorOf(read(mistral, long))).toMatchObject({ name: 'GiveUp', code: 'too-many-pages' })
})

test('a document that could not be fetched may be there later', async () => {
  const { mistral, url } = await start()

  const error = await errorOf(read(mistral, `${url}/signed/gone.pdf`))

  expect(error).toBeInstanceOf(Trouble)
  expect(error).toMatchObject({ code: 'document-not-fetched' })
})

test('a call is broken off although memory was cleaned up while it waited', async () => {
  const { mistral, dials, calls } = await start()
  dials.set({ does: 'hang' })
  const leaving = new AbortController()
  const reason = new Error('the job was cancelled')

  const asked = errorOf(ask(mistral, leaving.signal))
  await expect.poll(calls).toHaveLength(1)
  for (let times = 0; times < 3; times += 1) {
    collectGarbage()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  leaving.abort(reason)

  expect(await asked).toBe(reason)
})

test('a call that hangs is broken off when its time is over', async () => {
  const { mistral, dials, calls } = await start({}, { timeouts: { chat: 100 } })
  dials.set({ does: 'hang' })

  expect(await errorOf(ask(mistral))).toMatchObject({ name: 'Trouble', code: 'model-timeout' })
  await expect.poll(calls).toMatchObject([{ aborted: true }])
})

test('a caller who goes away gets the own reason back', async () => {
  const { mistral, dials, calls } = await start()
  dials.set({ does: 'hang' })
  const leaving = new AbortController()
  const reason = new Error('the job was cancelled')

  const asked = errorOf(ask(mistral, leaving.signal))
  await expect.poll(calls).toHaveLength(1)
  leaving.abort(reason)

  expect(await asked).toBe(reason)
})

test('a connection that breaks, at whatever moment, and an answer that stops short may pass', async () => {
  const { mistral, dials, stop } = await start()

  dials.set({ does: 'drop' })
  expect(await errorOf(ask(mistral))).toMatchObject({ code: 'model-unreachable' })
  dials.set({ does: 'drop', when: 'midway' })
  expect(await errorOf(ask(mistral))).toMatchObject({ code: 'model-unreachable' })
  dials.set({ does: 'drop', when: 'after' })
  expect(await errorOf(ask(mistral))).toMatchObject({ code: 'model-unreachable' })
  dials.set({ does: 'cut' })
  expect(await errorOf(ask(mistral))).toMatchObject({ code: 'model-answer-broken' })
  dials.set({ does: 'null', fields: ['choices'] })
  expect(await errorOf(ask(mistral))).toMatchObject({ code: 'model-answer-broken' })
  await stop()
  expect(await errorOf(ask(mistral))).toMatchObject({ name: 'Trouble', code: 'model-unreachable' })
})

test('an answer that was cut off is not called finished', async () => {
  const { mistral, dials } = await start()
  dials.set({ does: 'cut', part: 'content' })

  expect(await ask(mistral)).toMatchObject({ outcome: 'answered', answer: { finished: false } })
})

test('no error carries a word of the document, however deep one looks', async () => {
  const { mistral, dials, url } = await start({}, { timeouts: { chat: 100 } })
  const errors: unknown[] = []
  const suffer = async (dial?: Parameters<typeof dials.set>[0]) => {
    if (dial) dials.set(dial)
    errors.push(await errorOf(ask(mistral)))
  }

  await suffer({ does: 'rate-limit' })
  await suffer({ does: 'rate-limit', limit: 0 })
  await suffer({ does: 'fail', status: 400 })
  await suffer({ does: 'drop' })
  await suffer({ does: 'drop', when: 'midway' })
  await suffer({ does: 'hang' })
  await suffer({ does: 'cut' })
  await suffer({ does: 'null', fields: ['choices'] })
  // Refused with 422, and all that was sent is sent back.
  errors.push(
    await errorOf(mistral.chat({ model: 'mistral-small-2603', messages: [], schema: secret, signal: never })),
  )
  errors.push(await errorOf(read(mistral, `${url}/signed/Ada.pdf`)))

  expect(errors).toHaveLength(10)
  for (const error of errors) {
    expect(error).toBeInstanceOf(Error)
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toMatch(/Ada/)
  }
})

/** The name of the child is everywhere where a document's words may be. */
const secret = {
  name: 'about_Ada',
  schema: {
    type: 'object',
    properties: { summary: { type: 'string', description: 'What Ada does' } },
    required: ['summary'],
    additionalProperties: false,
  },
}

const ask = (mistral: Mistral, signal: AbortSignal = never) =>
  mistral.chat({
    model: 'mistral-small-2603',
    messages: [{ role: 'user', content: 'Ada reads forty words a minute.' }],
    schema: secret,
    signal,
  })

const read = (mistral: Mistral, url: string) =>
  mistral.readPages({ model: 'mistral-ocr-4-1', url, pages: [0], signal: never })

async function errorOf(reply: ReturnType<Mistral['chat'] | Mistral['readPages']>): Promise<unknown> {
  const settled = await reply
  return settled.outcome === 'answered' ? undefined : settled.error
}

async function start(options: MistralOptions = {}, ours: Partial<Options> = {}) {
  stack = await startMistral(options)
  return { ...stack, mistral: openMistral({ apiKey: stack.apiKey, url: stack.url, ...ours }) }
}
