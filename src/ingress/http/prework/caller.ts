import type { FastifyRequest } from 'fastify'
import type { Acting, Origin } from '../../../domains/prework/audit.ts'
import { SERVER } from '../../../domains/prework/permissions.ts'
import { actAs } from '../../../domains/prework/sign-in.ts'
import type { PreworkStore } from '../../../domains/prework/store.ts'
import { forbidden, unavailable } from '../answers/problems.ts'

/** Who calls, and where what they ask for is kept. */
export interface Session {
  store: PreworkStore
  by: Acting
}

/**
 * Finds out who calls: the user whose sign-in the token is, or a server, which acts as an administrator.
 * @throws Refused for whoever is no active user
 */
export type Actor = (request: FastifyRequest) => Promise<Session>

export function actsIn(store: PreworkStore | undefined): Actor {
  return async (request) => {
    if (!store) throw unavailable('Pre-Work is not set up here.')
    const [caller] = request.callers
    const origin = originOf(request)
    if (caller?.kind === 'server') return { store, by: { userId: SERVER, role: 'administrator', origin } }
    if (caller?.kind === 'user') return { store, by: await actAs(store, caller, origin) }
    throw forbidden('This is for people who are signed in.')
  }
}

const originOf = (request: FastifyRequest): Origin => ({
  ip: request.ip,
  userAgent: (request.headers['user-agent'] ?? '').slice(0, LONGEST_AGENT),
  requestId: request.id,
})

/** Characters; it is written with every change. */
const LONGEST_AGENT = 256
