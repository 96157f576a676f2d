import { z } from 'zod'
import { theirChild } from '../../../domains/iep/children.ts'
import { DocumentGone } from '../../../domains/iep/document.ts'
import {
  findActive,
  findDocument,
  takeBackFailures,
  versionOfDocument,
} from '../../../domains/iep/documents.ts'
import { holdDocument } from '../../../domains/iep/steps.ts'
import { nextSteps } from '../../../jobs/iep/next-steps.ts'
import type { App, HttpParts } from '../app.ts'
import { isKnown, notModified } from '../answers/not-modified.ts'
import { HttpProblem } from '../answers/problems.ts'
import { deleteRoute } from './delete.ts'
import { parentOf } from './parent.ts'
import { show, shownDocument } from './shown-document.ts'
import { inTransaction } from '../transaction.ts'

export const params = z.object({ childId: z.string() })

const none = z.object({ documents: z.array(z.never()), message: z.string() })
const begunAgain = z.object({
  message: z.string(),
  iepId: z.string(),
  waitingFor: z.literal('consent').optional(),
})

/** A child's document: seen, forgotten, and processed again. */
export function documentRoutes(app: App, parts: HttpParts): void {
  const { asking, config } = parts
  const { database } = asking

  app.get(
    '/profile/children/:childId/documents',
    {
      schema: {
        tags: ['iep'],
        summary: "A child's document, with what was found out about it",
        params,
        querystring: z.strictObject({
          include_ocr: z
            .enum(['true', 'false'], { error: 'must be true or false' })
            .default('true')
            .meta({ description: 'Whether what was read on the pages is wanted too.' }),
        }),
        response: {
          200: z.union([shownDocument, none]),
          304: z.null().meta({ description: 'Nothing has changed.' }),
        },
      },
    },
    async (request, reply) => {
      const childId = await theirChild(database.sql, parentOf(request), request.params.childId)
      const withPages = request.query.include_ocr === 'true'
      // Asked first: should something change in between, the next answer is a new one once too often.
      const version = await versionOfDocument(database.sql, childId)
      if (version !== undefined) {
        const etag = `W/"${version}"`
        void reply.headers({ etag, 'cache-control': 'private, no-cache', vary: 'authorization, origin' })
        if (isKnown(request.headers['if-none-match'], etag)) return notModified(reply)
      }
      const found = await findDocument(database.sql, childId, { withPages })
      if (found) return show(found, config.iep.bucket ?? '')
      void reply.removeHeader('etag')
      return { documents: [], message: 'No document found for this child' }
    },
  )

  deleteRoute(app, parts)

  app.post(
    '/profile/children/:childId/documents::reprocess',
    {
      schema: {
        tags: ['iep'],
        summary: 'Tries again what failed, and nothing else',
        params,
        response: {
          200: begunAgain.meta({ description: 'Nothing had failed, and nothing was changed.' }),
          202: begunAgain,
        },
      },
    },
    async (request, reply) => {
      const childId = await theirChild(database.sql, parentOf(request), request.params.childId)
      return inTransaction(database, async (tx) => {
        const document = await findActive(tx, childId)
        if (!document) throw noDocument()
        const { iepId } = document
        if (document.refused)
          throw new HttpProblem(
            409,
            'refused',
            `${document.refused.message} It cannot be processed again; please upload another file.`,
          )
        if (!document.failed)
          return { message: 'Nothing has failed, so there is nothing to process again', iepId }

        // The wishes come first: a step that settles locks its row before its document's.
        await asking.accept.in(tx, await nextSteps(tx, document), request.trace)
        const { consent } = await holdIfThere(() => holdDocument(tx, document))
        await takeBackFailures(tx, document)
        void reply.code(202)
        return consent
          ? { message: 'Processing started again', iepId }
          : {
              message: 'Processing will start again once consent is given',
              iepId,
              waitingFor: 'consent' as const,
            }
      })
    },
  )
}

const noDocument = (): HttpProblem => new HttpProblem(404, 'not-found', 'No document found for this child')

/** One that went away a moment ago is as one that was never there. */
async function holdIfThere<T>(hold: () => Promise<T>): Promise<T> {
  try {
    return await hold()
  } catch (error) {
    throw error instanceof DocumentGone ? noDocument() : error
  }
}
