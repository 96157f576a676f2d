import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import { minutes } from '../../../shared/time.ts'
import type { App } from '../app.ts'
import { HttpProblem } from '../answers/problems.ts'

/** A server key speaks for many people. */
const SERVERS_MAY_MORE = 10

/**
 * Lets every caller send so many requests a minute: users and operators each by themselves, a product's servers
 * together ten times as many, and whoever proved nothing by address. Each web process counts for itself.
 */
export function limitCallers(app: App, perMinute: number): void {
  void app.register(rateLimit, {
    max: (request) => (request.callers[0]?.kind === 'server' ? perMinute * SERVERS_MAY_MORE : perMinute),
    timeWindow: minutes(1),
    cache: 20_000,
    keyGenerator: (request) => keyOf(request),
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
    addHeaders: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
      'retry-after': true,
    },
    errorResponseBuilder: () =>
      new HttpProblem(429, 'too-many-requests', 'Too many requests. Please slow down.'),
  })
}

function keyOf(request: FastifyRequest): string {
  const [caller] = request.callers
  if (caller) return caller.id
  return request.operator ? `operator:${request.operator.name}` : addressOf(request)
}

/** Somebody without a name: an address, or the part of an IPv6 one that belongs to one household. */
export const addressOf = (request: FastifyRequest): string => normalizeIP(request.ip)
