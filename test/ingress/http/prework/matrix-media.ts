import { about, everyone, sees, type About, type Answers, type Row, type Scene } from './matrix-rows.ts'
import { mediaUrl } from './uploading.ts'

const uploads: Record<About, Answers> = {
  oneself: [200, 200, 200, 200, 403, '–', 401],
  'one’s team': [404, 403, 403, 200, 403, 200, 401],
  another: [404, 404, 403, 200, 403, 200, 401],
}
const removes: Record<About, Answers> = {
  oneself: [204, 204, 204, 204, 403, '–', 401],
  'one’s team': [404, 403, 403, 204, 403, 204, 401],
  another: [404, 404, 403, 204, 403, 204, 401],
}

const notes = { fileName: 'notes.txt', contentType: 'text/plain' }
const one = ({ file }: Scene): string => `/api/media/${file}`

/** The file of a line is its target’s, a picture that is completed and attached to nothing. */
export const media: Row[] = [
  {
    route: 'GET /api/media',
    about: 'oneself',
    answers: uploads.oneself,
    call: () => ({ url: mediaUrl(notes) }),
  },
  ...about(['one’s team', 'another'], uploads, {
    route: 'GET /api/media',
    on: '`userId=`',
    call: ({ target }) => ({ url: mediaUrl({ ...notes, userId: target.user.userId }) }),
  }),
  ...(['metadata', 'download', 'thumbnail'] as const).flatMap((action) =>
    about(action === 'metadata' ? everyone : ['another'], sees, {
      route: 'POST /api/media',
      on: action,
      call: ({ file }) => ({ method: 'POST', url: '/api/media', payload: { action, mediaId: file } }),
    }),
  ),
  ...about(everyone, sees, { route: 'GET /api/media/{id}', call: (scene) => ({ url: one(scene) }) }),
  ...about(everyone, sees, {
    route: 'GET /api/users/{id}/media',
    call: ({ target }) => ({ url: `/api/users/${target.user.userId}/media` }),
  }),
  ...about(everyone, removes, {
    route: 'DELETE /api/media/{id}',
    call: (scene) => ({ method: 'DELETE', url: one(scene) }),
  }),
  ...about(['another'], removes, {
    route: 'DELETE /api/media',
    on: '`mediaId=`',
    call: ({ file }) => ({ method: 'DELETE', url: `/api/media?mediaId=${file}` }),
  }),
  ...about(['oneself', 'another'], removes, {
    route: 'DELETE /api/media/{id}',
    on: 'attached to a draft',
    submission: { status: 'draft', holds: true },
    call: (scene) => ({ method: 'DELETE', url: one(scene) }),
  }),
]
