import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { passingTime, passTime } from '../../../domains/lockin/sessions-world.ts'
import { startLockin, type Lockin } from './people.ts'

let lockin: Lockin

beforeAll(async () => {
  lockin = await startLockin({ setup: passingTime })
})
afterAll(() => lockin[Symbol.asyncDispose]())

const MINUTE = 60_000
const nowhere = '01990000-0000-7000-8000-000000000000'

interface People {
  ada: string
  grace: string
  linus: string
}

interface Started extends People {
  people: People
  group: string
  id: string
  url: string
  /** A body for the minutes since the session started. */
  minutes(from: number, to: number): { started_at: string; ended_at: string }
}

let stories = 0

/**
 * A session that Ada hosts and Grace joined; Linus is a member of the group. Ada's and Grace's time does not run. The
 * people are others in each story, or these: their logs must not meet those of another story.
 */
async function start(hours: number, people = peopleOf((stories += 1))): Promise<Started> {
  const { ada, grace, linus } = people
  const group = await lockin.group(ada, { members: [grace, linus], period_target_minutes: 100 * 60 })
  const made = await lockin.as(ada, { method: 'POST', url: '/api/sessions', payload: { group_id: group } })
  const { id } = made.json()
  await act(id, grace, 'join')
  await act(id, ada, 'start')
  await passTime(lockin.sql, group, hours * 60 * MINUTE)
  await sql`update lockin.session_participants set running_since = null where session_id = ${id}`.execute(
    lockin.sql,
  )
  const { started_at } = (await lockin.as(ada, { url: `/api/sessions/${id}` })).json()
  const at = (minutes: number) => new Date(Date.parse(started_at) + minutes * MINUTE).toISOString()
  return {
    people,
    ...people,
    group,
    id,
    url: `/api/sessions/${id}/logs`,
    minutes: (from, to) => ({ started_at: at(from), ended_at: at(to) }),
  }
}

const peopleOf = (story: number): People => ({
  ada: `ada-${story}`,
  grace: `grace-${story}`,
  linus: `linus-${story}`,
})

async function act(id: string, person: string, verb: string): Promise<void> {
  const done = await lockin.as(person, { method: 'POST', url: `/api/sessions/${id}:${verb}` })
  expect(done.statusCode).toBe(200)
}

const log = (person: string, url: string, payload: object, headers: Record<string, string> = {}) =>
  lockin.as(person, { method: 'POST', url, payload, headers })
const logsOf = async (person: string, url: string) => (await lockin.as(person, { url })).json()

test('a log within the session is written, and the same once more is the one that is there', async () => {
  const { ada, grace, id, url, minutes } = await start(30)
  const first = await log(grace, url, minutes(10, 25))
  expect([first.statusCode, first.json()]).toEqual([
    201,
    {
      id: expect.any(String),
      participant_id: expect.any(String),
      session_id: id,
      user_id: await lockin.id(grace),
      ...minutes(10, 25),
      created_at: expect.any(String),
    },
  ])
  const again = await log(grace, url, minutes(10, 25))
  expect([again.statusCode, again.json()]).toEqual([200, first.json()])

  // Longer than a day is as good as any other, and what only touches does not overlap.
  expect((await log(grace, url, minutes(25, 25 + 26 * 60))).statusCode).toBe(201)
  expect((await log(ada, url, minutes(10, 25))).statusCode).toBe(201)
  expect(await logsOf(grace, url)).toHaveLength(2)
})

test('one Idempotency-Key writes one log, also when the log was corrected since', async () => {
  const { grace, url, minutes } = await start(2)
  const headers = { 'idempotency-key': 'a log of grace' }
  const first = await log(grace, url, minutes(0, 10), headers)
  await lockin.as(grace, { method: 'PATCH', url: `${url}/${first.json().id}`, payload: minutes(0, 8) })
  const again = await log(grace, url, minutes(0, 10), headers)
  expect([again.statusCode, again.json()]).toEqual([200, { ...first.json(), ...minutes(0, 8) }])
})

test('a log that was removed is not written again with its key', async () => {
  const { grace, url, minutes } = await start(2)
  const headers = { 'idempotency-key': 'a log that grace takes back' }
  const first = await log(grace, url, minutes(0, 10), headers)
  await lockin.as(grace, { method: 'DELETE', url: `${url}/${first.json().id}` })

  const again = await log(grace, url, minutes(0, 10), headers)
  expect(again.statusCode).toBe(410)
  expect(await logsOf(grace, url)).toEqual([])
})

