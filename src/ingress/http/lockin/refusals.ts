import { refusedIn } from '../../../domains/lockin/refused.ts'
import type { Log } from '../../../shared/log.ts'
import { answerProblem } from '../answers/errors.ts'
import { HttpProblem, notFound } from '../answers/problems.ts'
import type { App } from '../app.ts'

/**
 * Answers what the functions of the database refuse with the status and the sentence they give. An id in the address that
 * is none is as one that nobody has.
 */
export function sayInWordsOfLockin(app: App, log: Log): void {
  app.setErrorHandler((error, request, reply) => {
    const refused = refusedIn(error)
    const problem = refused && new HttpProblem(refused.status, refused.code, refused.message)
    const noId = isOfAddress(error) ? notFound(thingAt(request.routeOptions.url)) : undefined
    return answerProblem(problem ?? noId ?? error, request, reply, log)
  })
}

const isOfAddress = (error: unknown): boolean =>
  error instanceof Error && 'validationContext' in error && error.validationContext === 'params'

/** What an address is about: `/lockin/api/sessions/:id…` is about a session. */
function thingAt(route = ''): string {
  if (/\/avatars?\//.test(route)) return 'picture'
  return /^\/lockin\/api\/(\w+)s\//.exec(route)?.[1] ?? 'thing'
}
