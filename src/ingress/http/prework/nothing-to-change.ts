import { HttpProblem } from '../answers/problems.ts'

/** 400 for changes that are none; a version alone says nothing of what is to be. */
export function nothingToChange({ shape }: { shape: object }): HttpProblem {
  const fields = Object.keys(shape).filter((field) => field !== 'version')
  return new HttpProblem(
    400,
    'nothing-to-change',
    `Nothing to change: send at least one of ${fields.join(', ')}.`,
  )
}
