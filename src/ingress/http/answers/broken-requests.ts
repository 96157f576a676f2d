import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Log } from '../../../shared/log.ts'
import type { Metrics } from '../../../shared/metrics.ts'
import { newRequestId } from '../edge/trace.ts'
import { problemBody } from './problem-shapes.ts'
import { HttpProblem } from './problems.ts'

/**
 * Answers bytes that are not HTTP, or came too slowly, on the bare socket, and notes them as any other request. When they
 * follow a request that is still being answered, that answer is the last one of the connection.
 */
export function answerBrokenRequests({ log, metrics }: { log: Log; metrics: Metrics }) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed || leaving.has(socket)) return
    leaving.add(socket)
    const answering = answerUnderWay(socket)
    if (answering?.req.complete) {
      answering.once('close', () => socket.destroySoon())
      return
    }
    // Half an answer is no place for another one.
    if (answering?.headersSent) {
      socket.destroySoon()
      return
    }

    const problem = faultOf(error.code)
    const id = newRequestId()
    if (socket.writable) socket.write(wholeAnswer(problem, id))
    socket.destroySoon()
    metrics.requests.observe({ method: 'unknown', route: 'unknown', status: problem.status }, 0)
    log.info({ trace: id, route: 'unknown', status: problem.status, problem: problem.code }, 'request')
  }
}

/** Connections that end with what is being answered: each further piece of nonsense is an error of its own. */
const leaving = new WeakSet<Socket>()

/** Node keeps it there, and looks at it itself where nobody else handles such errors. */
const answerUnderWay = (socket: Socket): ServerResponse | undefined =>
  // oxlint-disable-next-line no-underscore-dangle -- there is no other way to it
  (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined

function faultOf(code: string | undefined): HttpProblem {
  const [status, ours, message] = broken[code ?? ''] ?? [
    400,
    'bad-request',
    'This is not a valid HTTP request.',
  ]
  return new HttpProblem(status, ours, message)
}

const broken: Record<string, [number, string, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'too-slow', 'The request took too long to arrive.'],
  HPE_HEADER_OVERFLOW: [431, 'headers-too-large', 'The headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'too-large', 'The body is too large.'],
}

/** Whose address it was meant for is not known: the shape is that of no product. */
function wholeAnswer(problem: HttpProblem, id: string): string {
  const body = JSON.stringify(problemBody('/', problem, id))
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `Date: ${new Date().toUTCString()}`,
    'Connection: close',
    `X-Request-Id: ${id}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
