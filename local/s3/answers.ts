import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { S3Error } from './errors.ts'
import type { RequestIds } from './request.ts'
import { element, errorDocument } from './xml.ts'

/** What an operation has to say. At most one of `xml` and `stream`. */
export interface Answer {
  status: number
  headers?: Record<string, string | number>
  /** A whole document. */
  xml?: string
  stream?: Readable
}

/** Sends it. Rejects when the client goes away while a stream is sent. */
export async function send(
  response: ServerResponse,
  { status, headers = {}, xml, stream }: Answer,
): Promise<void> {
  response.statusCode = status
  if (xml !== undefined) response.setHeader('Content-Type', 'application/xml')
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (stream) await pipeline(stream, response)
  else response.end(xml)
}

/** The error as S3 words it. Answers to HEAD, and `304`, have no document; `304` names what has not changed. */
export function refusal(error: S3Error, method: string, ids: RequestIds): Answer {
  if (error.status === 304) return { status: 304, headers: error.details }
  if (method === 'HEAD') return { status: error.status }
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

/** Whether there is nobody left to answer. */
export function isGone(incoming: IncomingMessage, response: ServerResponse): boolean {
  return (
    response.destroyed || response.socket?.destroyed === true || (incoming.destroyed && !incoming.complete)
  )
}

/** Whether it is only the news that the client has gone. */
export function isDeparture(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'].includes(code ?? '')
}
