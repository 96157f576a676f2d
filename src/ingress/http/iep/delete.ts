import { z } from 'zod'
import { holdChild, NotTheirs } from '../../../domains/iep/children.ts'
import { documentsOf, forgetDocuments } from '../../../domains/iep/documents.ts'
import { removeObjectsOfChild } from '../../../domains/iep/objects.ts'
import { ask } from '../../../jobs/define.ts'
import { removeObjects } from '../../../jobs/iep/remove-objects.ts'
import { stepsOf } from '../../../jobs/iep/running.ts'
import { cancel } from '../../../jobs/ledger/steer.ts'
import type { Asking } from '../../../jobs/open.ts'
import { afterCommit, isOutage, within, type Tx } from '../../../shared/database.ts'
import { describeError } from '../../../shared/errors.ts'
import { seconds } from '../../../shared/time.ts'
import type { App, HttpParts } from '../app.ts'
import { HttpProblem } from '../answers/problems.ts'
import { parentOf } from './parent.ts'
import { inTransaction } from '../transaction.ts'

/** How long the request itself tries to empty S3; the job that was asked for goes on for as long as it takes. */
const S3_PATIENCE = seconds(3)

/** Forgets everything about a child's documents, in the database at once and in S3 as soon as S3 is there. */
export function deleteRoute(app: App, { asking, iepBucket, log }: HttpParts): void {
  app.delete(
    '/profile/children/:childId/documents',
    {
      schema: {
        tags: ['iep'],
        summary: "Deletes a child's documents",
        description: 'What is going on with them stops. May be repeated.',
        params: z.object({ childId: z.string() }),
        response: { 200: z.object({ message: z.string(), childId: z.string() }) },
      },
    },
    async (request) => {
      const userId = parentOf(request)
      const childId = await forgetAll(userId, request.params.childId, request.trace)
      await removeNow(userId, childId)
      return { message: 'IEP documents successfully deleted', childId }
    },
  )

  /** One transaction: rows, jobs under way, and the job that empties S3. The jobs are stopped first: a step that settles locks its row before its document's. */
  const forgetAll = async (userId: string, given: string, trace: string): Promise<string> => {
    try {
      return await inTransaction(asking.database, async (tx) => {
        const childId = await holdChild(tx, userId, given)
        const steps = await stepsOf(within(tx), await documentsOf(tx, childId))
        for (const id of steps) await stop(tx, asking, id, `iep:${userId}`)
        await forgetDocuments(tx, childId)
        await asking.accept.in(tx, [ask(removeObjects, { userId, childId })], trace)
        return childId
      })
    } catch (error) {
      if (error instanceof NotTheirs) throw error
      log.error({ err: error, trace }, 'documents could not be deleted')
      throw notDeleted(error)
    }
  }

  /** Whatever becomes of it, the job does it again. What has come since for the same child is spared. */
  const removeNow = async (userId: string, childId: string): Promise<void> => {
    if (!iepBucket) return
    try {
      await removeObjectsOfChild({
        db: asking.database.sql,
        bucket: iepBucket,
        place: { userId, childId },
        signal: AbortSignal.timeout(S3_PATIENCE),
      })
    } catch (error) {
      log.warn({ ...describeError(error) }, 'S3 could not be emptied at once; the job goes on')
    }
  }
}

async function stop(tx: Tx, asking: Asking, id: string, actor: string): Promise<void> {
  const steered = await cancel(within(tx), id, actor)
  if (!steered) return
  afterCommit(tx, () => {
    if (steered.ticket) asking.dispatcher.dispatch(steered.ticket)
    asking.tell(id)
  })
}

function notDeleted(error: unknown): HttpProblem {
  const why = isOutage(error) ? 'the database is away' : 'the database refused'
  return new HttpProblem(500, 'internal', `Error deleting IEP documents: ${why}. Please try again.`)
}
