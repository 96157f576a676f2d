import { randomUUID } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { Account, noSuchQueue } from './account.ts'
import { SqsError } from './errors.ts'
import { findOperation } from './operations.ts'
import type { Request } from './wire.ts'

export interface SqsStack {
  endpoint: string
  region: string
  /** The URL of a queue at the present endpoint, whether or not the queue exists. */
  queueUrl(name: string): string
  queueArn(name: string): string
  /** Sends a message without HTTP, as S3 does for its notifications. Rejects when there is no such queue. */
  send(queueArn: string, body: string): Promise<void>
  /** Ends every long poll and closes the journal. */
  stop(): Promise<void>
}

/**
 * SQS on this machine, for development: the AWS JSON 1.0 protocol as the SDK speaks it, standard and FIFO queues,
 * long polls, visibility, delay, redrive. Signatures are not checked; it listens on the loopback interface alone.
 * What was acknowledged is in the journal and survives a kill; a restart may be at another port.
 */
export async function startSqs(options: {
  journal: string
  /** 0 or none: any free one. */
  port?: number
  region?: string
}): Promise<SqsStack> {
  const account = new Account(options.region ?? 'us-east-1', options.journal)
  const server = http.createServer((request, response) => {
    answer(account, request, response).catch((error: unknown) => {
      console.error('sqs: the connection broke', error)
      response.destroy()
    })
  })
  try {
    account.endpoint = await listen(server, options.port ?? 0)
  } catch (error) {
    account.close()
    throw error
  }

  return {
    endpoint: account.endpoint,
    region: account.region,
    queueUrl: (name) => account.url(name),
    queueArn: (name) => account.arn(name),
    async send(queueArn, body) {
      const queue = account.queueByArn(queueArn)
      if (!queue) throw noSuchQueue()
      queue.send({ MessageBody: body })
    },
    async stop() {
      const closed = new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()))
      })
      server.closeAllConnections()
      await closed
      account.close()
    },
  }
}

async function listen(server: http.Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function answer(
  account: Account,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const body = await readBody(request)
  if (body === undefined) return // the caller went away before it had said what it wanted
  try {
    const operation = findOperation(operationName(request))
    if (!operation) {
      throw new SqsError(
        'InvalidAction',
        `The action ${operationName(request)} is not valid for this endpoint.`,
      )
    }
    reply(response, 200, (await operation(account, parse(body), gone.signal)) ?? {})
  } catch (error) {
    // Nobody is there to hear it, as when the server stops under a long poll.
    if (response.destroyed || request.socket.destroyed) return
    if (!(error instanceof SqsError)) {
      console.error('sqs:', error)
      reply(response, 500, { __type: 'com.amazonaws.sqs#InternalError', message: 'internal error' })
      return
    }
    response.setHeader('x-amzn-query-error', `${error.queryCode};Sender`)
    reply(response, 400, { __type: `com.amazonaws.sqs#${error.code}`, message: error.message })
  }
}

async function readBody(request: http.IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch (error) {
    if (request.destroyed) return undefined
    throw error
  }
  return Buffer.concat(chunks).toString()
}

function operationName(request: http.IncomingMessage): string {
  return String(request.headers['x-amz-target'] ?? '').replace(/^AmazonSQS\./, '')
}

function parse(body: string): Request {
  try {
    return JSON.parse(body || '{}') as Request
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new SqsError('SerializationException', 'The request is not valid JSON.')
  }
}

function reply(response: http.ServerResponse, status: number, answer: object): void {
  const body = Buffer.from(JSON.stringify(answer))
  response.writeHead(status, {
    'Content-Type': 'application/x-amz-json-1.0',
    'Content-Length': body.length,
    'x-amzn-RequestId': randomUUID(),
  })
  response.end(body)
}
