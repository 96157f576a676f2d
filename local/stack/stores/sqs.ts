import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import path from 'node:path'
import { Plain } from '../../launch/plain.ts'
import { startSqs, type SqsStack } from '../../sqs/server.ts'
import { shown } from '../place.ts'
import { ensurePrivateFolder } from '../private-file.ts'
import type { StoreFacts } from '../stack-file.ts'
import { checkedPort, endpointElsewhere, type Account } from './aws.ts'
import type { Opened, Setting } from './setting.ts'

export interface OpenedSqs extends Opened<Pick<StoreFacts, 'sqs'>> {
  server?: SqsStack
  /** The queue of events; undefined when it is a given one. */
  queueArn?: string
  /** Sends one message to the queue of events. */
  send(body: string): Promise<void>
}

const queueName = 'millrace-events'

/** The SQS of the account, else our own stand-in, with the queue of events and its dead letters. */
export async function openSqs(setting: Setting, account: Account): Promise<OpenedSqs> {
  const elsewhere = endpointElsewhere('sqs', setting, account)
  const { EVENTS_QUEUE_URL: given } = setting.given
  if (given && !elsewhere) {
    throw new Plain(
      'EVENTS_QUEUE_URL names a queue, but nothing says how to get there: set AWS_ACCESS_KEY_ID and ' +
        'AWS_SECRET_ACCESS_KEY, or AWS_ENDPOINT_URL_SQS, or none of them for the stand-in',
    )
  }
  if (account.isAws && !setting.given['AWS_ENDPOINT_URL_SQS'] && !given) {
    throw new Plain(
      'AWS_ACCESS_KEY_ID is set, which means the real SQS: name its queue in EVENTS_QUEUE_URL too, or unset it for the stand-ins',
    )
  }

  const server = elsewhere ? undefined : await startOwn(setting, account)
  const { endpoint, env } = elsewhere ?? {
    endpoint: server?.endpoint ?? '',
    env: { AWS_ENDPOINT_URL_SQS: server?.endpoint ?? '' },
  }
  const client = clientOf(endpoint, account)
  setting.closing.defer(() => client.destroy())

  const queues = given ? { queueUrl: given } : await ensureQueues(client)
  const where = server
    ? `queue ${queueName}, in ${shown(journalOf(setting))}`
    : `${queues.queueUrl} of the environment`
  return {
    note: where,
    facts: { sqs: { endpoint, region: account.region, ...queues, ...(server ? account.credentials : {}) } },
    env: { ...env, EVENTS_QUEUE_URL: queues.queueUrl },
    ...(server ? { server, queueArn: server.queueArn(queueName) } : {}),
    async send(body) {
      await client.send(new SendMessageCommand({ QueueUrl: queues.queueUrl, MessageBody: body }))
    },
  }
}

async function startOwn(setting: Setting, { region }: Account): Promise<SqsStack> {
  const journal = journalOf(setting)
  ensurePrivateFolder(path.dirname(journal))
  const server = await startSqs({ journal, region, ...(await checkedPort(setting.ports.sqs)) })
  setting.closing.defer(() => server.stop())
  return server
}

const journalOf = ({ place }: Setting): string => place.data('sqs/journal.jsonl')

function clientOf(endpoint: string, { region, credentials }: Account): SQSClient {
  // The SDK writes a note of its own into the object it is given.
  return new SQSClient({ endpoint, region, credentials: { ...credentials }, maxAttempts: 2 })
}

/** A message that was received six times without being deleted goes to the dead letters and is kept for two weeks. */
async function ensureQueues(client: SQSClient): Promise<{ queueUrl: string; deadLetterQueueUrl: string }> {
  const ensure = async (name: string, attributes: Record<string, string>): Promise<string> => {
    const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: name }))
    await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: attributes }))
    return QueueUrl
  }
  const deadLetterQueueUrl = await ensure(`${queueName}-dead`, { MessageRetentionPeriod: '1209600' })
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetterQueueUrl, AttributeNames: ['QueueArn'] }),
  )
  const redrive = { deadLetterTargetArn: Attributes?.['QueueArn'], maxReceiveCount: 6 }
  const queueUrl = await ensure(queueName, { RedrivePolicy: JSON.stringify(redrive) })
  return { queueUrl, deadLetterQueueUrl }
}
