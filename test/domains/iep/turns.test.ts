import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { free, learn, secondOf, type Lane, type News, type Use } from '../../../src/domains/iep/turns/lane.ts'
import { openTurns, type Turn, type Turns, type TurnsOptions } from '../../../src/domains/iep/turns.ts'
import { Throttled } from '../../../src/shared/errors.ts'
import { createWorld, type World } from '../../support/world.ts'

const ada = 'user-ada'
const grace = 'user-grace'
const linus = 'user-linus'

let world: World
const opened: Turns[] = []

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
afterEach(async () => {
  await Promise.all(opened.splice(0).map((turns) => turns.close()))
  await world.database.run(
    { name: 'test.clear', text: 'truncate iep.lanes, iep.turns, iep.turn_holders' },
    [],
  )
})

test('a parent with one question is served beside one with thirty, across processes', async () => {
  const [here, there] = [open(), open()]
  const { take, lane } = await narrow(1)
  const first = await take(here, linus)
  const served: string[] = []
  const serve = async (turns: Turns, user: string) => {
    const turn = await take(turns, user)
    served.push(user)
    turn.answered({})
  }

  const thirty = Array.from({ length: 30 }, () => serve(here, ada))
  await expect.poll(() => waiting(lane)).toBe(30)
  const one = serve(there, grace)
  await expect.poll(() => waiting(lane)).toBe(31)
  first.release()
  await Promise.all([...thirty, one])

  expect(served).toHaveLength(31)
  expect(served.indexOf(grace)).toBeLessThanOrEqual(1)
})

test('of two parents with much to ask, neither gets far ahead of the other', async () => {
  const [here, there] = [open(), open()]
  const { take, lane } = await narrow(2)
  const held = [await take(here, linus), await take(here, linus)]
  const served: string[] = []
  const serve = async (turns: Turns, user: string) => {
    const turn = await take(turns, user)
    served.push(user)
    held.push(turn)
  }
  const asked = [
    ...Array.from({ length: 20 }, () => serve(here, ada)),
    ...Array.from({ length: 10 }, () => serve(there, grace)),
  ]
  await expect.poll(() => waiting(lane)).toBe(30)
  // One call ends at a time, and the next only when its turn was taken: how quickly a process looks decides nothing.
  for (let ended = 0; ended < 30; ended += 1) {
    held.shift()?.answered({})
    await expect.poll(() => served.length, { interval: 5, timeout: 10_000 }).toBe(ended + 1)
  }
  await Promise.all(asked)

  const whenGraceWasDone = served.lastIndexOf(grace) + 1
  expect(served.slice(0, whenGraceWasDone).filter((user) => user === ada).length).toBeLessThanOrEqual(12)
})

test('there are never more turns than calls the provider bears, however many processes ask', async () => {
  // They look as often as they can, so that they meet.
  const processes = Array.from({ length: 6 }, () => open({ lookEveryMs: 1 }))
  const { take } = await narrow(2)
  let underWay = 0
  let most = 0
  const ask = async (turns: Turns, user: string) => {
    const turn = await take(turns, user)
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise((resolve) => setTimeout(resolve, 2))
    underWay -= 1
    turn.answered({})
  }

  const users = Array.from({ length: 15 }, (_, n) => `user-${n}`)
  await Promise.all(processes.flatMap((turns) => users.map((user) => ask(turns, user))))

  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThanOrEqual(2)
})

test('after a refusal nobody asks, in any process, before its time has passed', async () => {
  const [here, there] = [open(), open()]
  const { take, lane } = await narrow(2)
  const refused = await take(here, ada)
  refused.throttled(700, {})
  await expect.poll(() => paused(lane)).toBe(true)

  const serve = async (turns: Turns, user: string) => (await take(turns, user)).answered({})
  await Promise.all([serve(here, ada), serve(there, grace), serve(there, linus)])

  const granted = await world.database.run<{ early: boolean }>(
    {
      name: 'test.early',
      text: `select t.granted_at < l.paused_until as early from iep.turns t join iep.lanes l on l.lane = t.lane
        where t.lane = $1 and not t.refused`,
    },
    [lane],
  )
  expect(granted).toEqual([{ early: false }, { early: false }, { early: false }])
})

