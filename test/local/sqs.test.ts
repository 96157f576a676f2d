import { once } from 'node:events'
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  QueueDoesNotExist,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs'
import type { Message, ReceiveMessageRequest } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSqs } from '../../local/sqs/server.ts'
import type { SqsStack } from '../../local/sqs/server.ts'

/**
 * The first part can be pointed at any SQS, the real one included: set SQS_CONFORMANCE_ENDPOINT (and AWS_REGION and
 * credentials). It makes queues of its own and deletes them.
 */
const elsewhere = process.env.SQS_CONFORMANCE_ENDPOINT
const run = `millrace-${Date.now().toString(36)}`
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'millrace-sqs-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

describe('an SQS', { timeout: 30_000 }, () => {
  let local: SqsStack | undefined
  let sqs: SQSClient
  const queues: string[] = []

  beforeAll(async () => {
    if (!elsewhere) local = await startSqs({ journal: path.join(directory, 'conformance.jsonl') })
    sqs = elsewhere ? new SQSClient({ endpoint: elsewhere, maxAttempts: 1 }) : clientOf(local!)
  })
  afterAll(async () => {
    for (const QueueUrl of queues) await sqs.send(new DeleteQueueCommand({ QueueUrl }))
    sqs.destroy()
    await local?.stop()
  })

  const create = async (name: string, Attributes: Record<string, string> = {}) => {
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: `${run}-${name}`, Attributes, tags: { app: 'millrace' } }),
    )
    queues.push(QueueUrl!)
    return QueueUrl!
  }
  const arnOf = async (QueueUrl: string) => {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    )
    return Attributes!.QueueArn!
  }
  const createWithDeadLetters = async (name: string) => {
    const deadLetters = await create(`${name}-dlq`)
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: await arnOf(deadLetters),
      maxReceiveCount: 2,
    })
    return { deadLetters, queue: await create(name, { RedrivePolicy }) }
  }
  const send = (QueueUrl: string, MessageBody: string, DelaySeconds?: number) =>
    sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, DelaySeconds }))
  const receive = async (QueueUrl: string, options: Partial<ReceiveMessageRequest> = {}) => {
    const answer = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 0,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
        ...options,
      }),
    )
    return answer.Messages ?? []
  }
  const release = (QueueUrl: string, { ReceiptHandle }: Message, VisibilityTimeout = 0) =>
    sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }))
  const remove = (QueueUrl: string, { ReceiptHandle }: Message) =>
    sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
  const bodies = (messages: Message[]) => messages.map((message) => message.Body)
  const longPoll = { WaitTimeSeconds: 20 }

  test('makes a queue with attributes and tags', async () => {
    const url = await create('made', { VisibilityTimeout: '2' })

    expect(url).toMatch(new RegExp(`/\\d{12}/${run}-made$`))
    expect(await arnOf(url)).toMatch(new RegExp(`^arn:aws:sqs:[\\w-]+:\\d{12}:${run}-made$`))
  })

  test('makes the same queue again without complaint', async () => {
    const url = await create('again', { MessageRetentionPeriod: '1209600' })

    expect(await create('again', { MessageRetentionPeriod: '1209600' })).toBe(url)
    queues.pop()
  })

  test('refuses the name of a queue with other attributes', async () => {
    await create('taken', { MessageRetentionPeriod: '1209600' })

    await expect(create('taken', { MessageRetentionPeriod: '60' })).rejects.toMatchObject({
      name: 'QueueNameExists',
    })
  })

  test('finds a queue by name, and says when there is none', async () => {
    const url = await create('named')

    const found = await sqs.send(new GetQueueUrlCommand({ QueueName: `${run}-named` }))
    expect(found.QueueUrl).toBe(url)
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: `${run}-nowhere` }))).rejects.toBeInstanceOf(
      QueueDoesNotExist,
    )
  })

  test('carries body and attributes unharmed, with the checksums the SDK verifies', async () => {
    const url = await create('content')

    const sent = await sqs.send(
      new SendMessageCommand({
        QueueUrl: url,
        MessageBody: 'héllo 🌊',
        MessageAttributes: {
          type: { DataType: 'String', StringValue: 'iep' },
          count: { DataType: 'Number', StringValue: '5' },
          bytes: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2]) },
        },
      }),
    )
    const [message] = await receive(url, longPoll)

    expect(sent.MD5OfMessageAttributes).toBeDefined()
    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: 'héllo 🌊',
      MD5OfBody: sent.MD5OfMessageBody,
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
      MessageAttributes: { type: { StringValue: 'iep' }, count: { StringValue: '5' } },
      Attributes: { ApproximateReceiveCount: '1' },
    })
    expect([...message!.MessageAttributes!.bytes!.BinaryValue!]).toEqual([1, 2])
    expect(message!.Attributes).toHaveProperty('ApproximateFirstReceiveTimestamp')
    expect(message!.Attributes).toHaveProperty('SentTimestamp')
  })

  test('answers a short poll of an empty queue without messages', async () => {
    const url = await create('empty')

    const answer = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }))

    expect(answer.Messages).toBeUndefined()
  })

  test('wakes a long poll for ten messages when the first one is sent', async () => {
    const url = await create('wakes')

    const poll = receive(url, longPoll)
    await sleep(300)
    await send(url, 'wake')

    const first = await Promise.race([poll, sleep(10_000).then(() => undefined)]) // not only when the 20 s are over
    expect(bodies(first ?? [])).toEqual(['wake'])
  })

  test('keeps a long poll of an empty queue waiting, then answers it empty', async () => {
    const url = await create('waits')
    const order: string[] = []

    const poll = receive(url, { WaitTimeSeconds: 1 }).then((messages) => {
      order.push('answer')
      return messages
    })
    await sleep(500).then(() => order.push('half a second'))

    expect(await poll).toEqual([])
    expect(order).toEqual(['half a second', 'answer'])
  })

  test('wakes a long poll when a visibility timeout ends', async () => {
    const url = await create('expires')
    await send(url, 'held')
    await receive(url, { ...longPoll, VisibilityTimeout: 1 })

    const poll = receive(url, longPoll)

    const [message] = (await Promise.race([poll, sleep(10_000).then(() => undefined)])) ?? []
    expect(message).toMatchObject({ Body: 'held', Attributes: { ApproximateReceiveCount: '2' } })
  })

  test('hides a received message until its visibility is set to nothing', async () => {
    const url = await create('hidden')
    await send(url, 'hidden')
    const [message] = await receive(url, longPoll)

    expect(await receive(url)).toEqual([])
    await release(url, message!)
    expect(bodies(await receive(url, longPoll))).toEqual(['hidden'])
  })

  test('hides a message for longer when its visibility is extended', async () => {
    const url = await create('heartbeat')
    await send(url, 'long work')
    const [message] = await receive(url, { ...longPoll, VisibilityTimeout: 1 })

    await release(url, message!, 30)
    await sleep(1300)

    expect(await receive(url)).toEqual([])
  })

  test('moves a message to the dead letters at the receive after the last allowed one', async () => {
    const { queue, deadLetters } = await createWithDeadLetters('redrive')
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: queue,
        MessageBody: 'poison',
        MessageAttributes: { a: { DataType: 'String', StringValue: 'kept' } },
      }),
    )

    for (const attempt of ['1', '2']) {
      const [message] = await receive(queue, longPoll)
      expect(message!.Attributes!.ApproximateReceiveCount).toBe(attempt)
      await release(queue, message!)
    }

    expect(await receive(queue)).toEqual([])
    const [dead] = await receive(deadLetters, longPoll)
    expect(dead).toMatchObject({
      Body: 'poison',
      MessageAttributes: { a: { StringValue: 'kept' } },
      Attributes: { DeadLetterQueueSourceArn: await arnOf(queue) },
    })
  })

  test('leaves a message where it is until somebody asks once too often', async () => {
    const { queue, deadLetters } = await createWithDeadLetters('patient')
    await send(queue, 'twice read')
    for (let attempt = 1; attempt <= 2; attempt++) {
      const [message] = await receive(queue, longPoll)
      await release(queue, message!)
    }

    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: deadLetters,
        AttributeNames: ['ApproximateNumberOfMessages'],
      }),
    )
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: '0' })
  })

  test('moves dead letters back to where they came from, counting anew', async () => {
    const { queue, deadLetters } = await createWithDeadLetters('back')
    await send(queue, 'second chance')
    for (let attempt = 1; attempt <= 2; attempt++) {
      const [message] = await receive(queue, longPoll)
      await release(queue, message!)
    }
    await receive(queue, { WaitTimeSeconds: 1 })

    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: await arnOf(deadLetters) }))

    const [message] = await receive(queue, longPoll)
    expect(message).toMatchObject({ Body: 'second chance', Attributes: { ApproximateReceiveCount: '1' } })
    expect(message!.Attributes).not.toHaveProperty('DeadLetterQueueSourceArn')
  })

  test('names the queues that send their dead letters to a queue', async () => {
    const { queue, deadLetters } = await createWithDeadLetters('sources')

    const answer = await sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: deadLetters }))

    expect(answer.queueUrls).toEqual([queue])
  })

  test('takes ten messages in one batch, and deletes ten', async () => {
    const url = await create('batch')
    const Entries = Array.from({ length: 10 }, (_, i) => ({ Id: `m${i}`, MessageBody: `body ${i}` }))

    const sent = await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))
    const received: Message[] = []
    while (received.length < 10) received.push(...(await receive(url, longPoll)))
    const deleted = await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url,
        Entries: received.map(({ ReceiptHandle }, i) => ({ Id: `d${i}`, ReceiptHandle })),
      }),
    )

    expect(sent.Successful).toHaveLength(10)
    expect(new Set(bodies(received))).toEqual(new Set(Entries.map((entry) => entry.MessageBody)))
    expect(deleted.Successful).toHaveLength(10)
  })

  test('refuses a batch of eleven', async () => {
    const url = await create('eleven')
    const Entries = Array.from({ length: 11 }, (_, i) => ({ Id: `m${i}`, MessageBody: 'b' }))

    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))).rejects.toMatchObject({
      name: 'TooManyEntriesInBatchRequest',
    })
  })

  test('refuses a batch that uses an id twice', async () => {
    const url = await create('ids')
    const Entries = [
      { Id: 'a', MessageBody: 'one' },
      { Id: 'a', MessageBody: 'two' },
    ]

    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))).rejects.toMatchObject({
      name: 'BatchEntryIdsNotDistinct',
    })
  })

  test('carries out the good entries of a batch and names the bad ones', async () => {
    const url = await create('partial')
    await send(url, 'p')
    const [message] = await receive(url, longPoll)

    const answer = await sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: 'good', ReceiptHandle: message!.ReceiptHandle, VisibilityTimeout: 30 },
          { Id: 'bad', ReceiptHandle: 'garbage', VisibilityTimeout: 30 },
        ],
      }),
    )

    expect(answer.Successful).toEqual([{ Id: 'good' }])
    expect(answer.Failed).toMatchObject([{ Id: 'bad', Code: 'ReceiptHandleIsInvalid', SenderFault: true }])
  })

  test('refuses a receipt handle it never gave out', async () => {
    const url = await create('garbage')

    await expect(remove(url, { ReceiptHandle: 'garbage' })).rejects.toBeInstanceOf(ReceiptHandleIsInvalid)
  })

  test('accepts the handle of an earlier receive for a delete', async () => {
    const url = await create('stale')
    await send(url, 'read twice')
    const [first] = await receive(url, { ...longPoll, VisibilityTimeout: 0 })
    const [second] = await receive(url, { ...longPoll, VisibilityTimeout: 20 })

    await remove(url, first!)
    await remove(url, second!)

    expect(second!.Body).toBe('read twice')
    expect(await receive(url)).toEqual([])
  })

  test('refuses to change the visibility of a deleted message', async () => {
    const url = await create('deleted')
    await send(url, 'x')
    const [message] = await receive(url, longPoll)
    await remove(url, message!)

    await expect(release(url, message!, 5)).rejects.toMatchObject({ name: 'InvalidParameterValue' })
  })

  test('holds a delayed message back', async () => {
    const url = await create('delayed')

    await send(url, 'later', 1)

    expect(await receive(url)).toEqual([])
    expect(bodies(await receive(url, longPoll))).toEqual(['later'])
  })

  test('refuses a body of more than a mebibyte', async () => {
    const url = await create('large')

    await expect(send(url, 'x'.repeat(1_048_577))).rejects.toMatchObject({ name: 'InvalidParameterValue' })
  })

  test('takes a body of 300 KiB, and forgets it when purged', async () => {
    const url = await create('purged')
    await send(url, 'x'.repeat(300 * 1024))

    await sqs.send(new PurgeQueueCommand({ QueueUrl: url }))

    expect(await receive(url, { WaitTimeSeconds: elsewhere ? 20 : 0 })).toEqual([])
  })

  test('tells all attributes of a queue', async () => {
    const url = await create('attributes', { DelaySeconds: '3' })

    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
    )

    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
      ApproximateNumberOfMessagesDelayed: '0',
      DelaySeconds: '3',
      MaximumMessageSize: '1048576',
      MessageRetentionPeriod: '345600',
      VisibilityTimeout: '30',
    })
  })

  test('changes attributes, and lists queues by prefix', async () => {
    const url = await create('listed-one')
    const other = await create('listed-two')

    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: '77' } }))

    const changed = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['VisibilityTimeout'] }),
    )
    expect(changed.Attributes).toEqual({ VisibilityTimeout: '77' })
    const listed = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: `${run}-listed-` }))
    expect(listed.QueueUrls?.toSorted()).toEqual([url, other])
  })

  test('keeps a FIFO group in order and drops what was sent twice', async () => {
    const url = await create('order.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' })
    const put = (MessageBody: string) =>
      sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody, MessageGroupId: 'ada' }))

    const sent = await put('one')
    const repeated = await put('one')
    await put('two')

    expect(sent.SequenceNumber).toBeDefined()
    expect(repeated.MessageId).toBe(sent.MessageId)
    const [first] = await receive(url, { ...longPoll, MaxNumberOfMessages: 1 })
    expect(first!.Body).toBe('one')
    expect(await receive(url)).toEqual([]) // the group is held until `one` is done
    await remove(url, first!)
    expect(bodies(await receive(url, longPoll))).toEqual(['two'])
  })

  test('gives nothing to a long poll whose caller has gone', async () => {
    const url = await create('gone')
    const caller = new AbortController()

    const poll = sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 10 }), {
      abortSignal: caller.signal,
    })
    setTimeout(() => caller.abort(), 200)
    await expect(poll).rejects.toMatchObject({ name: 'AbortError' })
    await sleep(100)
    await send(url, 'for the living')

    expect(bodies(await receive(url, { WaitTimeSeconds: 2 }))).toEqual(['for the living'])
  })

  test('takes a thousand messages from a crowd, and gives each of them once', async () => {
    const url = await create('crowd')
    const expected = Array.from({ length: 1000 }, (_, i) => `message ${i}`)

    await Promise.all(
      Array.from({ length: 100 }, (_, batch) => {
        const slice = expected.slice(batch * 10, batch * 10 + 10)
        const Entries = slice.map((MessageBody, i) => ({ Id: `e${i}`, MessageBody }))
        return sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))
      }),
    )
    const received: Message[] = []
    for (;;) {
      const messages = await receive(url, { WaitTimeSeconds: 1 })
      if (messages.length === 0) break
      received.push(...messages)
      const Entries = messages.map(({ ReceiptHandle }, i) => ({ Id: `d${i}`, ReceiptHandle }))
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }))
    }

    expect(received).toHaveLength(1000)
    expect(new Set(bodies(received))).toEqual(new Set(expected))
  })

  test('knows no deleted queue', async () => {
    const url = await create('short-lived')
    queues.pop()

    await sqs.send(new DeleteQueueCommand({ QueueUrl: url }))

    await expect(receive(url)).rejects.toMatchObject({ name: 'QueueDoesNotExist' })
  })
})

