import { about, everyone, sees, type About, type Answers, type Row, type Scene } from './matrix-rows.ts'
import type { Call } from './people.ts'

const makes: Record<About, Answers> = {
  oneself: [201, 201, 201, 201, 403, '–', 401],
  'one’s team': [404, 403, 403, 403, 403, 201, 401],
  another: [404, 404, 403, 403, 403, 201, 401],
}
const writes: Record<About, Answers> = {
  oneself: [200, 200, 200, 200, 403, '–', 401],
  'one’s team': [404, 403, 403, 403, 403, 200, 401],
  another: [404, 404, 403, 403, 403, 200, 401],
}
const removes: Record<About, Answers> = {
  oneself: [204, 204, 204, 204, 403, '–', 401],
  'one’s team': [404, 403, 403, 204, 403, 204, 401],
  another: [404, 404, 403, 204, 403, 204, 401],
}
const own: Answers = [403, 403, 403, 403, 403, '–', 401]
const reviews: Record<About, Answers> = {
  oneself: own,
  'one’s team': [404, 200, 200, 200, 403, 200, 401],
  another: [404, 404, 200, 200, 403, 200, 401],
}
const overrules: Record<About, Answers> = {
  oneself: own,
  'one’s team': [404, 403, 403, 200, 403, 200, 401],
  another: [404, 404, 403, 200, 403, 200, 401],
}

const url = '/api/submissions'
const one = ({ submission }: Scene): string => `${url}/${submission}`
const put = (scene: Scene): Call => ({ method: 'PUT', url: one(scene), payload: { title: 'Other' } })
const post = (path: string, payload: object): Call => ({ method: 'POST', url: path, payload })
const decide = (decision: string) => (scene: Scene) =>
  post(`${one(scene)}:review`, { decision, comment: 'why', version: 1 })
const others = ['one’s team', 'another'] as const

/** The submission of a line is its target’s, a draft where it is not said otherwise. */
export const submissions: Row[] = [
  {
    route: 'GET /api/submissions',
    on: '`status=`',
    answers: [403, 403, 200, 200, 200, 200, 401],
    call: () => ({ url: `${url}?status=submitted` }),
  },
  { route: 'GET /api/submissions', about: 'oneself', answers: sees.oneself, call: () => ({ url }) },
  ...about(others, sees, {
    route: 'GET /api/submissions',
    on: '`userId=`',
    call: ({ target }) => ({ url: `${url}?userId=${target.user.userId}` }),
  }),
  ...about(everyone, sees, { route: 'GET /api/submissions/{id}', call: (scene) => ({ url: one(scene) }) }),
  ...about(everyone, sees, {
    route: 'GET /api/submissions/{id}/media',
    call: (scene) => ({ url: `${one(scene)}/media` }),
  }),
  {
    route: 'POST /api/submissions',
    about: 'oneself',
    answers: makes.oneself,
    call: () => post(url, { title: 'Engine' }),
  },
  ...about(others, makes, {
    route: 'POST /api/submissions',
    on: '`userId`',
    call: ({ target }) => post(url, { title: 'Engine', userId: target.user.userId }),
  }),
  ...about(everyone, writes, { route: 'PUT /api/submissions/{id}', call: put }),
  ...about(['oneself'], writes, {
    route: 'PUT /api/submissions/{id}',
    on: 'mediaFiles',
    call: (scene) => ({ ...put(scene), payload: { mediaFiles: [scene.file] } }),
  }),
  ...about(everyone, removes, {
    route: 'DELETE /api/submissions/{id}',
    call: (scene) => ({ method: 'DELETE', url: one(scene) }),
  }),
  ...about(everyone, writes, {
    route: 'POST /api/submissions/{id}:submit',
    call: (scene) => ({ method: 'POST', url: `${one(scene)}:submit` }),
  }),
  ...about(everyone, reviews, {
    route: 'POST /api/submissions/{id}:review',
    on: 'taking it',
    submission: { status: 'submitted' },
    call: decide('under_review'),
  }),
  ...about(everyone, reviews, {
    route: 'POST /api/submissions/{id}:review',
    on: 'taken by the caller: deciding',
    submission: { status: 'under_review', by: 'the caller' },
    call: decide('rejected'),
  }),
  ...about(others, overrules, {
    route: 'POST /api/submissions/{id}:review',
    on: 'taken by another: deciding',
    submission: { status: 'under_review' },
    call: decide('approved'),
  }),
  ...about(others, overrules, {
    route: 'POST /api/submissions/{id}:review',
    on: 'taken by another: taking it over',
    submission: { status: 'under_review' },
    call: decide('under_review'),
  }),
]
