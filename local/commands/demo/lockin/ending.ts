import { setTimeout as sleep } from 'node:timers/promises'
import { Plain } from '../../../launch/plain.ts'
import { shown } from '../../../stack/place.ts'
import type { Stack } from '../../../stack/run.ts'
import type { Screen } from '../screen.ts'
import type { Group, Notification, Refusal, Session } from './answers.ts'
import { lineOf } from './inbox.ts'
import type { Person } from './people.ts'

/** A group that is over in a moment, with a session that runs and an invite that is not answered. */
export interface Ending {
  groupId: string
  sessionId: string
  inviteId: string
  endsAt: string
}

export interface EndingFacts extends Ending {
  archivedAt: string
  session: Session
  /** What became of it. */
  invite: string
  /** Why there is no new session in it. */
  refused: string
}

interface People {
  ada: Person
  grace: Person
  linus: Person
}

/** Ada and Grace are in it, Linus is invited, Grace's session runs. Its end is set last, so that it comes after all that. */
export async function makeEnding({ ada, grace, linus }: People, timezone: string): Promise<Ending> {
  const now = Date.now()
  const { id: groupId } = await ada.ask<Group>({
    method: 'POST',
    path: '/groups',
    body: {
      name: 'A short sprint',
      start_at: new Date(now).toISOString(),
      end_at: new Date(now + 3_600_000).toISOString(),
      timezone,
      period: 'daily',
      period_target_minutes: 60,
    },
    expected: 201,
  })
  const group = `/groups/${groupId}`
  await ada.ask({ method: 'POST', path: `${group}/members`, body: { user_id: grace.id }, expected: 201 })
  const { id: inviteId } = await ada.ask<Notification>({
    method: 'POST',
    path: `${group}:invite`,
    body: { recipient_id: linus.id },
    expected: 201,
  })
  const { id: sessionId } = await grace.ask<Session>({
    method: 'POST',
    path: '/sessions',
    body: { group_id: groupId },
    expected: 201,
  })
  await grace.ask({ method: 'POST', path: `/sessions/${sessionId}:start`, expected: 200 })
  const { end_at: endsAt } = await ada.ask<Group>({
    method: 'PATCH',
    path: group,
    body: { end_at: new Date(Date.now() + SOON).toISOString() },
    expected: 200,
  })
  return { groupId, sessionId, inviteId, endsAt }
}

/** Milliseconds; a busy machine must be able to say it before it has come. */
const SOON = 5000

/** The group that ended: nobody asks for it, the clock archives it. */
export async function tellEnding(
  { stack, screen, ada, grace, linus }: People & { stack: Stack; screen: Screen },
  ending: Ending,
): Promise<EndingFacts> {
  const { say } = screen
  const { groupId, sessionId, inviteId, endsAt } = ending
  await untilArchived({ stack, screen, ada, ending })
  const news = await toldOf(groupId, [ada, grace])
  const archivedAt = news[0]?.created_at ?? ''
  say(`  It ended at ${timeOf(endsAt)} and was archived at ${timeOf(archivedAt)}, by the clock alone`)
  for (const [index, { name }] of [ada, grace].entries())
    say(`      ${lineOf(name, news[index] as Notification)}`)

  const session = await grace.ask<Session>({ method: 'GET', path: `/sessions/${sessionId}`, expected: 200 })
  if (session.status !== 'ended' || session.ended_at !== endsAt)
    throw new Plain(`the session of the archived group is ${session.status}, ended ${session.ended_at}`)
  const invite = (await inboxOf(linus)).find(({ id }) => id === inviteId)
  if (invite?.status !== 'withdrawn')
    throw new Plain(`the invite to the archived group is ${invite?.status ?? 'gone'}`)
  const { code: refused } = await grace.ask<Refusal>({
    method: 'POST',
    path: '/sessions',
    body: { group_id: groupId },
    expected: 409,
  })
  say(`  The session of Grace, which ran, ended with the group; the invite of Linus is ${invite.status};`)
  say(`  a new session in it is refused: 409 ${refused}`)
  return { ...ending, archivedAt, session, invite: invite.status, refused }
}

interface Waiting {
  stack: Stack
  screen: Screen
  ada: Person
  ending: Ending
}

async function untilArchived({ stack, screen, ada, ending: { groupId, endsAt } }: Waiting): Promise<void> {
  for (;;) {
    stack.signal.throwIfAborted()
    const { status } = await ada.ask<Group>({ method: 'GET', path: `/groups/${groupId}`, expected: 200 })
    if (status === 'archived') return screen.keep()
    const since = Math.round((Date.now() - Date.parse(endsAt)) / 1000)
    if (since > LIMIT)
      throw new Plain(
        `the group that ended was not archived within ${LIMIT} s: see ${shown(stack.place.log('clock'))}`,
      )
    const about = Math.floor(since / 5) * 5
    if (since >= 0) screen.live(`  it ended ${about} s ago; the clock looks at every full minute`)
    await sleep(500)
  }
}

/** In seconds. The clock may be busy for one round, not for two. */
const LIMIT = 150

/** What its members were told of the end, in the order of the people. */
async function toldOf(groupId: string, people: Person[]): Promise<Notification[]> {
  const inboxes = await Promise.all(people.map(inboxOf))
  const news = inboxes.map((inbox) =>
    inbox.filter((each) => each.kind === 'generic' && each.group_id === groupId),
  )
  if (news.some((each) => each.length !== 1))
    throw new Plain(
      `the members were told of the end ${news.map((each) => each.length).join(' and ')} times instead of once`,
    )
  return news.flat()
}

function inboxOf(person: Person): Promise<Notification[]> {
  return person.ask({ method: 'GET', path: '/notifications?limit=100', expected: 200 })
}

const timeOf = (instant: string): string => `${instant.slice(11, 19)} UTC`
