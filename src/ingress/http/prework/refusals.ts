import { Refused, type Refusal } from '../../../domains/prework/refused.ts'
import type { Log } from '../../../shared/log.ts'
import { answerProblem } from '../answers/errors.ts'
import { otherBody } from '../asking/idempotency-key.ts'
import { gone } from '../asking/once.ts'
import { HttpProblem, invalidField, notFound } from '../answers/problems.ts'
import type { App } from '../app.ts'

/** Answers what the domain refuses with its status. An id in the address that is none is as one that nobody has. */
export function sayInWordsOfPrework(app: App, log: Log): void {
  app.setErrorHandler((error, request, reply) => {
    const refused = error instanceof Refused ? problemOf(error) : undefined
    const noId = isOfAddress(error) ? notFound(thingAt(request.routeOptions.url)) : undefined
    return answerProblem(refused ?? noId ?? error, request, reply, log)
  })
}

function problemOf({ refusal, message, field }: Refused): HttpProblem {
  const [status, code] = answers[refusal]
  const about = field === undefined ? {} : { field }
  if (refusal === 'asked-differently') return otherBody()
  if (refusal === 'gone') return gone()
  if (refusal === 'media-not-usable') return invalidField('mediaFiles', message)
  if (refusal === 'not-a-manager') return invalidField('managerId', message)
  if (refusal === 'forbidden' && field !== undefined)
    return new HttpProblem(status, code, `You may not say this: ${field}`, about)
  return new HttpProblem(status, code, message, about)
}

const answers: Record<Refusal, [status: number, code: string]> = {
  'not-a-user': [403, 'not-a-user'],
  'email-not-verified': [403, 'email-not-verified'],
  deactivated: [403, 'deactivated'],
  forbidden: [403, 'forbidden'],
  'no-such-user': [404, 'not-found'],
  'no-such-profile': [404, 'not-found'],
  'no-such-submission': [404, 'not-found'],
  'no-such-media': [404, 'not-found'],
  'email-taken': [409, 'email-taken'],
  'profile-exists': [409, 'profile-exists'],
  'changed-meanwhile': [409, 'changed-meanwhile'],
  'asked-differently': [422, 'idempotency-key-reused'],
  gone: [410, 'gone'],
  'not-in-this-state': [409, 'not-in-this-state'],
  'media-not-usable': [400, 'invalid-field'],
  'media-not-ready': [409, 'media-not-ready'],
  'media-failed': [409, 'media-failed'],
  'media-attached': [409, 'media-attached'],
  'no-thumbnails': [409, 'no-thumbnails'],
  'not-a-manager': [400, 'invalid-field'],
}

const isOfAddress = (error: unknown): boolean =>
  error instanceof Error && 'validationContext' in error && error.validationContext === 'params'

/** As the domain calls it when nobody has the id. */
const thingAt = (route = ''): string => things[/^\/prework\/api\/(\w+)\//.exec(route)?.[1] ?? ''] ?? 'thing'

const things: Record<string, string> = {
  users: 'user',
  profiles: 'profile',
  submissions: 'submission',
  media: 'file',
}