test('who would have to wait longer than patience lasts is sent away at once, with the time to come back', async () => {
  const turns = open()
  const { take, lane } = await narrow(2)
  const refused = await take(turns, ada)
  refused.throttled(3_600_000, {})

  const sent = await failureOf(take(turns, grace))

  expect(sent).toBeInstanceOf(Throttled)
  const { provider, retryAfterMs } = sent as Throttled
  expect(provider).toBe(lane)
  expect(retryAfterMs).toBeGreaterThan(3_500_000)
  expect(retryAfterMs).toBeLessThanOrEqual(3_600_000)
})

test('a line that is too long sends back to the queue, and its place is free', async () => {
  const turns = open()
  const { take, lane, model } = await narrow(1)
  const held = await take(turns, ada)

  const sent = await failureOf(
    turns.takeTurn({ provider: 'test', model, userId: grace, signal: never, patienceMs: 50 }),
  )

  expect(sent).toBeInstanceOf(Throttled)
  await expect.poll(() => waiting(lane)).toBe(0)
  held.release()
  ;(await take(turns, linus)).release()
})

test('who leaves the line leaves nothing behind', async () => {
  const turns = open()
  const { take, lane, model } = await narrow(1)
  const held = await take(turns, ada)
  const leaving = new AbortController()
  const reason = new Error('the job was cancelled')

  const waits = failureOf(turns.takeTurn({ provider: 'test', model, userId: grace, signal: leaving.signal }))
  await expect.poll(() => waiting(lane)).toBe(1)
  leaving.abort(reason)

  expect(await waits).toBe(reason)
  await expect.poll(() => waiting(lane)).toBe(0)
  held.release()
})

test('what a process that died held and waited for goes to the living', async () => {
  const turns = open()
  const { take, model } = await narrow(1)
  const dying = world.start(new URL('../../support/hold-turn.ts', import.meta.url).pathname, [model, '300'])
  await dying.says('waiting')

  const waits = take(turns, grace)
  dying.signal('SIGKILL')
  await dying.exited

  ;(await waits).release()
})

test('a process that closes gives back what it holds', async () => {
  const [here, there] = [open(), open()]
  const { take, lane } = await narrow(1)
  await take(here, ada)
  const waits = failureOf(take(here, ada))
  await expect.poll(() => waiting(lane)).toBe(1)

  await here.close()

  expect(await waits).toMatchObject({ name: 'AbortError' })
  ;(await take(there, grace)).release()
})

test('a turn ends once, whatever is said of it after', async () => {
  const turns = open()
  const { take, lane } = await narrow(1)
  const turn = await take(turns, ada)

  turn.answered({})
  turn.throttled(60_000, {})
  turn.release()

  ;(await take(turns, ada)).release()
  expect(await paused(lane)).toBe(false)
})

test('every refusal is counted', async () => {
  const counted: string[] = []
  const turns = open({ onThrottle: (provider, model) => counted.push(`${provider} ${model}`) })
  const { take, model } = await narrow(2)

  const both = [await take(turns, ada), await take(turns, grace)]
  for (const turn of both) turn.throttled(1, {})

  expect(counted).toEqual([`test ${model}`, `test ${model}`])
})

test('the requests of a minute are not used up twice, and a refused call does not count', async () => {
  const turns = open()
  const { take, lane } = await narrow(10)
  ;(await take(turns, ada)).answered({ requestsPerMinute: 3 })
  ;(await take(turns, ada)).answered({ requestsPerMinute: 3 })
  ;(await take(turns, ada)).throttled(1, { requestsPerMinute: 3, remaining: 0 })
  ;(await take(turns, ada)).answered({ requestsPerMinute: 3 })
  const waits = take(turns, ada)
  // Put in line and passed over in one transaction.
  await expect.poll(() => waiting(lane)).toBe(1)

  await world.database.run(
    {
      name: 'test.pass',
      text: `update iep.turns set granted_at = granted_at - interval '61 seconds' where granted_at is not null`,
    },
    [],
  )
  ;(await waits).release()
})

