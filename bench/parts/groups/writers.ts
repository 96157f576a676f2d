import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { logTime } from '../../../src/domains/lockin/logs.ts'
import { milestonesDue } from '../../../src/domains/lockin/milestones.ts'
import { refusedIn } from '../../../src/domains/lockin/refused.ts'
import { isOutage, type Database } from '../../../src/shared/database.ts'
import { quantile } from '../../numbers.ts'

export const kinds = ['log', 'notification', 'log into a group that has ended'] as const
export type Kind = (typeof kinds)[number]

/** How long the writes of one kind took, in milliseconds from when they were due. */
export interface Writes {
  kind: Kind
  count: number
  /** Answered that the group is archived. */
  refused: number
  /** Got no connection or no answer in time, which a caller is told as a 503. */
  gaveUp: number
  p50: number
  p99: number
  most: number
}

/** Writes on schedule, whatever becomes of those before. */
export interface Writers {
  /** What came of those that were due between two moments of `performance.now()`; of all, if none are given. */
  stop(from?: number, to?: number): Promise<Writes[]>
}

interface Place {
  session: string
  person: string
  group: string
}

/** Days back at which nobody of the bench has logged anything. */
const LONG_AGO = 29

/**
 * Begins to write at a steady pace: of ten, four are logs, four notifications, two logs into groups that have ended, each as
 * the product writes it. What it cannot keep up with waits, and its time counts from when it was due.
 */
export async function startWriters(database: Database, perSecond: number, seed: number): Promise<Writers> {
  const [open, ended] = [await places(database, OPEN), await places(database, ENDED)]
  const written: Written[] = []
  const inFlight = new Set<Promise<void>>()
  let failure: unknown
  let stopped = false

  const write = async (kind: Kind, index: number, due: number): Promise<void> => {
    let outcome: Written['outcome'] = 'written'
    try {
      if (kind === 'notification') await notify(database, pick(open, index))
      else await log(database, pick(kind === 'log' ? open : ended, index), seed + index)
    } catch (error) {
      if (refusedIn(error)?.code === 'group-archived') outcome = 'refused'
      else if (isOutage(error) || tookTooLong(error)) outcome = 'gave up'
      else failure ??= error
    }
    written.push({ kind, due, ms: performance.now() - due, outcome })
  }
  const began = performance.now()
  const going = (async () => {
    for (let index = 0; !stopped && failure === undefined; index += 1) {
      const due = began + (index * 1000) / perSecond
      const early = due - performance.now()
      if (early > 1) await sleep(early)
      const writing: Promise<void> = write(kindOf(index), index, due).finally(() => inFlight.delete(writing))
      inFlight.add(writing)
    }
    await Promise.all(inFlight)
  })()

  return {
    stop: async (from = 0, to = Number.POSITIVE_INFINITY) => {
      stopped = true
      await going
      if (failure !== undefined) throw failure
      const counted = written.filter(({ due }) => due >= from && due < to)
      return kinds.map((kind) => summary(kind, counted))
    },
  }
}

interface Written {
  kind: Kind
  due: number
  ms: number
  outcome: 'written' | 'refused' | 'gave up'
}

/** Postgres ended the statement: it waited longer than any may. */
const tookTooLong = (error: unknown): boolean => error instanceof pg.DatabaseError && error.code === '57014'

function summary(kind: Kind, written: Written[]): Writes {
  const own = written.filter((each) => each.kind === kind)
  const took = own.map(({ ms }) => ms)
  return {
    kind,
    count: own.length,
    refused: own.filter(({ outcome }) => outcome === 'refused').length,
    gaveUp: own.filter(({ outcome }) => outcome === 'gave up').length,
    p50: quantile(took, 0.5),
    p99: quantile(took, 0.99),
    most: Math.max(...took),
  }
}

const kindOf = (index: number): Kind =>
  index % 10 < 4 ? 'log' : index % 10 < 8 ? 'notification' : 'log into a group that has ended'

const pick = (all: Place[], index: number): Place => {
  const place = all[(index * 7919) % all.length]
  if (!place) throw new Error('There is nowhere to write to.')
  return place
}

/** A second of its own for every log, so that none overlaps another. */
const log = (database: Database, { session, person, group }: Place, number: number): Promise<unknown> =>
  database.transaction(async (tx) => {
    const from = new Date(Date.now() - LONG_AGO * 86_400_000 + number * 1000)
    const span = { from, to: new Date(from.getTime() + 900) }
    await logTime(tx, session, person, span)
    return milestonesDue(tx, { groupId: group, ...span })
  })

const notify = (database: Database, { person, group }: Place): Promise<unknown> =>
  database.run(
    {
      name: 'bench.notify',
      text: `insert into lockin.notifications (recipient_id, kind, title, group_id)
        values ($1, 'generic', 'Somebody has something to say', $2)`,
    },
    [person, group],
  )

const OPEN = `select s.id as session, g.id as group, p.id as person
  from (select floor(random() * (select count(*) from bench.groups))::integer as n from generate_series(1, 2000)) dice
  join bench.groups g on g.n = dice.n
  join bench.sessions s on s.n = dice.n * 10 + 3
  join bench.people p on p.n = dice.n / 5 * 10 + 4`
const ENDED = `select s.id as session, s.group_id as group, p.user_id as person
  from lockin.sessions s join bench.ended e on e.id = s.group_id
  join lockin.session_participants p on p.session_id = s.id and p.role = 'host'
  order by random()`

const places = (database: Database, text: string): Promise<Place[]> =>
  database.run<Place & object>({ name: `bench.places-${text === OPEN ? 'open' : 'ended'}`, text }, [])
