import {
  ChildHasDocuments,
  NotTheirs,
  TooManyChildren,
  CHILDREN_AT_MOST,
} from '../../../domains/iep/children.ts'
import type { Log } from '../../../shared/log.ts'
import { answerProblem } from '../answers/errors.ts'
import { forbidden, HttpProblem, problemOf } from '../answers/problems.ts'
import type { App } from '../app.ts'

/** Answers what the domain refuses with its status, and begins a sentence about a field with the field, as the clients know it. */
export function sayInWordsOfIep(app: App, log: Log): void {
  app.setErrorHandler((error, request, reply) => {
    const refused = refusalOf(error)
    if (refused) return answerProblem(refused, request, reply, log)
    const problem = problemOf(error, request)
    const { field, message } = problem
    const saysField = problem.code === 'invalid-field' && field !== undefined
    return answerProblem(
      saysField ? invalid(field, message.replace(`${field}: `, `${field} `)) : error,
      request,
      reply,
      log,
    )
  })
}

/** 400 about a field; the message is the whole sentence. */
export const invalid = (field: string, message: string): HttpProblem =>
  new HttpProblem(400, 'invalid-field', message, { field })

function refusalOf(error: unknown): HttpProblem | undefined {
  if (error instanceof NotTheirs) return forbidden('You may not do this: the id is not one of yours.')
  if (error instanceof TooManyChildren)
    return invalid('children', `There can be at most ${CHILDREN_AT_MOST} children.`)
  // The name stays out of it: the answer may end up in somebody's log.
  if (error instanceof ChildHasDocuments)
    return invalid(
      'children',
      `The child ${error.childId} has documents or uploads and cannot be left out. Delete its documents first.`,
    )
  return undefined
}