test('a turn that another process gave is found without handing out turns oneself', async () => {
  // Neither comes by again of itself while the test lasts.
  const rarely = { lookEveryMs: 600_000, aliveForMs: 2_400_000 }
  const [here, there] = [open(rarely), open(rarely)]
  const { take, lane } = await narrow(1)
  const held = await take(here, ada)
  const waits = take(there, grace)
  await expect.poll(() => waiting(lane)).toBe(1)

  held.answered({})

  ;(await waits).release()
})

test('of a burst, as many as were not refused are what a second bears', async () => {
  const turns = open()
  const { take, lane } = await narrow(6)
  const burst = await Promise.all([ada, ada, grace, grace, linus, linus].map((user) => take(turns, user)))
  await grantedAt(lane, 'now()')

  burst[1]?.throttled(1, {})
  burst[4]?.throttled(1, {})

  await expect.poll(() => known(lane)).toMatchObject({ per_second: 4, concurrency: 6 })
})

test('a service that is full says how many were under way when it refused, whatever has ended since', async () => {
  const turns = open()
  const { take, lane } = await narrow(5)
  const [one, two, refused] = [await take(turns, ada), await take(turns, grace), await take(turns, linus)]
  // So long ago that how long a round takes does not matter.
  await grantedAt(lane, `now() - interval '10 seconds'`)

  one.answered({})
  two.answered({})
  refused.throttled(1, { overCapacity: true })

  await expect.poll(() => known(lane)).toMatchObject({ ceiling: 3, concurrency: 2.25, per_second: null })
})

test('what a second bore within the last minute is what it soon grows back to, unless some of it was refused', async () => {
  const turns = open()
  const bore = async (refused: boolean) => {
    const { take, lane } = await narrow(8)
    const turn = await take(turns, ada)
    // Of this second, however long the machine takes to tell of its end.
    await grantedAt(lane, `now() + interval '10 seconds'`)
    await world.database.run({ name: 'test.bore', text: borne }, [lane, refused])
    turn.answered({})
    await expect.poll(() => count(lane, 'ended_at is null')).toBe(0)
    return (await known(lane)).per_second
  }

  expect(await bore(false)).toBe(2)
  expect(await bore(true)).toBe(1)
})

test('a connection that breaks, also while committing, loses nobody in the line', async () => {
  await using away = await createWorld({ proxyPostgres: true })
  const turns = openTurns({ database: away.database, log: away.log, lookEveryMs: 20 })
  const take = (userId: string) => turns.takeTurn({ provider: 'test', model: 'm', userId, signal: never })

  for (const [text, when] of [
    ['iep.turns.take-lane', 'before'],
    ['commit', 'before'],
    ['commit', 'after'],
  ] as const) {
    const cut = away.proxy?.cutAt(text, when)
    const waits = take(grace)
    await cut
    ;(await waits).answered({})
  }

  await turns.close()
  const left = { name: 'test.left', text: 'select from iep.turns where ended_at is null' }
  expect(await away.database.run(left, [])).toEqual([])
})

test('answers make room up to what was too much, and beyond it only after a quiet time', () => {
  const unknown = learn(lane({ concurrency: 4 }), news({ answered: 4 }))
  expect(unknown.concurrency).toBe(8)

  const known = lane({ concurrency: 7, ceiling: 9, quietMs: 1000 })
  expect(learn(known, news({ answered: 7 })).concurrency).toBe(8)
  expect(learn({ ...known, quietMs: 61_000 }, news({ answered: 7 })).concurrency).toBeGreaterThan(8)
})

test('room that is not used does not grow', () => {
  expect(learn(lane({ concurrency: 8 }), news({ answered: 1, underWay: 2 })).concurrency).toBe(8)
})

test('a service that is full takes a quarter, however many of a burst it refuses', () => {
  const full = { overCapacity: true, retryAfterMs: 1000 }
  const refused = news({ refused: [full, full, full], underWayAround: 8, startedAround: 8, refusedAround: 3 })

  const after = learn(lane({ concurrency: 16 }), refused)

  expect(after).toMatchObject({ concurrency: 6.75, ceiling: 9, perSecond: null, pausedMs: 1000, refusals: 1 })
})

