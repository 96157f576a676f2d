import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeLog, logTime, removeLog } from '../../../src/domains/lockin/logs.ts'
import {
  createSession,
  joinSession,
  leaveSession,
  moves,
  moveSession,
  type Move,
  type SessionStatus,
} from '../../../src/domains/lockin/sessions.ts'
import type { Sql, Tx } from '../../../src/shared/database.ts'
import { createWorld, type World } from '../../support/world.ts'
import { codeOf, groupOf, passingTime, passTime, people } from './sessions-world.ts'

let world: World
let db: Sql

beforeAll(async () => {
  world = await createWorld({ setup: passingTime })
  db = world.database.sql
})
afterAll(() => world[Symbol.asyncDispose]())

/** So many milliseconds can pass in one story. */
const LONGEST = 400_000
const STEPS = 90

/**
 * What should be true, kept as plainly as can be: each millisecond of each person is spent or it is not. Times count from
 * the beginning of the story; what passes is added to the clock here, and moves the rows there.
 */
class Story {
  readonly spent = new Map<string, Uint8Array>()
  readonly present = new Map<string, { since: number | undefined }>()
  status: SessionStatus = 'scheduled'
  started = 0
  ended = 0
  passed = 0
  readonly #zero: number

  constructor(zero: number, host: string, users: string[]) {
    this.#zero = zero
    for (const user of users) this.spent.set(user, new Uint8Array(LONGEST))
    this.present.set(host, { since: undefined })
  }

  /** When something that the database knows as this time happened in the story. */
  at(time: Date): number {
    return +time - this.#zero + this.passed
  }

  /** What the database knows this moment of the story as, now. */
  date(at: number): Date {
    return new Date(at + this.#zero - this.passed)
  }

  isSpent(user: string, from: number, to: number): boolean {
    return this.#of(user).subarray(from, to).includes(1)
  }

  spend(user: string, from: number, to: number): void {
    this.#of(user).fill(1, from, to)
  }

  take(user: string, from: number, to: number): void {
    this.#of(user).fill(0, from, to)
  }

  run(now: number): void {
    for (const each of this.present.values()) each.since = now
  }

  rest(user: string, now: number): void {
    const each = this.present.get(user)
    if (each?.since !== undefined) this.spend(user, each.since, now)
    if (each) each.since = undefined
  }

  restAll(now: number): void {
    for (const user of this.present.keys()) this.rest(user, now)
  }

  #of(user: string): Uint8Array {
    return this.spent.get(user) ?? new Uint8Array()
  }
}

