import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Plain } from '../../../launch/plain.ts'
import type { Say } from '../../../stack/progress.ts'
import type { Stack } from '../../../stack/run.ts'
import type { Log, Refusal, Session, Standing } from './answers.ts'
import { clockIn, duration, type Night } from './clocks.ts'
import type { Person } from './people.ts'

const MINUTE = 60_000

/** A session all three are in, and what they log in it. */
export interface Reading {
  stack: Stack
  say: Say
  ada: Person
  grace: Person
  linus: Person
  groupId: string
  night: Night
}

/** Ada makes a session, the others come, it starts. */
export async function startTogether({ say, ada, grace, linus, groupId }: Reading): Promise<Session> {
  const session = await ada.ask<Session>({
    method: 'POST',
    path: '/sessions',
    body: { group_id: groupId },
    expected: 201,
  })
  for (const guest of [grace, linus])
    await guest.ask({ method: 'POST', path: `/sessions/${session.id}:join`, expected: 200 })
  const started = await ada.ask<Session>({
    method: 'POST',
    path: `/sessions/${session.id}:start`,
    expected: 200,
  })
  say('\n  Ada makes a session, Grace and Linus join, she starts it')
  return started
}

/**
 * Logs two hours over midnight and looks where they count. The API tells the current day alone and lets no session begin
 * in the past, so that these two things are done in Postgres.
 * @throws Plain when it is not one hour and one hour.
 */
export async function tellMidnight(reading: Reading, session: Session): Promise<[number, number]> {
  const { stack, say, grace, linus, groupId, night } = reading
  const database = new pg.Client({ connectionString: stack.facts().postgres })
  await database.connect()
  try {
    await database.query('update lockin.sessions set started_at = $2 where id = $1', [
      session.id,
      new Date(night.midnight.getTime() - 90 * MINUTE),
    ])
    say('  NOT BY THE API: a session begins when somebody starts it, and nobody wants to wait for two hours,')
    say(`    so the demo sets its start back in Postgres, to 22:30 of yesterday in ${night.zone}`)

    await logTime(reading, grace, session.id, [-60, 60])
    const { seconds_done: today } = standingOf(await raceOf(grace, groupId), grace)
    const { rows } = await database.query<{ seconds_done: number }>(
      'select seconds_done from lockin.progress_at($1, $2) where user_id = $3',
      [groupId, new Date(night.midnight.getTime() - 1), grace.id],
    )
    const yesterday = rows[0]?.seconds_done ?? 0
    say(
      `      which is ${duration(today)} of today and ${duration(yesterday)} of yesterday (asked in Postgres: the API tells today)`,
    )
    if (yesterday !== 3600 || today !== 3600)
      throw new Plain(`two hours over midnight count ${yesterday} s and ${today} s instead of 3600 s each`)
    await logTime(reading, linus, session.id, [-30, 30])
    return [yesterday, today]
  } finally {
    await database.end()
  }
}

/** Pauses, resumes and stops; who does nothing else has right logs all the same. */
export async function tellMoves({ say, ada, linus, night }: Reading, { id }: Session): Promise<void> {
  const move = (verb: string): Promise<Session> =>
    ada.ask<Session>({ method: 'POST', path: `/sessions/${id}:${verb}`, expected: 200 })
  await sleep(600)
  const paused = await move('pause')
  const { code } = await ada.ask<Refusal>({ method: 'POST', path: `/sessions/${id}:pause`, expected: 409 })
  const resumed = await move('resume')
  await sleep(600)
  const ended = await move('stop')
  const states = [paused, resumed, ended].map(({ status }) => status)
  say(`  Ada pauses it, resumes it and stops it: ${states.join(', ')}. Pausing it twice: 409 ${code}`)

  const all = await linus.ask<Log[]>({ method: 'GET', path: `/sessions/${id}/logs`, expected: 200 })
  const logs = all.filter((log) => Date.parse(log.started_at) >= night.midnight.getTime() + 60 * MINUTE)
  if (logs.length !== 2) throw new Plain(`a session paused once left ${logs.length} logs instead of 2`)
  const lengths = logs.map((log) => Date.parse(log.ended_at) - Date.parse(log.started_at))
  say(`    Linus sent nothing and has two logs of it, of ${lengths.map(inSeconds).join(' and ')}`)
}

/** The two who are behind reach it as well: Linus by his time, Ada by a smaller target of her own. */
export async function tellTarget(reading: Reading, { id }: Session): Promise<void> {
  const { say, ada, linus, groupId } = reading
  await logTime(reading, linus, id, [30, 60])
  await logTime(reading, ada, id, [15, 40])
  await ada.ask({
    method: 'PATCH',
    path: `/groups/${groupId}/members/${ada.id}`,
    body: { override_period_target_minutes: 25 },
    expected: 200,
  })
  say('    Ada, who had a hard day, gives herself a target of 25 minutes')
}

export async function raceOf(person: Person, groupId: string): Promise<Standing[]> {
  return person.ask<Standing[]>({ method: 'GET', path: `/groups/${groupId}/progress/current`, expected: 200 })
}

/** Minutes are counted from midnight. */
async function logTime(
  { say, night }: Reading,
  person: Person,
  sessionId: string,
  minutes: [number, number],
): Promise<void> {
  const [from, to] = minutes.map((each) => new Date(night.midnight.getTime() + each * MINUTE)) as [Date, Date]
  await person.ask<Log>({
    method: 'POST',
    path: `/sessions/${sessionId}/logs`,
    body: { started_at: from.toISOString(), ended_at: to.toISOString() },
    expected: 201,
  })
  const at = (zone: string): string => `${clockIn(zone, from)} to ${clockIn(zone, to)}`
  say(`    ${person.name} logs ${at(night.zone)} there, at home ${at(person.zone)}`)
}

function standingOf(race: Standing[], { id, name }: Person): Standing {
  const found = race.find((standing) => standing.user_id === id)
  if (!found) throw new Plain(`${name} is not in the race`)
  return found
}

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
