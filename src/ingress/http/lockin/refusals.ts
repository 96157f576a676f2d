import { refusedIn } from '../../../domains/lockin/refused.ts'
import type { Log } from '../../../shared/log.ts'
import { answerProblem } from '../answers/errors.ts'
import { HttpProblem } from '../answers/problems.ts'
import type { App } from '../app.ts'

/** Answers what the functions of the database refuse with the status and the sentence they give. */
export function sayInWordsOfLockin(app: App, log: Log): void {
  app.setErrorHandler((error, request, reply) => {
    const refused = refusedIn(error)
    const problem = refused && new HttpProblem(refused.status, refused.code, refused.message)
    return answerProblem(problem ?? error, request, reply, log)
  })
}
