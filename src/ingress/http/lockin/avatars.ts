import { z } from 'zod'
import { avatarUrlOf, findAvatar, findPicture } from '../../../domains/lockin/avatars.ts'
import {
  BYTES_AT_MOST,
  contentTypes,
  findPlace,
  FORM_SECONDS,
  formFor,
  openPlace,
} from '../../../domains/lockin/avatars/forms.ts'
import { sentences } from '../../../domains/lockin/avatars/problems.ts'
import { ask } from '../../../jobs/define.ts'
import { dropAvatars } from '../../../jobs/lockin/drop-avatars.ts'
import type { Bucket } from '../../../shared/bucket.ts'
import { missingOr } from '../../../shared/text.ts'
import { minutes } from '../../../shared/time.ts'
import { notFound, unavailable } from '../answers/problems.ts'
import type { App, HttpParts } from '../app.ts'
import { once } from '../asking/once.ts'
import { inTransaction } from '../transaction.ts'
import { addressOf } from './address.ts'
import { profileOf } from './caller.ts'

const body = z.strictObject({
  content_type: z.enum(contentTypes, { error: missingOr(`must be one of ${contentTypes.join(', ')}`) }),
})

const opened = z
  .object({
    avatar_id: z.uuid(),
    avatar_url: z.string().meta({
      description: 'What to set with PATCH /lockin/api/me, once it is ready.',
      examples: ['/lockin/avatars/5f2c1b1e-8f63-4c0b-9d3a-0e6a4b1f7c21.webp'],
    }),
    upload: z.object({ url: z.string(), fields: z.record(z.string(), z.string()) }).meta({
      description: 'A form to POST the file with: all fields, and the file as the last one, `file`.',
    }),
    expires_in: z.int().meta({ description: 'Seconds for which the form can be used.' }),
  })
  .meta({ id: 'LockinAvatarUpload' })

const avatar = z
  .object({
    avatar_id: z.uuid(),
    avatar_url: z.string(),
    state: z.enum(['uploading', 'ready', 'refused']),
    problem: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .meta({ description: 'Why it was refused: a stable code, and a sentence for people.' }),
  })
  .meta({ id: 'LockinAvatar' })

/** Uploading a picture of oneself, past us to S3, and seeing what became of it. */
export function avatarRoutes(app: App, { asking, lockinBucket }: HttpParts): void {
  const { accept, database } = asking

  app.post(
    '/api/profiles/avatar/upload-url',
    {
      schema: {
        tags: ['lockin'],
        summary: 'A form to upload a picture of oneself with',
        description:
          `S3 takes at most ${BYTES_AT_MOST} bytes. What arrives is checked and made square, and can be set when its state is ready. ` +
          'At most twenty uploads are open for a person; the oldest is given up for the next.',
        body,
        response: { 201: opened },
      },
    },
    async (request, reply) => {
      const bucket = configured(lockinBucket)
      const profileId = await profileOf(request, database.sql)
      const place = await inTransaction(database, (tx) =>
        once(tx, request, {
          make: async () => {
            const { place: made, drops } = await openPlace(tx, profileId)
            await accept.in(
              tx,
              drops.map((drop) => ask(dropAvatars, drop)),
              request.trace,
            )
            return made
          },
          again: (avatarId) => findPlace(tx, { profileId, avatarId }),
          idOf: ({ avatarId }) => avatarId,
        }),
      )
      return reply
        .code(201)
        .header('location', addressOf('profiles/avatar', place.avatarId))
        .send({
          avatar_id: place.avatarId,
          avatar_url: avatarUrlOf(place.avatarId),
          upload: await formFor(bucket, place, request.body.content_type),
          expires_in: FORM_SECONDS,
        })
    },
  )

  app.get(
    '/api/profiles/avatar/:avatarId',
    {
      schema: {
        tags: ['lockin'],
        summary: 'How far a picture is that one has uploaded',
        params: z.object({ avatarId: z.guid().toLowerCase() }),
        response: { 200: avatar },
      },
    },
    async (request) => {
      const profileId = await profileOf(request, database.sql)
      const found = await findAvatar(database.sql, { profileId, avatarId: request.params.avatarId })
      if (!found) throw notFound('picture')
      const { id, state, problem } = found
      return {
        avatar_id: id,
        avatar_url: avatarUrlOf(id),
        state,
        problem: problem && { code: problem, message: sentences[problem] },
      }
    },
  )
}

/** The address of a picture is good for longer than the redirect to it is kept. */
const REDIRECT_SECONDS = minutes(1) / 1000
const PICTURE_SECONDS = minutes(5) / 1000

/** Pictures, for whoever was told their address: browsers that show one send no token. */
export function publicAvatarRoute(app: App, { asking, lockinBucket }: HttpParts): void {
  app.get(
    '/avatars/:avatarId(^[0-9a-f-]{36}).webp',
    {
      schema: {
        tags: ['lockin'],
        summary: 'The picture of a person',
        security: [],
        params: z.object({ avatarId: z.string() }),
        response: { 302: z.null().meta({ description: 'Where the picture is for the next minutes.' }) },
      },
    },
    async (request, reply) => {
      void reply.header('cache-control', 'no-store')
      const { data: avatarId } = z.guid().safeParse(request.params.avatarId)
      const key = avatarId && (await findPicture(asking.database.sql, avatarId))
      if (!key) throw notFound('picture')
      const url = await configured(lockinBucket).presignGet({ key, seconds: PICTURE_SECONDS })
      return reply.header('cache-control', `public, max-age=${REDIRECT_SECONDS}`).redirect(url, 302)
    },
  )
}

function configured(bucket: Bucket | undefined): Bucket {
  if (!bucket) throw unavailable('Pictures cannot be uploaded or shown here at the moment.', 60)
  return bucket
}