test.each([1, 2, 3, 4, 5, 6])(
  'whatever people do in a session, their logs are the time they spent, once each (story %i)',
  async (seed) => {
    const random = mulberry(seed)
    const int = (below: number) => Math.floor(random() * below)
    const one = <T>(list: readonly T[]): T => list[int(list.length)] as T

    const { ada, grace, linus } = await people(db, 'ada', 'grace', 'linus')
    const users = [ada, grace, linus]
    const group = await groupOf(db, ...users)
    const { id } = await world.database.transaction((tx) => createSession(tx, ada, group))
    const { rows } = await sql<{ now: Date }>`select now()::timestamptz(3) as now`.execute(db)
    const story = new Story(+(rows[0]?.now ?? 0) - 1, ada, users)
    const joined = new Set([ada])

    /** Acts, with the time the database acts at; after a refusal everything is as it was. */
    const act = async (work: (tx: Tx, now: number) => Promise<unknown>): Promise<unknown> => {
      const before = await rowsOf(group)
      const answer = await codeOf(
        world.database.transaction(async (tx) => {
          const { rows: clock } = await sql<{ now: Date }>`select now()::timestamptz(3) as now`.execute(tx)
          return work(tx, story.at(clock[0]?.now ?? new Date(0)))
        }),
      )
      if (typeof answer === 'string') expect(await rowsOf(group)).toEqual(before)
      return answer
    }

    const moveBy = async (who: string, move: Move) => {
      const allowed = { start: 'scheduled', pause: 'running', resume: 'paused', cancel: 'never' }
      let now = 0
      const answer = await act((tx, at) => {
        now = at
        return moveSession(tx, { id, userId: who, move })
      })
      const isRight =
        move === 'stop' ? ['running', 'paused'].includes(story.status) : allowed[move] === story.status
      if (who !== ada) return expect(answer).toBe('forbidden')
      if (!isRight) return expect(answer).toBe('wrong-move')
      expect(answer).toMatchObject({ session: { id } })
      if (move === 'start') story.started = now
      if (move === 'start' || move === 'resume') story.run(now)
      else story.restAll(now)
      story.ended = now
      story.status = ({ start: 'running', resume: 'running', pause: 'paused', stop: 'ended' } as const)[
        move as 'start'
      ]
    }

    const acts = {
      move: async () => {
        // Mostly what the session is ready for, and mostly by its host; never so that the story is over too early.
        const ready = { scheduled: 'start', running: 'pause', paused: 'resume' } as const
        const right = story.status in ready ? ready[story.status as keyof typeof ready] : one(moves)
        const [who, move] = [int(5) === 0 ? one(users) : ada, int(3) === 0 ? one(moves) : right]
        if (move === 'cancel' && story.status === 'scheduled') return
        if (move === 'stop' && step < STEPS * 0.8) return
        await moveBy(who, move)
      },
      join: async () => {
        const who = one(users)
        let now = 0
        const answer = await act((tx, at) => {
          now = at
          return joinSession(tx, id, who)
        })
        if (story.status === 'ended') return expect(answer).toBe('wrong-move')
        expect(answer).toMatchObject({ user_id: who, left_at: null })
        joined.add(who)
        if (!story.present.has(who))
          story.present.set(who, { since: story.status === 'running' ? now : undefined })
      },
      leave: async () => {
        const who = one(users)
        let now = 0
        const answer = await act((tx, at) => {
          now = at
          return leaveSession(tx, id, who)
        })
        const isThere = story.present.has(who)
        if (!joined.has(who) || (isThere && story.status === 'ended'))
          return expect(answer).toBe('wrong-move')
        expect(answer).toMatchObject({ participant: { user_id: who, running_since: null } })
        story.rest(who, now)
        story.present.delete(who)
      },
      log: async () => {
        const who = one(users)
        let now = 0
        let [from, to] = [0, 0]
        const answer = await act((tx, at) => {
          now = at
          from = story.started - 20 + int(at - story.started + 50)
          to = from + int(at - from + 50) - 5
          return logTime(tx, id, who, { from: story.date(from), to: story.date(to) })
        })
        const why = !joined.has(who) ? 'forbidden' : refusal(from, to, now)
        if (why !== undefined) return expect(answer).toBe(why)
        if (answer !== 'overlaps-log') expect(answer).toMatchObject({ made: true })
        expect(answer === 'overlaps-log').toBe(story.isSpent(who, from, to))
        if (answer !== 'overlaps-log') story.spend(who, from, to)
      },
      change: async () => {
        const log = one(await logsOf(group))
        if (!log) return
        const [from, to] = [
          story.at(log.started_at) + int(900) - 450,
          story.at(log.ended_at) + int(900) - 450,
        ]
        let now = 0
        const answer = await act((tx, at) => {
          now = at
          const ref = { sessionId: id, logId: log.id, userId: log.user_id }
          return changeLog(tx, ref, { from: story.date(from), to: story.date(to) })
        })
        const why = refusal(from, to, now)
        if (why !== undefined) return expect(answer).toBe(why)
        const was = [story.at(log.started_at), story.at(log.ended_at)] as const
        story.take(log.user_id, ...was)
        const overlaps = story.isSpent(log.user_id, from, to)
        expect(answer === 'overlaps-log').toBe(overlaps)
        story.spend(log.user_id, ...(overlaps ? was : ([from, to] as const)))
      },
      remove: async () => {
        const log = one(await logsOf(group))
        if (!log) return
        const who = int(3) === 0 ? one(users) : log.user_id
        const answer = await act((tx) => removeLog(tx, { sessionId: id, logId: log.id, userId: who }))
        if (who !== log.user_id) return expect(answer).toBe('not-found')
        story.take(who, story.at(log.started_at), story.at(log.ended_at))
      },
      pass: async () => {
        const ms = one([0, 1, 1, 2, 50, 700, 3000, 9000])
        await passTime(db, group, ms)
        story.passed += ms
      },
    }
    const refusal = (from: number, to: number, now: number): string | undefined => {
      if (story.status === 'scheduled') return 'not-started'
      const end = story.status === 'ended' ? story.ended : now
      return to <= from || from < story.started || to > end ? 'invalid-field' : undefined
    }

    let step = 0
    const usual = [
      'move',
      'move',
      'join',
      'leave',
      'log',
      'log',
      'change',
      'remove',
      'pass',
      'pass',
      'pass',
    ] as const
    for (; step < STEPS; step += 1) await acts[one(usual)]()
    if (story.status !== 'ended') await moveBy(ada, 'stop')
    expect(story.status).toBe('ended')

    const spent = new Map(users.map((user) => [user, new Uint8Array(LONGEST)]))
    const sums = new Map(users.map((user) => [user, 0]))
    const session = await db
      .selectFrom('lockin.sessions')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    for (const log of await logsOf(group)) {
      const [from, to] = [story.at(log.started_at), story.at(log.ended_at)]
      spent.get(log.user_id)?.fill(1, from, to)
      sums.set(log.user_id, (sums.get(log.user_id) ?? 0) + to - from)
      expect(+log.started_at).toBeGreaterThanOrEqual(+(session.started_at ?? Number.NaN))
      expect(+log.ended_at).toBeLessThanOrEqual(+(session.ended_at ?? Number.NaN))
    }
    // A story in which little was spent says little.
    expect([...sums.values()].reduce((sum, each) => sum + each, 0)).toBeGreaterThan(1000)
    for (const user of users) {
      const expected = story.spent.get(user)?.reduce((sum, each) => sum + each, 0)
      expect([user, firstDifference(spent.get(user), story.spent.get(user))]).toEqual([user, -1])
      // Nothing twice: the sum of the logs is what they cover.
      expect([user, sums.get(user)]).toEqual([user, expected])
    }
  },
)

const logsOf = (group: string) =>
  db
    .selectFrom('lockin.time_logs')
    .selectAll()
    .where('group_id', '=', group)
    .orderBy('user_id')
    .orderBy('started_at')
    .execute()

async function rowsOf(group: string): Promise<unknown> {
  const { rows } = await sql<{ all: unknown }>`
    select jsonb_build_array(
      (select jsonb_agg(s order by s.id) from lockin.sessions s where s.group_id = ${group}),
      (select jsonb_agg(p order by p.id) from lockin.session_participants p
        join lockin.sessions s on s.id = p.session_id where s.group_id = ${group}),
      (select jsonb_agg(l order by l.id) from lockin.time_logs l where l.group_id = ${group})
    ) as "all"`.execute(db)
  return rows
}

function firstDifference(one: Uint8Array | undefined, other: Uint8Array | undefined): number | undefined {
  return one?.findIndex((value, index) => value !== other?.[index])
}

/** Random numbers that are the same for the same seed. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
