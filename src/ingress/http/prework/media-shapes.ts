import { z } from 'zod'
import { nameOf } from '../../../domains/prework/media/addresses.ts'
import type { Media } from '../../../domains/prework/media/media.ts'
import { sentences } from '../../../domains/prework/media/problems.ts'
import { BYTES_AT_MOST, mediaTypes, type MediaType } from '../../../domains/prework/media/types.ts'
import { missingOr } from '../../../shared/text.ts'
import { id, shownRevision } from './fields.ts'
import { nextCursor } from './pages.ts'

const types = Object.keys(mediaTypes) as [MediaType, ...MediaType[]]
const contentType = z.enum(types, { error: missingOr(`must be one of ${types.join(', ')}`) })

/** A file as those who may see it do: where it is kept is not in it. */
export const shownMedia = z
  .object({
    mediaId: z.uuid(),
    userId: z.uuid().meta({ description: 'Whose it is.' }),
    submissionId: z.uuid().nullable().meta({ description: 'The submission it is attached to.' }),
    fileName: z.string(),
    contentType: contentType.meta({
      description: 'What was announced; of a completed picture, what it turned out to be.',
    }),
    uploadStatus: z.enum(['uploading', 'completed', 'failed']),
    problem: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .meta({ description: 'Why it failed: a stable code, and a sentence for people.' }),
    bytes: z.int().nullable().meta({ description: 'Of the upload. Null until it is completed.' }),
    sha256: z.string().nullable().meta({ description: 'Of exactly the bytes that were uploaded, in hex.' }),
    width: z.int().nullable().meta({ description: 'Of a completed picture, in pixels.' }),
    height: z.int().nullable(),
    ...shownRevision,
  })
  .meta({ id: 'PreworkMedia' })

export const tellMedia = (media: Media): z.input<typeof shownMedia> => {
  const { mediaId, userId, contentType, uploadStatus, problem, file } = media
  const { version, createdAt, createdBy, updatedAt, updatedBy } = media
  return {
    mediaId,
    userId,
    submissionId: media.submissionId ?? null,
    fileName: nameOf(media),
    contentType,
    uploadStatus,
    problem: problem ? { code: problem, message: sentences[problem] } : null,
    bytes: file?.bytes ?? null,
    sha256: file?.sha256 ?? null,
    width: file?.width ?? null,
    height: file?.height ?? null,
    version,
    createdAt,
    createdBy,
    updatedAt,
    updatedBy,
  }
}

export const oneMedia = z.object({ media: shownMedia })

export const shownMediaList = z
  .object({ media: z.array(shownMedia), nextCursor })
  .meta({ id: 'PreworkMediaList' })

export const uploadQuery = z.strictObject({
  fileName: z
    .string({ error: missingOr('must be text') })
    .max(1000, 'must have at most 1000 characters')
    .refine((name) => name.trim() !== '', 'must not be blank')
    .meta({ description: 'As it is called where it comes from; it is made safe to save under.' }),
  contentType,
  method: z
    .enum(['post', 'put'], { error: 'must be post or put' })
    .default('post')
    .meta({ description: 'A form to POST, or for old clients an address to PUT to.' }),
  size: z.coerce
    .number({ error: 'must be a whole number' })
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(BYTES_AT_MOST, `must be at most ${BYTES_AT_MOST}, which is 50 MB`)
    .optional()
    .meta({ description: 'Bytes; to be told now, and not by S3, that they are too many.' }),
  userId: id.optional().meta({ description: 'Whose it is to be; oneself if left out. Servers name one.' }),
})

/** What is sent where to upload it. */
const upload = z.discriminatedUnion('method', [
  z
    .object({ method: z.literal('POST'), url: z.string(), fields: z.record(z.string(), z.string()) })
    .meta({ description: 'A form: all fields, and the file as the last one, `file`.' }),
  z
    .object({ method: z.literal('PUT'), url: z.string(), headers: z.record(z.string(), z.string()) })
    .meta({ description: 'The bare file, with exactly these headers.' }),
])

const expiresIn = z.int().meta({ description: 'Seconds for which addresses in this answer are good.' })

export const openedUpload = z
  .object({
    media: shownMedia,
    upload: upload
      .nullable()
      .meta({ description: 'Null when the same was asked for before, and its upload is over.' }),
    expiresIn,
  })
  .meta({ id: 'PreworkUpload' })

export const askedOfMedia = z
  .strictObject({
    action: z.enum(['download', 'metadata', 'thumbnail'], {
      error: missingOr('must be one of download, metadata, thumbnail'),
    }),
    mediaId: id,
  })
  .meta({ id: 'PreworkMediaAction' })

export const shownDownload = z
  .object({ url: z.string(), fileName: z.string(), contentType, expiresIn })
  .meta({ id: 'PreworkDownload' })

const shownThumbnail = z.object({ url: z.string(), width: z.int(), height: z.int() })

export const shownThumbnails = z
  .object({ thumbnails: z.object({ small: shownThumbnail, large: shownThumbnail }), expiresIn })
  .meta({ id: 'PreworkThumbnails' })
