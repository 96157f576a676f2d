import { media } from './matrix-media.ts'
import type { Row, Scene } from './matrix-rows.ts'
import { submissions } from './matrix-submissions.ts'
import { grace, type Call } from './people.ts'

const put = (url: string, payload: object): Call => ({ method: 'PUT', url, payload })
const user = ({ target }: Scene): string => `/api/users/${target.user.userId}`
const profile = ({ target }: Scene): string => `/api/profiles/${target.profile.profileId}`

const toAll = [200, 200, 200, 200, 200, '–', 401] as const
const toNobody = [403, 403, 403, 403, 403, '–', 401] as const
const seesTeam = [404, 200, 200, 200, 200, 200, 401] as const
const seesAnother = [404, 404, 200, 200, 200, 200, 401] as const
const seesEverybody = [403, 403, 200, 200, 200, 200, 401] as const
const changesTeam = [404, 403, 403, 200, 403, 200, 401] as const
const changesAnother = [404, 404, 403, 200, 403, 200, 401] as const

export const users: Row[] = [
  {
    route: 'GET /api/users',
    on: 'all who are active',
    answers: seesEverybody,
    call: () => get('/api/users'),
  },
  {
    route: 'GET /api/users',
    on: '`role=`',
    answers: seesEverybody,
    call: () => get('/api/users?role=manager'),
  },
  ...(['oneself', 'one’s team', 'another'] as const).flatMap((about): Row[] => {
    const answers = { oneself: toAll, 'one’s team': seesTeam, another: seesAnother }[about]
    return [
      { route: 'GET /api/users/{id}', about, answers, call: (scene) => get(user(scene)) },
      {
        route: 'GET /api/users',
        about,
        on: '`id=`',
        answers,
        call: ({ target }) => get(`/api/users?id=${target.user.userId}`),
      },
      {
        route: 'GET /api/users',
        about,
        on: '`email=`',
        answers,
        call: ({ target }) => get(`/api/users?email=${target.user.email}`),
      },
    ]
  }),
  ...(['user', 'manager', 'supervisor', 'administrator', 'auditor'] as const).map((role): Row => {
    const bySupervisor = role === 'user' ? 201 : 403
    return {
      route: 'POST /api/users',
      on: `with the role ${role}`,
      answers: [403, 403, bySupervisor, 201, 403, 201, 401],
      call: () => ({ method: 'POST', url: '/api/users', payload: { ...grace(), role } }),
    }
  }),
  ...(
    [
      ['username', 'hopper', [200, 200, 200, 200, 403, '–', 401]],
      ['email', undefined, [403, 403, 403, 200, 403, '–', 401]],
      ['role', 'administrator', toNobody],
      ['isActive', false, toNobody],
    ] as const
  ).flatMap(([field, value, answers]): Row[] => {
    const changes = () => ({ [field]: value ?? grace().email })
    const on: string = field
    const route = 'PUT /api/users/{id}'
    const call = (scene: Scene) => put(user(scene), changes())
    return [
      { route, about: 'oneself', on, answers, call },
      { route, about: 'one’s team', on, answers: changesTeam, call },
      { route, about: 'another', on, answers: changesAnother, call },
    ]
  }),
  {
    route: 'PUT /api/users',
    about: 'oneself',
    on: 'role',
    answers: toNobody,
    call: ({ target }) => put('/api/users', { userId: target.user.userId, role: 'administrator' }),
  },
  {
    route: 'PUT /api/users',
    about: 'another',
    on: 'role',
    answers: changesAnother,
    call: ({ target }) => put('/api/users', { userId: target.user.userId, role: 'administrator' }),
  },
  ...(['oneself', 'one’s team', 'another'] as const).flatMap((about): Row[] => {
    const answers = { oneself: toNobody, 'one’s team': changesTeam, another: changesAnother }[about]
    return [
      {
        route: 'DELETE /api/users/{id}',
        about,
        answers,
        call: (scene) => ({ method: 'DELETE', url: user(scene) }),
      },
      {
        route: 'DELETE /api/users',
        about,
        on: '`id=`',
        answers,
        call: ({ target }) => ({ method: 'DELETE', url: `/api/users?id=${target.user.userId}` }),
      },
    ]
  }),
]