test('times come with any offset and are told in UTC; what is finer than milliseconds is cut off', async () => {
  const { grace, url, minutes } = await start(2)
  const { started_at, ended_at } = minutes(10, 20)
  const inKathmandu = (iso: string) =>
    new Date(Date.parse(iso) + 345 * MINUTE).toISOString().replace('Z', '999+05:45')
  const made = await log(grace, url, {
    started_at: inKathmandu(started_at),
    ended_at: inKathmandu(ended_at),
  })
  expect([made.statusCode, made.json()]).toMatchObject([201, { started_at, ended_at }])
  expect((await log(grace, url, { started_at, ended_at })).statusCode).toBe(200)
})

test('times outside of the session are refused with the field', async () => {
  const { ada, grace, id, url, minutes } = await start(2)
  const wrong = async (payload: object) => {
    const refused = await log(grace, url, payload)
    return [refused.statusCode, refused.json().detail]
  }
  const { started_at } = minutes(0, 1)
  const inADay = new Date(Date.now() + 24 * 60 * MINUTE).toISOString()
  expect(await wrong(minutes(-1, 10))).toEqual([400, 'started_at: must not be before the session started'])
  expect(await wrong({ started_at, ended_at: inADay })).toEqual([400, 'ended_at: must not be in the future'])
  expect(await wrong(minutes(10, 10))).toEqual([400, 'ended_at: must be after started_at'])
  expect(await wrong(minutes(10, 5))).toEqual([400, 'ended_at: must be after started_at'])
  expect(await wrong({ started_at })).toEqual([400, 'Missing required field: ended_at'])
  for (const given of ['2026-11-21', '2026-11-21T10:00:00', 'today', 7, null, '0000-01-01T00:00:00Z'])
    expect([given, (await wrong({ started_at, ended_at: given }))[0]]).toEqual([given, 400])
  expect((await wrong({ started_at: '0001-01-01T00:00:00Z', ended_at: '9999-12-31T23:59:59Z' }))[0]).toBe(400)
  expect(
    (await wrong({ started_at: '9999-12-31T23:59:59-23:59', ended_at: '0001-01-01T00:00:00+23:59' }))[0],
  ).toBe(400)
  expect(await wrong({ ...minutes(0, 1), user_id: nowhere })).toEqual([400, 'Unknown field: user_id'])

  await act(id, ada, 'stop')
  const { ended_at } = (await lockin.as(ada, { url: `/api/sessions/${id}` })).json()
  const beyond = new Date(Date.parse(ended_at) + 1).toISOString()
  expect(await wrong({ started_at, ended_at: beyond })).toEqual([
    400,
    'ended_at: must not be after the session ended',
  ])
  expect((await log(grace, url, { started_at, ended_at })).statusCode).toBe(201)
})

test('only who joined logs, also after leaving it, and nothing before the session started', async () => {
  const { ada, grace, linus, id, group, url, minutes } = await start(2)
  expect((await log(linus, url, minutes(0, 10))).statusCode).toBe(403)
  expect((await log('hopper', url, minutes(0, 10))).statusCode).toBe(404)
  await act(id, grace, 'leave')
  expect((await log(grace, url, minutes(0, 10))).statusCode).toBe(201)

  const made = await lockin.as(ada, { method: 'POST', url: '/api/sessions', payload: { group_id: group } })
  const early = await log(ada, `/api/sessions/${made.json().id}/logs`, minutes(0, 10))
  expect([early.statusCode, early.json()]).toEqual([
    409,
    { detail: 'The session is scheduled: it has no time to log.', code: 'not-started' },
  ])
})

test('a log that overlaps another of the same person is refused, in whatever session', async () => {
  const { people, grace, url, minutes } = await start(2)
  const other = await start(2, people)
  await log(grace, url, minutes(10, 20))
  for (const [from, to] of [
    [5, 11],
    [19, 30],
    [12, 15],
    [5, 30],
    [10, 19],
  ] as const)
    for (const each of [url, other.url])
      expect((await log(grace, each, minutes(from, to))).json()).toEqual({
        detail: 'This overlaps another log of yours.',
        code: 'overlaps-log',
      })
  const answers = await Promise.all(
    [1, 2, 3, 4].flatMap((nth) => [url, other.url].map((each) => log(grace, each, minutes(40, 50 + nth)))),
  )
  expect(answers.map(({ statusCode }) => statusCode).toSorted((one, other) => one - other)).toEqual([
    201,
    ...Array(7).fill(409),
  ])
})

