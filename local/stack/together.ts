import { Plain } from '../launch/plain.ts'

/**
 * Does things at the same time. When one fails the others are waited for all the same, since what they open must be
 * closed again. Throws one error for all that failed.
 */
export async function together<Results extends unknown[]>(tasks: {
  [Index in keyof Results]: Promise<Results[Index]>
}): Promise<Results> {
  const outcomes = await Promise.allSettled(tasks)
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) {
    const lines = errors.map((error) => (error instanceof Error ? error.message : String(error)))
    const cause = new AggregateError(errors)
    throw errors.every((error) => error instanceof Plain) ? new Plain(lines.join('\n'), { cause }) : cause
  }
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value) as Results
}
