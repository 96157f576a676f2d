import type { FastifyRequest } from 'fastify'
import { signIn } from '../../../domains/lockin/profiles.ts'
import type { Sql } from '../../../shared/database.ts'
import { forbidden } from '../answers/problems.ts'

/** The profile of the person who calls, made when they call for the first time. A server key speaks for nobody. */
export async function profileOf(request: FastifyRequest, sql: Sql): Promise<string> {
  const [caller] = request.callers
  if (caller?.kind !== 'user') throw forbidden('This is for people who are signed in.')
  return signIn(sql, caller)
}
