import type { FastifyReply, FastifyRequest } from 'fastify'
import { Unavailable } from '../../../shared/errors.ts'
import type { App, ServerParts } from '../app.ts'
import { traceOf } from './trace.ts'

/**
 * Gives every request its trace and its ids in the answer, and one line in the log when it is over: answered, or left by
 * its client. Until then it is among those in flight.
 */
export function followRequests(
  app: App,
  {
    log,
    metrics,
    closing,
    inFlight,
  }: Pick<ServerParts, 'log' | 'metrics'> & { closing: AbortSignal; inFlight: Set<FastifyRequest> },
): void {
  // Declared up front, so that all requests have one shape.
  app.decorateRequest('trace', '')
  app.decorateRequest('callers')
  app.decorateRequest('refusal', undefined)
  app.decorateRequest('operator', undefined)
  app.decorateRequest('viaLink', false)
  app.decorateRequest('problem', undefined)

  const over = (request: FastifyRequest, reply: FastifyReply): void => {
    if (inFlight.delete(request)) noteRequest(request, reply, { log, metrics })
  }

  app.addHook('onRequest', (request, reply, done) => {
    inFlight.add(request)
    // The framework hears of answers that were finished; who leaves in the middle of one only closes.
    reply.raw.once('close', () => over(request, reply))
    begin(request, reply)
    if (!closing.aborted) return done()
    reply.header('connection', 'close')
    return done(new Unavailable('This server is about to stop. Please try again.', 1))
  })

  app.addHook('onResponse', (request, reply, done) => {
    over(request, reply)
    done()
  })
}

/** The one line of a request, and its place in the metrics. */
export function noteRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  { log, metrics }: Pick<ServerParts, 'log' | 'metrics'>,
): void {
  const { method } = request
  // The route's pattern, never the address: that may hold ids and the signature of a status link.
  const route = request.routeOptions.url ?? 'unknown'
  const ms = reply.elapsedTime
  metrics.requests.observe({ method, route, status: reply.statusCode }, ms / 1000)
  log.info(
    {
      trace: request.trace,
      request: request.id === request.trace ? undefined : request.id,
      method,
      route,
      status: reply.statusCode,
      ms: Math.round(ms * 10) / 10,
      caller: callerKind(request),
      problem: request.problem,
    },
    'request',
  )
}

/** Gives a request its trace, says in the answer by which ids it is found again, and lets nobody be calling yet. */
export function begin(request: FastifyRequest, reply: FastifyReply): void {
  request.callers = nobody
  request.trace = traceOf(request.headers.traceparent) ?? request.id
  reply.raw.setHeader('x-request-id', request.id)
  reply.raw.setHeader('x-trace-id', request.trace)
}

const nobody: readonly never[] = []

function callerKind(request: FastifyRequest): string | undefined {
  const [caller] = request.callers
  if (caller) return `${caller.product} ${caller.kind}`
  return request.operator && `${request.operator.role} ${request.operator.name}`
}
