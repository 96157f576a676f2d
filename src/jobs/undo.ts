import { isOutage, within, type Database, type Tx } from '../shared/database.ts'
import { describeError, LostTicket } from '../shared/errors.ts'
import type { Accept } from './accept.ts'
import type { Attempt } from './attempt.ts'
import type { Registry } from './define.ts'
import type { Dispatcher } from './dispatch.ts'
import { UNDO_ATTEMPTS, type Claimed, type Failure, type Ticket } from './ledger/rows.ts'
import { behindFence, fence, reopenIfAsked, settleUndone } from './ledger/settle.ts'
import type { Lender } from './lend.ts'
import type { Tell } from './tell.ts'

/** Runs the job's undo, then settles the row as its verdict says, together with what `onFailed` writes. */
export type Undo = (row: Claimed, attempt: Attempt) => Promise<'undone'>

export function createUndo(
  parts: { registry: Registry; database: Database; accept: Accept; dispatcher: Dispatcher; tell: Tell },
  { jobOf, dataOf, toolsFor, logOf }: Lender,
): Undo {
  const { registry, database, accept, dispatcher, tell } = parts

  const undo: Undo = async (row, attempt) => {
    const last = row.undo_attempts >= UNDO_ATTEMPTS
    let trouble: Failure | undefined
    try {
      const job = jobOf(row)
      const data = dataOf(job, row)
      await attempt.under(job.timeout, async () => {
        await job.undo?.(
          data,
          toolsFor(row, attempt, () => undefined),
        )
      })
    } catch (error) {
      if (!last || attempt.aborted) throw error
      trouble = describeError(error)
      logOf(row).error({ err: error }, 'the undo is stuck')
    }
    try {
      await closeRow(row, attempt, trouble, true)
    } catch (error) {
      if (!last || isOutage(error) || error instanceof LostTicket) throw error
      logOf(row).error({ err: error }, 'the followers of the failure are stuck')
      await closeRow(row, attempt, trouble ?? describeError(error), false)
    }
    tell(row.id)
    return 'undone'
  }

  const closeRow = async (
    row: Claimed,
    attempt: Attempt,
    trouble: Failure | undefined,
    withFollowers: boolean,
  ): Promise<void> => {
    let next: Ticket | undefined
    await database.transaction(
      async (tx, found) => {
        const run = within(tx)
        if (!behindFence(found)) throw new LostTicket('The row was no longer ours when its undo ended.')
        if (withFollowers && !row.followed) await follow(tx, row)
        await settleUndone(run, attempt, {
          undo: trouble ? 'stuck' : 'done',
          failure: trouble,
          followersDue: !withFollowers && !row.followed,
        })
        next = await reopenIfAsked(run, row.id)
      },
      fence(attempt, 'undoing'),
    )
    if (next) dispatcher.dispatch(next)
  }

  const follow = async (tx: Tx, row: Claimed): Promise<void> => {
    const job = registry.get(row.name)
    const data = job?.data.safeParse(row.data)
    if (!job?.onFailed || !data?.success) return
    await accept.in(tx, await job.onFailed(tx, data.data, row.verdict ?? 'failed'), row.trace)
  }

  return undo
}
