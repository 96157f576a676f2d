import { randomUUID } from 'node:crypto'
import { missing, SqsError } from './errors.ts'
import type { Message } from './message.ts'
import type { Operation } from './operations.ts'
import { redrivePolicy } from './queue-attributes.ts'
import type { Queue } from './queue.ts'

/** The actions that bring dead letters back. */
export const redriveOperations = {
  ListDeadLetterSourceQueues(account, { QueueUrl }) {
    const { arn } = account.get(QueueUrl)
    const sources = account.queues.filter(
      (queue) => redrivePolicy(queue.settings.attributes)?.deadLetterTargetArn === arn,
    )
    return { queueUrls: sources.map((queue) => account.url(queue.name)) }
  },

  /** Moves at once what is visible now: to the destination, or each message to the queue it died in. */
  StartMessageMoveTask(account, { SourceArn, DestinationArn }) {
    if (!SourceArn) throw missing('SourceArn')
    const source = account.queueByArn(SourceArn)
    if (!source) {
      throw new SqsError(
        'ResourceNotFoundException',
        'The resource that you specified for the SourceArn parameter does not exist.',
      )
    }
    const startedAt = Date.now()
    const visible = [...source.messages].filter((message) => message.visibleAt <= startedAt)
    let moved = 0
    for (const message of visible) {
      const destination = account.queueByArn(DestinationArn ?? message.system.DeadLetterQueueSourceArn ?? '')
      if (!destination) continue // died somewhere that is no more
      move(message, source, destination)
      moved++
    }
    const task = { TaskHandle: Buffer.from(randomUUID()).toString('base64'), SourceArn }
    account.moveTasks.unshift({
      ...task,
      Status: 'COMPLETED',
      ApproximateNumberOfMessagesMoved: moved,
      StartedTimestamp: startedAt,
    })
    return { TaskHandle: task.TaskHandle }
  },

  ListMessageMoveTasks(account, { SourceArn, MaxResults = 1 }) {
    return { Results: account.moveTasks.filter((task) => task.SourceArn === SourceArn).slice(0, MaxResults) }
  },
} satisfies Record<string, Operation>

/** A message that comes back is a new one with the old content: its receives count from nought. */
function move(message: Message, source: Queue, destination: Queue): void {
  const now = Date.now()
  const { DeadLetterQueueSourceArn: _, ...system } = message.system
  destination.put({
    id: randomUUID(),
    body: message.body,
    attributes: message.attributes,
    system,
    sentAt: now,
    visibleAt: now,
    receives: 0,
  })
  source.remove(message)
}
