import { z } from 'zod'
import type { Path } from './event.ts'

/** Text with something in it. */
export const text = z.string('is missing or not text').min(1, 'is empty')

/** An object with at least these fields; whatever else it holds is ignored. */
export const object = <Fields extends z.core.$ZodLooseShape>(fields: Fields) =>
  z.looseObject(fields, 'is missing or not an object')

/** Where the first fault is and what is wrong with it, without what was found there. */
export function issueOf(error: z.ZodError, at: Path): [Path, string] {
  const issue = error.issues[0]
  return [[...at, ...(issue?.path ?? [])], issue?.message ?? 'is not as it should be']
}
