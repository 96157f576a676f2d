import { z } from 'zod'
import { holdChild, NotTheirs, theirChild } from '../../../domains/iep/children.ts'
import { findActive, isOfChild } from '../../../domains/iep/documents.ts'
import { findUpload, openUpload } from '../../../domains/iep/uploads.ts'
import type { Bucket } from '../../../shared/bucket.ts'
import { line, missingOr } from '../../../shared/text.ts'
import { minutes } from '../../../shared/time.ts'
import type { App, HttpParts } from '../app.ts'
import { HttpProblem, unavailable } from '../answers/problems.ts'
import { once } from '../asking/once.ts'
import { parentOf } from './parent.ts'
import { invalid } from './refusals.ts'
import { inTransaction } from '../transaction.ts'

/** What may be uploaded; what arrives is looked at once more. */
const PDF = 'application/pdf'
const LARGEST = 50 * 1024 * 1024
/** The addresses of an upload are good for a quarter of an hour, that of a download for five minutes. */
const UPLOAD_SECONDS = minutes(15) / 1000
const DOWNLOAD_SECONDS = minutes(5) / 1000

const text = z.string({ error: missingOr('must be text') })
const body = z.discriminatedUnion(
  'operation',
  [
    z.strictObject({
      operation: z.literal('upload'),
      childId: text,
      fileName: line(255),
      fileType: text,
    }),
    z.strictObject({
      operation: z.literal('download'),
      childId: text,
      iepId: text.optional(),
      fileName: z.unknown().optional(),
      fileType: z.unknown().optional(),
    }),
  ],
  { error: 'must be upload or download' },
)

const signed = z
  .object({
    signedUrl: z.string().meta({ description: 'PUT the PDF here, or GET it from here.' }),
    iepId: z.string(),
    documentUrl: z.string().meta({ examples: ['s3://bucket/user/child/document/iep.pdf'] }),
    upload: z
      .object({ url: z.string(), fields: z.record(z.string(), z.string()) })
      .optional()
      .meta({
        description: `A form to POST the PDF with instead; S3 then refuses more than ${LARGEST} bytes.`,
      }),
  })
  .meta({ id: 'IepSignedUrl' })

/** Addresses with which a browser uploads a document to S3 and downloads it again, without passing through here. */
export function uploadRoutes(app: App, { asking, iepBucket }: HttpParts): void {
  const { database } = asking

  app.post(
    '/signed-url-knowledge',
    {
      schema: {
        tags: ['iep'],
        summary: "An address to upload a child's document to, or to download it from",
        description:
          'A document takes the place of the one before it once it has arrived and was found healthy.',
        body,
        response: { 200: signed },
      },
    },
    async (request) => {
      const userId = parentOf(request)
      const wish = request.body
      const childId = await theirChild(database.sql, userId, wish.childId)
      if (wish.operation === 'download') return download(childId, wish.iepId)

      if (wish.fileType.trim().toLowerCase() !== PDF)
        throw invalid('fileType', 'Only PDF documents can be uploaded.')
      const bucket = configured(iepBucket)
      const upload = await inTransaction(database, async (tx) => {
        await holdChild(tx, userId, childId)
        return once(tx, request, {
          make: () => openUpload(tx, { userId, childId, fileName: wish.fileName }),
          again: (iepId) => findUpload(tx, iepId),
          idOf: (made) => made.iepId,
        })
      })
      return uploadTo(bucket, upload)
    },
  )

  const download = async (childId: string, iepId: string | undefined) => {
    if (iepId !== undefined && !(await isOfChild(database.sql, childId, iepId))) throw new NotTheirs()
    const document = await findActive(database.sql, childId)
    if (!document || (iepId !== undefined && document.iepId !== iepId.toLowerCase())) throw noFile()
    // Its file was thrown away.
    if (document.refused) throw noFile()
    const bucket = configured(iepBucket)
    const { key, fileName } = document
    return {
      signedUrl: await bucket.presignGet({ key, seconds: DOWNLOAD_SECONDS, fileName, contentType: PDF }),
      iepId: document.iepId,
      documentUrl: `s3://${bucket.name}/${key}`,
    }
  }
}

async function uploadTo(bucket: Bucket, { iepId, key }: { iepId: string; key: string }) {
  const to = { key, contentType: PDF, seconds: UPLOAD_SECONDS }
  const [signedUrl, upload] = await Promise.all([
    bucket.presignPut(to),
    bucket.presignPost({ ...to, maxBytes: LARGEST }),
  ])
  return { signedUrl, iepId, documentUrl: `s3://${bucket.name}/${key}`, upload }
}

function configured(bucket: Bucket | undefined): Bucket {
  if (!bucket) throw unavailable('Documents cannot be uploaded or downloaded here at the moment.', 60)
  return bucket
}

const noFile = (): HttpProblem => new HttpProblem(404, 'not-found', 'No document found for this child')
