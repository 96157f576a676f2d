import path from 'node:path'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { pino } from 'pino'
import { startSqs } from '../../../local/sqs/server.ts'
import { reactTo } from '../../../src/ingress/reactions.ts'
import { openSqs, startConsumer, type Consumer, type ConsumerOptions } from '../../../src/ingress/sqs.ts'
import type { Log } from '../../../src/shared/log.ts'
import type { World } from '../../support/world.ts'

/** A queue of events on a real endpoint, whose server can go away and come back. */
export interface Queue extends AsyncDisposable {
  sqs: SQSClient
  url: string
  endpoint: string
  /** Sends documents, or texts as they are; returns the ids of the messages. */
  send(...bodies: unknown[]): Promise<string[]>
  /** Messages the queue still has: those to be received, and those in somebody's hands. */
  counts(): Promise<{ visible: number; inFlight: number }>
  away(): Promise<void>
  back(): Promise<void>
}

export async function createQueue(world: World): Promise<Queue> {
  const journal = path.join(world.directory, 'sqs.jsonl')
  let server = await startSqs({ journal })
  const { endpoint } = server
  const sqs = openSqs({ ...world.config.aws, ...someone, sqsEndpoint: endpoint })
  const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'events' }))

  const sendOne = async (body: unknown): Promise<string> => {
    const MessageBody = typeof body === 'string' ? body : JSON.stringify(body)
    const { MessageId = '' } = await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody }))
    return MessageId
  }
  let running = true
  const away = async (): Promise<void> => {
    if (running) await server.stop()
    running = false
  }
  return {
    sqs,
    url,
    endpoint,
    send: async (...bodies) => {
      const ids: string[] = []
      for (const body of bodies) ids.push(await sendOne(body))
      return ids
    },
    counts: async () => {
      const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
      const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] })
      const { Attributes } = await sqs.send(asked)
      return { visible: Number(Attributes?.[names[0]]), inFlight: Number(Attributes?.[names[1]]) }
    },
    away,
    back: async () => {
      server = await startSqs({ journal, port: Number(new URL(endpoint).port) })
      running = true
    },
    [Symbol.asyncDispose]: async () => {
      sqs.destroy()
      await away()
    },
  }
}

/** The stand-in checks no signature, but the SDK wants to write one. */
export const someone = { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }

/** A consumer of the queue, by default with the product's own reactions; stopped at the end of its block. */
export function consume(
  world: World,
  queue: Queue,
  options: Partial<ConsumerOptions> = {},
): Consumer & AsyncDisposable {
  const consumer = startConsumer({
    sqs: queue.sqs,
    queueUrl: queue.url,
    database: world.database,
    accept: world.asking.accept,
    react: (event) => reactTo(event, world.config),
    metrics: world.metrics,
    log: world.log,
    ...options,
  })
  return { ...consumer, [Symbol.asyncDispose]: () => consumer.stop() }
}

/** A log that keeps its lines. */
export function keepLog(): { log: Log; lines: () => { msg: string }[]; text: () => string } {
  let text = ''
  const log = pino({ level: 'trace' }, { write: (line: string) => void (text += line) })
  return {
    log,
    text: () => text,
    lines: () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { msg: string }),
  }
}
