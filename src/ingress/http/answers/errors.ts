import type { FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import type { Log } from '../../../shared/log.ts'
import type { App } from '../app.ts'
import { problemBody } from './problem-shapes.ts'
import { HttpProblem, problemOf } from './problems.ts'

/** Makes every error of this server an answer of the product's shape: one handler, and never a stack. */
export function answerErrors(app: App, log: Log): void {
  app.setErrorHandler((error, request, reply) => answerProblem(error, request, reply, log))
  // Guessing paths counts against the limit too; the limit is there once everything is registered.
  let limit: ReturnType<App['rateLimit']> | undefined
  const limited: preHandlerAsyncHookHandler = async (request, reply) =>
    (limit ??= app.rateLimit()).call(app, request, reply)
  app.setNotFoundHandler({ preHandler: limited }, (request) => {
    throw new HttpProblem(404, 'not-found', `There is nothing at this address for ${request.method}.`)
  })
}

/** Answers with the problem an error is; what should not have happened is logged with where it happened. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const problem = problemOf(error, request)
  request.problem = problem.code
  if (problem.status >= 500 && problem.status !== 503)
    log.error(
      { err: error, trace: request.trace, request: request.id, route: request.routeOptions.url },
      'a request failed',
    )
  void reply
    .code(problem.status)
    .headers(problem.headers)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(problemBody(request.routeOptions.url ?? request.url, problem, request.id))
}
