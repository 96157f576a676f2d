import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { startSqs } from '../../local/sqs/server.ts'
import type { SqsStack } from '../../local/sqs/server.ts'

const event = {
  version: '1',
  region: 'us-east-1',
  userPoolId: 'us-east-1_ABC123',
  userName: 'f7bf6d67-99f9-4e4d-9012-8a3cda431f31',
  callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId: '4ma39kqn9j6ncsimddqs13sgok' },
  triggerSource: 'PostConfirmation_ConfirmSignUp',
  request: {
    userAttributes: {
      sub: 'f7bf6d67-99f9-4e4d-9012-8a3cda431f31',
      email: 'ada@example.org',
      email_verified: 'true',
      'cognito:user_status': 'CONFIRMED',
    },
  },
  response: {},
}

let directory: string
let sqs: SqsStack
let client: SQSClient

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'millrace-lambda-'))
  sqs = await startSqs({ journal: path.join(directory, 'sqs.jsonl') })
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  client = new SQSClient({ endpoint: sqs.endpoint, region: sqs.region, credentials })
  await client.send(new CreateQueueCommand({ QueueName: 'events' }))
})
beforeEach(() => {
  vi.stubEnv('AWS_REGION', 'us-east-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local')
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})
afterAll(async () => {
  client.destroy()
  await sqs.stop()
  await rm(directory, { recursive: true, force: true })
})

test('forwards the event as it is, and returns it', async () => {
  const handler = await deploy(sqs.endpoint)

  expect(await handler(event)).toEqual(event)

  expect(await received()).toEqual([event])
})

test('tries a second time when the first attempt fails', async () => {
  await using flaky = await breaksTheFirstConnection(sqs.endpoint)
  const handler = await deploy(flaky.endpoint)

  await handler(event)

  expect(flaky.requests()).toBe(2)
  expect(await received()).toEqual([event])
})

test('lets the sign-up go on when the queue is away, and says which user was missed without naming them', async () => {
  const printed = vi.spyOn(console, 'error').mockReturnValue()
  const handler = await deploy('http://127.0.0.1:9') // nobody listens there

  expect(await handler(event)).toEqual(event)

  const line = String(printed.mock.calls[0]?.[0])
  expect(JSON.parse(line)).toMatchObject({
    message: 'Cognito event not forwarded',
    sub: 'f7bf6d67-99f9-4e4d-9012-8a3cda431f31',
  })
  expect(line).not.toContain('ada@example.org')
})

test('does not start without a queue', async () => {
  vi.stubEnv('EVENTS_QUEUE_URL', '')

  await expect(load()).rejects.toThrow('EVENTS_QUEUE_URL is not set')
})

/** The handler with its queue at that endpoint. */
async function deploy(endpoint: string): Promise<(event: object) => Promise<object>> {
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', endpoint)
  vi.stubEnv('EVENTS_QUEUE_URL', sqs.queueUrl('events').replace(sqs.endpoint, endpoint)) // the SDK goes where this points
  return load()
}

/** As a cold start does it: the module is read anew. */
async function load(): Promise<(event: object) => Promise<object>> {
  vi.resetModules()
  const lambda = await import('../../deploy/cognito-post-confirmation/index.mjs')
  return lambda.handler
}

async function received(): Promise<unknown[]> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: sqs.queueUrl('events'),
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 5,
    }),
  )
  return Messages.map((message) => JSON.parse(message.Body!) as unknown)
}

/** Passes requests on, after it has hung up on the first one. */
async function breaksTheFirstConnection(target: string) {
  let requests = 0
  const server = http.createServer((request, response) => {
    requests++
    if (requests === 1) return request.socket.destroy()
    const { method, headers } = request
    const onward = http.request(target, { method, headers, path: request.url }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
