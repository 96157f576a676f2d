import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message as SqsMessage,
} from '@aws-sdk/client-sqs'
import { isReady } from '../jobs/ledger/ready.ts'
import type { Config } from '../shared/config.ts'
import { minutes, seconds, sleep } from '../shared/time.ts'
import { pauseAfter, watchAbsence } from './messages/absence.ts'
import { takeIn, type Message, type TakeInParts } from './messages/take-in.ts'
import { traceOf } from './messages/trace.ts'

/** The SDK's own retries are off: the loop below knows better how long to wait. */
export function openSqs({ region, credentials, sqsEndpoint }: Config['aws']): SQSClient {
  return new SQSClient({
    region,
    maxAttempts: 1,
    ...(credentials ? { credentials } : {}),
    ...(sqsEndpoint ? { endpoint: sqsEndpoint } : {}),
  })
}

export interface ConsumerOptions extends Omit<TakeInParts, 'source'> {
  sqs: SQSClient
  queueUrl: string
  /** Long polls at once; each holds at most ten messages of at most 1 MiB. */
  pollers?: number
  /** How long one long poll waits for a first message. SQS allows 20. */
  waitSeconds?: number
  /** How long a message is ours once received. One that is deleted later than that just comes again. */
  visibilitySeconds?: number
}

export interface Consumer {
  /** Whether the queue and Postgres answered when they were last asked. */
  answers(): { queue: boolean; postgres: boolean }
  /** False when no poller has come around for minutes, though each of its steps has a limit. */
  live(): boolean
  /** Resolves when all pollers have ended after `stop`; rejects when one broke. */
  ended: Promise<void>
  /** Receives nothing more, finishes what is in hand and returns. */
  stop(): Promise<void>
}

/**
 * Takes messages from a queue until it is stopped. A message is deleted only after the transaction with everything
 * that follows from it has committed; until then it stays in the queue and comes again.
 */
export function startConsumer(options: ConsumerOptions): Consumer {
  const {
    sqs,
    queueUrl,
    database,
    metrics,
    log,
    pollers = 4,
    waitSeconds = 20,
    visibilitySeconds = 60,
  } = options
  const parts: TakeInParts = { ...options, source: `sqs:${queueUrl.slice(queueUrl.lastIndexOf('/') + 1)}` }
  const stopping = new AbortController()
  const queue = watchAbsence('the event queue', log)
  const postgres = watchAbsence('Postgres', log)
  let lastTurn = performance.now()

  const poll = async (): Promise<void> => {
    let misses = 0
    while (!stopping.signal.aborted) {
      lastTurn = performance.now()
      if (postgres.away()) await untilPostgresAnswers()
      const messages = await receive()
      misses = messages ? 0 : misses + 1
      if (!messages) await sleep(pauseAfter(misses), stopping.signal)
      else if (messages.length > 0) await handle(messages)
    }
  }

  /** Undefined when the queue did not answer, or when we are to stop. */
  const receive = async (): Promise<Message[] | undefined> => {
    try {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: waitSeconds,
          VisibilityTimeout: visibilitySeconds,
          MessageAttributeNames: ['traceparent'],
          MessageSystemAttributeNames: ['ApproximateReceiveCount', 'AWSTraceHeader'],
        }),
        { abortSignal: AbortSignal.any([stopping.signal, AbortSignal.timeout(seconds(waitSeconds + 10))]) },
      )
      queue.answered()
      return Messages.map(messageOf)
    } catch (error) {
      if (!stopping.signal.aborted) queue.missed(error)
      return undefined
    }
  }

  const handle = async (messages: Message[]): Promise<void> => {
    const { finished, outage } = await takeIn(messages, parts, stopping.signal)
    if (outage) postgres.missed(outage)
    await remove(finished)
    const left = messages.filter((message) => !finished.includes(message))
    if (outage) metrics.messages.inc({ outcome: 'left' }, left.length)
    // Whoever takes over need not wait until they would show up by themselves.
    if (stopping.signal.aborted) await release(left)
  }

  /** Tries thrice, also while stopping: what is not deleted comes again, which is harmless but for nothing. */
  const remove = async (messages: Message[]): Promise<void> => {
    let left = messages
    for (let tries = 1; left.length > 0 && tries <= 3; tries += 1) {
      if (tries > 1) await sleep(pauseAfter(tries - 1))
      left = await removeOnce(left)
    }
    if (left.length === 0) return
    metrics.messages.inc({ outcome: 'not deleted' }, left.length)
    log.warn({ messages: left.map(({ id }) => id) }, 'could not delete messages; they will come again')
  }

  /** Returns those that are still there. */
  const removeOnce = async (messages: Message[]): Promise<Message[]> => {
    try {
      const Entries = messages.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }))
      const { Failed = [] } = await sqs.send(
        new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }),
        inTime(),
      )
      const failed = new Set(Failed.map(({ Id }) => Id))
      return messages.filter((_, index) => failed.has(String(index)))
    } catch (error) {
      queue.missed(error)
      return messages
    }
  }

  const release = async (messages: Message[]): Promise<void> => {
    if (messages.length === 0) return
    const Entries = messages.map(({ receipt }, index) => ({
      Id: String(index),
      ReceiptHandle: receipt,
      VisibilityTimeout: 0,
    }))
    try {
      await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }), inTime())
    } catch (error) {
      log.warn(
        { err: error, messages: messages.length },
        'could not hand back messages; they come again by themselves',
      )
    }
  }

  /** While Postgres is away nothing is received, so that an outage does not use up the deliveries a message has. */
  const untilPostgresAnswers = async (): Promise<void> => {
    for (let tries = 1; postgres.away() && !stopping.signal.aborted; tries += 1) {
      lastTurn = performance.now()
      await sleep(pauseAfter(tries), stopping.signal)
      if (await isReady(database.run, log)) postgres.answered()
    }
  }

  const ended = Promise.all(Array.from({ length: pollers }, poll)).then(() => undefined)
  return {
    answers: () => ({ queue: !queue.away(), postgres: !postgres.away() }),
    live: () => performance.now() - lastTurn < minutes(5),
    ended,
    stop: async () => {
      stopping.abort()
      await ended
    },
  }
}

const inTime = () => ({ abortSignal: AbortSignal.timeout(seconds(5)) })

function messageOf(message: SqsMessage): Message {
  const id = message.MessageId ?? ''
  return {
    id,
    body: message.Body ?? '',
    trace: traceOf({
      messageId: id,
      traceparent: message.MessageAttributes?.traceparent?.StringValue,
      xray: message.Attributes?.AWSTraceHeader,
    }),
    receives: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
    receipt: message.ReceiptHandle ?? '',
  }
}
