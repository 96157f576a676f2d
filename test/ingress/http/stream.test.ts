import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { test } from 'vitest'
import { ask } from '../../../src/jobs/define.ts'
import { effectTables, letGo, testJobs, waitForStop, walkSteps } from '../../support/jobs.ts'
import { ada, basic, startWeb, withKey, type Web } from './web.ts'

const initiate = async (web: Web): Promise<{ id: string; statusUrl: string }> =>
  (
    await web.app.inject({ method: 'POST', url: '/anki/users', headers: withKey('anki'), payload: ada.body })
  ).json()

/** Reads a stream to its end, or until somebody had enough. */
async function listen(
  response: Response,
  enough: (events: EventSourceMessage[]) => boolean = () => false,
): Promise<EventSourceMessage[]> {
  const events: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (event) => void events.push(event) })
  const decoder = new TextDecoder()
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    if (enough(events)) break
  }
  return events
}
const names = (events: EventSourceMessage[]) => events.map((event) => event.event)

test.concurrent('a stream tells what happens, and ends after the last word', async ({ expect }) => {
  await using web = await startWeb()
  const { id } = await initiate(web)

  const response = await fetch(`${await web.url()}/jobs/${id}/events`, { headers: withKey('anki') })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/)
  const listening = listen(response)
  await web.world.finish(id)
  const events = await listening

  expect(names(events)).toEqual(['waiting', 'active', 'completed'])
  expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({
    state: 'completed',
    result: { profile: true, collection: true, ready: true },
  })
})

test.concurrent('resuming skips nothing and repeats nothing', async ({ expect }) => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  const address = `${await web.url()}/jobs/${id}/events`
  const first = await listen(
    await fetch(address, { headers: withKey('anki') }),
    (events) => events.length === 1,
  )
  await web.world.finish(id)

  const from = (last: string) => fetch(address, { headers: { ...withKey('anki'), 'last-event-id': last } })
  const rest = await listen(await from(first[0]?.id ?? ''))
  expect(names([...first, ...rest])).toEqual(['waiting', 'active', 'completed'])
  expect((await from(rest.at(-1)?.id ?? '')).status).toBe(204)
  expect((await from('999999')).status).toBe(204)
  expect(names(await listen(await from('what?')))).toEqual(['waiting', 'active', 'completed'])
})

test.concurrent('who comes for a later round is told of that one, and who comes back of all', async ({
  expect,
}) => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  await web.world.finish(id)
  const payload = { ...ada.body, username: 'ada l.' }
  await web.app.inject({ method: 'POST', url: '/anki/users', headers: withKey('anki'), payload })
  const address = `${await web.url()}/jobs/${id}/events`

  const listening = listen(await fetch(address, { headers: withKey('anki') }))
  await web.world.finish(id)
  const told = (await listening).map(({ event, data }) => [event, JSON.parse(data).round])
  expect(told).toEqual([
    ['waiting', 2],
    ['active', 2],
    ['completed', 2],
  ])
  const back = await fetch(address, { headers: { ...withKey('anki'), 'last-event-id': '2' } })
  expect(names(await listen(back))).toEqual(['completed', 'waiting', 'active', 'completed'])
})

test.concurrent('a stream that ends with what is not told is over all the same', async ({ expect }) => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  const headers = withKey('anki')
  await web.app.inject({ method: 'DELETE', url: `/jobs/${id}`, headers })
  const row = await web.world.finish(id)
  expect([row.attempts, row.started_at]).toEqual([0, null])
  await web.app.inject({
    method: 'POST',
    url: `/operators/jobs/${id}:undo`,
    headers: { ...basic('grace'), 'sec-fetch-site': 'same-origin' },
  })
  await web.world.finish(id)

  const address = `${await web.url()}/jobs/${id}/events`
  const from = (last: string) => fetch(address, { headers: { ...headers, 'last-event-id': last } })
  const text = await (await from('1')).text()
  const [last] = [...text.matchAll(/^id: (\d+)$/gm)].at(-1)?.slice(1) ?? []
  expect(text).toContain('event: cancelled')
  expect((await from(last ?? '')).status).toBe(204)
})

test.concurrent('progress and retries are told; what only concerns us is not', async ({ expect }) => {
  await using web = await startWeb({ jobs: testJobs, setup: effectTables })
  const { directory } = web.world
  const { run } = web.world.database
  const working = web.world.work(ask(walkSteps, { key: 'ada', directory, ends: 'badly', waitAt: 'made' }))
  // What was told last in an attempt is dropped when the attempt ends before it was noted.
  const noted = { name: 'test.noted', text: `select from millrace.job_events where kind = 'progressed'` }
  await expect.poll(() => run(noted, [])).toHaveLength(1)
  await letGo(directory)
  const row = await working
  await run({ name: 'test.own', text: `update millrace.jobs set name = 'anki.walk' where id = $1` }, [row.id])

  const events = await listen(
    await fetch(`${await web.url()}/jobs/${row.id}/events`, { headers: withKey('anki') }),
  )
  expect(new Set(names(events))).toEqual(new Set(['waiting', 'active', 'progress', 'delayed', 'failed']))
  const progress = events.find((event) => event.event === 'progress')
  expect(JSON.parse(progress?.data ?? '')).toMatchObject({
    state: 'active',
    attempt: 1,
    progress: { percent: 50, step: 'made' },
  })
})

