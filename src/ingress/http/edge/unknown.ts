import { z } from 'zod'
import { HttpProblem } from '../answers/problems.ts'
import type { App } from '../app.ts'

/**
 * Refuses what a route says nothing of, since who sends it expects something of it: parameters where it has none, and a
 * body where it takes none. To be called before the routes are declared.
 */
export function refuseUnknown(app: App): void {
  app.addHook('onRoute', (route) => {
    route.schema = { querystring: noParameters, ...route.schema }
  })
  app.addHook('preValidation', (request, _reply, done) => {
    const isKnown = saysNothing(request.body) || request.routeOptions.schema?.body !== undefined
    done((isKnown ? undefined : bodyUnknown()) as never)
  })
}

const noParameters = z.strictObject({})

/** Many clients send an empty object with whatever they do. */
const saysNothing = (body: unknown): boolean =>
  body === undefined ||
  (typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length === 0)

const bodyUnknown = (): HttpProblem =>
  new HttpProblem(400, 'invalid-body', 'This takes no body.', { field: 'body' })