describe.skipIf(elsewhere)('the local SQS', { timeout: 30_000 }, () => {
  test('gives back after a restart what was not deleted, at whatever port it then has', async () => {
    let held: Message
    {
      await using sqs = await open('restart')
      for (const body of ['done', 'held', 'waiting']) await sqs.send(body)
      const [first, second] = await receiveTwo(sqs)
      await sqs.client.send(new DeleteMessageCommand({ ...sqs.queue, ReceiptHandle: first!.ReceiptHandle }))
      held = second!
    }

    await using sqs = await open('restart')
    const found = await sqs.client.send(new GetQueueUrlCommand({ QueueName: 'events' }))
    expect(found.QueueUrl).toBe(`${sqs.stack.endpoint}/000000000000/events`)
    expect(await receiveAll(sqs)).toMatchObject([{ Body: 'waiting' }])
    const { ReceiptHandle } = held // the process that gave it out is no more
    await sqs.client.send(
      new ChangeMessageVisibilityCommand({ ...sqs.queue, ReceiptHandle, VisibilityTimeout: 0 }),
    )
    expect(await receiveAll(sqs)).toMatchObject([
      { Body: 'held', Attributes: { ApproximateReceiveCount: '2' } },
    ])
  })

  test('remembers after a restart what a FIFO queue was sent', async () => {
    const journal = 'fifo'
    const sendTo = async (sqs: Awaited<ReturnType<typeof open>>) => {
      const { QueueUrl } = await sqs.client.send(
        new CreateQueueCommand({ QueueName: 'order.fifo', Attributes: { FifoQueue: 'true' } }),
      )
      const once = { MessageBody: 'x', MessageGroupId: 'ada', MessageDeduplicationId: 'once' }
      return sqs.client.send(new SendMessageCommand({ QueueUrl, ...once }))
    }
    let before
    {
      await using sqs = await open(journal)
      before = await sendTo(sqs)
    }

    await using sqs = await open(journal)
    const after = await sendTo(sqs)

    expect(after.MessageId).toBe(before.MessageId)
  })

  test('loses nothing it acknowledged when it is killed, and ignores the line the kill tore', async () => {
    const victim = await startInOwnProcess(journalOf('killed'))
    const before = clientOf(victim)
    const { QueueUrl } = await before.send(new CreateQueueCommand({ QueueName: 'events' }))
    for (let i = 0; i < 20; i++) {
      await before.send(new SendMessageCommand({ QueueUrl, MessageBody: `message ${i}` }))
    }
    before.destroy()
    await victim.kill()
    await appendFile(journalOf('killed'), '{"op":"message","queue":"events","message":{"id":"torn","bo')

    {
      await using sqs = await open('killed')
      expect(await lookAtAll(sqs)).toHaveLength(20)
      await sqs.send('written where the torn line was')
    }
    await using sqs = await open('killed')
    expect(await receiveAll(sqs)).toHaveLength(21)
  })

  test('refuses a journal that is damaged in the middle, and says where', async () => {
    {
      await using sqs = await open('damaged')
      await sqs.send('one')
    }
    const [first, ...rest] = (await readFile(journalOf('damaged'), 'utf8')).split('\n')
    await writeFile(journalOf('damaged'), [first, '{"op":', ...rest].join('\n'))

    await expect(open('damaged')).rejects.toThrow('damaged at line 2')
  })

  test('keeps its journal small however much passes through', async () => {
    const large = 'x'.repeat(500_000)
    {
      await using sqs = await open('compacted')
      await sqs.send('stays')

      for (let i = 0; i < 20; i++) {
        await sqs.send(large) // 10 MB in all
        const passing = (await lookAtAll(sqs)).find((message) => message.Body === large)
        const { ReceiptHandle } = passing!
        await sqs.client.send(new DeleteMessageCommand({ ...sqs.queue, ReceiptHandle }))
      }

      expect((await stat(journalOf('compacted'))).size).toBeLessThan(4_000_000)
    }
    await using sqs = await open('compacted')
    expect(await receiveAll(sqs)).toMatchObject([{ Body: 'stays' }])
  })

  test('takes a notification in process, and refuses one for a queue that is not there', async () => {
    await using sqs = await open('in-process')

    await sqs.stack.send('arn:aws:sqs:eu-west-1:000000000000:events', '{"Records":[]}')

    expect(await receiveAll(sqs)).toMatchObject([{ Body: '{"Records":[]}' }])
    await expect(sqs.stack.send(sqs.stack.queueArn('nowhere'), 'x')).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    })
  })

  test('says so when its port is taken', async () => {
    await using sqs = await open('first')

    const port = Number(new URL(sqs.stack.endpoint).port)
    await expect(startSqs({ journal: journalOf('second'), port })).rejects.toThrow('EADDRINUSE')
  })
})

