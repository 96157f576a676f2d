import type { FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { forbidden } from '../answers/problems.ts'

/** Lets nobody in but parents with a token of their own: a server key speaks for no parent. */
export function parentsOnly(app: App): void {
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const [caller] = request.callers
    const isParent = caller?.kind === 'user' && mayNameObjects.test(caller.subject)
    done((isParent ? undefined : forbidden('This is for parents who are signed in.')) as never)
  })
}

/** Cognito's id of the parent who calls. */
export function parentOf(request: FastifyRequest): string {
  const [caller] = request.callers
  if (caller?.kind !== 'user') throw forbidden('This is for parents who are signed in.')
  return caller.subject
}

/** Objects in the bucket are kept below the id: it must be one part of a path, and no other id's beginning. */
const mayNameObjects = /^[\w:-]{1,128}$/
