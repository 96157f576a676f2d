import type { Call } from './people.ts'

/** Who calls. The owner, the admin and the member are in the group; the others are nobody to it. */
export const callers = ['owner', 'admin', 'member', 'stranger', 'server key', 'nobody'] as const
export type Caller = (typeof callers)[number]

/** What is there before the call, made anew for every cell. */
export interface Scene {
  group: string
  /** The profile of whoever calls; of a server key or nobody, the stranger's. */
  self: string
  /** Profiles of others: the group's owner, another admin and another member of it, and somebody who is not in it. */
  others: Record<'owner' | 'admin' | 'member' | 'outsider', string>
  /** A session of the group, hosted by whoever calls or by the other member. */
  session(host: 'self' | 'other', status: 'scheduled' | 'running' | 'paused'): Promise<string>
  /** A session without a group, of the other member. */
  ownSession(): Promise<string>
  /** Somebody's time in a session that runs: `self` joins it for that. */
  log(session: string, whose: 'self' | 'other'): Promise<string>
  joined(session: string): Promise<void>
  invite(recipient: string): Promise<string>
  notification(recipient: string): Promise<string>
}

/** A line of the document: what is called, on what, and what each caller is answered. */
export interface Row {
  route: string
  on?: string
  /** The status for each of `callers`, in their order. */
  answers: readonly [number, number, number, number, number, number]
  /** The group is archived before the call. */
  archived?: boolean
  call(scene: Scene): Promise<Call> | Call
}

const post = (url: string, payload?: object): Call => ({ method: 'POST', url, ...(payload && { payload }) })
const patch = (url: string, payload: object): Call => ({ method: 'PATCH', url, payload })
const remove = (url: string): Call => ({ method: 'DELETE', url })
const get = (url: string): Call => ({ url })

const newGroup = { name: 'New', end_at: '2999-01-01T00:00:00Z', period: 'daily', period_target_minutes: 60 }
const anHour = { started_at: '2026-01-01T10:00:00Z', ended_at: '2026-01-01T11:00:00Z' }
const override = { override_period_target_minutes: 30 }
const member = ({ group }: Scene, user: string): string => `/api/groups/${group}/members/${user}`

export const groups: Row[] = [
  {
    route: 'POST /api/groups',
    answers: [201, 201, 201, 201, 403, 401],
    call: () => post('/api/groups', newGroup),
  },
  {
    route: 'GET /api/groups',
    on: 'only one’s own',
    answers: [200, 200, 200, 200, 403, 401],
    call: () => get('/api/groups'),
  },
  {
    route: 'GET /api/groups/{id}',
    answers: [200, 200, 200, 404, 403, 401],
    call: ({ group }) => get(`/api/groups/${group}`),
  },
  {
    route: 'GET /api/groups/{id}',
    on: 'archived',
    archived: true,
    answers: [200, 200, 200, 404, 403, 401],
    call: ({ group }) => get(`/api/groups/${group}`),
  },
  {
    route: 'PATCH /api/groups/{id}',
    answers: [200, 200, 403, 404, 403, 401],
    call: ({ group }) => patch(`/api/groups/${group}`, { name: 'Another' }),
  },
  {
    route: 'PATCH /api/groups/{id}',
    on: 'archived',
    archived: true,
    answers: [409, 409, 403, 404, 403, 401],
    call: ({ group }) => patch(`/api/groups/${group}`, { name: 'Another' }),
  },
  {
    route: 'POST /api/groups/{id}:clone',
    answers: [201, 201, 201, 404, 403, 401],
    call: ({ group }) => post(`/api/groups/${group}:clone`),
  },
  {
    route: 'POST /api/groups/{id}:clone',
    on: 'archived',
    archived: true,
    answers: [201, 201, 201, 404, 403, 401],
    call: ({ group }) => post(`/api/groups/${group}:clone`),
  },
  {
    route: 'GET /api/groups/{id}/progress/current',
    answers: [200, 200, 200, 404, 403, 401],
    call: ({ group }) => get(`/api/groups/${group}/progress/current`),
  },
]