test.concurrent('a status link opens the stream for a page of another origin', async ({ expect }) => {
  await using web = await startWeb()
  const { statusUrl, id } = await initiate(web)
  await web.world.finish(id)
  const response = await fetch(`${await web.url()}${statusUrl.replace('?', '/events?')}`)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(names(await listen(response)).at(-1)).toBe('completed')
})

test.concurrent('with Redis away a stream is only slower', async ({ expect }) => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  await web.world.redisServer.stop()
  const listening = listen(await fetch(`${await web.url()}/jobs/${id}/events`, { headers: withKey('anki') }))
  await web.world.finish(id)
  expect(names(await listening)).toEqual(['waiting', 'active', 'completed'])
})

test.concurrent('a listener that goes away leaves nothing behind', async () => {
  await using web = await startWeb({ jobs: testJobs, setup: effectTables })
  const { id } = await initiate(web)
  const counted = countWaiting(web)
  const leaving = new AbortController()
  const response = await fetch(`${await web.url()}/jobs/${id}/events`, {
    headers: withKey('anki'),
    signal: leaving.signal,
  })
  const listening = listen(response, () => false).catch((error: unknown) => error)
  await counted.until(1)

  leaving.abort()
  await listening
  await counted.until(0)
})

test.concurrent('a listener that goes away in the middle is over: it is counted, and closing waits for nobody', async ({
  expect,
}) => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  const gone = new AbortController()
  const response = await fetch(`${await web.url()}/jobs/${id}/events`, {
    headers: withKey('anki'),
    signal: gone.signal,
  })
  expect(response.status).toBe(200)

  gone.abort()

  const streams = async () => {
    const { values } = await web.world.metrics.requests.get()
    return values.filter(
      ({ metricName, labels }) => metricName?.endsWith('_count') && labels.route === '/jobs/:id/events',
    )
  }
  await expect.poll(streams, { timeout: 10_000 }).toMatchObject([{ value: 1 }])
})

test.concurrent('long histories are read in pages', async ({ expect }) => {
  await using web = await startWeb()
  const { id } = await initiate(web)
  await web.world.finish(id)
  await web.world.database.run(
    {
      name: 'test.long-history',
      text: `
        with moved as (update millrace.jobs set last_event = 2500, state = 'completed' where id = $1),
        settled as (delete from millrace.job_events where job = $1 and kind = 'settled')
        insert into millrace.job_events (job, seq, kind, round, attempt, detail)
        select $1, n, case n when 2500 then 'settled' else 'progressed' end, 1, 1,
          case n when 2500 then '{"state":"completed"}' else jsonb_build_object('percent', n % 100, 'step', 'on') end
        from generate_series(100, 2500) n`,
    },
    [id],
  )
  const events = await listen(
    await fetch(`${await web.url()}/jobs/${id}/events`, { headers: withKey('anki') }),
  )
  expect(events.length).toBe(2 + 2401)
  expect(events.at(-1)).toMatchObject({ id: '2500', event: 'completed' })
})

test.concurrent('closing the server ends streams and answers those who wait, at once', async ({ expect }) => {
  await using web = await startWeb({ jobs: testJobs })
  const { id } = await initiate(web)
  const url = await web.url()
  const counted = countWaiting(web)
  const streaming = fetch(`${url}/jobs/${id}/events`, { headers: withKey('anki') }).then((response) =>
    listen(response),
  )
  const waiting = fetch(`${url}/jobs/${id}?wait=30`, { headers: withKey('anki') })
  const asking = fetch(`${url}/anki/users`, {
    method: 'POST',
    headers: { ...withKey('anki'), 'content-type': 'application/json', prefer: 'wait=30' },
    body: JSON.stringify(ada.body),
  })
  await counted.until(3)

  await web.app.close()
  expect(names(await streaming)).toEqual(['waiting'])
  expect(await (await waiting).json()).toMatchObject({ id, state: 'waiting' })
  expect((await asking).status).toBe(202)
  await expect(fetch(`${url}/livez`)).rejects.toThrow()
})

test.concurrent('a job that was cancelled while it ran ends its stream as cancelled', async ({ expect }) => {
  await using web = await startWeb({ jobs: testJobs })
  const { id } = await web.world.asking.accept.now(ask(waitForStop, { key: 'ada' }), 'f'.repeat(32))
  await web.world.database.run(
    { name: 'test.own', text: 'update millrace.jobs set owner = $2 where id = $1' },
    [id, `anki:${ada.id}`],
  )
  const headers = { authorization: `Bearer ${await web.issuer.cognito({ sub: ada.id })}` }
  const listening = listen(await fetch(`${await web.url()}/jobs/${id}/events`, { headers }))

  const finishing = web.world.finish(id)
  while ((await web.world.see(id)).state !== 'active') await new Promise((resolve) => setTimeout(resolve, 10))
  const asked = await web.app.inject({ method: 'DELETE', url: `/jobs/${id}`, headers })
  expect(asked.statusCode).toBe(202)
  await finishing
  expect(names(await listening).at(-1)).toBe('cancelled')
})

/** Counts who waits for rows, through the production watch. */
function countWaiting(web: Web): { until(count: number): Promise<void> } {
  const { until } = web.watch
  let waiting = 0
  web.watch.until = async (...given) => {
    waiting += 1
    try {
      return await until(...given)
    } finally {
      waiting -= 1
    }
  }
  return {
    until: async (count) => {
      while (waiting !== count) await new Promise((resolve) => setTimeout(resolve, 10))
    },
  }
}
