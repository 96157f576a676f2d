import { setTimeout as sleep } from 'node:timers/promises'
import { Plain } from '../../../launch/plain.ts'
import { shown } from '../../../stack/place.ts'
import type { Say } from '../../../stack/progress.ts'
import type { Stack } from '../../../stack/run.ts'
import { listen } from '../listen.ts'
import type { Notification } from './answers.ts'
import type { Person } from './people.ts'

/** The inboxes of several people, open on the screen. */
export interface Inboxes extends AsyncDisposable {
  /** What came to somebody so far. */
  of(person: Person): Notification[]
  /**
   * Waits until each of these people has so many of a kind, about one group.
   * @throws Plain when they do not come in time, or more of them do.
   */
  until(kind: string, times: number, groupId: string, people: Person[]): Promise<void>
}

/** Listens to everybody's inbox from its beginning, and tells each notification as it comes. */
export function openInboxes(stack: Stack, people: Person[], say: Say): Inboxes {
  const heard = new Map(people.map((person) => [person.id, [] as Notification[]]))
  const of = ({ id }: Person): Notification[] => heard.get(id) ?? []
  const closing = new AbortController()
  let broken: unknown

  const listenTo = async (person: Person): Promise<void> => {
    const { headers } = person
    const from = { path: '/lockin/api/notifications/events', headers, after: '0', signal: closing.signal }
    for await (const event of listen(stack, from)) {
      if (event.event !== 'notification') continue
      const notification = JSON.parse(event.data) as Notification
      // What has changed since, such as an invite that was answered, comes again.
      if (of(person).some(({ id }) => id === notification.id)) continue
      of(person).push(notification)
      say(`      ${lineOf(person.name, notification)}`)
    }
  }
  const over = Promise.all(people.map(listenTo)).catch((error: unknown) => {
    if (!closing.signal.aborted) broken = error
  })

  const isThere = (person: Person, kind: string, times: number, groupId: string): boolean => {
    const found = of(person).filter((each) => each.kind === kind && each.group_id === groupId)
    if (found.length > times) throw new Plain(`${person.name} was told ${kind} ${found.length} times`)
    return found.length === times
  }
  return {
    of,
    async until(kind, times, groupId, wanted) {
      const deadline = performance.now() + PATIENCE
      for (;;) {
        stack.signal.throwIfAborted()
        if (broken) throw broken
        const missing = wanted.filter((person) => !isThere(person, kind, times, groupId))
        if (missing.length === 0) return
        if (performance.now() > deadline) throw new Plain(notInTime(stack, missing, kind))
        await sleep(20)
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await over
    },
  }
}

/** A notification on one line. What is said of a milestone says all of it. */
export function lineOf(name: string, { kind, title, body }: Notification): string {
  const text = kind.startsWith('milestone') ? (body ?? title) : title
  return `→ ${name.padEnd(5)}  ${kind.padEnd(16)}  ${text}`
}

const PATIENCE = 30_000

function notInTime({ place }: Stack, missing: Person[], kind: string): string {
  const names = missing.map(({ name }) => name).join(' and ')
  return `${names} did not hear all of ${kind} within ${PATIENCE / 1000} s: see ${shown(place.log('worker'))}`
}
