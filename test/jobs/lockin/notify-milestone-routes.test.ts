import { afterAll, beforeAll, expect, test } from 'vitest'
import { passingTime, passTime } from '../../domains/lockin/sessions-world.ts'
import { unsettled } from '../../domains/lockin/milestones-readers.ts'
import { startLockin, zoneAtNoon, type Lockin } from '../../ingress/http/lockin/people.ts'

let lockin: Lockin

beforeAll(async () => {
  lockin = await startLockin({ setup: passingTime })
})
afterAll(() => lockin[Symbol.asyncDispose]())

const MINUTE = 60_000

test('every change by which somebody reaches a target asks for the news in its own transaction', async () => {
  const group = await lockin.group('ada', { members: ['grace', 'linus'], timezone: zoneAtNoon() })
  const session = await begin(group)
  const logs = `/api/sessions/${session.id}/logs`
  await lockin.as('grace', { method: 'POST', url: `/api/sessions/${session.id}:join` })

  // Too little, then corrected to enough; sent once more, and refused.
  const made = await did('ada', 'POST', logs, session.minutes(0, 30), 201)
  expect(await settle()).toEqual([])
  await did('ada', 'PATCH', `${logs}/${made.id}`, session.minutes(0, 60), 200)
  await did('ada', 'POST', logs, session.minutes(0, 60), 200)
  await did('ada', 'POST', logs, session.minutes(59, 70), 409)
  expect(await settle()).toEqual(['1 false'])

  // Lower targets: of one, and of all.
  await did('grace', 'POST', logs, session.minutes(0, 10), 201)
  const override = { override_period_target_minutes: 10 }
  await did('ada', 'PATCH', `/api/groups/${group}/members/${await lockin.id('grace')}`, override, 200)
  expect(await settle()).toEqual(['1 false'])
  await did('ada', 'PATCH', `/api/groups/${group}`, { period_target_minutes: 20 }, 200)
  expect(await settle()).toEqual([])

  // The one who was missing leaves.
  await did('linus', 'DELETE', `/api/groups/${group}/members/${await lockin.id('linus')}`, undefined, 204)
  expect(await settle()).toEqual(['0 true'])

  const inbox = (await lockin.as('grace', { url: '/api/notifications' })).json() as {
    kind: string
    title: string
  }[]
  expect(inbox.map(({ kind, title }) => `${kind}: ${title}`)).toEqual([
    'milestone_group: Everybody reached the target',
    'milestone_member: Grace reached the target',
    'milestone_member: Ada reached the target',
  ])
})

test('time that runs reaches a target when one leaves or it is stopped', async () => {
  const group = await lockin.group('ada2', { members: ['grace2', 'linus2'], timezone: zoneAtNoon() })
  const session = await begin(group, 'ada2')
  const act = (person: string, verb: string) =>
    did(person, 'POST', `/api/sessions/${session.id}:${verb}`, undefined, 200)
  await act('grace2', 'join')
  await act('linus2', 'join')
  await passTime(lockin.sql, group, 61 * MINUTE)

  await act('linus2', 'leave')
  expect(await settle()).toEqual(['1 false'])
  await act('ada2', 'stop')
  expect(await settle()).toEqual(['2 true'])
})

/** A session that this person hosts and that began three hours ago. */
async function begin(group: string, host = 'ada') {
  const { id } = await did(host, 'POST', '/api/sessions', { group_id: group }, 201)
  await did(host, 'POST', `/api/sessions/${id}:start`, undefined, 200)
  await passTime(lockin.sql, group, 180 * MINUTE)
  const { started_at } = (await lockin.as(host, { url: `/api/sessions/${id}` })).json()
  const at = (minutes: number) => new Date(Date.parse(started_at) + minutes * MINUTE).toISOString()
  return { id, minutes: (from: number, to: number) => ({ started_at: at(from), ended_at: at(to) }) }
}

async function did(
  person: string,
  method: 'POST' | 'PATCH' | 'DELETE',
  url: string,
  payload: object | undefined,
  status: number,
): Promise<{ id: string }> {
  const answer = await lockin.as(person, { method, url, ...(payload ? { payload } : {}) })
  expect(answer.statusCode, `${method} ${url}: ${answer.body}`).toBe(status)
  return answer.body === '' ? { id: '' } : answer.json()
}

/** Runs the jobs that were asked for; what each announced: how many members, and whether all of them. */
async function settle(): Promise<string[]> {
  const said: string[] = []
  for (const id of await unsettled(lockin.sql)) {
    const { result } = await lockin.web.world.finish(id)
    const { members, group } = result as { members: number; group: boolean }
    said.push(`${members} ${group}`)
  }
  return said
}
