import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDeparture, isGone, refusal, send, type Answer } from './answers.ts'
import { answerPreflight, corsHeaders } from './cors.ts'
import { S3Error } from './errors.ts'
import { Notifications, type SendToQueue } from './notifications.ts'
import { isPostForm, postObject } from './post-form.ts'
import { newRequestIds, readCall, type Call, type RequestIds } from './request.ts'
import { operationFor } from './routes.ts'
import { authenticate } from './signature.ts'
import type { StandIn } from './stand-in.ts'
import { Store } from './store.ts'

/** A running stand-in for Amazon S3. */
export interface S3Stack {
  /** `http://127.0.0.1:<port>`; buckets are addressed path-style (`forcePathStyle`). */
  endpoint: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  /** Takes nothing more, breaks off what is under way, and settles what is left of notifications. */
  stop(): Promise<void>
}

export interface S3Options {
  /** Everything is kept below this folder, and is there again after a restart. It is made if need be. */
  directory: string
  /** Any free port unless told. */
  port?: number
  /** `us-east-1` unless told. Requests must be signed for it. */
  region?: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  /** How bucket notifications reach a queue. Without it, a bucket that asks for them is refused. */
  sendToQueue?: SendToQueue
}

/**
 * Starts the stand-in on loopback. It answers as S3 does to the real SDK: signatures are verified, digests are checked,
 * nothing half-written is ever seen; what it cannot do it refuses with NotImplemented.
 * @throws when the port is taken or the folder cannot be read
 */
export async function startS3(options: S3Options): Promise<S3Stack> {
  const { directory, port = 0, region = 'us-east-1', credentials, sendToQueue } = options
  const notifications = new Notifications({ region, sendToQueue })
  const s3: StandIn = { region, credentials, notifications, store: new Store(directory) }

  const underWay = new Set<Promise<void>>()
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000 }, (incoming, response) => {
    const handling = handle(incoming, response, s3)
    underWay.add(handling)
    void handling.finally(() => underWay.delete(handling))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  const stop = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
    await Promise.all(underWay)
    await notifications.stop()
  }
  let stopped: Promise<void> | undefined
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { endpoint, region, ...credentials, stop: () => (stopped ??= stop()) }
}

/** One request, from its first line to its last byte. Never rejects. */
async function handle(incoming: IncomingMessage, response: ServerResponse, s3: StandIn): Promise<void> {
  const ids = newRequestIds()
  response.setHeader('x-amz-request-id', ids.id)
  response.setHeader('x-amz-id-2', ids.hostId)
  response.setHeader('Server', 'AmazonS3')
  try {
    const call = readCall(incoming, ids)
    for (const [name, value] of Object.entries(corsHeaders(call, s3))) response.setHeader(name, value)
    await send(response, await answer(call, s3))
  } catch (error) {
    if (!(error instanceof S3Error) && !isDeparture(error)) {
      console.error(`s3: request ${ids.id} (${incoming.method}) failed:`, error)
    }
    if (!isGone(incoming, response)) await refuse(error, incoming, response, ids)
  } finally {
    // What the client still sends is read and forgotten; else it would never come to read the answer.
    incoming.unpipe()
    incoming.resume()
  }
}

function answer(call: Call, s3: StandIn): Answer | Promise<Answer> {
  if (call.method === 'OPTIONS') return answerPreflight(call, s3)
  if (isPostForm(call)) return postObject(call, s3)
  const request = authenticate(call, s3)
  return operationFor(request)(request, s3)
}

async function refuse(
  error: unknown,
  incoming: IncomingMessage,
  response: ServerResponse,
  ids: RequestIds,
): Promise<void> {
  if (response.headersSent) {
    response.destroy()
  } else {
    const worded = error instanceof S3Error ? error : new S3Error('InternalError')
    await send(response, refusal(worded, incoming.method ?? '', ids))
  }
}