export const members: Row[] = [
  {
    route: 'GET /api/groups/{id}/members',
    answers: [200, 200, 200, 404, 403, 401],
    call: ({ group }) => get(`/api/groups/${group}/members`),
  },
  {
    route: 'POST /api/groups/{id}/members',
    answers: [201, 201, 403, 404, 403, 401],
    call: ({ group, others }) => post(`/api/groups/${group}/members`, { user_id: others.outsider }),
  },
  {
    route: 'POST /api/groups/{id}/members',
    on: 'archived',
    archived: true,
    answers: [409, 409, 403, 404, 403, 401],
    call: ({ group, others }) => post(`/api/groups/${group}/members`, { user_id: others.outsider }),
  },
  {
    route: 'PATCH /api/groups/{id}/members/{userId}',
    on: 'target of a member',
    answers: [200, 200, 403, 404, 403, 401],
    call: (scene) => patch(member(scene, scene.others.member), override),
  },
  {
    route: 'PATCH /api/groups/{id}/members/{userId}',
    on: 'target of the owner',
    answers: [200, 200, 403, 404, 403, 401],
    call: (scene) => patch(member(scene, scene.others.owner), override),
  },
  {
    route: 'PATCH /api/groups/{id}/members/{userId}',
    on: 'one’s own target',
    answers: [200, 200, 403, 404, 403, 401],
    call: (scene) => patch(member(scene, scene.self), override),
  },
  {
    route: 'PATCH /api/groups/{id}/members/{userId}',
    on: 'archived',
    archived: true,
    answers: [409, 409, 403, 404, 403, 401],
    call: (scene) => patch(member(scene, scene.others.member), override),
  },
  {
    route: 'PATCH /api/groups/{id}/members/{userId}',
    on: 'member to admin',
    answers: [200, 403, 403, 404, 403, 401],
    call: (scene) => patch(member(scene, scene.others.member), { role: 'admin' }),
  },
  {
    route: 'PATCH /api/groups/{id}/members/{userId}',
    on: 'admin to member',
    answers: [200, 403, 403, 404, 403, 401],
    call: (scene) => patch(member(scene, scene.others.admin), { role: 'member' }),
  },
  {
    route: 'PATCH /api/groups/{id}/members/{userId}',
    on: 'handing over to a member',
    answers: [200, 403, 403, 404, 403, 401],
    call: (scene) => patch(member(scene, scene.others.member), { role: 'owner' }),
  },
  {
    route: 'PATCH /api/groups/{id}/members/{userId}',
    on: 'making oneself owner',
    answers: [200, 403, 403, 404, 403, 401],
    call: (scene) => patch(member(scene, scene.self), { role: 'owner' }),
  },
  {
    route: 'PATCH /api/groups/{id}/members/{userId}',
    on: 'making oneself a member',
    answers: [409, 403, 403, 404, 403, 401],
    call: (scene) => patch(member(scene, scene.self), { role: 'member' }),
  },
  {
    route: 'DELETE /api/groups/{id}/members/{userId}',
    on: 'a member',
    answers: [204, 204, 403, 404, 403, 401],
    call: (scene) => remove(member(scene, scene.others.member)),
  },
  {
    route: 'DELETE /api/groups/{id}/members/{userId}',
    on: 'an admin',
    answers: [204, 403, 403, 404, 403, 401],
    call: (scene) => remove(member(scene, scene.others.admin)),
  },
  {
    route: 'DELETE /api/groups/{id}/members/{userId}',
    on: 'the owner',
    answers: [409, 403, 403, 404, 403, 401],
    call: (scene) => remove(member(scene, scene.others.owner)),
  },
  {
    route: 'DELETE /api/groups/{id}/members/{userId}',
    on: 'oneself',
    answers: [409, 204, 204, 404, 403, 401],
    call: (scene) => remove(member(scene, scene.self)),
  },
  {
    route: 'DELETE /api/groups/{id}/members/{userId}',
    on: 'oneself, archived',
    archived: true,
    answers: [409, 409, 409, 404, 403, 401],
    call: (scene) => remove(member(scene, scene.self)),
  },
]