test('one corrects and removes a log of oneself, and nobody else does', async () => {
  const { people, ada, grace, linus, group, url, minutes } = await start(2)
  const { id } = (await log(grace, url, minutes(10, 20))).json()
  await log(grace, url, minutes(30, 40))
  const patch = (person: string, payload: object, logId = id) =>
    lockin.as(person, { method: 'PATCH', url: `${url}/${logId}`, payload })
  const { started_at, ended_at } = minutes(5, 30)

  expect((await patch(grace, { started_at })).json()).toMatchObject({ id, ...minutes(5, 20) })
  expect((await patch(grace, { ended_at })).json()).toMatchObject({ id, ...minutes(5, 30) })
  for (const [payload, status] of [
    [minutes(5, 31), 409],
    [minutes(-5, 20), 400],
    [{ started_at: ended_at }, 400],
    [{}, 400],
    [{ user_id: nowhere }, 400],
  ] as const)
    expect([payload, (await patch(grace, payload)).statusCode]).toEqual([payload, status])
  expect((await logsOf(grace, url))[0]).toMatchObject(minutes(5, 30))

  const remove = (person: string, logId = id) =>
    lockin.as(person, { method: 'DELETE', url: `${url}/${logId}` })
  for (const person of [ada, linus, 'hopper']) {
    expect((await patch(person, { started_at })).statusCode).toBe(404)
    expect((await remove(person)).statusCode).toBe(404)
  }
  expect((await patch(grace, { started_at }, nowhere)).json()).toEqual({ detail: 'There is no such log.' })
  const elsewhere = await start(1, people)
  expect((await lockin.as(grace, { method: 'DELETE', url: `${elsewhere.url}/${id}` })).statusCode).toBe(404)
  const removed = await remove(grace)
  expect([removed.statusCode, removed.body]).toEqual([204, ''])
  expect((await remove(grace)).statusCode).toBe(404)
  expect(await logsOf(grace, url)).toMatchObject([minutes(30, 40)])

  const [{ id: kept }] = await logsOf(grace, url)
  await sql`update lockin.groups set status = 'archived', archived_at = now() where id = ${group}`.execute(
    lockin.sql,
  )
  for (const answer of [
    await patch(grace, { started_at }, kept),
    await remove(grace, kept),
    await log(grace, url, minutes(50, 55)),
  ])
    expect(answer.json()).toMatchObject({ code: 'group-archived' })
  expect(await logsOf(grace, url)).toMatchObject([minutes(30, 40)])
})

test('one sees the logs of oneself alone, the oldest first, page by page', async () => {
  const { ada, grace, linus, url, minutes } = await start(2)
  for (const from of [30, 10, 20]) await log(grace, url, minutes(from, from + 5))
  await log(ada, url, minutes(10, 15))

  const read = async (from: string): Promise<object[]> => {
    const page = await lockin.as(grace, { url: from })
    const next = /^<\/lockin([^>]+)>; rel="next"$/.exec(String(page.headers['link'] ?? ''))?.[1]
    return next === undefined ? page.json() : [...page.json(), ...(await read(next))]
  }
  const all = [minutes(10, 15), minutes(20, 25), minutes(30, 35)]
  expect(await read(url)).toMatchObject(all)
  expect(await read(`${url}?limit=1`)).toMatchObject(all)
  expect(await read(`${url}?limit=2`)).toMatchObject(all)
  expect(await logsOf(linus, url)).toEqual([])
  expect((await lockin.as('hopper', { url })).statusCode).toBe(404)
})

test('a log, and the correction of one, asks for the announcement of what it makes somebody reach', async () => {
  const { grace, group, url, minutes } = await start(2)
  await sql`update lockin.groups set period_target_minutes = 5, start_at = now() - interval '100 hours'
    where id = ${group}`.execute(lockin.sql)
  const jobs = async () => {
    const { rows } = await sql`select from millrace.jobs where data ->> 'groupId' = ${group}`.execute(
      lockin.sql,
    )
    return rows.length
  }
  const made = await log(grace, url, minutes(0, 4))
  expect(await jobs()).toBe(0)
  await lockin.as(grace, { method: 'PATCH', url: `${url}/${made.json().id}`, payload: minutes(0, 20) })
  expect(await jobs()).toBeGreaterThan(0)
})

test('how many logs a page has is asked for in words that are understood', async () => {
  const { grace, url } = await start(2)
  for (const [limit, detail] of [
    ['abc', 'limit: must be a whole number'],
    ['1.5', 'limit: must be a whole number'],
    ['0', 'limit: must be at least 1'],
    ['501', 'limit: must be at most 500'],
  ]) {
    const refused = await lockin.as(grace, { url: `${url}?limit=${limit}` })
    expect([refused.statusCode, refused.json()]).toEqual([400, { detail }])
  }
})
