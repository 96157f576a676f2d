import { Mistral } from '@mistralai/mistralai'
import { afterEach, expect, test } from 'vitest'
import { RateLimits } from '../../local/mistral/limits.ts'
import { Sustained, type Change } from '../../local/mistral/settings.ts'
import { startMistral, type MistralOptions, type MistralStack } from '../../local/mistral/server.ts'

let stack: MistralStack | undefined

afterEach(async () => {
  await stack?.stop()
  stack = undefined
})

const messages = [{ role: 'user' as const, content: 'Ada reads. Grace listens. Linus writes.' }]

test('a second and a minute let in so many, for each model by itself', () => {
  const limits = limited({ requestsPerSecond: 2, requestsPerMinute: 3 })
  const small = (now: number) => () => limits.admit('mistral-small-2603', now)

  small(0)()
  small(100)()
  expect(small(999)).toThrow('429')
  expect(() => limits.admit('mistral-ocr-4-1', 999)).not.toThrow()
  small(1000)() // the first has left the second
  expect(limits.headers('mistral-small-2603', 1000)).toEqual({
    'x-ratelimit-limit-req-minute': '3',
    'x-ratelimit-remaining-req-minute': '0',
    'x-ratelimit-limit-req-second': '2',
    'x-ratelimit-remaining-req-second': '0',
  })
  expect(small(30_000)).toThrow('429')
  expect(small(60_000)).not.toThrow()
})

test('a refusal says when there is room again, unless it is set not to', () => {
  const refusalOf = (limits: RateLimits, now: number): unknown => {
    try {
      return limits.admit('', now)
    } catch (error) {
      return error
    }
  }
  const telling = limited({ requestsPerMinute: 1 })
  const silent = limited({ requestsPerMinute: 1, retryAfter: false })
  telling.admit('', 0)
  silent.admit('', 0)

  expect(refusalOf(telling, 20_500)).toMatchObject({ headers: { 'retry-after': '40' } })
  expect(refusalOf(silent, 20_500)).toMatchObject({ headers: {} })
})

test('no more calls than set are worked on at once, and one that ends makes room', async () => {
  const { mistral, statistics } = await start({ settings: { inFlight: 1, millisecondsPerCall: 2000 } })
  const inFlight = () => statistics.report().models['mistral-small-2603']?.inFlight
  const first = mistral.chat.complete({ model: 'mistral-small-2603', messages })
  await expect.poll(inFlight, { interval: 5, timeout: 30_000 }).toBe(1)

  await expect(mistral.chat.complete({ model: 'mistral-small-latest', messages })).rejects.toMatchObject({
    statusCode: 429,
    body: expect.stringContaining('"3505"') as string,
  })

  await first
  expect(statistics.report().models['mistral-small-2603']).toMatchObject({ inFlight: 0, busy: 1, used: 1 })
  expect(statistics.report().models['mistral-small-2603']?.inFlightBySecond[0]).toBe(1)
  await mistral.chat.complete({ model: 'mistral-small-2603', messages })
})

test('every answer says how much is left', async () => {
  const { url, apiKey } = await start({ settings: { requestsPerMinute: 5, requestsPerSecond: 4 } })

  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'mistral-small-latest', messages }),
  })

  expect(answer.status).toBe(200)
  expect(answer.headers.get('x-ratelimit-limit-req-minute')).toBe('5')
  expect(answer.headers.get('x-ratelimit-remaining-req-minute')).toBe('4')
  expect(answer.headers.get('x-ratelimit-remaining-req-second')).toBe('3')
})

test('a call takes as long as its pages and tokens are set to take', async () => {
  const { mistral, calls, settings, statistics } = await start()
  const answer = await mistral.chat.complete({ model: 'mistral-small-2603', messages })
  const tokens = answer.usage.completionTokens ?? 0
  settings.change({ millisecondsPerToken: 5, millisecondsPerCall: 20 })

  await mistral.chat.complete({ model: 'mistral-small-2603', messages })

  // it waits for a timer, which may be a millisecond early by the clock of the record
  await expect
    .poll(() => calls()[1]?.milliseconds, { timeout: 30_000 })
    .toBeGreaterThanOrEqual(20 + 5 * tokens - 2)
  expect(statistics.report().models['mistral-small-2603']).toMatchObject({
    answered: 2,
    completionTokens: 2 * tokens,
  })
})

test('the statistics tell who asked what of whom, and how busy it was', async () => {
  const { mistral, url, statistics } = await start({
    otherKeys: ['the-key-of-grace'],
    settings: { inFlight: 2, millisecondsPerCall: 30 },
  })
  const grace = client(url, 'the-key-of-grace')
  const ask = (by: Mistral) => by.chat.complete({ model: 'mistral-small-2603', messages })

  await Promise.all([ask(mistral), ask(grace)])
  stack?.settings.change({ requestsPerSecond: 1, requestsPerMinute: 2 })
  await ask(grace).catch(() => 'refused')

  const report = statistics.report()
  const small = report.models['mistral-small-2603']
  expect(small).toMatchObject({
    requests: 3,
    admitted: 2,
    answered: 2,
    refused: 1,
    failed: 0,
    inFlight: 0,
    mostInFlight: 2,
  })
  expect(small?.busy).toBe(1)
  expect(small?.meanInFlight).toBeGreaterThan(1)
  expect(small?.inFlightBySecond).toHaveLength(1)
  expect(report.keys).toMatchObject({
    '…-key': { answered: 1 },
    '…race': { requests: 2, answered: 1, refused: 1 },
  })
  expect(JSON.stringify(report)).not.toContain('the-key-of-grace')
  const overHttp = await fetch(`${url}/_statistics`)
  expect(await overHttp.json()).toEqual(statistics.report())
})

test('settings are at hand over HTTP, and go back to those of the start', async () => {
  const { url } = await start({ settings: { requestsPerSecond: 7 } })
  const settings = async (method: string, change?: object) => {
    const answer = await fetch(`${url}/_settings`, {
      method,
      ...(change && { body: JSON.stringify(change) }),
    })
    return { status: answer.status, now: (await answer.json()) as object }
  }

  expect(await settings('PATCH', { inFlight: 3, ocrLanguages: ['eng', 'vie'] })).toMatchObject({
    status: 200,
    now: { requestsPerSecond: 7, inFlight: 3, ocrLanguages: ['eng', 'vie'] },
  })
  expect((await settings('PATCH', { inFlight: 0 })).status).toBe(422)
  expect((await settings('PATCH', { speed: 9 })).status).toBe(422)
  expect((await settings('PATCH', { ocrLanguages: ['tlh'] })).status).toBe(422)
  expect((await settings('GET')).now).toMatchObject({ inFlight: 3 })
  expect((await settings('DELETE')).now).toMatchObject({
    requestsPerSecond: 7,
    inFlight: null,
    ocrLanguages: ['eng'],
  })
})

const limited = (settings: Change): RateLimits => {
  const sustained = new Sustained(settings)
  return new RateLimits(() => sustained.now)
}

const client = (serverURL: string, apiKey: string) =>
  new Mistral({ apiKey, serverURL, retryConfig: { strategy: 'none' } })

async function start(options?: MistralOptions) {
  stack = await startMistral(options)
  return { ...stack, mistral: client(stack.url, stack.apiKey) }
}