test('a refused burst limits how many start together, and leaves alone how many are under way', () => {
  const refused = news({ refused: [{ retryAfterMs: 1000 }], underWay: 6, startedAround: 2, refusedAround: 2 })

  const after = learn(lane({ concurrency: 8 }), refused)

  expect(after).toMatchObject({ concurrency: 8, ceiling: null, perSecond: 2 })
  expect(free({ ...after, pausedMs: 0 }, use({ underWay: 4, startedLately: 1 })).turns).toBe(1)
  expect(free({ ...after, pausedMs: 0 }, use({ startedLately: 2, secondFreesMs: 300 }))).toEqual({
    turns: 0,
    lookAgainMs: 300,
  })
})

test('of a burst that is refused bit by bit, only the first refusal shrinks anything', () => {
  const full = { overCapacity: true, retryAfterMs: 1000 }
  const first = learn(lane({ concurrency: 12 }), news({ refused: [full], underWayAround: 8, answered: 1 }))
  const later = learn(first, news({ refused: [full, full], underWay: 3, underWayAround: 8 }))

  expect(first).toMatchObject({ concurrency: 6.75, ceiling: 9 })
  expect(later).toMatchObject({ concurrency: 6.75, ceiling: 9, pausedMs: 1000 })
})

test('what is refused beyond what was known to be too much takes only what was beyond', () => {
  const probed = lane({ concurrency: 9.1, ceiling: 9 })
  const refused = news({ refused: [{ overCapacity: true, retryAfterMs: 1000 }], underWayAround: 8 })

  expect(learn(probed, refused)).toMatchObject({ concurrency: 8, ceiling: 9 })
})

test('a service that says it is full while a refused burst still pauses is believed', () => {
  const after = learn(
    lane({ concurrency: 18, perSecond: 5, pausedMs: 400 }),
    news({ refused: [{ overCapacity: true, retryAfterMs: 1000 }], underWayAround: 8 }),
  )

  expect(after).toMatchObject({ concurrency: 6.75, ceiling: 9, perSecond: 5 })
})

test('a second that was too full, where one is known to be limited, says nothing about how many are under way', () => {
  const known = lane({ concurrency: 8, ceiling: 9, perSecond: 4 })
  const refused = { refused: [{ retryAfterMs: 1000 }], underWay: 4 }

  const crowded = learn(known, news({ ...refused, startedAround: 5 }))
  const slow = learn(known, news({ ...refused, startedAround: 1 }))

  expect(crowded).toMatchObject({ concurrency: 8, ceiling: 9, perSecond: 3.8 })
  expect(slow).toMatchObject({ concurrency: 8, ceiling: 9, perSecond: 3 })
})

test('a second grows back soon to what it bore before, slowly beyond it, and only while it is what holds calls back', () => {
  const known = lane({ concurrency: 8, perSecond: 2, quietMs: 3000 })
  const full = news({ answered: 1, underWay: 4, startedLately: 2, borne: 5 })

  expect(learn(known, full).perSecond).toBe(2.5)
  expect(learn({ ...known, quietMs: 1000 }, full).perSecond).toBe(2)
  expect(learn(known, { ...full, borne: 2 }).perSecond).toBe(2)
  expect(learn({ ...known, quietMs: 60_000 }, { ...full, borne: 2 }).perSecond).toBe(2.25)
  expect(learn(known, { ...full, startedLately: 1 }).perSecond).toBe(2)
  expect(learn(known, { ...full, underWay: 8 }).perSecond).toBe(2)
})

test('a fraction of a call more makes the second longer', () => {
  const known = lane({ concurrency: 8, perSecond: 4.5 })

  expect(free(known, use({ startedLately: 4 })).turns).toBe(1)
  expect(free(known, use({ startedLately: 5, secondFreesMs: 80 }))).toEqual({ turns: 0, lookAgainMs: 80 })
  expect(secondOf(4.5)).toBeCloseTo((secondOf(5) * 10) / 9)
})

