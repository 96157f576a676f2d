import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { S3Error } from './errors.ts'
import type { Call } from './request.ts'
import { element, errorDocument } from './xml.ts'

/** What an operation has to say. At most one of `xml` and `stream`. */
export interface Answer {
  status: number
  headers?: Record<string, string | number>
  /** A whole document. */
  xml?: string
  stream?: Readable
}

/** Sends it. A client that goes away while the stream is sent is no error. */
export async function send(response: ServerResponse, { status, headers = {}, xml, stream }: Answer): Promise<void> {
  if (stream) {
    response.writeHead(status, headers)
    await pipeline(stream, response)
  } else if (xml !== undefined) {
    const type = { 'Content-Type': 'application/xml', 'Content-Length': Buffer.byteLength(xml) }
    response.writeHead(status, { ...type, ...headers }).end(xml)
  } else {
    response.writeHead(status, headers).end()
  }
}

/** The error as S3 words it. Answers to HEAD, and `304`, have no document. */
export function refusal(error: S3Error, { method }: Pick<Call, 'method'>, ids: RequestIds): Answer {
  if (method === 'HEAD' || error.status === 304) return { status: error.status }
  return {
    status: error.status,
    xml: errorDocument(
      element('Code', error.code),
      element('Message', error.message),
      Object.entries(error.details).map(([name, value]) => element(name, value)),
      element('RequestId', ids.id),
      element('HostId', ids.hostId),
    ),
  }
}

/** The two ids that S3 gives every request, in its answer and in the event it causes. */
export interface RequestIds {
  id: string
  hostId: string
}

/** Whether there is nobody left to answer. */
export function isGone(incoming: IncomingMessage, response: ServerResponse): boolean {
  return response.destroyed || response.socket?.destroyed === true || (incoming.destroyed && !incoming.complete)
}
