import type { FastifyRequest } from 'fastify'
import { milestonesDue, type Changed } from '../../../domains/lockin/milestones.ts'
import { ask } from '../../../jobs/define.ts'
import { notifyMilestone } from '../../../jobs/lockin/notify-milestone.ts'
import type { Asking } from '../../../jobs/open.ts'
import type { Tx } from '../../../shared/database.ts'

/**
 * Asks for the announcement of whatever a change made somebody reach: it is promised together with the change, or not at
 * all. To be called last of all in the transaction that made the change.
 */
export async function askForMilestones(
  tx: Tx,
  asking: Pick<Asking, 'accept'>,
  request: Pick<FastifyRequest, 'trace'>,
  changed: Changed,
): Promise<void> {
  const { groupId } = changed
  if (groupId === null) return
  const due = await milestonesDue(tx, changed)
  const asks = due.map((periodDate) => ask(notifyMilestone, { groupId, periodDate }))
  await asking.accept.in(tx, asks, request.trace)
}
