import { Plain } from '../launch/plain.ts'

/**
 * Does things at the same time. When one fails the others are waited for all the same, since what they open must be
 * closed again. Throws one error for all that failed.
 */
export async function together<Results extends unknown[]>(tasks: {
  [Index in keyof Results]: Promise<Results[Index]>
}): Promise<Results> {
  const outcomes = await Promise.allSettled(tasks)
  // Those who were told to end all reject with the same reason.
  const errors = new Set(
    outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : [])),
  )
  if (errors.size > 0) throw oneOf([...errors])
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value) as Results
}

function oneOf(errors: unknown[]): unknown {
  if (errors.length === 1) return errors[0]
  const cause = new AggregateError(errors)
  const plain = errors.filter((error) => error instanceof Plain)
  return plain.length === errors.length
    ? new Plain(plain.map(({ message }) => message).join('\n'), { cause })
    : cause
}