test('a minute that is used up only pauses', () => {
  const after = learn(
    lane({ concurrency: 8 }),
    news({ refused: [{ remaining: 0, retryAfterMs: 9000, requestsPerMinute: 60 }], underWay: 5 }),
  )

  expect(after).toMatchObject({ concurrency: 8, ceiling: null, requestsPerMinute: 60, pausedMs: 9000 })
})

test('a provider that names no time is asked less and less often, and as before once it answers', () => {
  let now = lane({ concurrency: 2 })
  const pauses = [1, 2, 3, 4, 5, 6, 7].map(() => {
    now = learn({ ...now, pausedMs: 0 }, news({ refused: [{}] }))
    return now.pausedMs
  })

  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  expect(learn(now, news({ answered: 1 })).refusals).toBe(0)
})

const never = new AbortController().signal

/** Turns of a process of its own, closed after the test. */
function open(options: Partial<TurnsOptions> = {}): Turns {
  const turns = openTurns({ database: world.database, log: world.log, lookEveryMs: 20, ...options })
  opened.push(turns)
  return turns
}

/** A model that is known to bear so many calls at once, and not one more. */
async function narrow(concurrency: number) {
  const model = `model-${randomUUID()}`
  const lane = `test/${model}`
  await world.database.run(
    {
      name: 'test.narrow',
      text: `insert into iep.lanes (lane, concurrency, ceiling, refused_at) values ($1, $2::float8, $2::float8 + 1, now())`,
    },
    [lane, concurrency],
  )
  const take = (turns: Turns, userId: string): Promise<Turn> =>
    turns.takeTurn({ provider: 'test', model, userId, signal: never })
  return { lane, model, take }
}

/** Four calls that were started together ten seconds ago, and a second that is taken to bear one since a refusal. */
const borne = `
with started as (
  insert into iep.turns (turn_id, lane, user_id, holder, granted_at, ended_at, refused)
  select gen_random_uuid(), $1, 'user-linus', gen_random_uuid(), now() - interval '10 seconds', now(), $2 and nth = 1
  from generate_series(1, 4) as nth
)
update iep.lanes set per_second = 1, refused_at = now() - interval '5 seconds' where lane = $1`

/** As if all turns of the lane had been granted then. */
const grantedAt = (lane: string, when: string) =>
  world.database.run(
    {
      name: `test.granted ${when}`,
      text: `update iep.turns set granted_at = ${when} where lane = $1 and granted_at is not null`,
    },
    [lane],
  )

interface Known {
  concurrency: number
  ceiling: number | null
  per_second: number | null
}

async function known(lane: string): Promise<Known> {
  const [row] = await world.database.run<Known>(
    { name: 'test.known', text: 'select concurrency, ceiling, per_second from iep.lanes where lane = $1' },
    [lane],
  )
  return row as Known
}

const waiting = (lane: string) => count(lane, 'granted_at is null')

async function count(lane: string, which: string): Promise<number> {
  const [row] = await world.database.run<{ n: number }>(
    {
      name: `test.count ${which}`,
      text: `select count(*)::int as n from iep.turns where lane = $1 and ${which}`,
    },
    [lane],
  )
  return row?.n ?? -1
}

async function paused(lane: string): Promise<boolean> {
  const rows = await world.database.run(
    { name: 'test.paused', text: 'select from iep.lanes where lane = $1 and paused_until > now()' },
    [lane],
  )
  return rows.length > 0
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

const lane = (known: Partial<Lane>): Lane => ({
  concurrency: 4,
  ceiling: null,
  perSecond: null,
  requestsPerMinute: null,
  refusals: 0,
  quietMs: Infinity,
  pausedMs: 0,
  ...known,
})

const news = (known: Partial<News>): News => ({
  answered: 0,
  failed: 0,
  refused: [],
  heard: [],
  underWay: 0,
  underWayAround: known.underWay ?? 0,
  startedAround: 0,
  refusedAround: known.refused?.length ?? 0,
  startedLately: 0,
  borne: 0,
  ...known,
})

const use = (known: Partial<Use>): Use => ({
  underWay: 0,
  startedLately: 0,
  secondFreesMs: null,
  thisMinute: 0,
  minuteFreesMs: null,
  ...known,
})