function journalOf(name: string): string {
  return path.join(directory, `${name}.jsonl`)
}

type Open = Awaited<ReturnType<typeof open>>

/** The stand-in on the journal of that name, with one queue and a client; stopped at the end of the block. */
async function open(name: string) {
  const stack = await startSqs({ journal: journalOf(name), region: 'eu-west-1' })
  const client = clientOf(stack)
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: 'events' }))
  return {
    stack,
    client,
    queue: { QueueUrl: QueueUrl! },
    send: (body: string) => stack.send(stack.queueArn('events'), body),
    async [Symbol.asyncDispose]() {
      client.destroy()
      await stack.stop()
    },
  }
}

function clientOf({ endpoint }: { endpoint: string }): SQSClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  return new SQSClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
}

async function receiveTwo({ client, queue }: Open): Promise<Message[]> {
  const { Messages } = await client.send(new ReceiveMessageCommand({ ...queue, MaxNumberOfMessages: 2 }))
  return Messages ?? []
}

/** Everything that is visible now, in order; hidden from then on. */
async function receiveAll({ client, queue }: Open): Promise<Message[]> {
  const all: Message[] = []
  for (;;) {
    const options = { MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All' as const] }
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ ...queue, ...options }))
    if (Messages.length === 0) return all
    all.push(...Messages)
  }
}

/** Everything that is visible now, in order; and still visible afterwards. */
async function lookAtAll(sqs: Open): Promise<Message[]> {
  const all = await receiveAll(sqs)
  for (const { ReceiptHandle } of all) {
    await sqs.client.send(
      new ChangeMessageVisibilityCommand({ ...sqs.queue, ReceiptHandle, VisibilityTimeout: 0 }),
    )
  }
  return all
}

/** The stand-in in a process of its own, so that it can be killed. */
async function startInOwnProcess(journal: string): Promise<{ endpoint: string; kill(): Promise<void> }> {
  const server = new URL('../../local/sqs/server.ts', import.meta.url).href
  const script = `import { startSqs } from ${JSON.stringify(server)}
    const { endpoint } = await startSqs({ journal: ${JSON.stringify(journal)} })
    console.log(endpoint)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    endpoint: line.toString().trim(),
    async kill() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}