export const profiles: Row[] = [
  ...(['oneself', 'one’s team', 'another'] as const).flatMap((about): Row[] => {
    const answers = { oneself: toAll, 'one’s team': seesTeam, another: seesAnother }[about]
    return [
      { route: 'GET /api/profiles/{id}', about, answers, call: (scene) => get(profile(scene)) },
      {
        route: 'GET /api/profiles',
        about,
        on: '`profileId=`',
        answers,
        call: ({ target }) => get(`/api/profiles?profileId=${target.profile.profileId}`),
      },
      {
        route: 'GET /api/profiles',
        about,
        on: '`userId=`',
        answers,
        call: ({ target }) => get(`/api/profiles?userId=${target.user.userId}`),
      },
    ]
  }),
  {
    route: 'GET /api/profiles',
    about: 'oneself',
    on: '`managerId=`',
    answers: [403, 200, 200, 200, 200, '–', 401],
    call: ({ target }) => get(`/api/profiles?managerId=${target.user.userId}`),
  },
  {
    route: 'GET /api/profiles',
    on: '`managerId=` of another',
    answers: seesEverybody,
    call: ({ manager }) => get(`/api/profiles?managerId=${manager}`),
  },
  {
    route: 'POST /api/profiles',
    about: 'another',
    on: 'with the role user',
    answers: [404, 404, 201, 201, 403, 201, 401],
    bare: true,
    call: postProfile,
  },
  {
    route: 'POST /api/profiles',
    about: 'another',
    on: 'with the role manager',
    answers: [404, 404, 403, 201, 403, 201, 401],
    bare: true,
    role: 'manager',
    call: postProfile,
  },
  ...(
    [
      ['firstName', toAll, changesTeam, changesAnother],
      ['lastName', toAll, changesTeam, changesAnother],
      ['phone', toAll, changesTeam, changesAnother],
      [
        'jobTitle',
        [200, 200, 200, 200, 403, '–', 401],
        [404, 200, 200, 200, 403, 200, 401],
        [404, 404, 200, 200, 403, 200, 401],
      ],
      [
        'department',
        [403, 403, 200, 200, 403, '–', 401],
        [404, 200, 200, 200, 403, 200, 401],
        [404, 404, 200, 200, 403, 200, 401],
      ],
      [
        'managerId',
        [403, 403, 200, 200, 403, '–', 401],
        [404, 403, 200, 200, 403, 200, 401],
        [404, 404, 200, 200, 403, 200, 401],
      ],
    ] as const
  ).flatMap(([field, ofSelf, ofTeam, ofAnother]): Row[] => {
    const route = 'PUT /api/profiles/{id}'
    const call = (scene: Scene) =>
      put(profile(scene), { [field]: field === 'managerId' ? scene.manager : 'other' })
    return [
      { route, about: 'oneself', on: field, answers: ofSelf, call },
      { route, about: 'one’s team', on: field, answers: ofTeam, call },
      { route, about: 'another', on: field, answers: ofAnother, call },
    ]
  }),
  {
    route: 'PUT /api/profiles',
    about: 'another',
    on: 'firstName',
    answers: changesAnother,
    call: ({ target }) => put('/api/profiles', { profileId: target.profile.profileId, firstName: 'Another' }),
  },
]

export const audit: Row[] = [
  {
    route: 'GET /api/audit',
    about: 'oneself',
    on: '`userId=`',
    answers: [403, 403, 403, 200, 200, '–', 401],
    call: ({ target }) => get(`/api/audit?userId=${target.user.userId}`),
  },
  {
    route: 'GET /api/audit',
    about: 'another',
    on: '`userId=`',
    answers: [403, 403, 403, 200, 200, 200, 401],
    call: ({ target }) => get(`/api/audit?userId=${target.user.userId}`),
  },
  {
    route: 'GET /api/audit',
    about: 'another',
    on: '`entityId=`',
    answers: [403, 403, 403, 200, 200, 200, 401],
    call: ({ target }) => get(`/api/audit?entityId=${target.user.userId}`),
  },
]

/** The headings of the document, and the table below each. */
export const tables = {
  Users: users,
  Profiles: profiles,
  Submissions: submissions,
  Media: media,
  'The audit log': audit,
}

function get(url: string): Call {
  return { url }
}

function postProfile({ target }: Scene): Call {
  const { firstName, lastName, jobTitle, department } = target.profile
  const payload = { userId: target.user.userId, firstName, lastName, jobTitle, department }
  return { method: 'POST', url: '/api/profiles', payload }
}