export const invites: Row[] = [
  {
    route: 'POST /api/groups/{id}:invite',
    answers: [201, 201, 403, 404, 403, 401],
    call: ({ group, others }) => post(`/api/groups/${group}:invite`, { recipient_id: others.outsider }),
  },
  {
    route: 'POST /api/groups/{id}:invite',
    on: 'archived',
    archived: true,
    answers: [409, 409, 403, 404, 403, 401],
    call: ({ group, others }) => post(`/api/groups/${group}:invite`, { recipient_id: others.outsider }),
  },
  {
    route: 'POST /api/invites/{id}:withdraw',
    answers: [200, 200, 403, 404, 403, 401],
    call: async ({ invite, others }) => post(`/api/invites/${await invite(others.outsider)}:withdraw`),
  },
  ...(['accept', 'decline'] as const).flatMap((verb): Row[] => [
    {
      route: `POST /api/invites/{id}:${verb}`,
      on: 'for oneself',
      answers: [200, 200, 200, 200, 403, 401],
      call: async ({ invite, self }) => post(`/api/invites/${await invite(self)}:${verb}`),
    },
    {
      route: `POST /api/invites/{id}:${verb}`,
      on: 'for somebody else',
      answers: [404, 404, 404, 404, 403, 401],
      call: async ({ invite, others }) => post(`/api/invites/${await invite(others.outsider)}:${verb}`),
    },
  ]),
]

const moves = [
  ['start', 'scheduled'],
  ['pause', 'running'],
  ['resume', 'paused'],
  ['stop', 'running'],
  ['cancel', 'scheduled'],
] as const

export const sessions: Row[] = [
  {
    route: 'POST /api/sessions',
    on: 'in the group',
    answers: [201, 201, 201, 404, 403, 401],
    call: ({ group }) => post('/api/sessions', { group_id: group }),
  },
  {
    route: 'POST /api/sessions',
    on: 'in the group, archived',
    archived: true,
    answers: [409, 409, 409, 404, 403, 401],
    call: ({ group }) => post('/api/sessions', { group_id: group }),
  },
  {
    route: 'POST /api/sessions',
    on: 'without a group',
    answers: [201, 201, 201, 201, 403, 401],
    call: () => post('/api/sessions', {}),
  },
  {
    route: 'GET /api/sessions',
    on: 'one’s own and one’s groups’',
    answers: [200, 200, 200, 200, 403, 401],
    call: () => get('/api/sessions'),
  },
  {
    route: 'GET /api/sessions/{id}',
    answers: [200, 200, 200, 404, 403, 401],
    call: async ({ session }) => get(`/api/sessions/${await session('other', 'running')}`),
  },
  {
    route: 'GET /api/sessions/{id}',
    on: 'without a group, another’s',
    answers: [404, 404, 404, 404, 403, 401],
    call: async ({ ownSession }) => get(`/api/sessions/${await ownSession()}`),
  },
  {
    route: 'GET /api/sessions/{id}/participants',
    answers: [200, 200, 200, 404, 403, 401],
    call: async ({ session }) => get(`/api/sessions/${await session('other', 'running')}/participants`),
  },
  ...moves.flatMap(([move, from]): Row[] => [
    {
      route: `POST /api/sessions/{id}:${move}`,
      on: 'as its host',
      answers: [200, 200, 200, 404, 403, 401],
      call: async ({ session }) => post(`/api/sessions/${await session('self', from)}:${move}`),
    },
    {
      route: `POST /api/sessions/{id}:${move}`,
      on: 'another hosts it',
      answers: [403, 403, 403, 404, 403, 401],
      call: async ({ session }) => post(`/api/sessions/${await session('other', from)}:${move}`),
    },
  ]),
  {
    route: 'POST /api/sessions/{id}:join',
    answers: [200, 200, 200, 404, 403, 401],
    call: async ({ session }) => post(`/api/sessions/${await session('other', 'running')}:join`),
  },
  {
    route: 'POST /api/sessions/{id}:join',
    on: 'archived',
    archived: true,
    answers: [409, 409, 409, 404, 403, 401],
    call: async ({ session }) => post(`/api/sessions/${await session('other', 'running')}:join`),
  },
  {
    route: 'POST /api/sessions/{id}:leave',
    on: 'after joining',
    answers: [200, 200, 200, 404, 403, 401],
    call: async ({ session, joined }) => {
      const id = await session('other', 'running')
      await joined(id)
      return post(`/api/sessions/${id}:leave`)
    },
  },
]

