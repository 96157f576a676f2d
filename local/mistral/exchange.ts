import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { ApiError, serverFailure } from './errors.ts'
import { ConnectionDropped } from './misbehave.ts'
import type { Answer } from './protocol.ts'

/**
 * Sends what `work` comes to: its answer, the refusal it throws, a broken connection, or nothing if the caller is gone
 * or the signal is aborted. Anything else it throws is a fault of the stand-in: printed, and a 500 to the caller. Never
 * rejects.
 */
export async function exchange(
  response: ServerResponse,
  work: () => Promise<Answer>,
  { signal, headers }: { signal?: AbortSignal; headers?: () => Record<string, string> } = {},
): Promise<void> {
  try {
    const answer = await work()
    send(response, answer, headers?.())
  } catch (error) {
    if (error instanceof ConnectionDropped || signal?.aborted || isGone(response)) response.destroy()
    else send(response, toAnswer(error), headers?.())
  }
}

/** Aborted when the caller goes away before it has its answer. */
export function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}

const isGone = (response: ServerResponse): boolean => response.destroyed || Boolean(response.req.errored)

function toAnswer(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  console.error('mistral stand-in: a call failed', error)
  return serverFailure(500)
}

function send(
  response: ServerResponse,
  { status = 200, body, headers, breaksOff }: Answer,
  common: object = {},
): void {
  const isBytes = Buffer.isBuffer(body)
  const bytes = isBytes ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  response.writeHead(status, {
    'content-type': isBytes ? 'application/octet-stream' : 'application/json',
    'content-length': bytes.length,
    'mistral-correlation-id': randomUUID(),
    ...common,
    ...headers,
  })
  if (breaksOff) response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy())
  else response.end(bytes)
}
