import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { uploadTo } from '../../../domains/prework/media/addresses.ts'
import {
  openUpload,
  placeFor,
  secondsLeft,
  UPLOAD_SECONDS,
} from '../../../domains/prework/media/open-upload.ts'
import type { Place } from '../../../domains/prework/media/places.ts'
import { BYTES_AT_MOST } from '../../../domains/prework/media/types.ts'
import { SERVER } from '../../../domains/prework/permissions.ts'
import type { AskedOnce } from '../../../domains/prework/revisions.ts'
import { ask } from '../../../jobs/define.ts'
import { expireUpload } from '../../../jobs/prework/expire-upload.ts'
import { minutes } from '../../../shared/time.ts'
import { HttpProblem, unavailable } from '../answers/problems.ts'
import type { App, HttpParts } from '../app.ts'
import type { Actor } from './caller.ts'
import { openedUpload, tellMedia, uploadQuery } from './media-shapes.ts'
import { askedOnce } from './once.ts'

/** News of an upload that came in the last moment are given ten minutes before it counts as abandoned. */
const EXPIRY = UPLOAD_SECONDS * 1000 + minutes(10)

/** Opening an upload: what is sent where, past us to S3. That it is cleared away if nothing comes is promised first. */
export function uploadRoute(
  app: App,
  actor: Actor,
  { asking: { accept }, watch, preworkBuckets: buckets }: HttpParts,
): void {
  app.get(
    '/api/media',
    {
      // Whoever only wants to know the headers has not asked for anything to be opened.
      exposeHeadRoute: false,
      schema: {
        tags: ['prework'],
        summary: 'Opens an upload',
        description:
          `S3 takes the file within an hour, by a form at most ${BYTES_AT_MOST} bytes of it. What arrives is looked at, and is ` +
          'completed or failed soon after. For oneself, and for administrators also for others. With an ' +
          '`Idempotency-Key` the same request opens one upload, however often it comes.',
        querystring: uploadQuery,
        response: { 200: openedUpload },
      },
    },
    async (request) => {
      if (!buckets) throw unavailable('Pre-Work is not set up here.')
      const { store, by } = await actor(request)
      const { fileName, contentType, method, userId = by.userId } = request.query
      if (userId === SERVER) throw ownerMissing()
      const once = askedInQuery(request)
      const place = await placeFor(store, by, userId, once)
      const uploadUntil = await promiseExpiry(place, request.trace)
      const media = await openUpload(store, by, { place, fileName, contentType, uploadUntil }, once)
      const expiresIn = secondsLeft(media)
      const upload = expiresIn > 0 ? await uploadTo(buckets, media, { method, seconds: expiresIn }) : null
      return { media: tellMedia(media), upload, expiresIn }
    },
  )

  /** Until when may be uploaded: the hour begins with the promise, which a request that comes again does not renew. */
  async function promiseExpiry(place: Place, trace: string): Promise<string> {
    const { id, decision } = await accept.now(ask(expireUpload, place, { delay: EXPIRY }), trace)
    const before = decision === 'stands' ? await watch.see(id) : undefined
    return new Date((before?.asked_at ?? Date.now()) + UPLOAD_SECONDS * 1000).toISOString()
  }
}

/** As `askedOnce`, of a request that has no body: what it asks for is in its query. */
function askedInQuery(request: FastifyRequest): AskedOnce | undefined {
  const once = askedOnce(request)
  return once && { ...once, askedFor: hash('sha256', JSON.stringify(request.query), 'base64url') }
}

const ownerMissing = (): HttpProblem =>
  new HttpProblem(400, 'missing-field', 'Missing required field: userId', { field: 'userId' })