export const logs: Row[] = [
  {
    route: 'POST /api/sessions/{id}/logs',
    on: 'after joining',
    answers: [201, 201, 201, 404, 403, 401],
    call: async ({ session, joined }) => {
      const id = await session('other', 'running')
      await joined(id)
      return post(`/api/sessions/${id}/logs`, anHour)
    },
  },
  {
    route: 'POST /api/sessions/{id}/logs',
    on: 'without joining',
    answers: [403, 403, 403, 404, 403, 401],
    call: async ({ session }) => post(`/api/sessions/${await session('other', 'running')}/logs`, anHour),
  },
  {
    route: 'GET /api/sessions/{id}/logs',
    on: 'only one’s own',
    answers: [200, 200, 200, 404, 403, 401],
    call: async ({ session }) => get(`/api/sessions/${await session('other', 'running')}/logs`),
  },
  ...(['PATCH', 'DELETE'] as const).flatMap((method): Row[] => {
    const call = (id: string, log: string): Call => {
      const url = `/api/sessions/${id}/logs/${log}`
      return method === 'PATCH' ? patch(url, { ended_at: '2026-01-01T10:30:00Z' }) : remove(url)
    }
    const done = method === 'PATCH' ? 200 : 204
    return [
      {
        route: `${method} /api/sessions/{id}/logs/{logId}`,
        on: 'one’s own',
        answers: [done, done, done, 404, 403, 401],
        call: async ({ session, log }) => {
          const id = await session('other', 'running')
          return call(id, await log(id, 'self'))
        },
      },
      {
        route: `${method} /api/sessions/{id}/logs/{logId}`,
        on: 'another’s',
        answers: [404, 404, 404, 404, 403, 401],
        call: async ({ session, log }) => {
          const id = await session('other', 'running')
          return call(id, await log(id, 'other'))
        },
      },
    ]
  }),
]

export const people: Row[] = [
  { route: 'GET /api/me', answers: [200, 200, 200, 200, 403, 401], call: () => get('/api/me') },
  {
    route: 'PATCH /api/me',
    answers: [200, 200, 200, 200, 403, 401],
    call: () => patch('/api/me', { display_name: 'Me' }),
  },
  {
    route: 'GET /api/notifications',
    on: 'only one’s own',
    answers: [200, 200, 200, 200, 403, 401],
    call: () => get('/api/notifications'),
  },
  {
    route: 'GET /api/notifications/unread-count',
    answers: [200, 200, 200, 200, 403, 401],
    call: () => get('/api/notifications/unread-count'),
  },
  {
    route: 'POST /api/notifications/{id}:read',
    on: 'one’s own',
    answers: [200, 200, 200, 200, 403, 401],
    call: async ({ notification, self }) => post(`/api/notifications/${await notification(self)}:read`),
  },
  {
    route: 'POST /api/notifications/{id}:read',
    on: 'another’s',
    answers: [404, 404, 404, 404, 403, 401],
    call: async ({ notification, others }) =>
      post(`/api/notifications/${await notification(others.outsider)}:read`),
  },
  {
    route: 'POST /api/notifications:read-all',
    answers: [200, 200, 200, 200, 403, 401],
    call: () => post('/api/notifications:read-all'),
  },
  {
    route: 'POST /api/maintenance/archive-expired-groups',
    answers: [403, 403, 403, 403, 202, 401],
    call: () => post('/api/maintenance/archive-expired-groups'),
  },
]

/** The headings of the document, and the table below each. */
export const tables = {
  Groups: groups,
  Members: members,
  Invites: invites,
  Sessions: sessions,
  Logs: logs,
  'Oneself and the inbox': people,
}
